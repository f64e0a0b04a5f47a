/*
 * The promises of net/io.h, each kept by both back ends.
 *
 * Every test runs in a process of its own. A connection of a test is one end of a
 * socket pair or of a loopback TCP connection; the other end is a plain descriptor
 * that the test reads and writes, or, in the long random test, a stream too.
 */
#include "net/io.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/clock.h"
#include "base/random.h"

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
    struct io *io;
    bool turning; /* events may only come from inside io_turn() */
    bool calling; /* and never from inside another call */
    unsigned accepted, refused;
    int last_error;
    int fds[1024];
};

static struct conn *conn_of(struct stream *s)
{
    return container_of(s, struct conn, stream);
}

static struct conn *event_of(void *ctx, struct stream *s)
{
    struct world *w = ctx;
    cr_assert(w->turning, "an event came from outside io_turn()");
    cr_assert(!w->calling, "an event came from inside another call");
    cr_assert_eq(conn_of(s)->closed, 0, "an event came after closed");
    return conn_of(s);
}

static struct conn *open_event_of(void *ctx, struct stream *s)
{
    cr_assert(!s->closing, "an event other than closed came after io_close()");
    return event_of(ctx, s);
}

static void on_accepted(void *ctx, struct listener *l, int fd)
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

static void on_data(void *ctx, struct stream *s, char *data, size_t len)
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

static void on_filled(void *ctx, struct stream *s)
{
    struct conn *c = open_event_of(ctx, s);
    cr_assert_eq(s->fill_left, 0);
    c->filled++;
    if (c->on_filled) c->on_filled(c);
}

static void on_sent(void *ctx, struct stream *s, int error)
{
    struct conn *c = open_event_of(ctx, s);
    c->sent++;
    c->sent_error = error;
    if (c->on_sent) c->on_sent(c);
}

static void on_ended(void *ctx, struct stream *s, int error)
{
    struct conn *c = open_event_of(ctx, s);
    c->ended++;
    c->end_error = error;
    cr_assert_eq(c->ended, 1, "a stream ends once");
    if (c->on_ended) c->on_ended(c);
}

static void on_closed(void *ctx, struct stream *s)
{
    struct conn *c = event_of(ctx, s);
    c->closed++;
    cr_assert_eq(fcntl(s->fd, F_GETFD), -1, "the descriptor is closed by then");
}

static struct world *world_new(enum io_choice choice)
{
    struct world *w = alloc_zeroed(sizeof *w);
    struct io_events events = {w, on_accepted, on_data, on_filled, on_sent, on_ended, on_closed};
    char why[256] = "";
    w->io = io_new(choice, &events, why, sizeof why);
    cr_assert_not_null(w->io, "%s", why);
    cr_assert_str_eq(w->io->backend->name, choice == IO_EPOLL ? "epoll" : "io_uring");
    return w;
}

static void world_free(struct world *w)
{
    io_free(w->io);
    alloc_free(w);
}

static void turn(struct world *w, int64_t timeout_ns)
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
static void turn_for(struct world *w, int64_t ns)
{
    for (uint64_t end = clock_monotonic_ns() + (uint64_t)ns; clock_monotonic_ns() < end;)
        turn(w, MS);
}

static void start(struct world *w, struct conn *c, int fd, int peer)
{
    *c = (struct conn){.world = w, .peer = peer};
    io_start(w->io, &c->stream, fd);
}

/* A stream on one end of a socket pair; the other end blocks. */
static void start_pair(struct world *w, struct conn *c)
{
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    cr_assert_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    start(w, c, fds[0], fds[1]);
}

static int listen_tcp(struct sockaddr_in *address)
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

static int connect_tcp(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
    return fd;
}

/* A stream on one end of a TCP connection; the other end blocks. */
static void start_tcp(struct world *w, struct conn *c)
{
    struct sockaddr_in address;
    int listening = listen_tcp(&address), peer = connect_tcp(&address);
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    cr_assert_geq(fd, 0);
    close(listening);
    start(w, c, fd, peer);
}

