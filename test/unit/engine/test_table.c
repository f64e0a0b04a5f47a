/*
 * The hash table against a naive model: an array that knows which items are in.
 *
 * Item i of a test has the key i. How keys hash is chosen by the test, from well
 * spread to colliding in every part that the table looks at.
 */
#include "engine/keyspace/table.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"

struct item {
    uint64_t key;
    uint64_t version; /* differs between items of the same key */
    uint32_t slot;    /* where the model's list of members has it; NONE: not in */
    uint32_t seen;    /* by the scan under way */
    uint64_t since;   /* when it was added, in steps of the test */
};
#define NONE UINT32_MAX

struct model {
    struct table table;
    struct table_type type;
    uint64_t (*hash)(uint64_t key);
    struct item **items; /* by key */
    uint32_t *members;   /* keys that are in the table, in no order */
    uint32_t count, space;
    uint64_t step;
    struct rng rng;
};

static uint64_t hash_good(uint64_t key)
{
    return hash_bytes(&key, sizeof key, 7);
}

/* All in few buckets, with few fingerprints. */
static uint64_t hash_clustered(uint64_t key)
{
    return (hash_good(key) & UINT64_C(0x0007000000000003)) | UINT64_C(0x7fff) << 49;
}

static uint64_t hash_constant(uint64_t key)
{
    return UINT64_C(0xfedcba9876543210);
}

/* The upper 16 bits take 64 values; what is below them is good. */
static uint64_t hash_low(uint64_t key)
{
    return hash_good(key) & UINT64_C(0xfc00ffffffffffff);
}

/* As a sequence of counters would: every bucket boundary is met. */
static uint64_t hash_linear(uint64_t key)
{
    return key * UINT64_C(0x0000400010000000);
}

/* Positions at the very ends. */
static uint64_t hash_ends(uint64_t key)
{
    return key % 2 == 0 ? key & 0xff : UINT64_MAX - (key & 0xff);
}

static struct bytes item_key(const void *item)
{
    const struct item *it = item;
    return (struct bytes){(const char *)&it->key, sizeof it->key};
}

static uint64_t item_hash(const void *item, const void *ctx)
{
    const struct model *m = ctx;
    return m->hash(((const struct item *)item)->key);
}

static struct model *model_new(uint32_t space, uint64_t (*hash)(uint64_t), uint64_t seed)
{
    struct model *m = alloc_zeroed(sizeof *m);
    m->hash = hash;
    m->type = (struct table_type){item_key, item_hash, m};
    m->space = space;
    m->items = alloc_zeroed(space * sizeof *m->items);
    m->members = alloc_zeroed(space * sizeof *m->members);
    rng_init(&m->rng, seed);
    for (uint32_t i = 0; i < space; i++) {
        m->items[i] = alloc_zeroed(sizeof **m->items);
        m->items[i]->key = i;
        m->items[i]->slot = NONE;
    }
    return m;
}

static void model_free(struct model *m)
{
    table_clear(&m->table, NULL, NULL);
    for (uint32_t i = 0; i < m->space; i++)
        alloc_free(m->items[i]);
    alloc_free(m->items);
    alloc_free(m->members);
    alloc_free(m);
}

static struct table_place find(struct model *m, uint64_t key)
{
    return table_find(&m->table, &m->type, (struct bytes){(const char *)&key, sizeof key},
                      m->hash(key));
}

static void add(struct model *m, uint32_t key)
{
    struct item *it = m->items[key];
    cr_assert_eq(it->slot, NONE);
    it->slot = m->count;
    it->since = m->step;
    m->members[m->count++] = key;
    table_add(&m->table, &m->type, it, m->hash(key));
}

static void drop(struct model *m, uint32_t key)
{
    struct item *it = m->items[key];
    struct table_place place = find(m, key);
    cr_assert_not_null(place.bucket);
    cr_assert_eq(table_place_item(place), it);
    table_remove(&m->table, &m->type, place, m->hash(key));
    uint32_t last = m->members[--m->count];
    m->members[it->slot] = last;
    m->items[last]->slot = it->slot;
    it->slot = NONE;
}

static void replace(struct model *m, uint32_t key)
{
    struct item *old = m->items[key], *it = alloc_get(sizeof *it);
    *it = *old;
    it->version++;
    table_replace(find(m, key), it);
    m->items[key] = it;
    alloc_free(old);
}

