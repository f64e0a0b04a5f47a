/*
 * Sorted sets of both forms against a sorted array. Built twice: with nodes of the real
 * size, and with nodes of a few elements, where splitting and merging is all there is.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/types/types.h"
#include "engine/types/zset.h"
#include "engine/types/zset_large.h"

#define MODEL_MAX 4096
#define NAME_MAX_LEN 100

struct item {
    double score;
    size_t len;
    char name[NAME_MAX_LEN];
};

static struct item *model;
static size_t count;
static struct keyspace ks;
static struct db *db;
static struct key key;
static char key_name[] = "key";
static struct rng rng;
static uint64_t max_entries, max_value;

static void begin(void)
{
    keyspace_init(&ks, 1, 7, 11);
    ks.objects = types_objects;
    ks.now_ms = 1000;
    db = &ks.dbs[0];
    key = keyspace_key(ks.seed, bytes_make(key_name, 3));
    rng_init(&rng, 42);
    model = alloc_get(MODEL_MAX * sizeof *model);
    count = 0;
    max_entries = 128;
    max_value = 64;
}

static void end(void)
{
    keyspace_deinit(&ks);
    alloc_free(model);
}

TestSuite(zset, .init = begin, .fini = end, .timeout = 300);

static struct bytes name_of(const struct item *item)
{
    return bytes_make(item->name, item->len);
}

static int order_of(const struct item *a, const struct item *b)
{
    if (a->score != b->score) return a->score < b->score ? -1 : 1;
    return bytes_compare(name_of(a), name_of(b));
}

static struct entry *the_entry(void)
{
    return keyspace_find(&ks, db, &key).entry;
}

static size_t model_find(struct bytes name)
{
    size_t i = 0;
    while (i < count && !bytes_equal(name_of(&model[i]), name)) i++;
    return i;
}

static void model_remove(size_t first, size_t past)
{
    memmove(model + first, model + past, (count - past) * sizeof *model);
    count -= past - first;
}

static void model_add(const struct item *item)
{
    size_t i = 0;
    while (i < count && order_of(&model[i], item) < 0) i++;
    cr_assert_lt(count, MODEL_MAX);
    memmove(model + i + 1, model + i, (count - i) * sizeof *model);
    model[i] = *item;
    count++;
}

/* Scores that tie, that differ beyond a float, that are extreme. */
static double any_score(void)
{
    switch (rng_below(&rng, 8)) {
    case 0: return (double)rng_below(&rng, 10);
    case 1: return 1700000000000.0 + (double)rng_below(&rng, 100);
    case 2: return rng_double(&rng) - 0.5;
    case 3: return rng_double(&rng) * 1e300 * 1e8;
    case 4: return rng_below(&rng, 2) ? INFINITY : -INFINITY;
    case 5: return rng_double(&rng) * 1e-310;
    case 6: return -(double)(rng_next(&rng) >> 1);
    default: return (double)rng_below(&rng, 1000) / 8;
    }
}

static struct item any_item(uint64_t names)
{
    struct item item = {.score = any_score()};
    uint64_t n = rng_below(&rng, names);
    const char *pad = n % 16 == 7 ? "a rather long name that goes on and on" : "";
    const char *form = n % 3 ? "%u%s" : "m:%u%s";
    item.len = (size_t)snprintf(item.name, sizeof item.name, form, (unsigned)n, pad);
    return item;
}

static void expect_change(bool there)
{
    cr_assert_eq(there, count > 0);
    cr_assert_eq(the_entry() != NULL, there);
}

static void put(const struct item *item)
{
    struct found found = keyspace_write(&ks, db, &key);
    struct zset_ref zs;
    struct zset_spot spot;
    zset_open(&zs, &ks, db, &key, &found, max_entries, max_value);
    size_t i = model_find(name_of(item));
    enum zset_change expected = ZSET_ADDED;
    cr_assert_eq(zset_find(&zs, name_of(item), &spot), i < count);
    if (i < count) {
        cr_assert_eq(spot.score, model[i].score);
        cr_assert_eq(zset_rank(&zs, &spot), i);
        expected = model[i].score == item->score ? ZSET_SAME : ZSET_UPDATED;
        model_remove(i, i + 1);
    }
    cr_assert_eq(zset_put(&zs, &spot, item->score), expected);
    model_add(item);
    cr_assert_eq(zset_count(&zs), count);
    expect_change(zset_close(&zs));
    cr_assert_eq(found.entry, the_entry());
}

