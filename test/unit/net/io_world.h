/*
 * World: what the tests of net/io.h have in common.
 *
 * A world is one io with its events, which check what holds for every event: it comes
 * from inside io_turn() and from inside nothing else, none follows closed, and none
 * but closed follows io_close(). A connection of a test is one end of a socket pair or
 * of a loopback TCP connection; the other end is a plain descriptor that the test
 * reads and writes. IO_TEST() makes a test for each back end, run in a process of its
 * own.
 */
#ifndef SHOAL_TEST_UNIT_NET_IO_WORLD_H
#define SHOAL_TEST_UNIT_NET_IO_WORLD_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/io.h"

#define MS INT64_C(1000000)

#define IO_TEST(name)                                                                              \
    static void name(enum io_choice choice);                                                       \
    Test(io_uring, name, .timeout = 60)                                                            \
    {                                                                                              \
        char why[256];                                                                             \
        if (!io_uring_usable(why, sizeof why)) cr_skip_test("%s", why);                            \
        name(IO_URING);                                                                            \
    }                                                                                              \
    Test(io_epoll, name, .timeout = 60)                                                            \
    {                                                                                              \
        name(IO_EPOLL);                                                                            \
    }                                                                                              \
    static void name(enum io_choice choice)

struct conn {
    struct stream stream;
    struct world *world;
    int peer;
    char *got; /* what data events brought */
    size_t got_len;
    unsigned data, filled, sent, ended, closed;
    int sent_error, end_error;
    void (*on_data)(struct conn *, char *, size_t);
    void (*on_filled)(struct conn *);
    void (*on_sent)(struct conn *);
    void (*on_ended)(struct conn *);
    void *ctx;
};

struct world {
    size_t woken; /* turns that have begun */
    struct io *io;
    bool turning; /* events may only come from inside io_turn() */
    bool calling; /* and never from inside another call */
    unsigned accepted, refused;
    int last_error;
    int fds[1024];
};

static inline struct conn *conn_of(struct stream *s)
{
    return container_of(s, struct conn, stream);
}

static inline struct conn *event_of(void *ctx, struct stream *s)
{
    struct world *w = ctx;
    cr_assert(w->turning, "an event came from outside io_turn()");
    cr_assert(!w->calling, "an event came from inside another call");
    cr_assert_eq(conn_of(s)->closed, 0, "an event came after closed");
    return conn_of(s);
}

static inline struct conn *open_event_of(void *ctx, struct stream *s)
{
    cr_assert(!s->closing, "an event other than closed came after io_close()");
    return event_of(ctx, s);
}

static inline void on_accepted(void *ctx, struct listener *l, int fd)
{
    struct world *w = ctx;
    cr_assert(w->turning);
    if (fd >= 0) {
        cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
        cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        w->fds[w->accepted++] = fd;
    } else {
        w->refused++;
        w->last_error = fd;
    }
}

static inline void on_data(void *ctx, struct stream *s, char *data, size_t len)
{
    struct conn *c = open_event_of(ctx, s);
    cr_assert_gt(len, 0);
    cr_assert_eq(c->ended, 0, "data came after the end");
    c->got = alloc_resize(c->got, c->got_len + len);
    memcpy(c->got + c->got_len, data, len);
    c->got_len += len;
    c->data++;
    if (c->on_data) c->on_data(c, data, len);
}

static inline void on_filled(void *ctx, struct stream *s)
{
    struct conn *c = open_event_of(ctx, s);
    cr_assert_eq(s->fill_left, 0);
    c->filled++;
    if (c->on_filled) c->on_filled(c);
}

static inline void on_sent(void *ctx, struct stream *s, int error)
{
    struct conn *c = open_event_of(ctx, s);
    c->sent++;
    c->sent_error = error;
    if (c->on_sent) c->on_sent(c);
}

static inline void on_ended(void *ctx, struct stream *s, int error)
{
    struct conn *c = open_event_of(ctx, s);
    c->ended++;
    c->end_error = error;
    cr_assert_eq(c->ended, 1, "a stream ends once");
    if (c->on_ended) c->on_ended(c);
}

static inline void on_closed(void *ctx, struct stream *s)
{
    struct conn *c = event_of(ctx, s);
    c->closed++;
    cr_assert_eq(fcntl(s->fd, F_GETFD), -1, "the descriptor is closed by then");
}

