/*
 * Tx: a transaction over several shards, driven from the shard where the client
 * lives (its home).
 *
 *   tx_new -> tx_start -> [scheduled everywhere] -> tx_run ... tx_run -> tx_finish
 *
 * A tx has one part for each shard it touches. A part is a message that travels to
 * its shard and back; whoever has it may touch it, nobody else. Its seat (locks.h)
 * is the shard's alone between scheduling and release.
 *
 *  - tx_start() takes a number from the node's counter and asks every shard for a
 *    seat. A shard answers once the seat's locks are held. If one of them turns it
 *    away, the seats got are given up and it starts over with a new number; the
 *    caller does not notice.
 *  - tx_run() executes a hop on some of the parts. With `last`, the locks are
 *    released after it.
 *  - With an eager hop (reading only), scheduling and the first hop are one trip: a
 *    shard runs it as soon as the seat's locks are held. Locks stay until
 *    tx_finish(), since the hop may have to be thrown away by a retry elsewhere.
 *
 * Nothing of a transaction is visible anywhere before it holds its locks everywhere:
 * that is the moment at which it takes place. A seat alone would not do (VLL runs a
 * part as soon as that part holds its locks): T has run and left on shard A and waits
 * on B behind U, whose request has not reached C yet. Who then reads T's work on A and
 * next looks at C finds U, which comes before T, not done.
 *  - tx_finish() releases what is still held and frees the tx once all parts are
 *    home; the caller is done with it at once.
 *
 * Callbacks run on the home shard, from its message loop and never from inside the
 * call that leads to them; the locks and data of the parts must not be freed before
 * tx_finish() has brought all parts home (tx->done).
 */
#ifndef SHOAL_SHARD_RUNTIME_TX_H
#define SHOAL_SHARD_RUNTIME_TX_H

#include <stdbool.h>
#include <stdint.h>

#include "shard/runtime/locks.h"
#include "shard/runtime/message.h"

struct shard;
struct tx;
struct tx_part;

typedef void (*tx_hop_fn)(struct shard *shard, struct tx_part *part);
typedef void (*tx_step_fn)(struct tx *tx);

enum tx_errand { ERRAND_SCHEDULE, ERRAND_HOP, ERRAND_RELEASE };

struct tx_part {
    struct message message;
    struct seat seat;
    struct tx *tx;
    tx_hop_fn hop;   /* to run on the shard; NULL: none */
    void *data;      /* the caller's, for the hop; moves with the part */
    uint16_t shard;
    uint8_t errand;
    bool last;       /* release after the hop */
    bool turned_away; /* by its shard, which has no seat for it */
    bool held;       /* home's view: the shard has a seat for it */
    bool selected;   /* takes part in the next tx_run() */
};

struct tx {
    struct shard *home;
    uint64_t id;
    void *ctx;        /* the caller's */
    tx_step_fn next;  /* when all parts out are home again */
    tx_step_fn ready; /* the caller's next step after tx_start() */
    tx_step_fn done;  /* before the tx is freed */
    tx_hop_fn eager;
    uint32_t out;     /* parts on their way */
    uint32_t retries;
    uint32_t part_count;
    struct tx_part parts[];
};

/* A transaction with that many parts; the caller sets shard, data, and the locks of
 * each part's seat (which have to stay until tx_finish()). */
struct tx *tx_new(struct shard *home, uint32_t parts, void *ctx);

/* Gets the locks on every shard, then calls `ready` (see above). eager: the reading hop
 * to run on the way, or NULL. */
void tx_start(struct tx *tx, tx_hop_fn eager, tx_step_fn ready);

/* Runs a hop on all parts, or on those with `selected` set if some is. */
void tx_run(struct tx *tx, tx_hop_fn hop, bool last, tx_step_fn next);

/* Releases what is still held; when all parts are home calls `done` (may be NULL), which
 * frees what the parts pointed to, and frees the tx. */
void tx_finish(struct tx *tx, tx_step_fn done);

#endif