static void finish(struct world *w, struct conn *c)
{
    io_close(w->io, &c->stream);
    TURN_UNTIL(w, c->closed == 1);
    if (c->peer >= 0) close(c->peer);
    alloc_free(c->got);
}

static void send_iov(struct conn *c, struct iovec *iov, size_t count)
{
    c->world->calling = true;
    io_send(c->world->io, &c->stream, iov, count);
    c->world->calling = false;
}

static void write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t res = send(fd, at, len, MSG_NOSIGNAL);
        cr_assert_gt(res, 0);
        at += res;
        len -= (size_t)res;
    }
}

static char *pattern_new(size_t len)
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

static void *peer_write(void *arg)
{
    struct peer_job *job = arg;
    for (size_t at = 0; at < job->len; at += job->piece) {
        write_all(job->fd, job->data + at, bits_min(job->piece, job->len - at));
        if (job->pause_us) usleep(job->pause_us);
    }
    return NULL;
}

static void *peer_read(void *arg)
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

IO_TEST(bytes_arrive_as_data_events_in_order)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    write_all(c.peer, "hello", 5);
    TURN_UNTIL(w, c.got_len == 5);
    write_all(c.peer, " world", 6);
    TURN_UNTIL(w, c.got_len == 11);
    cr_assert_eq(memcmp(c.got, "hello world", 11), 0);
    cr_assert_eq(w->io->counters.received_bytes, 11);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_long_stream_arrives_whole)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 8 << 20;
    struct peer_job job = {.fd = c.peer, .data = pattern_new(len), .len = len, .piece = 100000};
    pthread_create(&job.thread, NULL, peer_write, &job);
    TURN_UNTIL(w, c.got_len == len);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(c.got, job.data, len), 0);
    finish(w, &c);
    alloc_free(job.data);
    world_free(w);
}

#define CROWD 300
struct loan {
    char *data;
    size_t len;
    char expected;
};
static struct loan loans[CROWD * 4];
static size_t loan_count;

static void keep_loan(struct conn *c, char *data, size_t len)
{
    loans[loan_count++] = (struct loan){data, len, *(char *)c->ctx};
}

IO_TEST(bytes_of_many_streams_stay_valid_until_the_next_turn)
{
    struct world *w = world_new(choice);
    static struct conn crowd[CROWD];
    static char letters[CROWD], block[16 * 1024];
    for (int i = 0; i < CROWD; i++) {
        start_pair(w, &crowd[i]);
        letters[i] = (char)('a' + i % 26);
        crowd[i].ctx = &letters[i];
        crowd[i].on_data = keep_loan;
        memset(block, letters[i], sizeof block);
        write_all(crowd[i].peer, block, sizeof block);
    }
    size_t total = 0;
    for (int turns = 0; total < CROWD * sizeof block; turns++) {
        cr_assert_lt(turns, 500);
        loan_count = 0;
        turn(w, 100 * MS);
        for (size_t i = 0; i < loan_count; i++) {
            for (size_t k = 0; k < loans[i].len; k++)
                cr_assert_eq(loans[i].data[k], loans[i].expected);
            total += loans[i].len;
        }
    }
    for (int i = 0; i < CROWD; i++) {
        cr_assert_eq(crowd[i].got_len, sizeof block);
        finish(w, &crowd[i]);
    }
    world_free(w);
}

