/*
 * I/O over epoll, for where io_uring is forbidden.
 *
 * Sockets are watched edge-triggered: an event sets `readable` or `writable` of
 * its stream, and only a receive or send that found the socket empty or full
 * clears it again. So pausing, resuming and filling the owner's memory cost no
 * system call, and a request with its reply costs one receive, one send and a
 * share of an epoll_wait. Being told of room to send is asked for when a socket
 * is first found full, and cancelled when such news comes although nothing is
 * being sent.
 *
 * A stream with something to do is on one of two lists:
 *  - `due`: its sent or closed event is to be delivered;
 *  - `ready`: it can receive or go on sending.
 * A turn serves each ready stream once, and each with a bounded number of bytes,
 * so that a large payload delays others by no more than that. What is left stays
 * on its list in order; the next turn then does not sleep.
 *
 * Received bytes are packed into one arena that each turn starts anew; when it is
 * full, the remaining streams have to wait for the next turn.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/clock.h"
#include "net/io.h"

#define RECEIVE_BYTES (16 * 1024) /* most that one receive brings */
#define ARENA_BYTES   (64 * RECEIVE_BYTES)
#define FILL_BYTES    ((size_t)1 << 20) /* most that one stream fills in a turn */
#define SEND_BYTES    ((size_t)1 << 20) /* most that one stream sends in a turn */
#define TURN_EVENTS   256
#define TURN_ACCEPTS  64                  /* per listener */
#define RETRY_NS      UINT64_C(100000000) /* until a listener that failed is tried again */
#define NS_PER_MS     1000000

#define STREAM_EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET)
#define HUNG_EVENTS   (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)
#define LISTENER_TAG  1u /* in the low bit of the address an event carries */

struct epoller {
    struct io io;
    int fd;
    int wake_fd;
    bool coarse; /* the kernel has no epoll_pwait2: timeouts are whole milliseconds */
    bool polled; /* the previous turn asked the kernel for events */
    uint64_t retry_at;
    size_t used; /* bytes of the arena handed out in this turn */
    char *arena;
    struct list_node ready;
    struct list_node due;
    struct list_node accepting; /* listeners with connections waiting */
    struct list_node stalled;   /* listeners that failed, not watched until retry_at */
    struct epoll_event events[TURN_EVENTS];
};

static struct epoller *epoller_of(struct io *io)
{
    return container_of(io, struct epoller, io);
}

static bool receive_wanted(const struct stream *s)
{
    return s->readable && !s->ended && (s->fill_left > 0 || !s->paused);
}

static bool send_wanted(const struct stream *s)
{
    return s->sending && s->writable && !s->reporting;
}

/* Puts a stream on the list it belongs to, if any. */
static void stream_queue(struct epoller *e, struct stream *s)
{
    if (s->closing || s->reporting) {
        list_remove(&s->link);
        list_push_back(&e->due, &s->link);
    } else if (!list_is_linked(&s->link) && (receive_wanted(s) || send_wanted(s))) {
        list_push_back(&e->ready, &s->link);
    }
}

static void stream_watch(struct epoller *e, struct stream *s, bool room)
{
    if (s->watching == room) return;
    s->watching = room;
    struct epoll_event event = {.events = STREAM_EVENTS | (room ? EPOLLOUT : 0), .data.ptr = s};
    int res = epoll_ctl(e->fd, EPOLL_CTL_MOD, s->fd, &event);
    assert(res == 0);
    (void)res;
}

static void epoller_start(struct io *io, struct stream *s)
{
    struct epoller *e = epoller_of(io);
    list_init(&s->link);
    struct epoll_event event = {.events = STREAM_EVENTS, .data.ptr = s};
    if (epoll_ctl(e->fd, EPOLL_CTL_ADD, s->fd, &event) == 0) return;
    /* The kernel cannot watch more sockets: the owner learns it as the end of
     * the stream, by a receive that finds it shut. */
    shutdown(s->fd, SHUT_RDWR);
    s->readable = true;
    s->hung = true;
    s->watching = true; /* there is nothing to modify */
    stream_queue(e, s);
}

static void epoller_pause(struct io *io, struct stream *s)
{
    s->paused = true;
}

static void epoller_resume(struct io *io, struct stream *s)
{
    s->paused = false;
    stream_queue(epoller_of(io), s);
}

