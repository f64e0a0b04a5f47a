/* Listpacks and intsets, against arrays that are as simple as can be. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/types/intset.h"
#include "engine/types/listpack.h"

#define MODEL_MAX 400

struct model {
    struct bytes items[MODEL_MAX];
    size_t count;
};

static struct room room;
static struct model model;
static struct rng rng;

static void begin(void)
{
    room = room_heap();
    listpack_reset(&room);
    model.count = 0;
    rng_init(&rng, 42);
}

static void end(void)
{
    for (size_t i = 0; i < model.count; i++) alloc_free((void *)model.items[i].data);
    alloc_free(room.bytes);
}

TestSuite(listpack, .init = begin, .fini = end);
TestSuite(intset, .init = begin, .fini = end);

static struct bytes copy_of(struct bytes text)
{
    char *copy = alloc_get(text.len + 1);
    memcpy(copy, text.data, text.len);
    return bytes_make(copy, text.len);
}

static void model_insert(size_t index, struct bytes text)
{
    memmove(model.items + index + 1, model.items + index,
            (model.count - index) * sizeof model.items[0]);
    model.items[index] = copy_of(text);
    model.count++;
}

static void model_remove(size_t index, size_t n)
{
    for (size_t i = 0; i < n; i++) alloc_free((void *)model.items[index + i].data);
    memmove(model.items + index, model.items + index + n,
            (model.count - index - n) * sizeof model.items[0]);
    model.count -= n;
}

static void expect_equal(void)
{
    char scratch[NUMBER_I64_MAX];
    size_t count, i = 0;
    struct bytes whole = bytes_make((const char *)room.bytes, room.len);
    cr_assert(listpack_valid(whole, &count));
    cr_assert_eq(count, model.count);
    cr_assert_eq(listpack_count(room.bytes), model.count);
    for (uint32_t at = listpack_first(room.bytes); at != LISTPACK_NONE;
         at = listpack_next(room.bytes, at), i++) {
        cr_assert(bytes_equal(listpack_text(room.bytes, at, scratch), model.items[i]));
        cr_assert(listpack_is(room.bytes, at, model.items[i]));
        cr_assert_eq(listpack_at(room.bytes, (int64_t)i), at);
        cr_assert_eq(listpack_at(room.bytes, (int64_t)i - (int64_t)model.count), at);
    }
    cr_assert_eq(i, model.count);
    for (uint32_t at = listpack_last(room.bytes); at != LISTPACK_NONE;
         at = listpack_prev(room.bytes, at))
        cr_assert(bytes_equal(listpack_text(room.bytes, at, scratch), model.items[--i]));
    cr_assert_eq(i, 0);
    cr_assert_eq(listpack_at(room.bytes, (int64_t)model.count), LISTPACK_NONE);
    cr_assert_eq(listpack_at(room.bytes, -(int64_t)model.count - 1), LISTPACK_NONE);
}

/* Texts of all encodings. */
static struct bytes any_text(char *scratch)
{
    static const int64_t edges[] = {0, 127, 128, -1, 4095, 4096, -4096, -4097, 32767, 32768,
                                    -32768, -32769, 8388607, 8388608, -8388608, -8388609,
                                    INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    static const size_t lengths[] = {0, 1, 5, 63, 64, 120, 130, 4095, 4096, 20000};
    uint64_t kind = rng_below(&rng, 5);
    if (kind == 0)
        return bytes_make(scratch, number_format_i64(scratch, edges[rng_below(&rng, 20)]));
    if (kind == 1)
        return bytes_make(scratch, number_format_i64(scratch, (int64_t)(rng_next(&rng) >>
                                                                        rng_below(&rng, 64))));
    size_t len = lengths[rng_below(&rng, kind == 4 ? 10 : 5)];
    for (size_t i = 0; i < len; i++) scratch[i] = (char)rng_next(&rng);
    return bytes_make(scratch, len);
}

static uint32_t position(size_t index)
{
    return listpack_at(room.bytes, (int64_t)index);
}

Test(listpack, random_edits_do_what_they_do_to_an_array)
{
    static char scratch[32768];
    for (int step = 0; step < 4000; step++) {
        size_t index = model.count == 0 ? 0 : rng_below(&rng, model.count);
        uint64_t what = rng_below(&rng, 10);
        struct bytes text = any_text(scratch);
        if (model.count == MODEL_MAX || (what == 0 && model.count > 0)) {
            size_t n = 1 + rng_below(&rng, model.count - index);
            uint32_t at = listpack_remove(&room, position(index), n);
            model_remove(index, n);
            cr_assert_eq(at, position(index));
        } else if (what == 1 && model.count > 0) {
            uint32_t at = listpack_replace(&room, position(index), text);
            model_remove(index, 1);
            model_insert(index, text);
            cr_assert_eq(at, position(index));
        } else if (what < 4 && model.count > 0) {
            uint32_t at = listpack_insert(&room, position(index), text);
            model_insert(index, text);
            cr_assert_eq(at, position(index));
        } else if (what < 6) {
            listpack_prepend(&room, text);
            model_insert(0, text);
        } else {
            size_t before = room.len;
            listpack_append(&room, text);
            model_insert(model.count, text);
            cr_assert_eq(room.len, before + listpack_size_of(text));
        }
        if (step % 16 == 0) expect_equal();
    }
    expect_equal();
}

Test(listpack, the_bytes_are_those_of_the_format)
{
    listpack_append(&room, bytes_of("hi"));
    listpack_append(&room, bytes_of("1"));
    listpack_append(&room, bytes_of("-2"));
    listpack_append(&room, bytes_of("300000"));
    static const unsigned char wanted[] = {0x15, 0, 0, 0, 4, 0, 0x82, 'h', 'i', 3, 1, 1,
                                           0xdf, 0xfe, 2, 0xf2, 0xe0, 0x93, 4, 4, 0xff};
    cr_assert_eq(room.len, sizeof wanted);
    cr_assert_arr_eq(room.bytes, wanted, sizeof wanted);
}

Test(listpack, integers_written_are_the_texts_that_read_so)
{
    listpack_append_int(&room, -4096);
    listpack_append(&room, bytes_of("x"));
    listpack_replace_int(&room, listpack_last(room.bytes), INT64_MIN);
    cr_assert(listpack_is(room.bytes, listpack_first(room.bytes), bytes_of("-4096")));
    cr_assert(listpack_is(room.bytes, listpack_last(room.bytes),
                          bytes_of("-9223372036854775808")));
    cr_assert_not(listpack_is(room.bytes, listpack_first(room.bytes), bytes_of("-04096")));
}

Test(listpack, a_search_may_skip_the_values)
{
    const char *items[] = {"a", "b", "b", "1", "1", "a", "007", "7"};
    for (size_t i = 0; i < 8; i++) listpack_append(&room, bytes_of(items[i]));
    uint32_t first = listpack_first(room.bytes);
    cr_assert_eq(listpack_find(room.bytes, first, bytes_of("b"), 1), position(2));
    cr_assert_eq(listpack_find(room.bytes, first, bytes_of("b"), 0), position(1));
    cr_assert_eq(listpack_find(room.bytes, first, bytes_of("1"), 1), position(4));
    cr_assert_eq(listpack_find(room.bytes, first, bytes_of("7"), 0), position(7));
    cr_assert_eq(listpack_find(room.bytes, first, bytes_of("7"), 1), LISTPACK_NONE);
    cr_assert_eq(listpack_find(room.bytes, LISTPACK_NONE, bytes_of("7"), 1), LISTPACK_NONE);
}

Test(listpack, counts_beyond_the_field_are_counted)
{
    for (int i = 0; i < 65600; i++) listpack_append_int(&room, i);
    cr_assert_eq(listpack_count(room.bytes), 65600);
    cr_assert(listpack_is(room.bytes, listpack_at(room.bytes, -1), bytes_of("65599")));
    cr_assert(listpack_is(room.bytes, listpack_at(room.bytes, 65598), bytes_of("65598")));
    cr_assert_eq(listpack_at(room.bytes, 65600), LISTPACK_NONE);
    listpack_remove(&room, listpack_first(room.bytes), 65000);
    cr_assert_eq(listpack_count(room.bytes), 600);
}

Test(listpack, one_is_appended_to_another)
{
    struct room other = room_heap();
    listpack_reset(&other);
    for (int i = 0; i < 10; i++) listpack_append_int(&other, i);
    listpack_append_from(&room, other.bytes, listpack_first(other.bytes));
    listpack_append_from(&room, other.bytes, listpack_at(other.bytes, 7));
    listpack_append_from(&room, other.bytes, LISTPACK_NONE);
    cr_assert_eq(listpack_count(room.bytes), 13);
    cr_assert(listpack_valid(bytes_make((char *)room.bytes, room.len), NULL));
    cr_assert(listpack_is(room.bytes, position(10), bytes_of("7")));
    alloc_free(other.bytes);
}

Test(listpack, no_damage_passes_as_a_listpack_that_reads_out_of_bounds)
{
    static char scratch[32768];
    for (int i = 0; i < 20; i++) listpack_append(&room, any_text(scratch));
    for (int i = 0; i < 200000; i++) {
        size_t at = rng_below(&rng, room.len);
        unsigned char was = room.bytes[at];
        room.bytes[at] = (unsigned char)rng_next(&rng);
        size_t cut = rng_below(&rng, 4) == 0 ? rng_below(&rng, room.len) : room.len;
        /* An exact copy, so that a sanitizer sees what reads beyond. */
        char *copy = alloc_get(cut + 1);
        memcpy(copy, room.bytes, cut);
        char *exact = malloc(cut == 0 ? 1 : cut);
        memcpy(exact, copy, cut);
        size_t count, walked = 0;
        if (listpack_valid(bytes_make(exact, cut), &count)) {
            for (uint32_t p = listpack_first(exact); p != LISTPACK_NONE;
                 p = listpack_next(exact, p))
                walked++;
            cr_assert_eq(walked, count);
        }
        free(exact);
        alloc_free(copy);
        room.bytes[at] = was;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

Test(intset, random_edits_do_what_they_do_to_a_sorted_array)
{
    static int64_t sorted[1000];
    size_t count = 0;
    struct bytes start = intset_empty();
    room_fit(&room, start.len);
    memcpy(room.bytes, start.data, start.len);
    room.len = start.len;
    for (int step = 0; step < 20000; step++) {
        unsigned bits = step < 5000 ? 10 : step < 10000 ? 20 : 40;
        int64_t value = (int64_t)rng_below(&rng, UINT64_C(1) << bits) - (INT64_C(1) << (bits - 1));
        if (count > 0 && rng_below(&rng, 3) == 0) value = sorted[rng_below(&rng, count)];
        int64_t *there = bsearch(&value, sorted, count, sizeof *sorted, compare);
        size_t rank;
        cr_assert_eq(intset_find(room.bytes, value, &rank), there != NULL);
        if (there != NULL) cr_assert_eq(rank, (size_t)(there - sorted));
        if (rng_below(&rng, 5) < 3 && count < 1000) {
            cr_assert_eq(intset_add(&room, value), there == NULL);
            if (there == NULL) sorted[count++] = value;
        } else {
            cr_assert_eq(intset_remove(&room, value), there != NULL);
            if (there != NULL) *there = sorted[--count];
        }
        qsort(sorted, count, sizeof *sorted, compare);
        cr_assert_eq(intset_count(room.bytes), count);
        if (step % 100 == 0) {
            cr_assert(intset_valid(bytes_make((char *)room.bytes, room.len)));
            for (size_t i = 0; i < count; i++) cr_assert_eq(intset_at(room.bytes, i), sorted[i]);
        }
    }
}

Test(intset, damage_is_seen)
{
    static const unsigned char out_of_order[] = {2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 4, 0};
    static const unsigned char wrong_width[] = {3, 0, 0, 0, 0, 0, 0, 0};
    static const unsigned char too_short[] = {2, 0, 0, 0, 2, 0, 0, 0, 5, 0};
    cr_assert_not(intset_valid(bytes_make((const char *)out_of_order, 12)));
    cr_assert_not(intset_valid(bytes_make((const char *)wrong_width, 8)));
    cr_assert_not(intset_valid(bytes_make((const char *)too_short, 10)));
    cr_assert_not(intset_valid(bytes_make("", 0)));
}
