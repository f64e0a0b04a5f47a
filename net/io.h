/*
 * I/O: what a shard thread asks of the operating system's sockets.
 *
 * One `struct io` belongs to one thread, which creates it, drives it with
 * io_turn() and frees it; only io_wake() may target the io of another thread.
 * Two back ends stand behind it: io_uring and epoll. Both keep these promises:
 *
 *  - Received bytes are handed out in the back end's own buffers (data event)
 *    and stay valid until the next io_turn(). Nothing is copied to get there.
 *  - A stream has at most one send under way. Unless the stream is closed first,
 *    it ends with exactly one sent event, after all bytes were taken by the kernel
 *    or with an error; never from inside io_send().
 *  - io_close() may be called at any time, also from inside an event. The
 *    closed event is the last of a stream; then, and only then, its memory and
 *    whatever a send referred to belong to the caller again. It is delivered
 *    from inside io_turn(), never from inside io_close().
 *  - Events of one stream come in the order of its bytes.
 */
#ifndef SHOAL_NET_IO_H
#define SHOAL_NET_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/list.h"

struct io;

enum io_choice { IO_AUTO, IO_URING, IO_EPOLL };

/* A connected socket. The fields belong to the back end but for `fd`, which the
 * owner may read. Embedded in the owner's structure, zero-initialised. */
struct stream {
    int fd;
    uint8_t ops;          /* operations the kernel still holds for this stream */
    bool receiving : 1;   /* a receive into the back end's buffers is armed */
    bool paused : 1;      /* io_pause(): no receive is to be armed */
    bool filling : 1;     /* a receive into the owner's memory is under way */
    bool sending : 1;     /* a send is under way */
    bool closing : 1;     /* io_close() was called */
    bool ended : 1;       /* the end event was delivered */
    bool cancelling : 1;  /* the armed receive is being withdrawn */
    bool queued : 1;      /* on the back end's list of streams to look at */
    bool readable : 1;    /* epoll: a receive may bring something */
    bool writable : 1;    /* epoll: the kernel may take more of the send */
    bool hung : 1;        /* epoll: an end or error is behind the bytes, if any */
    bool reporting : 1;   /* epoll: the sent event is due */
    bool watching : 1;    /* epoll: asked to hear when the socket takes bytes again */
    int send_error;       /* epoll: what the sent event will say */
    struct list_node link; /* back end's list of streams to look at */
    char *fill;           /* rest of the owner's memory to fill */
    size_t fill_left;
    size_t fill_total;
    struct msghdr message; /* the send under way; msg_iov is the owner's array */
    size_t vectors_behind; /* io_uring: of that array, those the message leaves for later */
};

/* A listening socket. */
struct listener {
    int fd;
    int tag; /* the owner's */
    bool armed;
    struct list_node link;
};

struct io_events {
    void *ctx;
    /* io_turn() has done waiting: the time is another now. Comes once a turn, before
     * anything that arrived is delivered. May be NULL. */
    void (*woken)(void *ctx);
    /* A connection was accepted: a non-blocking, close-on-exec descriptor the
     * callee now owns. fd < 0: accepting failed with -errno (EMFILE...); the
     * listener is tried again when a stream was closed or 100 ms later, which may
     * fail and report again. */
    void (*accepted)(void *ctx, struct listener *listener, int fd);
    /* len >= 1 bytes arrived; valid until the next io_turn(). May still come
     * after io_pause() for what had already been received. */
    void (*data)(void *ctx, struct stream *stream, char *data, size_t len);
    /* The memory given to io_recv_into() is full. */
    void (*filled)(void *ctx, struct stream *stream);
    /* The send ended: error is 0 or -errno. */
    void (*sent)(void *ctx, struct stream *stream, int error);
    /* The peer closed its side (error 0) or the connection broke (-errno). No
     * data follows. The owner is expected to call io_close() sooner or later. */
    void (*ended)(void *ctx, struct stream *stream, int error);
    /* See io_close(). */
    void (*closed)(void *ctx, struct stream *stream);
};

struct io_counters {
    uint64_t received_bytes, sent_bytes;
    uint64_t receives, sends;     /* completed operations */
    uint64_t turns, waits, wakes; /* io_turn() calls, those that slept, wake-ups sent */
};