static void epoller_recv_into(struct io *io, struct stream *s)
{
    stream_queue(epoller_of(io), s);
}

static void epoller_close(struct io *io, struct stream *s)
{
    if (s->closing) return;
    s->closing = true;
    stream_queue(epoller_of(io), s);
}

static void stream_end(struct epoller *e, struct stream *s, int error)
{
    s->ended = true;
    s->readable = false;
    e->io.events.ended(e->io.events.ctx, s, error);
}

/* Receives once, up to len bytes, and keeps `readable` true to the facts.
 * Returns the bytes, or 0 if there were none or the stream ended. */
static size_t stream_receive(struct epoller *e, struct stream *s, char *to, size_t len)
{
    ssize_t got = recv(s->fd, to, len, 0);
    if (got > 0) {
        /* A short receive emptied the socket; what comes next is a new event. */
        if ((size_t)got < len && !s->hung) s->readable = false;
        e->io.counters.receives++;
        e->io.counters.received_bytes += (uint64_t)got;
        return (size_t)got;
    }
    if (got == 0)
        stream_end(e, s, 0);
    else if (errno == EAGAIN)
        s->readable = false;
    else if (errno != EINTR)
        stream_end(e, s, -errno);
    return 0;
}

static void stream_fill(struct epoller *e, struct stream *s)
{
    size_t got = stream_receive(e, s, s->fill, bits_min(s->fill_left, FILL_BYTES));
    if (got == 0) return;
    s->fill += got;
    s->fill_left -= got;
    if (s->fill_left == 0) e->io.events.filled(e->io.events.ctx, s);
}

static void stream_read(struct epoller *e, struct stream *s)
{
    char *to = e->arena + e->used;
    size_t got = stream_receive(e, s, to, RECEIVE_BYTES);
    if (got == 0) return;
    e->used += bits_align_up(got, CACHE_LINE);
    e->io.events.data(e->io.events.ctx, s, to, got);
}

/* Offers the kernel the first bytes of the message, at most SEND_BYTES; says in
 * *offered how many. */
static ssize_t message_send(int fd, const struct msghdr *message, size_t *offered)
{
    struct iovec *iov = message->msg_iov;
    if (message->msg_iovlen == 1) {
        *offered = bits_min(iov->iov_len, SEND_BYTES);
        return send(fd, iov->iov_base, *offered, MSG_NOSIGNAL);
    }
    struct msghdr part = {.msg_iov = iov};
    size_t most = bits_min(message->msg_iovlen, IOV_MAX), total = 0;
    while (part.msg_iovlen < most && total < SEND_BYTES)
        total += iov[part.msg_iovlen++].iov_len;
    /* Of the last vector only as much as may go out now. */
    struct iovec *last = &iov[part.msg_iovlen - 1];
    size_t surplus = total > SEND_BYTES ? total - SEND_BYTES : 0;
    last->iov_len -= surplus;
    *offered = total - surplus;
    ssize_t sent = sendmsg(fd, &part, MSG_NOSIGNAL);
    last->iov_len += surplus;
    return sent;
}

static void send_done(struct stream *s, int error)
{
    s->send_error = error;
    s->reporting = true;
}

static void stream_send(struct epoller *e, struct stream *s)
{
    io_message_advance(&s->message, 0);
    if (s->message.msg_iovlen == 0) {
        send_done(s, 0);
        return;
    }
    size_t offered;
    ssize_t sent = message_send(s->fd, &s->message, &offered);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        send_done(s, -errno);
        return;
    }
    if (sent < 0 && errno == EINTR) return;
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    e->io.counters.sent_bytes += taken;
    io_message_advance(&s->message, taken);
    if (s->message.msg_iovlen == 0) {
        send_done(s, 0);
    } else if (taken < offered) {
        s->writable = false;
        stream_watch(e, s, true);
    }
}

static void epoller_send(struct io *io, struct stream *s)
{
    struct epoller *e = epoller_of(io);
    assert(!s->sending);
    s->sending = true;
    s->writable = true;
    stream_send(e, s);
    stream_queue(e, s);
}

/* Serves a stream that was ready; it is on no list. */
static void stream_serve(struct epoller *e, struct stream *s)
{
    if (send_wanted(s)) stream_send(e, s);
    if (receive_wanted(s)) {
        if (s->fill_left > 0)
            stream_fill(e, s);
        else
            stream_read(e, s);
    }
    stream_queue(e, s);
}