IO_TEST(a_paused_stream_hands_nothing_out_until_resumed)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    turn(w, 0);
    io_pause(w->io, &c.stream);
    turn_for(w, 10 * MS);
    write_all(c.peer, "late", 4);
    shutdown(c.peer, SHUT_WR);
    turn_for(w, 30 * MS);
    cr_assert_eq(c.data, 0);
    cr_assert_eq(c.ended, 0);
    io_resume(w->io, &c.stream);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.got_len, 4);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_pause_taken_back_at_once_loses_nothing)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    for (size_t i = 1; i <= 100; i++) {
        io_pause(w->io, &c.stream);
        if (i % 3 == 0) turn(w, 0);
        io_resume(w->io, &c.stream);
        if (i % 5 == 0) io_pause(w->io, &c.stream);
        write_all(c.peer, "x", 1);
        if (i % 5 == 0) io_resume(w->io, &c.stream);
        TURN_UNTIL(w, c.got_len == i);
    }
    finish(w, &c);
    world_free(w);
}

static void pause_now(struct conn *c, char *data, size_t len)
{
    io_pause(c->world->io, &c->stream);
}

IO_TEST(a_stream_paused_from_its_data_event_goes_on_after_resume)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_data = pause_now;
    char *sent = pattern_new(100000);
    write_all(c.peer, sent, 100000);
    uint64_t limit = clock_monotonic_ns() + UINT64_C(10000000000);
    while (c.got_len < 100000 && clock_monotonic_ns() < limit) {
        turn(w, MS);
        io_resume(w->io, &c.stream);
    }
    cr_assert_eq(c.got_len, 100000);
    cr_assert_eq(memcmp(c.got, sent, 100000), 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_large_payload_goes_straight_to_the_owners_memory)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    turn(w, 0);
    size_t len = 6 << 20;
    char *memory = alloc_get(len);
    io_recv_into(w->io, &c.stream, memory, len);
    turn_for(w, 5 * MS);
    struct peer_job job = {
        .fd = c.peer, .data = pattern_new(len + 10), .len = len + 10, .piece = 1 << 20};
    pthread_create(&job.thread, NULL, peer_write, &job);
    TURN_UNTIL(w, c.filled == 1);
    cr_assert_eq(c.data, 0, "nothing of the payload, and nothing before filled");
    cr_assert_eq(memcmp(memory, job.data, len), 0);
    TURN_UNTIL(w, c.got_len == 10);
    cr_assert_eq(memcmp(c.got, job.data + len, 10), 0);
    pthread_join(job.thread, NULL);
    finish(w, &c);
    alloc_free(memory);
    alloc_free(job.data);
    world_free(w);
}

static void fill_once(struct conn *c, char *data, size_t len)
{
    if (c->data == 1) io_recv_into(c->world->io, &c->stream, c->ctx, 50000);
}

IO_TEST(bytes_received_before_the_memory_was_named_are_copied_there)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char *memory = alloc_get(50000), *sent = pattern_new(120000);
    c.ctx = memory;
    c.on_data = fill_once;
    write_all(c.peer, sent, 120000);
    TURN_UNTIL(w, c.filled == 1 && c.got_len == 70000);
    size_t first = 0;
    while (first < c.got_len && memcmp(memory, sent + first, 100) != 0)
        first++;
    cr_assert_gt(first, 0);
    cr_assert_eq(memcmp(c.got, sent, first), 0);
    cr_assert_eq(memcmp(memory, sent + first, 50000), 0);
    cr_assert_eq(memcmp(c.got + first, sent + first + 50000, 70000 - first), 0);
    finish(w, &c);
    alloc_free(memory);
    alloc_free(sent);
    world_free(w);
}

static void fill_next(struct conn *c)
{
    if (c->filled < 40)
        io_recv_into(c->world->io, &c->stream, (char *)c->ctx + c->filled * 100, 100);
}