static void take(const struct item *item)
{
    struct found found = keyspace_write(&ks, db, &key);
    struct zset_ref zs;
    struct zset_spot spot;
    zset_open(&zs, &ks, db, &key, &found, max_entries, max_value);
    size_t i = model_find(name_of(item));
    cr_assert_eq(zset_find(&zs, name_of(item), &spot), i < count);
    if (i < count) {
        zset_remove(&zs, &spot);
        model_remove(i, i + 1);
    }
    expect_change(zset_close(&zs));
}

static void take_ranks(size_t most)
{
    struct found found = keyspace_write(&ks, db, &key);
    struct zset_ref zs;
    zset_open(&zs, &ks, db, &key, &found, max_entries, max_value);
    size_t first = rng_below(&rng, count + 1);
    size_t past = first + rng_below(&rng, most + 1);
    if (past > count) past = count;
    zset_remove_ranks(&zs, first, past);
    model_remove(first, past);
    expect_change(zset_close(&zs));
}

static void expect_item(const struct zset_cursor *c, size_t rank)
{
    char scratch[ZSET_SCRATCH];
    struct bytes member;
    double score;
    zset_get(c, &member, &score, scratch);
    cr_assert(bytes_equal(member, name_of(&model[rank])));
    cr_assert_eq(score, model[rank].score);
}

static void expect_all(void)
{
    struct zset_ref zs;
    if (the_entry() != NULL) zset_validate(the_entry(), ks.seed);
    zset_read(&zs, the_entry());
    cr_assert_eq(zset_count(&zs), count);
    struct zset_cursor c = zset_at(&zs, 0);
    for (size_t i = 0; i < count; i++, zset_next(&c)) expect_item(&c, i);
    cr_assert_not(zset_valid(&c));
    if (count == 0) return;
    c = zset_at(&zs, count - 1);
    for (size_t i = count; i > 0; i--, zset_prev(&c)) expect_item(&c, i - 1);
    cr_assert_not(zset_valid(&c));
    size_t rank = rng_below(&rng, count);
    c = zset_at(&zs, rank);
    expect_item(&c, rank);
}

static void expect_score_range(void)
{
    struct zset_score_range range = {any_score(), any_score(), rng_below(&rng, 2),
                                     rng_below(&rng, 2)};
    if (count > 0 && rng_below(&rng, 2)) range.min = model[rng_below(&rng, count)].score;
    if (count > 0 && rng_below(&rng, 2)) range.max = model[rng_below(&rng, count)].score;
    size_t first = 0, past;
    while (first < count && (range.min_open ? model[first].score <= range.min
                                            : model[first].score < range.min)) first++;
    past = first;
    while (past < count && (range.max_open ? model[past].score < range.max
                                           : model[past].score <= range.max)) past++;
    struct zset_ref zs;
    size_t got_first, got_past;
    zset_read(&zs, the_entry());
    zset_score_ranks(&zs, range, &got_first, &got_past);
    cr_assert_eq(got_first, first);
    cr_assert_eq(got_past, past);
}

static void step(uint64_t names, size_t most)
{
    struct item item = any_item(names);
    uint64_t what = rng_below(&rng, 100);
    if (what < 60)
        put(&item);
    else if (what < 97)
        take(&item);
    else if (what < 99)
        expect_score_range();
    else
        take_ranks(rng_below(&rng, 20) == 0 ? count : most);
}

static void play(int steps, uint64_t names, size_t most, int check)
{
    for (int i = 0; i < steps; i++) {
        step(names, most);
        expect_score_range();
        if (i % check == 0) expect_all();
    }
    expect_all();
}

Test(zset, the_small_form_is_as_the_model)
{
    max_entries = 1000;
    max_value = NAME_MAX_LEN;
    play(20000, 120, 5, 7);
    cr_assert(the_entry() == NULL || entry_is_small(the_entry()));
}

