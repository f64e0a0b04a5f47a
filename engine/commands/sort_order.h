/*
 * Sort order: brings items with 64-bit keys in order, most of it without looking at what
 * the items stand for.
 *
 * The keys are sorted as numbers (radix sort; merge sort for few items). Items whose keys
 * are the same are a run, which is sorted by the next keys of its items, if the owner has
 * such, or by comparing what they stand for. So texts are compared by seven bytes at a time.
 *
 * Where only a part of the result is wanted, [from, past), the items that cannot be in it
 * are put aside first (quickselect: Hoare, Algorithm 65, with pivots chosen at random), and
 * runs outside of it are left as they are.
 */
#ifndef SHOAL_ENGINE_COMMANDS_SORT_ORDER_H
#define SHOAL_ENGINE_COMMANDS_SORT_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

struct sort_item {
    uint64_t key;
    const void *what;
};

/* Whoever knows what the items stand for. */
struct sort_order {
    /* Gives the items of a run, all of whose keys are the same, the keys of the next level
     * (1 is the first after those the items came with). False: it has none for this run,
     * compare() settles it. */
    bool (*next_keys)(const void *ctx, unsigned level, struct sort_item *items, size_t n);
    /* Which of two comes first: negative, 0 (all the same) or positive. */
    int (*compare)(const void *ctx, const void *a, const void *b);
    const void *ctx;
    struct rng *rng;
};

/*
 * Sorts n items so that items[from...past - 1] are those that belong there, in order; the
 * others are in no order. The sort is not stable: compare() has to tell all apart whose
 * order matters. scratch: room for n items. O(n log n) at worst, mostly O(n).
 */
void sort_order(const struct sort_order *order, struct sort_item *items, struct sort_item *scratch,
                size_t n, size_t from, size_t past);

#endif