IO_TEST(memory_named_from_the_filled_event_takes_the_bytes_that_follow)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char memory[4000], *sent = pattern_new(5000);
    c.ctx = memory;
    c.on_filled = fill_next;
    write_all(c.peer, sent, 5000);
    io_recv_into(w->io, &c.stream, memory, 100);
    TURN_UNTIL(w, c.filled == 40 && c.got_len == 1000);
    cr_assert_eq(memcmp(memory, sent, 4000), 0);
    cr_assert_eq(memcmp(c.got, sent + 4000, 1000), 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_paused_stream_still_fills_the_owners_memory)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    io_pause(w->io, &c.stream);
    turn_for(w, 5 * MS);
    char memory[10];
    io_recv_into(w->io, &c.stream, memory, 10);
    write_all(c.peer, "0123456789rest", 14);
    TURN_UNTIL(w, c.filled == 1);
    turn_for(w, 10 * MS);
    cr_assert_eq(c.data, 0);
    io_resume(w->io, &c.stream);
    TURN_UNTIL(w, c.got_len == 4);
    finish(w, &c);
    world_free(w);
}

IO_TEST(the_end_comes_although_memory_waits_to_be_filled)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char memory[10];
    io_recv_into(w->io, &c.stream, memory, 10);
    write_all(c.peer, "01234", 5);
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.filled, 0);
    cr_assert_eq(c.data, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_small_send_ends_with_one_sent_event_in_a_turn_that_does_not_sleep)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    turn(w, 0);
    struct iovec iov = {"pong", 4};
    send_iov(&c, &iov, 1);
    cr_assert_eq(c.sent, 0);
    for (int i = 0; i < 3 && c.sent == 0; i++)
        turn(w, -1);
    cr_assert_eq(c.sent, 1);
    cr_assert_eq(c.sent_error, 0);
    char got[4];
    cr_assert_eq(recv(c.peer, got, 4, 0), 4);
    cr_assert_eq(memcmp(got, "pong", 4), 0);
    turn_for(w, 5 * MS);
    cr_assert_eq(c.sent, 1);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_large_send_waits_for_a_slow_reader)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 24 << 20;
    char *sent = pattern_new(len);
    struct peer_job job = {
        .fd = c.peer, .data = alloc_get(len), .len = len, .piece = 300000, .pause_us = 500};
    struct iovec iov[4] = {{sent, 3}, {sent + 3, 9 << 20}, {sent, 0}, {NULL, 0}};
    iov[3] = (struct iovec){sent + 3 + (9 << 20), len - 3 - (9 << 20)};
    send_iov(&c, iov, 4);
    turn_for(w, 20 * MS);
    cr_assert_eq(c.sent, 0, "the sockets do not hold as much");
    pthread_create(&job.thread, NULL, peer_read, &job);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(job.data, sent, len), 0);
    cr_assert_eq(w->io->counters.sent_bytes, len);
    finish(w, &c);
    alloc_free(job.data);
    alloc_free(sent);
    world_free(w);
}

static void send_counted(struct conn *c)
{
    struct iovec *iov = c->ctx;
    *iov = (struct iovec){"0123456789", 10};
    if (c->sent < 1000) send_iov(c, iov, 1);
}