static void serve_ready(struct epoller *e)
{
    struct list_node todo;
    list_init(&todo);
    list_splice_back(&todo, &e->ready);
    while (!list_empty(&todo) && e->used + RECEIVE_BYTES <= ARENA_BYTES) {
        struct list_node *node = list_pop_front(&todo);
        stream_serve(e, container_of(node, struct stream, link));
    }
    /* Those not reached come first in the next turn. */
    list_splice_back(&todo, &e->ready);
    list_splice_back(&e->ready, &todo);
}

static void listeners_retry(struct epoller *e);

static void stream_finish(struct epoller *e, struct stream *s)
{
    /* The descriptor may live on in a process being forked: closing it would
     * then not end the events. */
    epoll_ctl(e->fd, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    listeners_retry(e);
    e->io.events.closed(e->io.events.ctx, s);
}

/* Delivers the sent and closed events due by now. True if there were any. */
static bool report_due(struct epoller *e)
{
    struct list_node todo;
    list_init(&todo);
    list_splice_back(&todo, &e->due);
    bool any = !list_empty(&todo);
    while (!list_empty(&todo)) {
        struct stream *s = container_of(list_pop_front(&todo), struct stream, link);
        if (s->closing) {
            stream_finish(e, s);
            continue;
        }
        s->reporting = false;
        s->sending = false;
        e->io.counters.sends++;
        e->io.events.sent(e->io.events.ctx, s, s->send_error);
        stream_queue(e, s);
    }
    return any;
}

static int listener_watch(struct epoller *e, struct listener *l)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                .data.u64 = (uint64_t)(uintptr_t)l | LISTENER_TAG};
    return epoll_ctl(e->fd, EPOLL_CTL_ADD, l->fd, &event) == 0 ? 0 : -errno;
}

/* Stops watching a listener that cannot accept: its event would not go away. */
static void listener_stall(struct epoller *e, struct listener *l)
{
    epoll_ctl(e->fd, EPOLL_CTL_DEL, l->fd, NULL);
    list_remove(&l->link);
    list_push_back(&e->stalled, &l->link);
    e->retry_at = clock_monotonic_ns() + RETRY_NS;
}

/* Watches the stalled listeners again: time has passed or a descriptor is free. */
static void listeners_retry(struct epoller *e)
{
    struct list_node todo;
    list_init(&todo);
    list_splice_back(&todo, &e->stalled);
    while (!list_empty(&todo)) {
        struct listener *l = container_of(list_pop_front(&todo), struct listener, link);
        if (listener_watch(e, l) != 0) listener_stall(e, l);
    }
}

static void epoller_listen(struct io *io, struct listener *l)
{
    struct epoller *e = epoller_of(io);
    l->armed = true;
    list_init(&l->link);
    if (listener_watch(e, l) != 0) listener_stall(e, l);
}

static void epoller_unlisten(struct io *io, struct listener *l)
{
    if (!l->armed) return;
    l->armed = false;
    list_remove(&l->link);
    epoll_ctl(epoller_of(io)->fd, EPOLL_CTL_DEL, l->fd, NULL);
}

static void listener_accept(struct epoller *e, struct listener *l)
{
    for (int i = 0; i < TURN_ACCEPTS && l->armed; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        int error = fd < 0 ? errno : 0;
        if (error == EAGAIN) return;
        if (error == EINTR) continue;
        if (error != 0 && error != ECONNABORTED) {
            listener_stall(e, l);
            i = TURN_ACCEPTS;
        }
        e->io.events.accepted(e->io.events.ctx, l, fd < 0 ? -error : fd);
    }
}

static void serve_listeners(struct epoller *e)
{
    while (!list_empty(&e->accepting)) {
        struct list_node *node = list_pop_front(&e->accepting);
        listener_accept(e, container_of(node, struct listener, link));
    }
}

