/*
 * Session: the client side of a shard: its connections, the commands they sent in
 * this turn, what was sent to other shards for them, and what other shards sent
 * here. One per shard, shard-local.
 */
#ifndef SHOAL_SHARD_SESSION_SESSION_H
#define SHOAL_SHARD_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/commands/op.h"
#include "engine/keyspace/keyspace.h"
#include "net/resp.h"
#include "shard/runtime/node.h"
#include "shard/runtime/shard.h"
#include "shard/session/memory_limit.h"
#include "shard/session/wait_heap.h"

struct batch;
struct client;
struct listening;
struct published_settings;
struct server;
struct settings;
struct stats;
struct waiting;
struct watch_table;

#define RUN_REQUESTS 256
#define RUN_ARGS 2048
#define RUN_CHUNKS 128

/* Bytes of one client taken up in this turn. */
struct chunk {
    struct client *client;
    char *data;
    size_t len;
    size_t parsed;      /* up to here there are requests */
    uint32_t first, count; /* its requests */
    bool from_query;    /* data is the client's own buffer */
    bool done;          /* nothing more to do with it */
};

/* A parsed command that has not been executed. */
struct request {
    const struct command *command; /* NULL: unknown */
    const struct bytes *argv;
    uint32_t argc;
    bool keyed;    /* key is set */
    size_t at;     /* offset in the chunk */
    struct key key; /* of its first key */
};

/* Batches that came from one shard while an earlier one waits for a lock. */
struct source {
    struct batch *parked;
    struct message *held_first, *held_last;
};

struct session {
    struct shard *shard;
    struct server *server;
    struct list_node clients;
    uint32_t client_count;
    struct list_node flush; /* clients with replies to send */
    struct list_node again; /* clients that may take commands again */
    struct resp_limits limits, limits_locked_out;
    struct op_limits op_limits;

    struct chunk chunks[RUN_CHUNKS];
    struct request requests[RUN_REQUESTS];
    struct bytes args[RUN_ARGS];
    uint32_t chunk_count, request_count, arg_count;
    bool running;

    struct batch **open;         /* being filled for each shard, or NULL */
    struct batch *own;           /* replies of local commands waiting for their turn */
    struct batch *spare;         /* batches to use again */
    struct source *sources;      /* for each shard */
    struct keyspace scratch;     /* where keys of several shards are brought together */
    struct watch_table *watches; /* keys of this shard that clients watch */
    struct waiting *waiting;     /* keys of this shard that clients wait for */
    bool keys_due;               /* some of them have changed: waiting_serve() */
    struct wait_heap wait_heap;  /* time-outs of clients of this shard */
    uint32_t waits;              /* of clients of this shard, also those that are ending */
    struct stats *stats;
    struct listening *listening; /* sockets connections are accepted on */
    uint32_t calls;         /* commands under way that span shards */
    uint32_t batches_out;   /* sent to other shards and not back */
    const struct command_names *names; /* rename-command; NULL: none was */
    const struct settings *settings; /* in force on this shard; frozen */
    struct published_settings *published_settings;
    uint64_t reply_pause; /* unread reply bytes at which a client is not read from */
    uint64_t query_limit; /* client-query-buffer-limit */
    uint32_t max_clients;
    size_t reply_hard; /* unread replies that end a client; 0: any number may be unread */
    size_t reply_look; /* from here on, the two limits are looked at */
    uint64_t stop_ns;  /* since when it is stopping */
    bool strict;      /* pipeline-order strict */
    bool needs_auth;  /* the default user has a password */
    bool slowed;      /* commands are looked at closely: a pause, or memory_full */
    bool memory_full; /* more than maxmemory is in use */
    bool pause_writes_only; /* CLIENT PAUSE ... WRITE */
    uint64_t pause_until_ns; /* CLIENT PAUSE; 0: not */
    struct memory_limit memory_limit;
    uint64_t accept_error_ns;
    bool stopping, quiet;
    uint64_t second_ns;     /* when the once-a-second work is due */
    uint64_t expire_ns;     /* when expired keys are looked for again */
};

static inline struct session *session_of(const struct shard *shard)
{
    return shard->session;
}

/* The hooks the runtime calls; server is the node's session layer. */
extern const struct session_hooks session_hooks;

/* Bytes of a client: parses commands into the run, which is executed when full or
 * at the end of the turn. */
void session_input(struct session *session, struct client *client, char *data, size_t len);

/* Executes all parsed commands. */
void session_run(struct session *session);

/* What became of a command. */
enum outcome {
    OUTCOME_DONE,  /* executed or sent; go on with the next */
    OUTCOME_AGAIN, /* not taken: the client stalls before it */
    OUTCOME_STALL, /* taken, and the client stalls behind it */
};

/* Executes one command of a client, or sends it where it belongs. */
enum outcome dispatch(struct session *session, struct client *client,
                      const struct request *request);

#endif