static void check_key(struct model *m, uint32_t key)
{
    struct table_place place = find(m, key);
    if (m->items[key]->slot == NONE)
        cr_assert_null(place.bucket);
    else
        cr_assert_eq(table_place_item(place), m->items[key]);
}

static void check_all(struct model *m)
{
    table_validate(&m->table, &m->type);
    cr_assert_eq(table_count(&m->table), m->count);
    cr_assert_eq(table_bytes(&m->table) == 0, m->count == 0);
    for (uint32_t i = 0; i < m->space; i++)
        check_key(m, i);
}

/* One random change, more often an addition while below the target. */
static void change(struct model *m, uint32_t target)
{
    uint32_t key = (uint32_t)rng_below(&m->rng, m->space);
    bool growing = rng_below(&m->rng, 10) < (m->count < target ? 8 : 2);
    m->step++;
    if (rng_below(&m->rng, 16) == 0) {
        if (m->items[key]->slot != NONE) replace(m, key);
    } else if (growing) {
        if (m->items[key]->slot == NONE) add(m, key);
    } else if (m->count > 0) {
        drop(m, m->members[rng_below(&m->rng, m->count)]);
    }
    check_key(m, key);
    cr_assert_eq(table_count(&m->table), m->count);
}

static void random_changes(uint64_t (*hash)(uint64_t), uint32_t space, unsigned steps,
                           unsigned validate_every)
{
    struct model *m = model_new(space, hash, space);
    uint32_t target = space / 2;
    for (unsigned i = 0; i < steps; i++) {
        if (i % (steps / 8 + 1) == 0) target = i / (steps / 8 + 1) % 2 ? space / 20 : space;
        change(m, target);
        if (i % validate_every == 0) table_validate(&m->table, &m->type);
        if (m->count > 0) {
            struct item *it = table_random(&m->table, rng_next(&m->rng));
            cr_assert_eq(m->items[it->key], it);
            cr_assert_neq(it->slot, NONE);
        } else {
            cr_assert_null(table_random(&m->table, rng_next(&m->rng)));
        }
    }
    check_all(m);
    while (m->count > 0)
        drop(m, m->members[rng_below(&m->rng, m->count)]);
    cr_assert_eq(m->table.root, 0);
    model_free(m);
}

Test(table, small_tables_agree_with_the_model)
{
    random_changes(hash_good, 3, 2000, 1);
    random_changes(hash_good, 20, 5000, 1);
    random_changes(hash_good, 300, 20000, 3);
    random_changes(hash_good, 5000, 100000, 500);
}

Test(table, colliding_hashes_agree_with_the_model)
{
    random_changes(hash_constant, 60, 20000, 1);
    random_changes(hash_constant, 1500, 6000, 50);
    random_changes(hash_clustered, 800, 20000, 20);
    random_changes(hash_ends, 700, 20000, 20);
    random_changes(hash_linear, 2000, 40000, 50);
    random_changes(hash_low, 20000, 60000, 1000);
}

static void grow_to(struct model *m, uint32_t count)
{
    for (uint32_t i = 0; m->count < count; i = (i + 1) % m->space)
        if (m->items[i]->slot == NONE) add(m, i);
}

static void shrink_to(struct model *m, uint32_t count)
{
    while (m->count > count)
        drop(m, m->members[rng_below(&m->rng, m->count)]);
}

static void large_table(uint64_t (*hash)(uint64_t))
{
    struct model *m = model_new(200000, hash, 5);
    bool resizing = false;
    for (uint32_t goal = 10000; goal <= 200000; goal += 10000) {
        grow_to(m, goal);
        resizing |= table_resizing(&m->table);
        table_validate(&m->table, &m->type);
    }
    cr_assert(resizing, "the test meant to see a resize under way");
    check_all(m);
    resizing = false;
    for (uint32_t goal = 190000; goal > 0; goal -= 10000) {
        shrink_to(m, goal);
        resizing |= table_resizing(&m->table);
        table_validate(&m->table, &m->type);
    }
    cr_assert(resizing, "the test meant to see a resize under way");
    check_all(m);
    while (table_step(&m->table, &m->type, 100))
        cr_assert(table_resizing(&m->table));
    check_all(m);
    size_t bytes = table_bytes(&m->table);
    cr_assert_lt(bytes, 64 * (size_t)m->count, "a table that shrank gives its memory back");
    model_free(m);
}