static void on_event(struct epoller *e, const struct epoll_event *event)
{
    void *owner = (void *)(uintptr_t)(event->data.u64 & ~(uint64_t)LISTENER_TAG);
    if (owner == NULL) /* woken; edge-triggered, so the counter need not be read */
        return;
    if (event->data.u64 & LISTENER_TAG) {
        struct listener *l = owner;
        list_push_back(&e->accepting, &l->link);
        return;
    }
    struct stream *s = owner;
    if (event->events & (EPOLLIN | HUNG_EVENTS)) s->readable = true;
    if (event->events & HUNG_EVENTS) s->hung = true;
    if (s->sending)
        s->writable |= (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    else if ((event->events & EPOLLOUT) && !s->closing)
        stream_watch(e, s, false);
    stream_queue(e, s);
}

/* Waits for events. Below a second the timeout is exact where the kernel can. */
static int wait_events(struct epoller *e, int64_t timeout_ns)
{
    if (timeout_ns <= 0) return epoll_wait(e->fd, e->events, TURN_EVENTS, timeout_ns < 0 ? -1 : 0);
#ifdef SYS_epoll_pwait2
    if (!e->coarse) {
        struct timespec ts = {.tv_sec = timeout_ns / 1000000000,
                              .tv_nsec = timeout_ns % 1000000000};
        long res = syscall(SYS_epoll_pwait2, e->fd, e->events, TURN_EVENTS, &ts, NULL, 0);
        if (res >= 0 || (errno != ENOSYS && errno != EPERM)) return (int)res;
        e->coarse = true;
    }
#endif
    int64_t ms = (timeout_ns - 1) / NS_PER_MS + 1;
    return epoll_wait(e->fd, e->events, TURN_EVENTS, ms > INT_MAX ? INT_MAX : (int)ms);
}

static void poll_events(struct epoller *e, int64_t timeout_ns)
{
    if (unlikely(!list_empty(&e->stalled))) {
        uint64_t now = clock_monotonic_ns();
        int64_t left = e->retry_at > now ? (int64_t)(e->retry_at - now) : 0;
        if (left == 0)
            listeners_retry(e);
        else if (timeout_ns < 0 || timeout_ns > left)
            timeout_ns = left;
    }
    if (timeout_ns != 0) e->io.counters.waits++;
    int count = wait_events(e, timeout_ns);
    io_woken(&e->io);
    for (int i = 0; i < count; i++)
        on_event(e, &e->events[i]);
}

static void epoller_turn(struct io *io, int64_t timeout_ns)
{
    struct epoller *e = epoller_of(io);
    io->counters.turns++;
    e->used = 0;
    bool busy = report_due(e);
    busy |= !list_empty(&e->ready) || !list_empty(&e->due);
    /* With work at hand every other turn does without the kernel's news: a send
     * finished between two turns then costs no system call to report. */
    e->polled = !(busy && e->polled);
    if (e->polled)
        poll_events(e, busy ? 0 : timeout_ns);
    else
        io_woken(io);
    serve_listeners(e);
    serve_ready(e);
    report_due(e);
}

static void epoller_wake(struct io *io, struct io *target)
{
    uint64_t one = 1;
    ssize_t res = write(epoller_of(target)->wake_fd, &one, sizeof one);
    assert(res == sizeof one);
    (void)res;
}

static void epoller_free(struct io *io)
{
    struct epoller *e = epoller_of(io);
    if (e->wake_fd >= 0) close(e->wake_fd);
    if (e->fd >= 0) close(e->fd);
    if (e->arena != MAP_FAILED) munmap(e->arena, ARENA_BYTES);
    alloc_free(e);
}

static const struct io_backend epoller_backend = {
    .name = "epoll",
    .free = epoller_free,
    .listen = epoller_listen,
    .unlisten = epoller_unlisten,
    .start = epoller_start,
    .pause = epoller_pause,
    .resume = epoller_resume,
    .recv_into = epoller_recv_into,
    .send = epoller_send,
    .close = epoller_close,
    .turn = epoller_turn,
    .wake = epoller_wake,
};

struct io *io_new_epoll(const struct io_events *events, char *why, size_t size)
{
    struct epoller *e = alloc_zeroed(sizeof *e);
    e->io.backend = &epoller_backend;
    e->io.events = *events;
    list_init(&e->ready);
    list_init(&e->due);
    list_init(&e->accepting);
    list_init(&e->stalled);
    e->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                    MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    e->fd = epoll_create1(EPOLL_CLOEXEC);
    e->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0};
    if (e->arena == MAP_FAILED || e->fd < 0 || e->wake_fd < 0 ||
        epoll_ctl(e->fd, EPOLL_CTL_ADD, e->wake_fd, &event) != 0) {
        snprintf(why, size, "epoll: %s", strerror(errno));
        epoller_free(&e->io);
        return NULL;
    }
    return &e->io;
}
