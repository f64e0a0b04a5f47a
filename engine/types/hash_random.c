/* Hash, at random: hash_pick() and hash_sample(), see hash.h. */
#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/hash_item.h"
#include "engine/types/hash_large.h"

#define BUCKET_FULL 16 /* items in a bucket with its chain; hardly any has more */
#define FEW 3          /* fewer than one of so many fields are found one by one */

struct bucket_choice {
    struct rng *rng;
    void *item;
    size_t seen;
};

/* Keeps one of the items seen, each as likely. */
static void choose_item(void *ctx, void *item)
{
    struct bucket_choice *choice = ctx;
    if (rng_below(choice->rng, ++choice->seen) == 0)
        choice->item = item;
}

/* A bucket at random, then one of its items, which is taken with a probability that makes
 * up for how many others there are in the bucket. */
static void *pick_item(const struct hash *h, struct rng *rng)
{
    for (;;) {
        struct bucket_choice choice = {.rng = rng};
        table_scan(&h->table, rng_next(rng) >> 32, choose_item, &choice);
        if (choice.seen > rng_below(rng, BUCKET_FULL))
            return choice.item;
    }
}

static void pick_large(const struct hash *h, struct rng *rng, size_t count, hash_visit visit,
                       void *ctx)
{
    while (count-- > 0) {
        const void *item = pick_item(h, rng);
        visit(ctx, hash_item_field(item), hash_item_value(item));
    }
}

static void pick_small(const void *lp, struct rng *rng, size_t count, hash_visit visit, void *ctx)
{
    size_t fields = listpack_count(lp) / 2;
    if (count == 1) {
        uint32_t at = listpack_at(lp, (int64_t)rng_below(rng, fields) * 2);
        hash_visit_pair(lp, at, visit, ctx);
        return;
    }
    uint32_t *positions = alloc_get(fields * sizeof *positions);
    size_t n = 0;
    for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE;
         at = listpack_next(lp, listpack_next(lp, at)))
        positions[n++] = at;
    assert(n == fields);
    while (count-- > 0)
        hash_visit_pair(lp, positions[rng_below(rng, fields)], visit, ctx);
    alloc_free(positions);
}

void hash_pick(const struct entry *e, struct rng *rng, size_t count, hash_visit visit, void *ctx)
{
    assert(hash_count(e) > 0);
    if (entry_is_small(e))
        pick_small(entry_small(e).data, rng, count, visit, ctx);
    else
        pick_large(entry_object(e), rng, count, visit, ctx);
}

struct sampling {
    struct rng *rng;
    size_t left, wanted; /* fields not seen yet, of which so many are to be taken */
    hash_visit visit;
    void *ctx;
};

static void sample_pair(void *ctx, struct bytes field, struct bytes value)
{
    struct sampling *s = ctx;
    if (s->wanted == 0)
        return;
    if (rng_below(s->rng, s->left--) < s->wanted) {
        s->wanted--;
        s->visit(s->ctx, field, value);
    }
}

/* Few of many: picks until enough different ones came; those that came are kept in a set
 * with open addressing. */
static void sample_few(const struct hash *h, struct rng *rng, size_t count, hash_visit visit,
                       void *ctx)
{
    size_t places = bits_round_up_pow2(count * 2);
    const void **set = alloc_zeroed(places * sizeof *set);
    while (count > 0) {
        const void *item = pick_item(h, rng);
        uint64_t mixed = (uint64_t)(uintptr_t)item * UINT64_C(0x9e3779b97f4a7c15);
        size_t i = (mixed >> 32) & (places - 1);
        while (set[i] != NULL && set[i] != item)
            i = (i + 1) & (places - 1);
        if (set[i] == item)
            continue;
        set[i] = item;
        visit(ctx, hash_item_field(item), hash_item_value(item));
        count--;
    }
    alloc_free(set);
}

void hash_sample(const struct entry *e, struct rng *rng, size_t count, hash_visit visit, void *ctx)
{
    size_t fields = hash_count(e);
    if (!entry_is_small(e) && count < fields / FEW) {
        sample_few(entry_object(e), rng, count, visit, ctx);
        return;
    }
    struct sampling s = {.rng = rng, .left = fields, .wanted = bits_min(count, fields),
                         .visit = visit, .ctx = ctx};
    hash_each(e, sample_pair, &s);
    assert(s.wanted == 0);
}
