/*
 * Shard: one thread, its keys, its connections.
 *
 * A turn of the loop: reap I/O, take messages, execute commands, do a slice of background
 * work, publish what goes to other shards, send replies; the next turn begins by sleeping until
 * something happens. All fields belong to the shard's thread but for `mailbox`,
 * whose atomics other shards use, and `published`.
 */
#ifndef SHOAL_SHARD_RUNTIME_SHARD_H
#define SHOAL_SHARD_RUNTIME_SHARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/keyspace/keyspace.h"
#include "net/io.h"
#include "shard/runtime/locks.h"
#include "shard/runtime/mailbox.h"
#include "shard/runtime/message.h"
#include "shard/runtime/node.h"

/* Figures other threads may read at any time. */
struct shard_published {
    _Atomic uint64_t keys; /* in all databases */
    _Atomic uint64_t memory; /* bytes in use when last measured, at least once a second or so */
    _Atomic uint64_t received; /* bytes from clients; with maxmemory only */
    /* Databases that may have keys here (keyspace_db_bit()), as of the shard's last turn.
     * No reply or message that follows from a first key leaves before its bit is set. */
    _Atomic uint64_t nonempty;
};

struct shard {
    struct node *node;
    unsigned index;
    struct io *io;
    struct keyspace keyspace;
    struct locks locks;
    void *session;    /* the session layer's part of the shard */
    uint64_t now_ns;  /* monotonic, read once a turn */
    struct outbox *outboxes; /* one a shard; its own: messages to itself */
    uint64_t *dirty_outboxes; /* bit i: outbox i holds something */
    uint64_t spin_ns;   /* how long to look for more work before sleeping; 0: not at all */
    uint64_t active_ns; /* spin_ns: when something was last received, sent or taken */
    uint64_t io_seen;   /* operations of the I/O that were done then */
    uint64_t background_at_ns;
    uint64_t slots_owned[SLOT_COUNT / 64];
    pthread_t thread;
    bool thread_started;
    struct mailbox mailbox;
    ALIGN_CACHE struct shard_published published;
};

/* Gives a message to a shard (also to the sender itself); takes the pointer. It leaves
 * with the other messages of this turn. */
void shard_post(struct shard *shard, unsigned to, struct message **message);

/* Aborts if the calling thread is not the shard's. */
void shard_assert_owner(const struct shard *shard);

/* The thread's main function; arg is the shard. */
void *shard_main(void *arg);

struct shard *shard_new(struct node *node, unsigned index);
void shard_free(struct shard *shard);

/* The keyspace's clocks follow the turn. */
void shard_read_clock(struct shard *shard);

#endif