IO_TEST(a_send_may_follow_from_the_sent_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char got[10000];
    struct peer_job job = {.fd = c.peer, .data = got, .len = sizeof got, .piece = 700};
    pthread_create(&job.thread, NULL, peer_read, &job);
    struct iovec iov = {"0123456789", 10};
    c.ctx = &iov;
    c.on_sent = send_counted;
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 1000);
    pthread_join(job.thread, NULL);
    for (size_t i = 0; i < sizeof got; i++)
        cr_assert_eq(got[i], (char)('0' + i % 10));
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_send_takes_more_vectors_than_the_kernel)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    enum { VECTORS = 3000, EACH = 200 };
    static struct iovec iov[VECTORS];
    char *sent = pattern_new(VECTORS * EACH);
    for (size_t i = 0; i < VECTORS; i++)
        iov[i] = (struct iovec){sent + i * EACH, EACH};
    struct peer_job job = {
        .fd = c.peer, .data = alloc_get(VECTORS * EACH), .len = VECTORS * EACH, .piece = 10000};
    pthread_create(&job.thread, NULL, peer_read, &job);
    send_iov(&c, iov, VECTORS);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(job.data, sent, VECTORS * EACH), 0);
    finish(w, &c);
    alloc_free(job.data);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_send_of_nothing_is_reported_too)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    struct iovec iov[2] = {{"", 0}, {"", 0}};
    send_iov(&c, iov, 2);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    send_iov(&c, iov, 0);
    TURN_UNTIL(w, c.sent == 2);
    cr_assert_eq(c.sent_error, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_send_to_a_closed_peer_ends_with_an_error)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    size_t len = 4 << 20;
    char *sent = alloc_zeroed(len);
    struct iovec iov = {sent, len};
    send_iov(&c, &iov, 1);
    turn_for(w, 5 * MS);
    cr_assert_eq(c.sent, 0);
    close(c.peer);
    c.peer = -1;
    TURN_UNTIL(w, c.sent == 1 && c.ended == 1);
    cr_assert(c.sent_error == -EPIPE || c.sent_error == -ECONNRESET, "%d", c.sent_error);
    iov = (struct iovec){sent, 1};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 2);
    cr_assert_lt(c.sent_error, 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(the_end_of_the_peer_comes_after_its_bytes_and_leaves_sending_possible)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    char *sent = pattern_new(70000);
    write_all(c.peer, sent, 70000);
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.end_error, 0);
    cr_assert_eq(c.got_len, 70000);
    struct iovec iov = {"bye", 3};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    char got[3];
    cr_assert_eq(recv(c.peer, got, 3, MSG_WAITALL), 3);
    uint64_t before = w->io->counters.turns;
    turn_for(w, 20 * MS);
    cr_assert_lt(w->io->counters.turns - before, 40, "an ended stream keeps nobody busy");
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_reset_ends_a_stream_with_the_error)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    struct linger linger = {.l_onoff = 1};
    turn(w, 0);
    setsockopt(c.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(c.peer);
    c.peer = -1;
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.end_error, -ECONNRESET);
    finish(w, &c);
    world_free(w);
}

static void close_in_data(struct conn *c, char *data, size_t len)
{
    io_close(c->world->io, &c->stream);
    io_close(c->world->io, &c->stream);
}

static void close_now(struct conn *c)
{
    io_close(c->world->io, &c->stream);
}

IO_TEST(a_stream_may_be_closed_inside_its_data_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_data = close_in_data;
    char block[100000] = {0};
    write_all(c.peer, block, sizeof block);
    TURN_UNTIL(w, c.closed == 1);
    cr_assert_eq(c.data, 1);
    char byte;
    cr_assert_leq(recv(c.peer, &byte, 1, 0), 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_filled_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_filled = close_now;
    char memory[100], block[1000] = {0};
    io_recv_into(w->io, &c.stream, memory, sizeof memory);
    write_all(c.peer, block, sizeof block);
    TURN_UNTIL(w, c.closed == 1);
    cr_assert_eq(c.data, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_sent_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_sent = close_now;
    struct iovec iov = {"last words", 10};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.closed == 1);
    char got[10];
    cr_assert_eq(recv(c.peer, got, 10, MSG_WAITALL), 10);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_ended_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_ended = close_now;
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.closed == 1);
    finish(w, &c);
    world_free(w);
}

IO_TEST(what_was_sent_just_before_a_close_still_goes_out)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    struct iovec iov = {"-ERR bye\r\n", 10};
    send_iov(&c, &iov, 1);
    io_close(w->io, &c.stream);
    TURN_UNTIL(w, c.closed == 1);
    char got[11];
    cr_assert_eq(recv(c.peer, got, 11, MSG_WAITALL), 10);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_close_with_a_send_and_a_fill_under_way_brings_closed_alone)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 16 << 20;
    char *sent = alloc_zeroed(len), *memory = alloc_get(1000);
    io_recv_into(w->io, &c.stream, memory, 1000);
    struct iovec iov = {sent, len};
    send_iov(&c, &iov, 1);
    write_all(c.peer, "some", 4);
    turn_for(w, 10 * MS);
    cr_assert_eq(c.sent, 0);
    finish(w, &c);
    cr_assert_eq(c.sent + c.filled + c.ended, 0);
    alloc_free(sent);
    alloc_free(memory);
    world_free(w);
}

