/*
 * Wait heap: waits with a deadline, the next one first: a binary heap whose elements know
 * their place, so that any of them can be taken out.
 */
#ifndef SHOAL_SHARD_SESSION_WAIT_HEAP_H
#define SHOAL_SHARD_SESSION_WAIT_HEAP_H

#include <stddef.h>

struct wait;

struct wait_heap {
    struct wait **waits; /* [1..count] */
    size_t count, cap;
};

/* The wait with the earliest deadline, or NULL. */
struct wait *wait_heap_first(const struct wait_heap *heap);

/* Puts a wait in, by its deadline_ns; it is not in yet. */
void wait_heap_put(struct wait_heap *heap, struct wait *wait);

/* Takes a wait out, if it is in. */
void wait_heap_remove(struct wait_heap *heap, struct wait *wait);

/* Frees the heap, which is empty. */
void wait_heap_deinit(struct wait_heap *heap);

#endif
