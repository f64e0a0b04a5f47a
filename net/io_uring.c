/*
 * I/O over io_uring.
 *
 * One ring per thread, used by that thread alone (SINGLE_ISSUER), completions
 * delivered when the thread asks for them (DEFER_TASKRUN). Each stream has a
 * multishot receive into a ring of provided buffers; the buffers of a turn are
 * given back at the start of the next one, which is what keeps received bytes
 * valid between turns without copying. Large payloads are received by a single
 * operation straight into the owner's memory: the multishot receive is withdrawn
 * for that time.
 *
 * user_data is the address of the stream or listener with the kind of the
 * operation in the low three bits; 0 is for completions nobody waits for.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "net/io.h"

#define RING_ENTRIES 512
#define COMPLETION_ENTRIES 4096
#define BUFFER_BYTES (16 * 1024)
#define BUFFERS_MAX 512   /* a power of two: the size of the buffer ring */
#define BUFFERS_FIRST 32  /* handed to the kernel at the start */
#define BUFFERS_MORE 32   /* added each time the kernel ran out of them */
#define BUFFER_GROUP 0
#define TURN_COMPLETIONS 1024
#define OPERATION_BYTES ((size_t)1 << 30) /* the length of an operation has 32 bits */
#define RETRY_NS 100000000 /* until a listener that failed is tried again */

enum kind { KIND_NONE, KIND_RECEIVE, KIND_SEND, KIND_FILL, KIND_ACCEPT, KIND_RETRY };
#define KIND_MASK 7u

struct uring {
    struct io io;
    struct io_uring ring;
    struct io_uring_buf_ring *buffer_ring;
    char *buffers;
    unsigned buffer_count; /* handed out so far */
    bool buffers_short;    /* a receive ended for lack of a buffer */
    unsigned used_count;   /* buffers to give back at the next turn */
    uint16_t used[BUFFERS_MAX];
    struct list_node look; /* streams to arm or to finish closing */
    bool retry_armed;      /* a timer for the stalled listeners runs */
    struct __kernel_timespec retry_after;
    struct list_node stalled; /* listeners that failed and are not armed */
};

static struct uring *uring_of(struct io *io)
{
    return container_of(io, struct uring, io);
}

static struct io_uring_sqe *sqe_get(struct uring *u, void *owner, enum kind kind)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    if (unlikely(sqe == NULL)) {
        io_uring_submit(&u->ring);
        sqe = io_uring_get_sqe(&u->ring);
        assert(sqe != NULL);
    }
    sqe->user_data = (uint64_t)(uintptr_t)owner | kind;
    return sqe;
}

/* The prep functions of liburing clear user_data. */
static void sqe_tag(struct io_uring_sqe *sqe, void *owner, enum kind kind)
{
    sqe->user_data = (uint64_t)(uintptr_t)owner | kind;
}

static void look_later(struct uring *u, struct stream *s)
{
    if (!s->queued) {
        s->queued = true;
        list_push_back(&u->look, &s->link);
    }
}

static void arm_receive(struct uring *u, struct stream *s)
{
    struct io_uring_sqe *sqe = sqe_get(u, s, KIND_RECEIVE);
    io_uring_prep_recv_multishot(sqe, s->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    sqe_tag(sqe, s, KIND_RECEIVE);
    s->receiving = true;
    s->ops++;
}

static void arm_fill(struct uring *u, struct stream *s)
{
    struct io_uring_sqe *sqe = sqe_get(u, s, KIND_FILL);
    size_t len = bits_min(s->fill_left, OPERATION_BYTES);
    io_uring_prep_recv(sqe, s->fd, s->fill, len, MSG_WAITALL);
    sqe_tag(sqe, s, KIND_FILL);
    s->filling = true;
    s->ops++;
}

static void arm_cancel(struct uring *u, struct stream *s)
{
    struct io_uring_sqe *sqe = sqe_get(u, NULL, KIND_NONE);
    io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)s | KIND_RECEIVE, 0);
    sqe_tag(sqe, NULL, KIND_NONE);
    s->cancelling = true;
}