IO_TEST(closing_an_idle_stream_ends_a_turn_without_limit)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    io_pause(w->io, &c.stream);
    turn_for(w, 10 * MS);
    io_close(w->io, &c.stream);
    cr_assert_eq(c.closed, 0, "closed does not come from inside io_close()");
    for (int i = 0; i < 5 && c.closed == 0; i++)
        turn(w, -1);
    cr_assert_eq(c.closed, 1);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_listener_accepts_every_connection)
{
    struct world *w = world_new(choice);
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    int fds[200];
    io_listen(w->io, &l);
    for (int i = 0; i < 200; i++)
        fds[i] = connect_tcp(&address);
    TURN_UNTIL(w, w->accepted == 200);
    cr_assert_eq(w->refused, 0);
    for (int i = 0; i < 200; i++) {
        close(fds[i]);
        close(w->fds[i]);
    }
    io_unlisten(w->io, &l);
    turn_for(w, 10 * MS);
    int extra = connect_tcp(&address);
    turn_for(w, 10 * MS);
    cr_assert_eq(w->accepted, 200, "nothing is accepted after io_unlisten()");
    io_listen(w->io, &l);
    io_unlisten(w->io, &l);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->accepted == 201);
    cr_assert_eq(w->refused, 0);
    close(extra);
    close(w->fds[200]);
    world_free(w);
    close(l.fd);
}

static rlim_t limit_descriptors(rlim_t count)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = count;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

IO_TEST(accepting_at_the_descriptor_limit_reports_and_waits)
{
    struct world *w = world_new(choice);
    struct conn c;
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    start_pair(w, &c);
    int client = connect_tcp(&address), second = connect_tcp(&address);
    /* Every descriptor below the limit is taken. */
    int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(probe);
    rlim_t before = limit_descriptors((rlim_t)probe);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->refused > 0);
    cr_assert_eq(w->last_error, -EMFILE);
    uint64_t turns = w->io->counters.turns, waits = w->io->counters.waits;
    for (uint64_t end = clock_monotonic_ns() + 250 * MS; clock_monotonic_ns() < end;)
        turn(w, 500 * MS);
    cr_assert_lt(w->io->counters.turns - turns, 20, "the limit keeps nobody busy");
    cr_assert_gt(w->io->counters.waits, waits);
    cr_assert_leq(w->refused, 8);
    cr_assert_eq(w->accepted, 0);
    /* Room by a stream that closes. */
    unsigned refused = w->refused;
    io_close(w->io, &c.stream);
    uint64_t start_ns = clock_monotonic_ns();
    TURN_UNTIL(w, w->accepted == 1);
    cr_assert_leq(w->refused, refused + 2);
    cr_assert_lt(clock_monotonic_ns() - start_ns, 80 * MS);
    /* Room that nobody tells of. */
    limit_descriptors(before);
    TURN_UNTIL(w, w->accepted == 2);
    finish(w, &c);
    close(client);
    close(second);
    io_unlisten(w->io, &l);
    turn_for(w, 5 * MS);
    world_free(w);
}

IO_TEST(a_listener_stalled_at_the_limit_can_be_unlistened)
{
    struct world *w = world_new(choice);
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    int client = connect_tcp(&address);
    int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(probe);
    rlim_t before = limit_descriptors((rlim_t)probe);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->refused > 0);
    io_unlisten(w->io, &l);
    limit_descriptors(before);
    turn_for(w, 250 * MS);
    cr_assert_eq(w->accepted, 0);
    close(client);
    world_free(w);
}

struct waker {
    pthread_t thread;
    enum io_choice choice;
    struct io *target;
    unsigned delay_ms, count;
    atomic_bool done;
};