Test(table, a_large_table_is_resized_step_by_step_both_ways, .timeout = 120)
{
    large_table(hash_good);
}

Test(table, a_large_table_of_clustered_positions_is_resized_both_ways, .timeout = 120)
{
    large_table(hash_low);
}

Test(table, a_resize_ends_although_nobody_adds)
{
    struct model *m = model_new(60000, hash_good, 3);
    for (uint32_t i = 0; i < 60000; i++) {
        add(m, i);
        if (!table_resizing(&m->table)) continue;
        unsigned steps = 0;
        while (table_step(&m->table, &m->type, 1))
            cr_assert_lt(++steps, 100000);
        cr_assert(!table_resizing(&m->table));
    }
    check_all(m);
    model_free(m);
}

struct scan {
    struct model *m;
    uint32_t round;
    size_t visits;
};

static void on_visit(void *ctx, void *item)
{
    struct scan *scan = ctx;
    struct item *it = item;
    cr_assert_eq(scan->m->items[it->key], it);
    cr_assert_neq(it->slot, NONE);
    it->seen = scan->round;
    scan->visits++;
}

/* A whole scan with changes between its calls that drive the count to the target. */
static void scan_while_changing(struct model *m, uint32_t round, unsigned changes, uint32_t target)
{
    struct scan scan = {.m = m, .round = round};
    uint64_t start = ++m->step, cursor = 0, calls = 0;
    do {
        uint64_t next = table_scan(&m->table, cursor, on_visit, &scan);
        cr_assert(next == 0 || next > cursor, "a cursor moves on");
        cr_assert_eq(next >> 32, 0);
        cursor = next;
        for (unsigned i = 0; i < changes; i++)
            change(m, target);
        if (rng_below(&m->rng, 50) == 0) table_step(&m->table, &m->type, 100);
        cr_assert_lt(++calls, 10000000);
    } while (cursor != 0);
    for (uint32_t i = 0; i < m->count; i++) {
        struct item *it = m->items[m->members[i]];
        if (it->since < start) cr_assert_eq(it->seen, round, "a scan missed an item");
    }
}

/* Four sizes to a doubling at any size: what a table takes stays in proportion to its items. */
Test(table, a_table_of_any_size_grows_by_a_quarter_at_most, .timeout = 120)
{
    struct model *m = model_new(150000, hash_good, 21);
    size_t before = 0, sizes = 0, resizing = 0;
    for (uint32_t i = 0; i < 150000; i++) {
        add(m, i);
        if (table_resizing(&m->table)) {
            resizing++;
            continue;
        }
        size_t buckets = table_root_size(m->table.root);
        cr_assert_leq(buckets, before + before / 3 + 2);
        if (i > 10000) {
            cr_assert_lt(table_bytes(&m->table), 16.0 * m->count, "%u items", m->count);
            sizes += buckets != before;
        }
        before = buckets;
    }
    cr_assert_geq(sizes, 10);
    cr_assert_lt(resizing, 150000 / 4, "a resize ends long before the next begins");
    check_all(m);
    model_free(m);
}

/* The first and the last resize that is done step by step, and those around the size where
 * positions take more bits: changes and scans while they are under way. */
Test(table, each_size_of_a_large_table_is_grown_into_and_left, .timeout = 240)
{
    static const uint32_t counts[] = {6700, 8400, 40000, 46500, 53000, 66000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct model *m = model_new(counts[i] * 5 / 4, i % 2 ? hash_low : hash_good, i);
        bool seen = false;
        grow_to(m, counts[i] - counts[i] / 8);
        for (uint32_t round = 1; round <= 4; round++) {
            scan_while_changing(m, round, 4, round % 2 ? m->space : counts[i] / 8);
            seen |= table_resizing(&m->table);
            table_validate(&m->table, &m->type);
        }
        while (!table_resizing(&m->table) && m->count < m->space)
            grow_to(m, m->count + 1);
        seen |= table_resizing(&m->table);
        cr_assert(seen, "the test meant to see a resize under way");
        scan_while_changing(m, 9, 0, 0);
        check_all(m);
        model_free(m);
    }
}