/* Brings the armed operations in line with what the owner wants. */
static void stream_settle(struct uring *u, struct stream *s)
{
    if (s->closing) {
        if (s->ops == 0)
            look_later(u, s);
        return;
    }
    bool wants = !s->paused && !s->ended && s->fill_left == 0;
    if (wants && !s->receiving && !s->filling)
        arm_receive(u, s);
    else if (!wants && s->receiving && !s->cancelling)
        arm_cancel(u, s);
    else if (s->fill_left > 0 && !s->receiving && !s->filling && !s->ended)
        arm_fill(u, s);
}

static void uring_start(struct io *io, struct stream *s)
{
    list_init(&s->link);
    arm_receive(uring_of(io), s);
}

static void uring_pause(struct io *io, struct stream *s)
{
    s->paused = true;
    stream_settle(uring_of(io), s);
}

static void uring_resume(struct io *io, struct stream *s)
{
    s->paused = false;
    /* Not at once: a receive being withdrawn still has to report its end. */
    look_later(uring_of(io), s);
}

static void uring_recv_into(struct io *io, struct stream *s)
{
    stream_settle(uring_of(io), s);
}

/* Hands the kernel the message, or as many of its vectors as one operation takes. */
static void arm_send(struct uring *u, struct stream *s)
{
    struct msghdr *message = &s->message;
    struct io_uring_sqe *sqe = sqe_get(u, s, KIND_SEND);
    const struct iovec *iov = message->msg_iov;
    s->vectors_behind = message->msg_iovlen - bits_min(message->msg_iovlen, IOV_MAX);
    message->msg_iovlen -= s->vectors_behind;
    if (message->msg_iovlen == 1)
        io_uring_prep_send(sqe, s->fd, iov->iov_base, bits_min(iov->iov_len, OPERATION_BYTES),
                           MSG_NOSIGNAL | MSG_WAITALL);
    else
        io_uring_prep_sendmsg(sqe, s->fd, message, MSG_NOSIGNAL | MSG_WAITALL);
    sqe_tag(sqe, s, KIND_SEND);
    s->sending = true;
    s->ops++;
}

static void uring_send(struct io *io, struct stream *s)
{
    assert(!s->sending);
    io_message_advance(&s->message, 0);
    arm_send(uring_of(io), s);
}

static void uring_close(struct io *io, struct stream *s)
{
    if (s->closing)
        return;
    s->closing = true;
    /* Makes every operation under way complete; what was sent before still goes
     * out. */
    if (s->ops > 0) {
        io_uring_submit(&uring_of(io)->ring);
        shutdown(s->fd, SHUT_RDWR);
    } else {
        look_later(uring_of(io), s);
    }
}

static void listener_arm(struct uring *u, struct listener *l)
{
    struct io_uring_sqe *sqe = sqe_get(u, l, KIND_ACCEPT);
    io_uring_prep_multishot_accept(sqe, l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    sqe_tag(sqe, l, KIND_ACCEPT);
    l->armed = true;
}

/* Leaves a listener that cannot accept alone for a while: armed again at once, it
 * would fail again at once. */
static void listener_stall(struct uring *u, struct listener *l)
{
    list_push_back(&u->stalled, &l->link);
    if (u->retry_armed)
        return;
    u->retry_armed = true;
    u->retry_after = (struct __kernel_timespec){.tv_nsec = RETRY_NS};
    struct io_uring_sqe *sqe = sqe_get(u, NULL, KIND_RETRY);
    io_uring_prep_timeout(sqe, &u->retry_after, 0, 0);
    sqe_tag(sqe, NULL, KIND_RETRY);
}

/* Arms the stalled listeners: time has passed or a descriptor became free. */
static void listeners_retry(struct uring *u)
{
    for (struct list_node *node; (node = list_pop_front(&u->stalled)) != NULL;)
        listener_arm(u, container_of(node, struct listener, link));
}

static void uring_listen(struct io *io, struct listener *l)
{
    list_init(&l->link);
    listener_arm(uring_of(io), l);
}

static void uring_unlisten(struct io *io, struct listener *l)
{
    struct uring *u = uring_of(io);
    if (!l->armed)
        return;
    l->armed = false;
    list_remove(&l->link);
    struct io_uring_sqe *sqe = sqe_get(u, NULL, KIND_NONE);
    io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)l | KIND_ACCEPT, 0);
    sqe_tag(sqe, NULL, KIND_NONE);
    io_uring_submit(&u->ring);
}

