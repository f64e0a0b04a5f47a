/* Stream index: random additions and removals against a sorted array, with nodes of the real
 * size and with tiny ones. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "base/random.h"
#include "engine/types/stream_index.h"

#define SPACE 1500 /* ids that there may be */

static struct stream_index index_;
static bool there[SPACE];
static char values[SPACE];
static struct rng rng;

/* Number i of the ids, in their order. */
static struct stream_id id_of(int i)
{
    return (struct stream_id){(uint64_t)i / 5, (uint64_t)(i % 5) * 3};
}

static void setup(void)
{
    rng_init(&rng, 5);
}

TestSuite(stream_index, .init = setup);

static int next_there(int i, int step)
{
    while (i >= 0 && i < SPACE && !there[i]) i += step;
    return i >= 0 && i < SPACE ? i : -1;
}

static void expect_place(struct stream_index_place place, int i)
{
    if (i < 0) {
        cr_assert_null(place.leaf);
        return;
    }
    cr_assert_not_null(place.leaf);
    cr_assert_eq(stream_id_compare(stream_index_id(place), id_of(i)), 0);
    cr_assert_eq(stream_index_value(place), &values[i]);
}

static void expect_as_model(void)
{
    size_t count = 0;
    stream_index_validate(&index_);
    struct stream_index_place place = stream_index_first(&index_);
    for (int i = 0; i < SPACE; i++) {
        cr_assert_eq(stream_index_find(&index_, id_of(i)), there[i] ? &values[i] : NULL);
        if (!there[i]) continue;
        count++;
        expect_place(place, i);
        stream_index_next(&place);
    }
    cr_assert_null(place.leaf);
    cr_assert_eq(index_.count, count);
    place = stream_index_last(&index_);
    for (int i = SPACE - 1; i >= 0; i--) {
        if (!there[i]) continue;
        expect_place(place, i);
        stream_index_prev(&place);
    }
    cr_assert_null(place.leaf);
}

static void expect_seeks(void)
{
    for (int n = 0; n < 50; n++) {
        int i = (int)rng_below(&rng, SPACE);
        expect_place(stream_index_at_most(&index_, id_of(i)), next_there(i, -1));
        expect_place(stream_index_at_least(&index_, id_of(i)), next_there(i, 1));
        struct stream_id between = id_of(i); /* behind i and before i + 1 */
        between.seq++;
        expect_place(stream_index_at_most(&index_, between), next_there(i, -1));
        expect_place(stream_index_at_least(&index_, between), next_there(i + 1, 1));
    }
}

static void add(int i)
{
    cr_assert_eq(stream_index_add(&index_, id_of(i), &values[i]), !there[i]);
    there[i] = true;
}

static void take(int i)
{
    cr_assert_eq(stream_index_remove(&index_, id_of(i)), there[i] ? &values[i] : NULL);
    there[i] = false;
}

Test(stream_index, random_edits_give_what_a_sorted_array_gives)
{
    for (int round = 0; round < 120; round++) {
        int adding = round / 8 % 3 == 2 ? 1 : 7; /* of ten edits; now and then it empties */
        for (int n = 0; n < 150; n++) {
            int i = (int)rng_below(&rng, SPACE);
            if ((int)rng_below(&rng, 10) < adding)
                add(i);
            else
                take(i);
        }
        expect_as_model();
        expect_seeks();
    }
}

Test(stream_index, what_is_built_in_order_is_dense_and_can_be_taken_from_either_end)
{
    for (int i = 0; i < SPACE; i++) add(i);
    expect_as_model();
    cr_assert_leq(index_.bytes, 2 * SPACE * sizeof(struct stream_index_item));
    for (int i = 0; i < SPACE / 3; i++) take(i);
    expect_as_model();
    for (int i = SPACE - 1; i > SPACE / 2; i--) take(i);
    expect_as_model();
    for (int i = SPACE / 3; i <= SPACE / 2; i++) take(i);
    expect_as_model();
    cr_assert_eq(index_.bytes, 0);
}

static size_t visited;

static void visit(void *value)
{
    cr_assert(there[(char *)value - values]);
    there[(char *)value - values] = false;
    visited++;
}

Test(stream_index, it_is_freed_in_slices)
{
    for (int i = 0; i < SPACE; i += 2) add(i);
    size_t slices = 0, items;
    do {
        items = 100;
        slices++;
        cr_assert_leq(visited, slices * 100);
    } while (!stream_index_free_some(&index_, &items, visit));
    cr_assert_eq(visited, SPACE / 2);
    cr_assert_eq(slices, SPACE / 200 + 1);
    expect_as_model();
}
