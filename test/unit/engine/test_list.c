/* The chain of nodes of a large list, against an array that is as simple as can be. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/types/list.h"

#define MODEL_MAX 3000

static struct bytes model[MODEL_MAX + 1];
static size_t model_count;
static struct list *list;
static struct list_limit limit;
static struct rng rng;
static char big[200000];

static void begin(void)
{
    list = list_new();
    model_count = 0;
    rng_init(&rng, 4711);
    memset(big, 'b', sizeof big);
}

static void model_remove(size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++) alloc_free((void *)model[at + i].data);
    memmove(model + at, model + at + count, (model_count - at - count) * sizeof *model);
    model_count -= count;
}

static void end(void)
{
    model_remove(0, model_count);
    list_free(list);
}

TestSuite(list, .init = begin, .fini = end);

static void model_insert(size_t at, struct bytes text)
{
    char *copy = alloc_get(text.len);
    memcpy(copy, text.data, text.len);
    memmove(model + at + 1, model + at, (model_count - at) * sizeof *model);
    model[at] = bytes_make(copy, text.len);
    model_count++;
}

static bool same(struct list_cursor cursor, struct bytes text)
{
    char scratch[NUMBER_I64_MAX];
    struct list_element element = list_get(cursor);
    struct bytes got = element.text;
    if (element.is_int) got = bytes_make(scratch, number_format_i64(scratch, element.integer));
    struct list_wanted wanted = list_wanted(text);
    return bytes_equal(got, text) && list_is(cursor, &wanted);
}

static void expect_equal_to(const struct list *other)
{
    list_validate(other);
    cr_assert_eq(list_count(other), model_count);
    struct list_cursor cursor = list_seek(other, 0);
    for (size_t i = 0; i < model_count; i++, list_step(&cursor, false))
        cr_assert(same(cursor, model[i]));
    cr_assert_not(list_cursor_ok(cursor));
    cursor = list_seek(other, -1);
    for (size_t i = model_count; i-- > 0; list_step(&cursor, true))
        cr_assert(same(cursor, model[i]));
    cr_assert_not(list_cursor_ok(cursor));
}

/* Short texts and numbers, some that fill a node, now and then one that no node takes. */
static struct bytes any_text(char *scratch)
{
    unsigned roll = (unsigned)rng_below(&rng, 100);
    if (roll < 60) {
        uint64_t number = roll < 40 ? rng_below(&rng, 9) : rng_next(&rng);
        return bytes_make(scratch, number_format_i64(scratch, (int64_t)number));
    }
    if (roll < 90) return bytes_make(big, rng_below(&rng, 40));
    if (roll < 98) return bytes_make(big, rng_below(&rng, 3000));
    return bytes_make(big, 4000 + rng_below(&rng, 20000));
}

static struct list_item item_of(struct bytes text)
{
    struct list_item item = {.text = text};
    if (list_limit_is_large(limit, text)) {
        item.blob = blob_try(text.len, text.len);
        memcpy(item.blob->data, text.data, text.len);
    }
    return item;
}

static size_t any_index(void)
{
    return rng_below(&rng, model_count);
}

/* The cursor of an index, counted from either end. */
static struct list_cursor at(size_t index)
{
    int64_t i = (int64_t)index;
    return list_seek(list, rng_below(&rng, 2) == 0 ? i : i - (int64_t)model_count);
}

static void random_push_or_insert(void)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes text = any_text(scratch);
    if (model_count == 0 || rng_below(&rng, 3) == 0) {
        bool front = rng_below(&rng, 2) == 0;
        list_push(list, limit, front, item_of(text));
        model_insert(front ? 0 : model_count, text);
        return;
    }
    size_t index = any_index();
    bool after = rng_below(&rng, 2) == 0;
    list_insert(list, limit, at(index), after, item_of(text));
    model_insert(index + (after ? 1 : 0), text);
}

/* What is cut off must be a list of the elements that go. */
static void drop(bool front, size_t count)
{
    struct list *cut = list_drop(list, front, count);
    if (cut == NULL) return;
    list_validate(cut);
    cr_assert_leq(list_count(cut), count);
    size_t skip = front ? 0 : model_count - list_count(cut);
    struct list_cursor cursor = list_seek(cut, 0);
    for (size_t i = 0; i < list_count(cut); i++, list_step(&cursor, false))
        cr_assert(same(cursor, model[skip + i]));
    list_free(cut);
}

static void random_removal(void)
{
    if (rng_below(&rng, 3) == 0) {
        bool front = rng_below(&rng, 2) == 0;
        size_t count = rng_below(&rng, rng_below(&rng, 20) == 0 ? model_count + 1 : 3);
        if (count > model_count) count = model_count;
        drop(front, count);
        model_remove(front ? 0 : model_count - count, count);
        return;
    }
    size_t index = any_index();
    bool back = rng_below(&rng, 2) == 0;
    struct list_cursor cursor = at(index);
    list_remove(list, limit, &cursor, back);
    model_remove(index, 1);
    if (back ? index == 0 : index == model_count)
        cr_assert_not(list_cursor_ok(cursor));
    else
        cr_assert(same(cursor, model[back ? index - 1 : index]));
}

static void random_replacement(void)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes text = any_text(scratch);
    size_t index = any_index();
    list_replace(list, limit, at(index), item_of(text));
    model_insert(index, text);
    model_remove(index + 1, 1);
}

static void random_edits(int steps)
{
    for (int i = 0; i < steps; i++) {
        unsigned roll = (unsigned)rng_below(&rng, 100);
        /* Phases that grow the list and phases that shrink it. */
        unsigned growth = i % 1000 < 600 ? 65 : 25;
        if (model_count == 0 || (roll < growth && model_count < MODEL_MAX))
            random_push_or_insert();
        else if (roll < 85)
            random_removal();
        else
            random_replacement();
        if (i % 50 == 0) expect_equal_to(list);
    }
    expect_equal_to(list);
}