static inline void on_woken(void *ctx)
{
    struct world *w = ctx;
    w->woken++;
}

static inline struct world *world_new(enum io_choice choice)
{
    struct world *w = alloc_zeroed(sizeof *w);
    struct io_events events = {.ctx = w, .woken = on_woken, .accepted = on_accepted,
                               .data = on_data, .filled = on_filled, .sent = on_sent,
                               .ended = on_ended, .closed = on_closed};
    char why[256] = "";
    w->io = io_new(choice, &events, why, sizeof why);
    cr_assert_not_null(w->io, "%s", why);
    cr_assert_str_eq(w->io->backend->name, choice == IO_EPOLL ? "epoll" : "io_uring");
    return w;
}

static inline void world_free(struct world *w)
{
    io_free(w->io);
    alloc_free(w);
}

static inline void turn(struct world *w, int64_t timeout_ns)
{
    w->turning = true;
    io_turn(w->io, timeout_ns);
    w->turning = false;
}

#define TURN_UNTIL(w, condition)                                                                   \
    do {                                                                                           \
        uint64_t limit_ = clock_monotonic_ns() + UINT64_C(20000000000);                            \
        while (!(condition)) {                                                                     \
            turn(w, 10 * MS);                                                                      \
            cr_assert(clock_monotonic_ns() < limit_, "waited in vain for " #condition);            \
        }                                                                                          \
    } while (0)

/* Turns for so long that whatever was going to happen has happened. */
static inline void turn_for(struct world *w, int64_t ns)
{
    for (uint64_t end = clock_monotonic_ns() + (uint64_t)ns; clock_monotonic_ns() < end;)
        turn(w, MS);
}

static inline void start(struct world *w, struct conn *c, int fd, int peer)
{
    *c = (struct conn){.world = w, .peer = peer};
    io_start(w->io, &c->stream, fd);
}

/* A stream on one end of a socket pair; the other end blocks. */
static inline void start_pair(struct world *w, struct conn *c)
{
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    cr_assert_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    start(w, c, fds[0], fds[1]);
}

static inline int listen_tcp(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof *address;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(bind(fd, (struct sockaddr *)address, len), 0);
    cr_assert_eq(listen(fd, 512), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static inline int connect_tcp(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
    return fd;
}

/* A stream on one end of a TCP connection; the other end blocks. */
static inline void start_tcp(struct world *w, struct conn *c)
{
    struct sockaddr_in address;
    int listening = listen_tcp(&address), peer = connect_tcp(&address);
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    cr_assert_geq(fd, 0);
    close(listening);
    start(w, c, fd, peer);
}

static inline void finish(struct world *w, struct conn *c)
{
    io_close(w->io, &c->stream);
    TURN_UNTIL(w, c->closed == 1);
    if (c->peer >= 0) close(c->peer);
    alloc_free(c->got);
}

static inline void send_iov(struct conn *c, struct iovec *iov, size_t count)
{
    c->world->calling = true;
    io_send(c->world->io, &c->stream, iov, count);
    c->world->calling = false;
}

static inline void write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t res = send(fd, at, len, MSG_NOSIGNAL);
        cr_assert_gt(res, 0);
        at += res;
        len -= (size_t)res;
    }
}

static inline char *pattern_new(size_t len)
{
    char *out = alloc_get(len);
    struct rng rng;
    rng_init(&rng, len);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)rng_next(&rng);
    return out;
}

/* A thread on the peer's end: writes or reads `len` bytes, in pieces. */
struct peer_job {
    pthread_t thread;
    int fd;
    char *data;
    size_t len, piece;
    useconds_t pause_us;
};

static inline void *peer_write(void *arg)
{
    struct peer_job *job = arg;
    for (size_t at = 0; at < job->len; at += job->piece) {
        write_all(job->fd, job->data + at, bits_min(job->piece, job->len - at));
        if (job->pause_us) usleep(job->pause_us);
    }
    return NULL;
}

static inline void *peer_read(void *arg)
{
    struct peer_job *job = arg;
    for (size_t at = 0; at < job->len;) {
        ssize_t res = recv(job->fd, job->data + at, bits_min(job->piece, job->len - at), 0);
        if (res <= 0) break;
        at += (size_t)res;
        if (job->pause_us) usleep(job->pause_us);
    }
    return NULL;
}

#endif
