/*
 * Client: one connection, on the shard whose thread accepted it.
 *
 * Commands of a connection are executed in order as far as they depend on each
 * other, and always answered in order. What was sent to other shards is on the
 * client's ring of pending replies; while that is not empty, replies of local
 * commands are captured and put on the ring behind it.
 *
 * `stall` says why no further command is taken from the input; each reason is set
 * and cleared by one place. What arrives meanwhile is kept in `query`.
 */
#ifndef SHOAL_SHARD_SESSION_CLIENT_H
#define SHOAL_SHARD_SESSION_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/list.h"
#include "engine/commands/command.h"
#include "engine/commands/command_ids.gen.h"
#include "net/io.h"
#include "net/reply.h"
#include "net/resp.h"
#include "shard/runtime/locks.h"

struct batch;
struct call;
struct queue;
struct session;
struct shard;
struct wait;
struct slow_entry;
struct watch_list;

/* Why a client takes no further command for now. */
enum stall {
    STALL_PENDING = 1, /* its next command waits for all earlier replies */
    STALL_LOCK = 2,    /* its next command waits for a lock on this shard */
    STALL_CALL = 4,    /* a command that spans shards is under way */
    STALL_OUTPUT = 8,  /* it does not read its replies */
    STALL_PAUSE = 16,  /* CLIENT PAUSE */
    STALL_BLOCKED = 32, /* a blocking command */
    STALL_CLOSING = 64, /* no further command will be taken */
};

/* What sets a client apart; any of these takes its commands off the fast path. */
enum client_flag {
    CLIENT_MULTI = 1,            /* between MULTI and EXEC */
    CLIENT_MULTI_FAILED = 2,     /* a command could not be queued: EXEC will abort */
    CLIENT_LOCKED_OUT = 4,       /* has to authenticate first */
    CLIENT_REPLY_OFF = 8,        /* CLIENT REPLY OFF */
    CLIENT_REPLY_SKIP_NEXT = 16, /* CLIENT REPLY SKIP: applies from the next command on */
    CLIENT_REPLY_SKIP = 32,      /* the reply of this command is not sent */
    CLIENT_NO_TOUCH = 64,
    CLIENT_NO_EVICT = 128,
    CLIENT_CLOSE_AFTER_REPLY = 256, /* QUIT, protocol error */
    CLIENT_UNIX = 512,
    CLIENT_IN_EXEC = 1024,       /* session commands run from EXEC see it */
    CLIENT_MONITOR = 2048,
    CLIENT_PEER_DONE = 4096, /* it sends nothing any more, but may still read */
};
#define CLIENT_SLOW_FLAGS                                                                          \
    (CLIENT_MULTI | CLIENT_LOCKED_OUT | CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT |                \
     CLIENT_REPLY_SKIP | CLIENT_NO_TOUCH | CLIENT_CLOSE_AFTER_REPLY)

/* The reply of a command sent to a shard: item `index` of a batch. */
struct pending {
    struct batch *batch;
    uint32_t index;
};

struct client {
    struct stream stream;
    struct shard *shard;
    struct session *session;
    uint32_t flags; /* enum client_flag */
    uint16_t stall; /* enum stall */
    uint16_t db;
    uint8_t resp;
    bool chunked;        /* has commands in the session's run */
    bool held;           /* its parser holds the next command: see resp_rebase() */
    bool again_linked;   /* on the session's list of clients to go on with */
    bool flush_linked;   /* on the session's list of clients with replies */
    bool closing;        /* io_close() was called */
    bool closed;         /* the io is done with it; freed when nothing refers to it */
    bool granted;        /* holds the lock it waited for (STALL_LOCK) */
    bool paused_reading; /* io_pause() was called */

    /* Replies still to come, oldest first: a ring. */
    struct pending *pending;
    uint32_t pending_head, pending_count, pending_cap;
    unsigned pending_shard; /* pipeline-order strict: where the last command went */

    struct reply reply;   /* being written */
    struct reply sending; /* under way */
    struct iovec iov_one;
    struct iovec *iov; /* of `sending` when it has several pieces */
    struct list_node flush_link, again_link;

    struct resp_parser parser;
    struct buffer query; /* received and not executed yet */
    size_t query_at;     /* consumed part of it */

    /* The command a cmd_* handler is running. */
    const struct command *command;
    const struct bytes *argv;
    int argc;
    struct blob **blobs;
    uint64_t began_ticks; /* when it began */

    /* STALL_BLOCKED: ends the wait for CLIENT UNBLOCK, as by its timeout or with an error;
     * set by the command that blocks, which is then answered. */
    void (*unblock)(struct client *client, bool with_error);

    uint32_t surveys;    /* questions to all shards under way */
    struct slow_entry *slow; /* of the command that asked them: kept for the slow log */
    struct call *call;   /* command or EXEC spanning shards, or NULL */
    struct queue *queue; /* commands queued by MULTI, or NULL */
    struct watch_list *watches;
    struct wait *wait; /* STALL_BLOCKED, or about to; NULL otherwise */
    struct seat seat; /* STALL_LOCK */
    struct lock *seat_locks;

    uint64_t id;
    struct list_node link; /* all clients of the session */
    int64_t created_ms;
    uint64_t active_ns; /* last time it sent something */
    const struct command *last_command;
    uint64_t commands, bytes_in, bytes_out;
    char *name;        /* CLIENT SETNAME, or NULL */
    char *lib_name, *lib_version;
    char peer[64];  /* ip:port, or path:0 */
    char local[64];
    uint64_t soft_limit_since_ns; /* output-buffer soft limit exceeded since, 0: not */
};

static inline struct client *client_of(struct stream *stream)
{
    return container_of(stream, struct client, stream);
}

/* Whether a command of the client does not count as use of its keys. TOUCH always does. */
static inline bool client_no_touch(const struct client *client, const struct command *command)
{
    return (client->flags & CLIENT_NO_TOUCH) != 0 && command->id != COMMAND_TOUCH;
}

/* A client for an accepted descriptor. */
struct client *client_new(struct session *session, int fd, bool unix_socket);

/* Stops taking commands and closes the connection, once replies written so far are
 * sent if `after_reply`. */
void client_close(struct client *client, bool after_reply);

/* Frees the client if the connection is gone and nothing is under way for it. */
void client_settle(struct client *client);

/* Makes sure what is in client->reply gets sent at the end of the turn. */
void client_flush_later(struct client *client);

/* Has the session go on with the client's input before this turn ends. */
void client_again(struct client *client);

/* A reason to stall is gone: goes on if it was the last. */
void client_resume(struct client *client, enum stall reason);

/* The lock that the client's next command waited for has served its purpose. */
void client_leave_seat(struct client *client);

/* Moves replies that have arrived from the ring to the reply. */
void client_collect(struct client *client);

/* Puts a reply to come on the ring. */
void client_expect(struct client *client, struct batch *batch, uint32_t index);

/* Memory held by the client, bytes. */
size_t client_memory(const struct client *client);

#endif