Test(zset, the_large_form_is_as_the_model)
{
    max_entries = 0;
    play(60000, 300, 20, 17);
    play(20000, 3000, 200, 101);
}

Test(zset, the_form_changes_on_the_way_and_not_back)
{
    for (int round = 0; round < 30; round++) {
        max_entries = rng_below(&rng, 60);
        max_value = 30 + rng_below(&rng, 40);
        bool large = false;
        for (int i = 0; i < 400; i++) {
            bool was_there = the_entry() != NULL;
            step(90, 10);
            struct entry *e = the_entry();
            if (e == NULL || !was_there) large = false;
            if (e == NULL) continue;
            cr_assert(entry_is_small(e) ? !large : true);
            large = !entry_is_small(e);
            if (!large) cr_assert_leq(count, max_entries);
        }
        expect_all();
        struct found found = keyspace_find(&ks, db, &key);
        if (found.entry != NULL) keyspace_remove(&ks, db, &key, &found);
        count = 0;
    }
}

Test(zset, a_set_built_in_order_and_emptied_from_either_end)
{
    max_entries = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 2000; i++) {
            struct item item = {.score = round % 2 ? -i : i};
            item.len = (size_t)snprintf(item.name, sizeof item.name, "%d", i);
            put(&item);
        }
        expect_all();
        while (count > 0) {
            struct item item = model[round / 2 ? 0 : count - 1];
            take(&item);
            if (count % 97 == 0) expect_all();
        }
    }
}

Test(zset, ranges_of_members_are_found_in_both_forms)
{
    for (int round = 0; round < 2; round++) {
        max_entries = round ? 0 : 1000;
        count = 0;
        for (int i = 0; i < 150; i++) {
            struct item item = any_item(300);
            item.score = 0;
            put(&item);
        }
        for (int i = 0; i < 3000; i++) {
            struct item a = any_item(300), b = any_item(300);
            struct zset_lex_range range = {
                {(enum zset_lex_kind)rng_below(&rng, 4), name_of(&a)},
                {(enum zset_lex_kind)rng_below(&rng, 4), name_of(&b)}};
            size_t in = 0, before = 0;
            for (size_t k = 0; k < count; k++) {
                int to_min = bytes_compare(name_of(&model[k]), name_of(&a));
                int to_max = bytes_compare(name_of(&model[k]), name_of(&b));
                bool above = range.min.kind == ZSET_LEX_FIRST ||
                             (range.min.kind == ZSET_LEX_CLOSED && to_min >= 0) ||
                             (range.min.kind == ZSET_LEX_OPEN && to_min > 0);
                bool below = range.max.kind == ZSET_LEX_LAST ||
                             (range.max.kind == ZSET_LEX_CLOSED && to_max <= 0) ||
                             (range.max.kind == ZSET_LEX_OPEN && to_max < 0);
                before += !above;
                in += above && below;
            }
            struct zset_ref zs;
            size_t first, past;
            zset_read(&zs, the_entry());
            zset_lex_ranks(&zs, range, &first, &past);
            cr_assert_eq(past - first, in);
            cr_assert_eq(first, before);
        }
        struct found found = keyspace_find(&ks, db, &key);
        keyspace_remove(&ks, db, &key, &found);
    }
}

Test(zset, every_score_survives_the_small_form_but_minus_zero)
{
    double scores[] = {0.1, 1e21, -1e-5, 4611686018427387904.0, 9.3e18, 5e-324,
                       1.7976931348623157e308, INFINITY, -INFINITY, 3.0000000000000004};
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
        struct item item = {.score = scores[i], .len = 1, .name = "m"};
        put(&item);
        struct zset_ref zs;
        double score;
        zset_read(&zs, the_entry());
        cr_assert(zset_score(&zs, bytes_of("m"), &score));
        cr_assert_eq(memcmp(&score, &scores[i], sizeof score), 0);
    }
    struct item zero = {.score = -0.0, .len = 1, .name = "m"};
    struct zset_ref zs;
    double score;
    put(&zero);
    zset_read(&zs, the_entry());
    cr_assert(zset_score(&zs, bytes_of("m"), &score) && score == 0 && !signbit(score));
    cr_assert(entry_is_small(the_entry()));
}