static void scans(uint64_t (*hash)(uint64_t), uint32_t space, unsigned changes, unsigned rounds)
{
    struct model *m = model_new(space, hash, 11);
    for (uint32_t round = 1; round <= rounds; round++) {
        uint32_t target = round % 2 ? space : space / 30;
        scan_while_changing(m, round, changes * (round % 3), target);
    }
    table_validate(&m->table, &m->type);
    model_free(m);
}

Test(table, a_scan_returns_each_item_that_stays, .timeout = 120)
{
    scans(hash_good, 10, 2, 200);
    scans(hash_good, 500, 5, 100);
    scans(hash_good, 30000, 20, 24);
    scans(hash_good, 200000, 30, 6);
    scans(hash_low, 30000, 100, 12);
    scans(hash_linear, 3000, 20, 40);
    scans(hash_constant, 200, 3, 50);
    scans(hash_ends, 300, 5, 50);
}

Test(table, an_undisturbed_scan_returns_each_item_once)
{
    struct model *m = model_new(40000, hash_good, 1);
    for (uint32_t count = 1; count < 40000; count += 1 + count / 3) {
        grow_to(m, count);
        struct scan scan = {.m = m, .round = count};
        uint64_t cursor = 0;
        do
            cursor = table_scan(&m->table, cursor, on_visit, &scan);
        while (cursor != 0);
        cr_assert_eq(scan.visits, count);
    }
    model_free(m);
}

Test(table, any_number_may_be_a_cursor)
{
    struct model *m = model_new(30000, hash_good, 1);
    struct scan scan = {.m = m, .round = 1};
    cr_assert_eq(table_scan(&m->table, 12345, on_visit, &scan), 0);
    for (uint32_t count = 1; count < 30000; count += 1 + count / 2) {
        grow_to(m, count);
        for (int i = 0; i < 1000; i++) {
            uint64_t cursor = rng_next(&m->rng) >> (i % 2 ? 32 : rng_below(&m->rng, 64));
            uint64_t next = table_scan(&m->table, cursor, on_visit, &scan);
            cr_assert(next == 0 || next > cursor);
        }
        cr_assert_eq(table_scan(&m->table, UINT32_MAX, on_visit, &scan), 0);
        cr_assert_eq(table_scan(&m->table, UINT64_MAX, on_visit, &scan), 0);
    }
    model_free(m);
}

Test(table, random_items_are_spread_over_the_table)
{
    struct model *m = model_new(2000, hash_good, 1);
    grow_to(m, 2000);
    shrink_to(m, 1000);
    for (int i = 0; i < 200000; i++) {
        struct item *it = table_random(&m->table, rng_next(&m->rng));
        it->seen++;
    }
    unsigned never = 0, most = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct item *it = m->items[m->members[i]];
        never += it->seen == 0;
        if (it->seen > most) most = it->seen;
    }
    cr_assert_eq(never, 0);
    cr_assert_lt(most, 200 * 20, "no item is much likelier than its share");
    model_free(m);
}

static void on_free(void *ctx, void *item)
{
    struct model *m = ctx;
    struct item *it = item;
    cr_assert_eq(m->items[it->key], it);
    m->items[it->key] = NULL;
    m->count--;
    alloc_free(it);
}

static struct model *half_resized(uint32_t count)
{
    struct model *m = model_new(count, hash_good, 1);
    grow_to(m, count);
    return m;
}

Test(table, clear_visits_each_item_once_and_it_may_be_freed_then)
{
    for (uint32_t count = 1; count < 100000; count = count * 7 / 2 + 1) {
        struct model *m = half_resized(count);
        table_clear(&m->table, on_free, m);
        cr_assert_eq(m->count, 0);
        cr_assert_eq(m->table.root, 0);
        cr_assert_eq(table_count(&m->table), 0);
        model_free(m);
    }
}