struct io_backend {
    const char *name;
    void (*free)(struct io *);
    void (*listen)(struct io *, struct listener *);
    void (*unlisten)(struct io *, struct listener *);
    void (*start)(struct io *, struct stream *);
    void (*pause)(struct io *, struct stream *);
    void (*resume)(struct io *, struct stream *);
    void (*recv_into)(struct io *, struct stream *);
    void (*send)(struct io *, struct stream *);
    void (*close)(struct io *, struct stream *);
    void (*turn)(struct io *, int64_t timeout_ns);
    void (*wake)(struct io *, struct io *target);
};

/* The part common to the back ends; each embeds it first in its own structure. */
struct io {
    const struct io_backend *backend;
    struct io_events events;
    struct io_counters counters;
};

/*
 * Whether io_uring can be used by this process: true, or false with the reason
 * and the remedy as a sentence in why (up to size bytes). Creates and drops a
 * small ring and tries the operations the back end needs.
 */
bool io_uring_usable(char *why, size_t size);

/* Creates the back end (IO_URING or IO_EPOLL) for the calling thread. NULL with a sentence in why
 * when the kernel refuses. */
struct io *io_new(enum io_choice choice, const struct io_events *events, char *why, size_t size);

/* For the back ends: drops the bytes that were sent, and then empty vectors, from the
 * front of the message. */
void io_message_advance(struct msghdr *message, size_t sent);

struct io *io_new_uring(const struct io_events *events, char *why, size_t size);
struct io *io_new_epoll(const struct io_events *events, char *why, size_t size);

/* For the back ends: see events.woken. */
static inline void io_woken(struct io *io)
{
    if (io->events.woken != NULL)
        io->events.woken(io->events.ctx);
}

/* Frees the io. Its streams have to be closed before. */
static inline void io_free(struct io *io)
{
    io->backend->free(io);
}

/* Starts accepting on listener->fd, a listening non-blocking socket. */
static inline void io_listen(struct io *io, struct listener *listener)
{
    io->backend->listen(io, listener);
}

/* Stops accepting; the descriptor stays the caller's. Connections the kernel had
 * accepted by then are still delivered, so the structure stays in place until the
 * io is freed; it may be listened on again. */
static inline void io_unlisten(struct io *io, struct listener *listener)
{
    io->backend->unlisten(io, listener);
}

/* Takes over a connected, non-blocking socket and starts receiving. */
static inline void io_start(struct io *io, struct stream *stream, int fd)
{
    *stream = (struct stream){.fd = fd};
    io->backend->start(io, stream);
}

/* Stops receiving until io_resume(), the end of the stream included; io_recv_into()
 * is carried out all the same. */
static inline void io_pause(struct io *io, struct stream *stream)
{
    io->backend->pause(io, stream);
}

static inline void io_resume(struct io *io, struct stream *stream)
{
    io->backend->resume(io, stream);
}

/*
 * The next len bytes of the stream go straight to memory of the caller (which
 * keeps it until filled, ended or closed); after the filled event receiving
 * goes on as before. Bytes the back end had already received by then are copied
 * there by the back end itself; what exceeds len comes as data events after
 * filled.
 */
static inline void io_recv_into(struct io *io, struct stream *stream, void *memory, size_t len)
{
    stream->fill = memory;
    stream->fill_left = stream->fill_total = len;
    io->backend->recv_into(io, stream);
}

/* Sends the iov array, any number of vectors. With all it points to it has to stay
 * in place until the sent event (or closed); the back end may change the entries of
 * the array, which are void after that. */
static inline void io_send(struct io *io, struct stream *stream, struct iovec *iov, size_t count)
{
    stream->message = (struct msghdr){.msg_iov = iov, .msg_iovlen = count};
    io->backend->send(io, stream);
}

/* Gives the connection up: nothing more is received or sent, the descriptor is
 * closed, and the closed event follows, but no other. Calling it again has no effect. */
static inline void io_close(struct io *io, struct stream *stream)
{
    io->backend->close(io, stream);
}

/*
 * One turn: hands the kernel what was asked for, waits until something happens
 * or timeout_ns passed (0: does not wait; negative: no limit), delivers events.
 */
static inline void io_turn(struct io *io, int64_t timeout_ns)
{
    io->backend->turn(io, timeout_ns);
}

/* Makes the target's io_turn() return, now or the next time it would wait. The
 * caller drives `io`; the wake-up leaves at once or with its next io_turn(). */
static inline void io_wake(struct io *io, struct io *target)
{
    io->counters.wakes++;
    io->backend->wake(io, target);
}

#endif