static void uring_wake(struct io *io, struct io *target)
{
    struct uring *u = uring_of(io);
    struct io_uring_sqe *sqe = sqe_get(u, NULL, KIND_NONE);
    io_uring_prep_msg_ring(sqe, uring_of(target)->ring.ring_fd, 0, 0, 0);
    sqe_tag(sqe, NULL, KIND_NONE);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* Hands the kernel `count` more buffers, starting with `first`. */
static void buffers_provide(struct uring *u, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned id = first + i;
        io_uring_buf_ring_add(u->buffer_ring, u->buffers + (size_t)id * BUFFER_BYTES, BUFFER_BYTES,
                              (uint16_t)id, io_uring_buf_ring_mask(BUFFERS_MAX), (int)i);
    }
    io_uring_buf_ring_advance(u->buffer_ring, (int)count);
}

static void buffers_recycle(struct uring *u)
{
    for (unsigned i = 0; i < u->used_count; i++) {
        unsigned id = u->used[i];
        io_uring_buf_ring_add(u->buffer_ring, u->buffers + (size_t)id * BUFFER_BYTES, BUFFER_BYTES,
                              (uint16_t)id, io_uring_buf_ring_mask(BUFFERS_MAX), (int)i);
    }
    if (u->used_count > 0)
        io_uring_buf_ring_advance(u->buffer_ring, (int)u->used_count);
    u->used_count = 0;
    if (u->buffers_short && u->buffer_count < BUFFERS_MAX) {
        buffers_provide(u, u->buffer_count, BUFFERS_MORE);
        u->buffer_count += BUFFERS_MORE;
    }
    u->buffers_short = false;
}

static void stream_end(struct uring *u, struct stream *s, int error)
{
    if (s->ended || s->closing)
        return;
    s->ended = true;
    u->io.events.ended(u->io.events.ctx, s, error);
}

/* What a receive brought while the owner's memory is to be filled goes there
 * first. */
static void deliver(struct uring *u, struct stream *s, char *data, size_t len)
{
    /* Once full, the owner may at once name other memory to fill. */
    while (len > 0 && s->fill_left > 0 && !s->closing) {
        size_t part = bits_min(len, s->fill_left);
        memcpy(s->fill, data, part);
        s->fill += part;
        s->fill_left -= part;
        data += part;
        len -= part;
        if (s->fill_left == 0)
            u->io.events.filled(u->io.events.ctx, s);
    }
    if (len > 0 && !s->closing)
        u->io.events.data(u->io.events.ctx, s, data, len);
}

static void on_receive(struct uring *u, struct stream *s, int res, unsigned flags)
{
    if (!(flags & IORING_CQE_F_MORE)) {
        s->receiving = false;
        s->cancelling = false;
        s->ops--;
    }
    if (res > 0) {
        assert(flags & IORING_CQE_F_BUFFER);
        unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
        u->used[u->used_count++] = (uint16_t)id;
        u->io.counters.receives++;
        u->io.counters.received_bytes += (uint64_t)res;
        if (!s->closing)
            deliver(u, s, u->buffers + (size_t)id * BUFFER_BYTES, (size_t)res);
    } else if (res == -ENOBUFS) {
        u->buffers_short = true;
        look_later(u, s); /* armed again when the buffers are back */
        return;
    } else if (res != -ECANCELED && res != -EINTR) {
        stream_end(u, s, res);
    }
    if (!s->receiving)
        stream_settle(u, s);
}

static void on_fill(struct uring *u, struct stream *s, int res)
{
    s->filling = false;
    s->ops--;
    if (res > 0) {
        assert((size_t)res <= s->fill_left);
        s->fill += res;
        s->fill_left -= (size_t)res;
        u->io.counters.receives++;
        u->io.counters.received_bytes += (uint64_t)res;
        if (s->fill_left == 0 && !s->closing)
            u->io.events.filled(u->io.events.ctx, s);
    } else if (res != -EINTR && res != -EAGAIN) {
        stream_end(u, s, res);
    }
    stream_settle(u, s);
}