static void tick(void *ctx, struct bytes member, double score)
{
    unsigned char *seen = ctx;
    size_t i = model_find(member);
    cr_assert_lt(i, count);
    cr_assert_eq(model[i].score, score);
    seen[i] = 1;
}

Test(zset, a_scan_sees_every_member)
{
    for (int n = 20; n <= 1000; n += 980) {
        for (int i = 0; i < n; i++) {
            struct item item = any_item(5000);
            put(&item);
        }
        struct zset_ref zs;
        zset_read(&zs, the_entry());
        unsigned char seen[MODEL_MAX] = {0};
        uint64_t cursor = 0;
        do cursor = zset_scan(&zs, cursor, tick, seen);
        while (cursor != 0);
        for (size_t i = 0; i < count; i++) cr_assert(seen[i]);
    }
}

Test(zset, a_copy_shares_nothing_and_a_large_set_is_freed_in_slices)
{
    max_entries = 0;
    for (int i = 0; i < 3000; i++) {
        struct item item = any_item(1000000);
        put(&item);
    }
    struct value copy;
    cr_assert(keyspace_copy_value(&ks, entry_value(the_entry()), &copy));
    struct found found = keyspace_find(&ks, db, &key);
    keyspace_remove(&ks, db, &key, &found);
    size_t slices = 0;
    while (keyspace_reclaim(&ks, 100)) slices++;
    cr_assert_gt(slices, 20);
    found = keyspace_find(&ks, db, &key);
    keyspace_put(&ks, db, &key, &found, copy, ENTRY_NO_EXPIRY);
    expect_all();
}

static void build(size_t n, size_t longest)
{
    struct zset_builder b;
    struct value value;
    count = 0;
    zset_builder_init(&b, ks.seed);
    for (size_t i = 0; i < n; i++) {
        struct item item = any_item(2 * n);
        if (item.len > longest) item.len = longest;
        double *score = zset_builder_find(&b, name_of(&item));
        size_t at = model_find(name_of(&item));
        cr_assert_eq(score != NULL, at < count);
        if (score != NULL) {
            *score = item.score;
            model_remove(at, at + 1);
        } else {
            zset_builder_add(&b, name_of(&item), item.score);
        }
        model_add(&item);
        if (rng_below(&rng, 5) == 0) {
            struct item gone = any_item(2 * n);
            if (gone.len > longest) gone.len = longest;
            at = model_find(name_of(&gone));
            cr_assert_eq(zset_builder_remove(&b, name_of(&gone)), at < count);
            if (at < count) model_remove(at, at + 1);
        }
    }
    struct found found = keyspace_find(&ks, db, &key);
    if (!zset_builder_value(&b, max_entries, max_value, &value)) {
        cr_assert_eq(count, 0);
    } else {
        keyspace_put(&ks, db, &key, &found, value, ENTRY_NO_EXPIRY);
        expect_all();
    }
    zset_builder_deinit(&b);
}

Test(zset, a_builder_makes_the_form_that_the_limits_say)
{
    build(0, 10);
    cr_assert_null(the_entry());
    build(60, 10);
    cr_assert_eq(the_entry()->encoding, ENCODING_EMBEDDED);
    max_value = 20;
    for (int i = 0; i < 20; i++) build(100, 30);
    cr_assert_eq(the_entry()->encoding, ENCODING_OBJECT);
    build(300, 20);
    cr_assert_eq(the_entry()->encoding, ENCODING_OBJECT);
    max_entries = 1000;
    build(600, 20);
    cr_assert_eq(the_entry()->encoding, ENCODING_BLOB);
    build(5000, 20); /* so many are sorted in another way */
    cr_assert_eq(the_entry()->encoding, ENCODING_OBJECT);
}

Test(zset, the_expiry_stays_when_the_form_changes)
{
    struct item item = any_item(10);
    put(&item);
    struct found found = keyspace_find(&ks, db, &key);
    keyspace_expire(&ks, db, &key, &found, 5000);
    for (int i = 0; i < 300; i++) {
        item = any_item(3000);
        put(&item);
    }
    cr_assert_eq(the_entry()->encoding, ENCODING_OBJECT);
    cr_assert_eq(entry_expiry(the_entry()), 5000);
}