static void *wake_later(void *arg)
{
    struct waker *waker = arg;
    struct world *w = world_new(waker->choice);
    usleep(waker->delay_ms * 1000);
    for (unsigned i = 0; i < waker->count; i++)
        io_wake(w->io, waker->target);
    turn(w, 0);
    atomic_store(&waker->done, true);
    world_free(w);
    return NULL;
}

IO_TEST(a_wake_from_another_thread_ends_a_turn_that_sleeps)
{
    struct world *w = world_new(choice);
    for (int i = 0; i < 3; i++) {
        turn_for(w, 2 * MS);
        struct waker waker = {.choice = choice, .target = w->io, .delay_ms = 30, .count = 1};
        uint64_t start_ns = clock_monotonic_ns();
        pthread_create(&waker.thread, NULL, wake_later, &waker);
        turn(w, 10000 * MS);
        cr_assert_lt(clock_monotonic_ns() - start_ns, 5000 * (uint64_t)MS);
        cr_assert_gt(clock_monotonic_ns() - start_ns, 20 * (uint64_t)MS);
        pthread_join(waker.thread, NULL);
    }
    world_free(w);
}

IO_TEST(wakes_before_a_turn_end_it_at_once_and_are_used_up)
{
    struct world *w = world_new(choice);
    struct waker waker = {.choice = choice, .target = w->io, .count = 5};
    pthread_create(&waker.thread, NULL, wake_later, &waker);
    pthread_join(waker.thread, NULL);
    uint64_t start_ns = clock_monotonic_ns();
    turn(w, 10000 * MS);
    cr_assert_lt(clock_monotonic_ns() - start_ns, 5000 * (uint64_t)MS);
    turn_for(w, 5 * MS);
    start_ns = clock_monotonic_ns();
    turn(w, 20 * MS);
    cr_assert_geq(clock_monotonic_ns() - start_ns, 20 * (uint64_t)MS);
    world_free(w);
}

IO_TEST(a_turn_takes_as_long_as_its_timeout)
{
    struct world *w = world_new(choice);
    turn(w, 0);
    const int64_t timeouts[] = {0, 300000, 2 * MS, 1500 * MS};
    for (size_t i = 0; i < countof(timeouts); i++) {
        uint64_t start_ns = clock_monotonic_ns();
        turn(w, timeouts[i]);
        uint64_t took = clock_monotonic_ns() - start_ns;
        cr_assert_geq(took, (uint64_t)timeouts[i]);
        cr_assert_lt(took, (uint64_t)timeouts[i] + 500 * MS);
    }
    cr_assert_eq(w->io->counters.turns, 5);
    cr_assert_eq(w->io->counters.waits, 3);
    world_free(w);
}

/*
 * Both ends of many pairs are streams of one io and do random things. Byte n of a
 * direction is a function of n, so that every loss, repetition or swap shows.
 */
#define SIDES      40
#define SOAK_BYTES (3 << 20)

struct side {
    struct conn conn; /* first, so that a conn is its side */
    struct side *other;
    struct rng *rng;
    size_t sent_pos, got_pos, fill_len;
    char *fill, *sending;
    struct iovec iov[8];
};

static char soak_byte(size_t pos)
{
    return (char)(pos * 131 + (pos >> 8) * 7 + (pos >> 16));
}

static void soak_check(struct side *side, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(data[i], soak_byte(side->got_pos + i));
    side->got_pos += len;
}

static void soak_act(struct side *side)
{
    struct io *io = side->conn.world->io;
    struct stream *s = &side->conn.stream;
    switch (rng_below(side->rng, 8)) {
    case 0:
        io_pause(io, s);
        break;
    case 1:
    case 2:
        io_resume(io, s);
        break;
    case 3:
        if (s->fill_left > 0 || side->got_pos == SOAK_BYTES) break;
        side->fill_len = bits_min(1 + rng_below(side->rng, 60000), SOAK_BYTES - side->got_pos);
        side->fill = alloc_resize(side->fill, side->fill_len);
        io_recv_into(io, s, side->fill, side->fill_len);
        break;
    default:
        break;
    }
}