static void on_send(struct uring *u, struct stream *s, int res)
{
    struct msghdr *message = &s->message;
    s->ops--;
    s->sending = false;
    u->io.counters.sends++;
    if (s->closing) {
        stream_settle(u, s);
        return;
    }
    if (res >= 0) {
        u->io.counters.sent_bytes += (uint64_t)res;
        message->msg_iovlen += s->vectors_behind;
        io_message_advance(message, (size_t)res);
        /* More vectors than one operation takes, or a signal or memory pressure
         * cut it short: send the rest. */
        if (message->msg_iovlen > 0) {
            arm_send(u, s);
            return;
        }
    }
    u->io.events.sent(u->io.events.ctx, s, res < 0 ? res : 0);
    stream_settle(u, s);
}

static void on_accept(struct uring *u, struct listener *l, int res, unsigned flags)
{
    if (res == -ECANCELED) /* by unlisten; by now it may be listened on again */
        return;
    bool ended = !(flags & IORING_CQE_F_MORE);
    u->io.events.accepted(u->io.events.ctx, l, res);
    if (!ended || !l->armed)
        return;
    if (res >= 0 || res == -ECONNABORTED || res == -EINTR || res == -EAGAIN)
        listener_arm(u, l);
    else
        listener_stall(u, l);
}

static void complete(struct uring *u, uint64_t user_data, int res, unsigned flags)
{
    void *owner = (void *)(uintptr_t)(user_data & ~(uint64_t)KIND_MASK);
    switch ((enum kind)(user_data & KIND_MASK)) {
    case KIND_RECEIVE:
        on_receive(u, owner, res, flags);
        break;
    case KIND_SEND:
        on_send(u, owner, res);
        break;
    case KIND_FILL:
        on_fill(u, owner, res);
        break;
    case KIND_ACCEPT:
        on_accept(u, owner, res, flags);
        break;
    case KIND_RETRY:
        u->retry_armed = false;
        listeners_retry(u);
        break;
    case KIND_NONE:
        break;
    }
}

/* Arms what waited for buffers and finishes what was closed. True if that
 * delivered events. */
static bool streams_look(struct uring *u)
{
    bool delivered = false;
    for (struct list_node *node; (node = list_pop_front(&u->look)) != NULL;) {
        struct stream *s = container_of(node, struct stream, link);
        s->queued = false;
        if (!s->closing) {
            stream_settle(u, s);
        } else if (s->ops == 0) {
            close(s->fd);
            listeners_retry(u);
            u->io.events.closed(u->io.events.ctx, s);
            delivered = true;
        }
    }
    return delivered;
}

static void enter(struct uring *u, int64_t timeout_ns)
{
    struct io_uring *ring = &u->ring;
    if (io_uring_cq_ready(ring) > 0 || timeout_ns == 0) {
        unsigned taskrun = IO_URING_READ_ONCE(*ring->sq.kflags) & (1u << 2 | 1u << 1);
        if (io_uring_sq_ready(ring) > 0 || taskrun != 0) /* TASKRUN or CQ_OVERFLOW */
            io_uring_submit_and_get_events(ring);
        return;
    }
    u->io.counters.waits++;
    struct io_uring_cqe *cqe;
    struct __kernel_timespec ts = {.tv_sec = timeout_ns / 1000000000,
                                   .tv_nsec = timeout_ns % 1000000000};
    io_uring_submit_and_wait_timeout(ring, &cqe, 1, timeout_ns < 0 ? NULL : &ts, NULL);
}

static void uring_turn(struct io *io, int64_t timeout_ns)
{
    struct uring *u = uring_of(io);
    io->counters.turns++;
    buffers_recycle(u);
    if (unlikely(!list_empty(&u->look)) && streams_look(u))
        timeout_ns = 0; /* something happened already */
    enter(u, timeout_ns);
    io_woken(io);
    unsigned head, seen = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        complete(u, cqe->user_data, cqe->res, cqe->flags);
        if (++seen == TURN_COMPLETIONS || u->used_count == BUFFERS_MAX)
            break;
    }
    io_uring_cq_advance(&u->ring, seen);
}

static void uring_free(struct io *io)
{
    struct uring *u = uring_of(io);
    io_uring_queue_exit(&u->ring);
    if (u->buffer_ring != NULL && u->buffer_ring != MAP_FAILED)
        munmap(u->buffer_ring, BUFFERS_MAX * sizeof(struct io_uring_buf));
    if (u->buffers != NULL && u->buffers != MAP_FAILED)
        munmap(u->buffers, (size_t)BUFFERS_MAX * BUFFER_BYTES);
    alloc_free(u);
}

