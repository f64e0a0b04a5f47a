/*
 * Node: one logical server: its shards, and the little they share.
 *
 * Everything hangs off a struct node; several can live in one process. What the
 * shards share is either frozen while they run (the slot map, the seed, the
 * configuration they were started with) or one of the few shared atomics below.
 */
#ifndef SHOAL_SHARD_RUNTIME_NODE_H
#define SHOAL_SHARD_RUNTIME_NODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/keyspace/keyspace.h"
#include "net/io.h"

#define NODE_SHARDS_MAX 256

struct seat;
struct shard;
struct session_hooks;

/* What a node is started with. */
struct node_options {
    unsigned shards;
    enum io_choice io; /* IO_URING or IO_EPOLL: the choice has been made */
    uint16_t databases;
    bool pin;
    const struct clock *clock;
    struct log *log;
};

struct node {
    struct node_options options; /* frozen */
    unsigned shard_count;        /* frozen */
    struct shard **shards;       /* frozen */
    uint64_t hash_seed;          /* frozen */
    char run_id[41];             /* frozen: 40 hexadecimal digits */
    int64_t started_wall_ms;     /* frozen */
    uint64_t started_ns;         /* frozen */
    uint16_t slot_owner[SLOT_COUNT]; /* slot -> shard; changed under a global transaction only */
    const struct session_hooks *hooks; /* frozen */
    void *session;                     /* the session layer's part of the node */

    ALIGN_CACHE _Atomic uint64_t tx_counter; /* shared atomic: the last transaction id */
    ALIGN_CACHE _Atomic uint64_t client_ids; /* shared atomic: the last client id */
    _Atomic uint32_t clients;                /* shared atomic: connected clients */
    _Atomic int stopping;                    /* shared atomic: shards are to leave their loops */
    _Atomic unsigned ready;                  /* shared atomic: shards that are in their loop */
    _Atomic unsigned failed;                 /* shared atomic: shards that could not start */
};

/*
 * What the layer above does for the runtime, on each shard's thread. The runtime
 * calls; it knows nothing of clients.
 */
struct session_hooks {
    bool (*shard_init)(struct shard *shard); /* false: an error was logged */
    void (*shard_deinit)(struct shard *shard);
    void (*execute)(struct shard *shard); /* commands received in this turn */
    void (*flush)(struct shard *shard);   /* replies of this turn */
    /* Background slices; *more: come again at once. Returns ns until it wants the
     * next call, negative for no wish. */
    int64_t (*background)(struct shard *shard, uint64_t now_ns, bool *more);
    bool (*drained)(struct shard *shard); /* stopping: nothing left to do */
    /* A transaction has left its seat; nobody who waited for it has gone on yet. */
    void (*released)(struct shard *shard, const struct seat *seat);
    struct io_events events;              /* ctx is set to the shard */
};

struct node *node_new(const struct node_options *options, const struct session_hooks *hooks,
                      void *session);

/* Starts a thread per shard and waits until all serve. False: some could not; the
 * reason was logged. */
bool node_start(struct node *node);

/* Tells the shards to leave their loops and waits for their threads. */
void node_stop(struct node *node);

void node_free(struct node *node);

/* The id for a new transaction: larger than all given out before. */
static inline uint64_t node_next_tx(struct node *node)
{
    return atomic_fetch_add_explicit(&node->tx_counter, 1, memory_order_relaxed) + 1;
}

static inline unsigned node_owner(const struct node *node, uint16_t slot)
{
    return node->slot_owner[slot];
}

#endif