static void soak_send(struct side *side)
{
    size_t len = 1 + rng_below(side->rng, rng_below(side->rng, 4) == 0 ? 400000 : 300);
    len = bits_min(len, SOAK_BYTES - side->sent_pos);
    side->sending = alloc_resize(side->sending, len);
    for (size_t i = 0; i < len; i++)
        side->sending[i] = soak_byte(side->sent_pos + i);
    side->sent_pos += len;
    size_t count = 1 + rng_below(side->rng, 8), at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t part = i + 1 == count ? len - at : rng_below(side->rng, len - at + 1);
        side->iov[i] = (struct iovec){side->sending + at, part};
        at += part;
    }
    send_iov(&side->conn, side->iov, count);
}

static void soak_on_data(struct conn *c, char *data, size_t len)
{
    struct side *side = (struct side *)c;
    c->got_len = 0;
    soak_check(side, data, len);
    soak_act(side);
}

static void soak_on_filled(struct conn *c)
{
    struct side *side = (struct side *)c;
    soak_check(side, side->fill, side->fill_len);
    soak_act(side);
}

static void soak_on_sent(struct conn *c)
{
    struct side *side = (struct side *)c;
    cr_assert_eq(c->sent_error, 0);
    if (side->sent_pos < SOAK_BYTES) soak_send(side);
    soak_act(side);
}

static bool soak_done(const struct side *side)
{
    return side->got_pos == SOAK_BYTES && side->sent_pos == SOAK_BYTES &&
           !side->conn.stream.sending;
}

static void soak_start(struct world *w, struct side *a, struct side *b, struct rng *rng, bool tcp)
{
    struct side *both[2] = {a, b};
    if (tcp)
        start_tcp(w, &a->conn);
    else
        start_pair(w, &a->conn);
    cr_assert_eq(fcntl(a->conn.peer, F_SETFL, O_NONBLOCK), 0);
    start(w, &b->conn, a->conn.peer, -1);
    a->conn.peer = -1;
    for (int i = 0; i < 2; i++) {
        both[i]->other = both[1 - i];
        both[i]->rng = rng;
        both[i]->conn.on_data = soak_on_data;
        both[i]->conn.on_filled = soak_on_filled;
        both[i]->conn.on_sent = soak_on_sent;
    }
    for (int i = 0; i < 2; i++)
        soak_send(both[i]);
}

IO_TEST(streams_doing_random_things_lose_no_byte)
{
    struct world *w = world_new(choice);
    static struct side sides[SIDES];
    struct rng rng;
    rng_init(&rng, 42);
    for (int i = 0; i < SIDES; i += 2)
        soak_start(w, &sides[i], &sides[i + 1], &rng, i % 4 == 0);
    for (int open = SIDES; open > 0;) {
        turn(w, MS);
        struct side *side = &sides[rng_below(&rng, SIDES)];
        if (side->conn.closed == 0 && !side->conn.stream.closing) soak_act(side);
        open = 0;
        for (int i = 0; i < SIDES; i++) {
            side = &sides[i];
            open += side->conn.closed == 0;
            if (side->conn.stream.closing) continue;
            if (side->conn.stream.paused && rng_below(&rng, 8) == 0)
                io_resume(w->io, &side->conn.stream);
            if (soak_done(side) && soak_done(side->other)) io_close(w->io, &side->conn.stream);
        }
    }
    cr_assert_eq(w->io->counters.received_bytes, (uint64_t)SIDES * SOAK_BYTES);
    cr_assert_eq(w->io->counters.sent_bytes, (uint64_t)SIDES * SOAK_BYTES);
    for (int i = 0; i < SIDES; i++) {
        alloc_free(sides[i].conn.got);
        alloc_free(sides[i].fill);
        alloc_free(sides[i].sending);
    }
    world_free(w);
}
