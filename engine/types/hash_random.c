/* Hash, at random: hash_pick() and hash_sample(), see hash.h. */
#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/hash_large.h"

#define BUCKET_FULL 16 /* items in a bucket with its chain; hardly any has more */
#define FEW 3          /* fewer than one of so many fields are found one by one */
#define MOSTLY_DEAD 8  /* fewer than one of so many items are no longer tried for */

/* A large hash of which some fields may have expired and be there still. */
struct choice {
    const struct hash *hash;
    struct rng *rng;
    int64_t now_ms;
};

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
static void *pick_item(const struct choice *of)
{
    for (;;) {
        struct bucket_choice choice = {.rng = of->rng};
        table_scan(&of->hash->table, rng_next(of->rng) >> 32, choose_item, &choice);
        if (choice.seen > rng_below(of->rng, BUCKET_FULL) &&
            !hash_item_expired(choice.item, of->now_ms))
            return choice.item;
    }
}

static void visit_item(const void *item, hash_visit visit, void *ctx)
{
    visit(ctx, hash_item_field(item), hash_item_value(item));
}

struct collecting {
    const void **items;
    size_t count;
    int64_t now_ms;
};

static void collect_alive(void *ctx, void *item)
{
    struct collecting *to = ctx;
    if (!hash_item_expired(item, to->now_ms))
        to->items[to->count++] = item;
}

/* Where nearly all have expired: finds the others in one pass, and picks among these. */
static void pick_survivors(const struct choice *of, size_t alive, size_t count, hash_visit visit,
                           void *ctx)
{
    struct collecting to = {.items = alloc_get(alive * sizeof *to.items), .now_ms = of->now_ms};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&of->hash->table, cursor, collect_alive, &to);
    while (cursor != 0);
    assert(to.count == alive);
    while (count-- > 0)
        visit_item(to.items[rng_below(of->rng, alive)], visit, ctx);
    alloc_free(to.items);
}

/* Whether trying items until one has not expired would take long. */
static bool is_mostly_dead(const struct choice *of, size_t alive)
{
    return alive < table_count(&of->hash->table) / MOSTLY_DEAD;
}

static void pick_large(const struct choice *of, size_t alive, size_t count, hash_visit visit,
                       void *ctx)
{
    if (unlikely(is_mostly_dead(of, alive))) {
        pick_survivors(of, alive, count, visit, ctx);
        return;
    }
    while (count-- > 0)
        visit_item(pick_item(of), visit, ctx);
}

static void pick_small(const struct keyspace *ks, const struct entry *e, struct rng *rng,
                       size_t count, hash_visit visit, void *ctx)
{
    const void *lp = entry_small(e).data;
    bool timed = (e->flags & ENTRY_TIMED) != 0;
    size_t fields = listpack_count(lp) / hash_small_stride(timed), expired;
    uint32_t at = hash_small_alive(lp, timed, ks->now_ms, &expired);
    if (count == 1) {
        size_t rank = expired + rng_below(rng, fields - expired);
        at = listpack_at(lp, (int64_t)(rank * hash_small_stride(timed)));
        hash_visit_pair(lp, at, visit, ctx);
        return;
    }
    fields -= expired;
    uint32_t *positions = alloc_get(fields * sizeof *positions);
    size_t n = 0;
    for (; at != LISTPACK_NONE; at = hash_small_next(lp, at, timed))
        positions[n++] = at;
    assert(n == fields);
    while (count-- > 0)
        hash_visit_pair(lp, positions[rng_below(rng, fields)], visit, ctx);
    alloc_free(positions);
}

static struct choice choice_of(const struct keyspace *ks, const struct entry *e, struct rng *rng)
{
    return (struct choice){
        .hash = hash_untag(entry_object(e)), .rng = rng, .now_ms = ks->now_ms};
}

void hash_pick(const struct keyspace *ks, const struct entry *e, struct rng *rng, size_t count,
               hash_visit visit, void *ctx)
{
    size_t alive = hash_count(ks, e);
    assert(alive > 0);
    if (entry_is_small(e)) {
        pick_small(ks, e, rng, count, visit, ctx);
    } else {
        struct choice choice = choice_of(ks, e, rng);
        pick_large(&choice, alive, count, visit, ctx);
    }
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
static void sample_few(const struct choice *of, size_t count, hash_visit visit, void *ctx)
{
    size_t places = bits_round_up_pow2(count * 2);
    const void **set = alloc_zeroed(places * sizeof *set);
    while (count > 0) {
        const void *item = pick_item(of);
        uint64_t mixed = (uint64_t)(uintptr_t)item * UINT64_C(0x9e3779b97f4a7c15);
        size_t i = (mixed >> 32) & (places - 1);
        while (set[i] != NULL && set[i] != item)
            i = (i + 1) & (places - 1);
        if (set[i] == item)
            continue;
        set[i] = item;
        visit_item(item, visit, ctx);
        count--;
    }
    alloc_free(set);
}

void hash_sample(const struct keyspace *ks, const struct entry *e, struct rng *rng, size_t count,
                 hash_visit visit, void *ctx)
{
    size_t fields = hash_count(ks, e);
    if (!entry_is_small(e) && count < fields / FEW) {
        struct choice choice = choice_of(ks, e, rng);
        if (likely(!is_mostly_dead(&choice, fields))) {
            sample_few(&choice, count, visit, ctx);
            return;
        }
    }
    struct sampling s = {.rng = rng, .left = fields, .wanted = bits_min(count, fields),
                         .visit = visit, .ctx = ctx};
    hash_each(ks, e, sample_pair, &s);
    assert(s.wanted == 0);
}