Test(table, drain_frees_within_its_budget_until_nothing_is_left)
{
    for (uint32_t count = 1; count < 100000; count = count * 5 / 2 + 1) {
        for (size_t budget = 1; budget <= 1000; budget *= 10) {
            struct model *m = half_resized(count);
            uint32_t before;
            size_t calls = 0;
            bool more;
            do {
                before = m->count;
                more = table_drain(&m->table, on_free, m, budget);
                cr_assert_leq(before - m->count, budget + 60);
                cr_assert_lt(++calls, 20 * (size_t)count + 100);
            } while (more);
            cr_assert_eq(m->count, 0);
            cr_assert_eq(m->table.root, 0);
            cr_assert_not(table_drain(&m->table, on_free, m, budget));
            model_free(m);
        }
    }
}

Test(table, a_drain_abandoned_in_a_resize_loses_nothing)
{
    struct model *m = model_new(200000, hash_good, 1);
    uint32_t i = 0;
    while (!table_resizing(&m->table))
        add(m, i++);
    cr_assert(table_drain(&m->table, on_free, m, 100));
    while (table_drain(&m->table, on_free, m, 10000))
        ;
    cr_assert_eq(m->count, 0);
    model_free(m);
}

static void count_item(void *ctx, void *item)
{
    (*(uint64_t *)ctx)++;
}

/* New buckets that the move has not come to are not initialised (the sanitizer fills them). */
Test(table, a_table_in_a_resize_is_whole_at_each_step)
{
    struct model *m = model_new(30000, hash_good, 5);
    uint32_t i = 0, steps = 0;
    while (i < 20000 || !table_resizing(&m->table))
        add(m, i++);
    uint32_t first = i;
    for (; table_resizing(&m->table); add(m, i++)) {
        if (steps++ % 200 == 0) {
            check_all(m);
            uint64_t cursor = 0, seen = 0;
            do {
                cursor = table_scan(&m->table, cursor, count_item, &seen);
            } while (cursor != 0);
            cr_assert_eq(seen, m->count);
        }
    }
    cr_assert_gt(i - first, 500, "the resize took %u steps", i - first);
    check_all(m);
    model_free(m);
}

Test(table, a_table_may_be_cleared_at_each_step_of_a_resize)
{
    for (uint32_t steps = 0; steps < 1500; steps += 300) {
        struct model *m = model_new(30000, hash_good, 5);
        uint32_t i = 0;
        while (i < 20000 || !table_resizing(&m->table))
            add(m, i++);
        for (uint32_t past = i + steps; i < past; i++)
            add(m, i);
        uint64_t seen = 0;
        table_clear(&m->table, count_item, &seen);
        cr_assert_eq(seen, m->count);
        cr_assert_eq(m->table.root, 0);
        m->count = 0;
        model_free(m);
    }
}

Test(table, addresses_of_48_bits_come_back_whole)
{
    struct table table = {0};
    struct model *m = model_new(1, hash_constant, 1);
    /* The item is never read: its place is found by hash alone, in a table of one. */
    void *high = (void *)(uintptr_t)UINT64_C(0xfffffffffff8);
    table_add(&table, &m->type, high, UINT64_MAX);
    cr_assert_eq(table_random(&table, 0), high);
    cr_assert_eq(table_item(table_home(&table, UINT64_MAX)->word[0]), high);
    table_clear(&table, NULL, NULL);
    model_free(m);
}

static struct bytes empty_key(const void *item)
{
    return (struct bytes){NULL, 0};
}

Test(table, the_empty_key_is_a_key)
{
    struct table table = {0};
    struct table_type type = {empty_key, NULL, NULL};
    struct item it = {0};
    table_add(&table, &type, &it, 77);
    cr_assert_eq(table_place_item(table_find(&table, &type, (struct bytes){NULL, 0}, 77)), &it);
    cr_assert_null(table_find(&table, &type, (struct bytes){"k", 1}, 77).bucket);
    table_clear(&table, NULL, NULL);
}

Test(table, the_empty_table_answers)
{
    struct table table = {0};
    struct table_type type = {item_key, item_hash, NULL};
    cr_assert_eq(table_count(&table), 0);
    cr_assert_eq(table_bytes(&table), 0);
    cr_assert_null(table_random(&table, 1));
    cr_assert_null(table_home(&table, 1));
    cr_assert_not(table_step(&table, &type, 1));
    cr_assert_not(table_resizing(&table));
    cr_assert_null(table_find(&table, &type, (struct bytes){"k", 1}, 1).bucket);
    table_clear(&table, NULL, NULL);
    table_validate(&table, &type);
}
