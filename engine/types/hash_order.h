/*
 * Hash order: the fields of a large hash that expire, in the order in which they do.
 *
 * It holds times, each with the 64-bit hash of its field, and points to no memory: a field
 * is found again by its hash, and an item that moves needs no update here. Times are kept
 * in runs, sorted arrays of up to HASH_ORDER_RUN, which are listed in order; an array of
 * arrays rather than a tree, since a million times are two thousand runs.
 *
 * Belongs to the shard that owns the hash.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_ORDER_H
#define SHOAL_ENGINE_TYPES_HASH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tests make it small. */
#ifndef HASH_ORDER_RUN
#define HASH_ORDER_RUN 512
#endif

struct hash_time {
    int64_t at_ms;
    uint64_t hash; /* of the field */
};

struct hash_order_run;

/* Zero-initialised is an empty order, which holds no memory. */
struct hash_order {
    struct hash_order_run *runs;
    uint32_t run_count, run_cap;
    size_t count; /* times */
};

/* Adds a time; the same one may be there already. O(log n), and moving up to a run and the
 * list of runs. */
void hash_order_add(struct hash_order *order, struct hash_time time);

/* Removes one of these times, which has to be there. As hash_order_add(). */
void hash_order_remove(struct hash_order *order, struct hash_time time);

/* The first and the last time; there is one. */
struct hash_time hash_order_first(const struct hash_order *order);
struct hash_time hash_order_last(const struct hash_order *order);

/* How many times are before that one. O(runs that are before it + log n). */
size_t hash_order_before(const struct hash_order *order, int64_t at_ms);

/* Makes `to` a copy that shares nothing. */
void hash_order_copy(struct hash_order *to, const struct hash_order *from);

/* Bytes allocated for it. */
size_t hash_order_bytes(const struct hash_order *order);

/* Frees up to so many runs; true once it is empty. */
bool hash_order_free_some(struct hash_order *order, size_t runs);

/* Aborts if an invariant is broken. O(n). */
void hash_order_validate(const struct hash_order *order);

#endif
