/*
 * Mailbox: how one shard hands chains of messages to another.
 *
 * For each ordered pair of shards there is a bounded ring with one producer and
 * one consumer; an element is a chain of messages, so that what a shard sends to
 * another in one turn of its loop is one element. Sending never blocks: when the
 * ring is full the chain stays with its sender, who tries again next turn.
 *
 * Sleeping and waking. The receiver announces that it is going to sleep, then
 * looks once more whether anything is pending; the sender marks itself pending,
 * then looks whether the receiver announced sleep. Both use sequentially
 * consistent operations on `pending` and `sleeping`, so at least one of the two
 * sees the other (Dekker): either the receiver finds the message and does not
 * sleep, or the sender finds the sleeper and wakes it. The exchange on `sleeping`
 * lets only one of several senders pay for the wake-up.
 */
#ifndef SHOAL_SHARD_RUNTIME_MAILBOX_H
#define SHOAL_SHARD_RUNTIME_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "shard/runtime/message.h"

#define MAILBOX_CHAINS 32 /* a power of two */

/* The ring from one shard to another. */
struct mailbox_ring {
    ALIGN_CACHE _Atomic uint32_t head; /* consumer's */
    ALIGN_CACHE _Atomic uint32_t tail; /* producer's */
    uint32_t head_seen;                /* producer's copy of head */
    ALIGN_CACHE struct message *chains[MAILBOX_CHAINS];
};

/* The receiving side of a shard: one ring a sender. Shared atomic. */
struct mailbox {
    ALIGN_CACHE _Atomic uint32_t sleeping;
    ALIGN_CACHE unsigned senders;
    unsigned words;
    struct mailbox_ring *rings;
    _Atomic uint64_t *pending; /* bit i: sender i has put something in */
};

/* A chain being gathered for one receiver. Shard-local. */
struct outbox {
    struct message *first, *last;
};

void mailbox_init(struct mailbox *box, unsigned senders);
void mailbox_deinit(struct mailbox *box);

static inline void outbox_add(struct outbox *out, struct message *message)
{
    message->next = NULL;
    if (out->first == NULL)
        out->first = message;
    else
        out->last->next = message;
    out->last = message;
}

/*
 * Hands the chain to the receiver and empties the outbox. False: the ring is full,
 * the chain stays. *wake is set if the receiver sleeps and the caller has to wake
 * it.
 */
bool mailbox_put(struct mailbox *box, unsigned sender, struct outbox *out, bool *wake);

/* Takes everything that has arrived: calls take for each message, in the order sent
 * by each sender. True if there was any. */
bool mailbox_drain(struct mailbox *box, void (*take)(void *ctx, struct message *message),
                   void *ctx);

/* The receiver announces sleep. False: something is pending, it must not sleep. */
bool mailbox_sleep(struct mailbox *box);

/* The receiver is awake again. */
static inline void mailbox_awake(struct mailbox *box)
{
    atomic_store_explicit(&box->sleeping, 0, memory_order_relaxed);
}

#endif
