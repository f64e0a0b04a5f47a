/* Set sample: see set_sample.h. */
#include "engine/types/set_sample.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"

#define SMALL_PART 8 /* of a table with so many times the members, single ones are drawn */

/* A walk that leaves out what is not wanted (algorithm S, see set_edit.c). */
struct selection {
    struct rng *rng;
    size_t left, need;
    bool (*visit)(void *ctx, struct set_member *member);
    void *ctx;
};

static bool select_member(void *ctx, struct set_member *member)
{
    struct selection *selection = ctx;
    if (rng_below(selection->rng, selection->left--) < selection->need) {
        selection->need--;
        selection->visit(selection->ctx, member);
    }
    return selection->need > 0;
}

/* Items of a table that were drawn: open addressing, at most half full. */
struct drawn {
    const void **items;
    size_t mask;
};

static struct drawn drawn_new(size_t want)
{
    size_t size = 16;
    while (size < want * 2)
        size *= 2;
    return (struct drawn){.items = alloc_zeroed(size * sizeof(void *)), .mask = size - 1};
}

/* False: it was there before. */
static bool drawn_add(struct drawn *drawn, const void *item)
{
    uint64_t spread = (uint64_t)(uintptr_t)item * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = spread >> 32 & drawn->mask;
    for (; drawn->items[at] != NULL; at = (at + 1) & drawn->mask)
        if (drawn->items[at] == item)
            return false;
    drawn->items[at] = item;
    return true;
}

void set_sample(struct set_view view, struct rng *rng, size_t want,
                bool (*visit)(void *ctx, struct set_member *member), void *ctx)
{
    size_t count = set_count(view);
    assert(want <= count);
    if (want == 0)
        return;
    if (view.form != SET_TABLE || want > count / SMALL_PART) {
        struct selection selection = {
            .rng = rng, .left = count, .need = want, .visit = visit, .ctx = ctx};
        set_each(view, select_member, &selection);
        assert(selection.need == 0);
        return;
    }
    struct drawn drawn = drawn_new(want);
    while (want > 0) {
        struct set_member member;
        set_random(view, rng, &member);
        if (!drawn_add(&drawn, member.item))
            continue;
        visit(ctx, &member);
        want--;
    }
    alloc_free(drawn.items);
}
