/*
 * Wait: a client that waits for keys (BLPOP, XREAD BLOCK...), seen from its own shard.
 *
 * A wait has a part on each shard that owns keys it waits for; waiting.h is that side.
 * Wherever a key of a part gets what is waited for, the command is run again there, with
 * the keys of that shard, and the part comes home with the reply. Whoever wants to end
 * the wait, by serving it, by its time-out or by CLIENT UNBLOCK, claims it first: `state`
 * goes from OPEN to CLAIMED for one of them only. So nothing is delivered twice, and what
 * one shard found is taken while no other shard can serve the same client.
 *
 * A client that is gone ends its wait by force (OVER). What a shard had already taken out
 * of a list or sorted set for it comes home unsendable, and is put back (wait_restore.h).
 *
 * A command that changes a key of another shard than the one it waits on (BLMOVE) cannot
 * be run by that shard alone: the shard wakes home, which claims the wait and runs the
 * command as a call. Meanwhile those behind it on the key wait for the outcome.
 *
 * The memory of a wait is home's. Its fields do not change while parts are out, but for
 * `state`; a part belongs to the shard that has it, from the moment it is sent until it
 * is back. `out` counts what has to come back before the wait can be freed.
 */
#ifndef SHOAL_SHARD_SESSION_WAIT_H
#define SHOAL_SHARD_SESSION_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/commands/op.h"
#include "net/reply.h"
#include "shard/runtime/locks.h"
#include "shard/runtime/message.h"
#include "shard/session/queue.h"

struct client;
struct session;
struct shard;
struct wait_node;

enum wait_state { WAIT_OPEN, WAIT_CLAIMED, WAIT_OVER };

/* How a wait ends when nobody serves it. */
enum wait_end { WAIT_END_TIMEOUT, WAIT_END_UNBLOCKED };

struct wait_part {
    struct message message; /* the part itself, to its shard and back */
    struct message news;    /* home: the command waits now */
    struct message cancel;  /* there and back: the part is not wanted any more */
    struct message wake;    /* home: run the command from there */
    struct message woken;   /* there and back: that has been done */
    struct wait *wait;
    uint16_t shard;
    bool away; /* the command has a key on another shard that it does not wait for */
    bool out;  /* home's view: the part is with its shard */
    bool woke; /* home's view: `wake` is here, the shard waits for the outcome */
    const uint32_t *args; /* the arguments that are keys to wait for on this shard */
    uint32_t arg_count;
    /* The shard's, also when the part is home: */
    struct wait_node *nodes; /* its places in the queues of its keys; NULL: in none */
    uint32_t node_count;
    int64_t timeout_ms; /* as the handler found it */
    bool untried;   /* it queued up without a look at its keys: it has to have one, and until
                     * then its time does not run */
    bool waking;    /* `wake` is out */
    bool removed;   /* the cancel found it in its queues: it comes back with the cancel */
    struct seat seat; /* for its first try, or to put something back */
    struct lock *seat_locks;
    struct queued *restore; /* what puts back what the reply holds; NULL: nothing to put back */
    struct reply reply;
    uint64_t slow; /* ticks of the run that wrote it, if it was slow; else 0 */
};

struct wait {
    struct session *session;
    struct client *client; /* NULL: gone */
    struct queued *queued; /* the command */
    uint16_t db;
    uint8_t resp;
    bool no_touch;
    bool any_change;   /* wants to know too when a key goes or is of another type */
    int numkeys_at;    /* argument that says how many keys there are; -1: none does */
    uint32_t ids;      /* each key has an argument so many places behind it; 0: it has not */
    _Atomic int state; /* enum wait_state */
    bool claimed_here; /* by home, for a call */
    uint32_t untried;  /* parts that have not told yet that they had a look */
    enum wait_end end;
    uint64_t deadline_ns; /* monotonic; 0: none */
    size_t heap_at;       /* in the session's heap, from 1 on; 0: it is not there */
    uint32_t out;         /* messages and parts to come home */
    uint32_t *args;       /* of the parts */
    uint32_t part_count;
    struct wait_part parts[];
};

/* Parts for every shard that has keys to wait for. Takes the command over. */
struct wait *wait_new(struct session *session, struct client *client, struct queued *queued);

/* A command with its keys on one other shard: tries it there, and waits there if there is
 * nothing. The client stalls (STALL_BLOCKED). Takes the command over. */
void wait_try(struct session *session, struct client *client, struct queued *queued);

/* A command with its keys on this shard has found nothing and waits. Takes the command
 * over. */
void wait_here(struct session *session, struct client *client, struct queued *queued,
               struct op_wait *op_wait);

/* A call has found nothing and waits: the parts are to be sent with its next hop to their
 * shards. */
void wait_parks(struct wait *wait, struct op_wait *op_wait);

/* The part for a shard, or NULL. */
struct wait_part *wait_part_of(struct wait *wait, unsigned shard);

/* A call for a wait begins: the wait stays until wait_called(). */
void wait_calls(struct wait *wait);

/* The call has ended: with a reply, which the client has, or without. */
void wait_called(struct wait *wait, bool answered);

/* The client goes: ends its wait, if it has one. */
void wait_abandon(struct client *client);

/* Ends the waits whose time is up; returns when the next one is due, ns from now, or -1. */
int64_t wait_step(struct session *session, uint64_t now_ns);

/* Replaces arguments of the command by those the handler asked for. Only for who has the
 * wait alone. */
void wait_replace_args(struct wait *wait, struct op_wait *op_wait);

/* At home, handlers of what the shards send: the part for good; that the command waits; that
 * home has to run it; a cancel and a wake that are done with. */
void wait_on_home(struct shard *shard, struct message *message);
void wait_on_news(struct shard *shard, struct message *message);
void wait_on_wake(struct shard *shard, struct message *message);
void wait_on_cancelled(struct shard *shard, struct message *message);
void wait_on_done(struct shard *shard, struct message *message);

#endif