Test(list, random_edits_do_what_they_do_to_an_array)
{
    limit = list_limit(-1);
    random_edits(6000);
}

Test(list, random_edits_with_few_elements_a_node)
{
    limit = list_limit(3);
    random_edits(6000);
}

Test(list, random_edits_with_one_element_a_node)
{
    limit = list_limit(1);
    random_edits(2000);
}

Test(list, the_limit_may_change_while_the_list_lives)
{
    static const int settings[] = {-5, 2, -1, 100, -3, 1};
    for (int i = 0; i < 12; i++) {
        limit = list_limit(settings[i % 6]);
        random_edits(500);
    }
}

Test(list, limits_are_what_the_setting_says)
{
    cr_assert_eq(list_limit(-1).bytes, 4096);
    cr_assert_eq(list_limit(-5).bytes, 65536);
    cr_assert_eq(list_limit(-99).bytes, 65536);
    cr_assert_eq(list_limit(-2).count, SIZE_MAX);
    cr_assert_eq(list_limit(7).count, 7);
    cr_assert_eq(list_limit(7).bytes, 8192);
    cr_assert_eq(list_limit(0).count, 1);
    limit = list_limit(-1);
    cr_assert_not(list_limit_is_large(limit, bytes_make(big, 4000)));
    cr_assert(list_limit_is_large(limit, bytes_make(big, 4096)));
    /* 4096 less the listpack's 7 bytes, 2 of the encoding and 2 of the length: 4085 fit. */
    cr_assert_not(list_limit_is_large(limit, bytes_make(big, 4085)));
    cr_assert(list_limit_is_large(limit, bytes_make(big, 4086)));
}

Test(list, no_node_exceeds_the_limit)
{
    limit = list_limit(-1);
    random_edits(3000);
    for (size_t i = 0; i < model_count; i++) {
        struct list_cursor cursor = list_seek(list, (int64_t)i);
        if (cursor.lp != NULL) cr_assert_leq(listpack_bytes(cursor.lp), limit.bytes);
    }
}

Test(list, removing_in_the_middle_does_not_leave_a_chain_of_crumbs)
{
    limit = list_limit(-1);
    for (int i = 0; i < 20000; i++)
        list_push(list, limit, false, (struct list_item){.text = bytes_make(big, 30)});
    size_t nodes = list_object.count(list);
    /* All but each twentieth go. */
    struct list_cursor cursor = list_seek(list, 0);
    for (int i = 0; i < 20000; i++) {
        if (i % 20 == 0)
            list_step(&cursor, false);
        else
            list_remove(list, limit, &cursor, false);
    }
    list_validate(list);
    cr_assert_eq(list_count(list), 1000);
    cr_assert_lt(list_object.count(list), nodes / 4);
}

Test(list, a_copy_shares_nothing)
{
    limit = list_limit(-1);
    random_edits(1000);
    list_push(list, limit, true, item_of(bytes_make(big, 100000)));
    model_insert(0, bytes_make(big, 100000));
    struct list *copy = list_object.copy(list, 0);
    list_free(list);
    list = copy;
    expect_equal_to(list);
}

Test(list, a_list_is_freed_in_slices)
{
    limit = list_limit(1);
    for (int i = 0; i < 100; i++)
        list_push(list, limit, false, (struct list_item){.text = bytes_of("x")});
    size_t calls = 1;
    while (!list_object.free_some(list, 10)) calls++;
    cr_assert_eq(calls, 10);
    list = list_new();
}

Test(list, many_nodes_dropped_at_once_are_given_to_the_caller)
{
    limit = list_limit(2);
    for (int front = 0; front < 2; front++) {
        static const size_t counts[] = {3, 64, 65, 66, 67, 150, 398, 399, 400};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            for (size_t i = model_count; i < 400; i++) {
                char text[20];
                snprintf(text, sizeof text, "%zu", i);
                list_push(list, limit, false, (struct list_item){.text = bytes_of(text)});
                model_insert(i, bytes_of(text));
            }
            drop(front, counts[c]);
            model_remove(front ? 0 : 400 - counts[c], counts[c]);
            expect_equal_to(list);
        }
    }
    for (int i = 0; i < 400; i++)
        list_push(list, limit, false, (struct list_item){.text = bytes_of("x")});
    struct list *cut = list_drop(list, true, 399);
    cr_assert_not_null(cut);
    cr_assert_eq(list_count(cut), 398);
    list_free(cut);
    cr_assert_null(list_drop(list, true, 1));
}

Test(list, bytes_of_a_sample_are_near_those_of_all)
{
    limit = list_limit(-2);
    for (int i = 0; i < 50000; i++)
        list_push(list, limit, false, (struct list_item){.text = bytes_make(big, 50)});
    size_t all = list_object.bytes(list, 0), some = list_object.bytes(list, 5);
    cr_assert_gt(all, 50000u * 50);
    cr_assert(some > all / 2 && some < all * 2, "%zu of %zu", some, all);
}

Test(list, only_a_list_of_one_listpack_has_a_small_form)
{
    limit = list_limit(4);
    cr_assert_null(list_small(list, limit));
    for (int i = 0; i < 4; i++)
        list_push(list, limit, true, (struct list_item){.text = bytes_of("x")});
    cr_assert_not_null(list_small(list, limit));
    cr_assert_null(list_small(list, list_limit_half(limit)));
    list_push(list, limit, true, (struct list_item){.text = bytes_of("x")});
    cr_assert_null(list_small(list, limit));
}
