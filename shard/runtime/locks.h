/*
 * Locks: the lock table and the queue of transactions of one shard.
 *
 * VLL (Ren, Thomson, Abadi: "Lightweight locking for main memory database systems",
 * VLDB 2012). A transaction takes a seat in the queue, ordered by its id, and
 * counts its intent on each key, shared or exclusive. It holds its locks if nobody
 * conflicted when it came, or once it is at the head of the queue.
 *
 * Rules, on which freedom from deadlock and isolation rest:
 *  1. A transaction that conflicts and whose id is smaller than that of any seat
 *     already in the queue is turned away (LOCKS_RETRY): so waiting always goes from
 *     a larger id to a smaller one, on every shard.
 *  2. The seat at the head holds its locks: everything that came before is gone, and
 *     what came later and conflicts with it did not get its locks (rule 1).
 *  3. Counts are taken when the seat is taken and dropped when it is left.
 *
 * Keys are identified by their hash alone: two keys of the same hash exclude each
 * other, which is harmless. Belongs to its shard.
 */
#ifndef SHOAL_SHARD_RUNTIME_LOCKS_H
#define SHOAL_SHARD_RUNTIME_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct shard;
struct seat;

struct lock {
    uint64_t key; /* hash of the key */
    bool exclusive;
};

enum lock_whole { WHOLE_NOT, WHOLE_SHARED, WHOLE_EXCLUSIVE };

/* A transaction's place in the queue of one shard. The fields above the line are set
 * by its owner before scheduling and left alone until it has left. */
struct seat {
    uint64_t id;
    const struct lock *locks;
    uint32_t lock_count;
    enum lock_whole whole; /* locks the whole shard instead of keys */
    void (*run)(struct shard *shard, struct seat *seat); /* when ready and its locks are held */
    /* ---- */
    struct list_node link;
    bool seated;
    bool granted; /* holds its locks */
    bool ready;   /* has something to run */
};

struct lock_count {
    uint64_t key;
    uint32_t shared, exclusive; /* both 0: vacant */
};

struct locks {
    struct list_node queue; /* seats by id */
    size_t seats;           /* 0: nobody needs to look any further */
    size_t exclusive_seats; /* seats with an exclusive lock */
    uint32_t whole_shared, whole_exclusive;
    struct lock_count *table; /* open addressing, linear probing */
    size_t used, capacity;    /* capacity is a power of two */
    bool advancing;
};

enum locks_result {
    LOCKS_GRANTED, /* seated, and the locks are held */
    LOCKS_QUEUED,  /* seated, others are before it */
    LOCKS_RETRY,   /* not seated: come back with a larger id */
};

void locks_init(struct locks *locks);
void locks_deinit(struct locks *locks);

/* Takes a seat. */
enum locks_result locks_schedule(struct locks *locks, struct seat *seat);

/* Leaves the seat, dropping the counts. Follow it by locks_advance(). */
void locks_leave(struct locks *locks, struct seat *seat);

/* Whether a command on this key alone would have to wait. To be asked only while
 * locks->seats > 0. */
bool locks_conflict(const struct locks *locks, uint64_t key, bool exclusive);

/* Runs the seats at the head that are ready, until one is not. */
void locks_advance(struct locks *locks, struct shard *shard);

#endif