static const struct io_backend uring_backend = {
    .name = "io_uring",
    .free = uring_free,
    .listen = uring_listen,
    .unlisten = uring_unlisten,
    .start = uring_start,
    .pause = uring_pause,
    .resume = uring_resume,
    .recv_into = uring_recv_into,
    .send = uring_send,
    .close = uring_close,
    .turn = uring_turn,
    .wake = uring_wake,
};

static const char *remedy(int error)
{
    switch (error) {
    case EPERM:
        return "not permitted: a container's seccomp profile or sysctl kernel.io_uring_disabled "
               "forbids it; allow io_uring_setup/io_uring_enter/io_uring_register in the profile "
               "or set the sysctl to 0";
    case ENOSYS:
        return "the kernel has no io_uring; use Linux 6.0 or newer";
    case ENOMEM:
        return "locked memory is limited; raise it with `ulimit -l` (docker: --ulimit memlock=-1)";
    case EMFILE:
    case ENFILE:
        return "no file descriptor left; raise `ulimit -n`";
    default:
        return strerror(error);
    }
}

/* Sets a ring up with the best flags the kernel takes; 0 or -errno. */
static int ring_setup(struct io_uring *ring, unsigned entries, unsigned completions)
{
    static const unsigned modes[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
            IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    };
    int res = -EINVAL;
    for (unsigned i = 0; i < countof(modes) && res == -EINVAL; i++) {
        struct io_uring_params params = {
            .flags = modes[i] | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
            .cq_entries = completions,
        };
        res = io_uring_queue_init_params(entries, ring, &params);
    }
    return res;
}

static int buffers_setup(struct uring *u)
{
    size_t ring_bytes = BUFFERS_MAX * sizeof(struct io_uring_buf);
    u->buffer_ring = mmap(NULL, ring_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE,
                          -1, 0);
    u->buffers = mmap(NULL, (size_t)BUFFERS_MAX * BUFFER_BYTES, PROT_READ | PROT_WRITE,
                      MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    if (u->buffer_ring == MAP_FAILED || u->buffers == MAP_FAILED)
        return -ENOMEM;
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)u->buffer_ring,
                                   .ring_entries = BUFFERS_MAX,
                                   .bgid = BUFFER_GROUP};
    int res = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (res != 0)
        return res;
    io_uring_buf_ring_init(u->buffer_ring);
    u->buffer_count = BUFFERS_FIRST;
    buffers_provide(u, 0, BUFFERS_FIRST);
    return 0;
}

struct io *io_new_uring(const struct io_events *events, char *why, size_t size)
{
    struct uring *u = alloc_zeroed(sizeof *u);
    u->io.backend = &uring_backend;
    u->io.events = *events;
    list_init(&u->look);
    list_init(&u->stalled);
    int res = ring_setup(&u->ring, RING_ENTRIES, COMPLETION_ENTRIES);
    if (res < 0) {
        snprintf(why, size, "%s", remedy(-res));
        alloc_free(u);
        return NULL;
    }
    io_uring_register_ring_fd(&u->ring); /* an optimisation: may fail */
    res = buffers_setup(u);
    if (res < 0) {
        snprintf(why, size, "buffer ring: %s", remedy(-res));
        uring_free(&u->io);
        return NULL;
    }
    return &u->io;
}

bool io_uring_usable(char *why, size_t size)
{
    struct io_uring ring;
    int res = ring_setup(&ring, 8, 16);
    if (res < 0) {
        snprintf(why, size, "%s", res == -EINVAL ? "the kernel is older than 6.0" : remedy(-res));
        return false;
    }
    struct io_uring_probe *probe = io_uring_get_probe_ring(&ring);
    /* SEND_ZC came with the multishot receive, in 6.0. */
    bool recent = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) &&
                  io_uring_opcode_supported(probe, IORING_OP_MSG_RING);
    if (probe != NULL)
        io_uring_free_probe(probe);
    io_uring_queue_exit(&ring);
    if (!recent)
        snprintf(why, size, "the kernel has no multishot receive; use Linux 6.0 or newer");
    return recent;
}
