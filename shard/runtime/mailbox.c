/* Mailbox: see mailbox.h for the protocol. */
#include "shard/runtime/mailbox.h"

#include <string.h>

#include "base/alloc.h"

void mailbox_init(struct mailbox *box, unsigned senders)
{
    memset(box, 0, sizeof *box);
    box->senders = senders;
    box->words = (senders + 63) / 64;
    box->rings = alloc_aligned(senders * sizeof *box->rings, CACHE_LINE);
    memset(box->rings, 0, senders * sizeof *box->rings);
    box->pending = alloc_aligned(bits_align_up(box->words * 8, CACHE_LINE), CACHE_LINE);
    memset((void *)box->pending, 0, box->words * 8);
}

void mailbox_deinit(struct mailbox *box)
{
    alloc_free(box->rings);
    alloc_free((void *)box->pending);
}

bool mailbox_put(struct mailbox *box, unsigned sender, struct outbox *out, bool *wake)
{
    struct mailbox_ring *ring = &box->rings[sender];
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    *wake = false;
    if (tail - ring->head_seen == MAILBOX_CHAINS) {
        ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (tail - ring->head_seen == MAILBOX_CHAINS)
            return false;
    }
    ring->chains[tail % MAILBOX_CHAINS] = out->first;
    *out = (struct outbox){0};
    /* Release: the messages are written before the receiver sees the new tail. */
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    atomic_fetch_or(&box->pending[sender / 64], UINT64_C(1) << (sender % 64));
    if (atomic_load(&box->sleeping) != 0)
        *wake = atomic_exchange(&box->sleeping, 0) != 0;
    return true;
}

static void ring_drain(struct mailbox_ring *ring, void (*take)(void *, struct message *), void *ctx)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    while (head != tail) {
        struct message *message = ring->chains[head % MAILBOX_CHAINS];
        /* The place is free before the messages are handled: handling may take long. */
        atomic_store_explicit(&ring->head, ++head, memory_order_release);
        while (message != NULL) {
            struct message *next = message->next;
            take(ctx, message);
            message = next;
        }
    }
}

bool mailbox_drain(struct mailbox *box, void (*take)(void *ctx, struct message *message),
                   void *ctx)
{
    bool any = false;
    for (unsigned w = 0; w < box->words; w++) {
        if (atomic_load_explicit(&box->pending[w], memory_order_relaxed) == 0)
            continue;
        uint64_t senders = atomic_exchange(&box->pending[w], 0);
        for (; senders != 0; senders &= senders - 1) {
            any = true;
            ring_drain(&box->rings[w * 64 + (unsigned)__builtin_ctzll(senders)], take, ctx);
        }
    }
    return any;
}

bool mailbox_sleep(struct mailbox *box)
{
    atomic_store(&box->sleeping, 1);
    for (unsigned w = 0; w < box->words; w++) {
        if (atomic_load(&box->pending[w]) != 0) {
            mailbox_awake(box);
            return false;
        }
    }
    return true;
}
