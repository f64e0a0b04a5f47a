/* Stream: random edits against a plain array: entries added, deleted, trimmed, groups that read
 * them; walks in both directions; copies; damaged nodes. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/types/stream_group.h"

#define MODEL_MAX 6000
#define CONSUMERS 4

struct model_entry {
    struct stream_id id;
    bool there;
    unsigned shape; /* what its fields and values are, see pairs_of() */
    int owner;      /* consumer it is pending of; -1: none */
    int64_t delivered_ms, deliveries;
};

static struct model_entry model[MODEL_MAX];
static size_t given;   /* entries ever added */
static size_t length;
static struct stream *s;
static struct stream_group *group;
static struct rng rng;

static void setup(void)
{
    rng_init(&rng, 17);
    s = stream_new();
    group = stream_group_create(s, bytes_of("group"), stream_id_zero, 0);
}

static void teardown(void)
{
    stream_free(s);
}

TestSuite(stream, .init = setup, .fini = teardown);

/* Fields and values that follow from a number; most entries of a run have the same fields. */
static size_t pairs_of(unsigned shape, struct bytes pairs[8], char text[8][400])
{
    size_t fields = shape % 7 == 0 ? 1 + shape % 4 : 2;
    for (size_t i = 0; i < 2 * fields; i++) {
        size_t len = (size_t)snprintf(text[i], 400, "%s%u", i % 2 == 0 ? "field" : "",
                                      i % 2 == 0 ? (unsigned)i + shape % 7 / 6 : shape);
        if (i % 2 == 1 && shape % 5 == 0) {
            len = shape % 390;
            memset(text[i], 'v', len);
        }
        pairs[i] = bytes_make(text[i], len);
    }
    return fields;
}

static struct stream_limits limits_at_random(void)
{
    static const struct stream_limits limits[] = {{4096, 100}, {4096, 10}, {300, 0}, {0, 30}};
    return limits[rng_below(&rng, 4)];
}

static void append(struct stream_limits limits)
{
    struct bytes pairs[8];
    char text[8][400];
    struct model_entry *e = &model[given++];
    *e = (struct model_entry){.id = s->last, .there = true, .owner = -1,
                              .shape = (unsigned)rng_below(&rng, 100000)};
    stream_id_increment(&e->id);
    if (rng_below(&rng, 3) == 0) e->id.ms += rng_below(&rng, 5000);
    if (rng_below(&rng, 9) == 0) e->id = (struct stream_id){e->id.ms + 1, rng_below(&rng, 3)};
    size_t fields = pairs_of(e->shape, pairs, text);
    cr_assert(stream_append(s, e->id, pairs, fields, limits));
    length++;
}

static void expect_entry(struct stream_cursor *c, const struct model_entry *e)
{
    struct bytes pairs[8], field, value;
    char text[8][400];
    size_t fields = pairs_of(e->shape, pairs, text);
    cr_assert_eq(stream_id_compare(c->entry.id, e->id), 0);
    cr_assert_eq(c->entry.fields, fields);
    /* A walk goes on from wherever the reading of an entry stopped. */
    size_t wanted = rng_below(&rng, 4) == 0 ? rng_below(&rng, fields + 1) : fields;
    for (size_t i = 0; i < wanted; i++) {
        stream_field(c, &field, &value);
        cr_assert(bytes_equal(field, pairs[2 * i]));
        cr_assert(bytes_equal(value, pairs[2 * i + 1]));
    }
}

static void expect_range(struct stream_id low, struct stream_id high)
{
    struct stream_cursor c;
    bool at = stream_seek(&c, s, low, high, false);
    for (size_t i = 0; i < given; i++) {
        const struct model_entry *e = &model[i];
        if (!e->there || stream_id_compare(e->id, low) < 0 || stream_id_compare(e->id, high) > 0)
            continue;
        cr_assert(at);
        expect_entry(&c, e);
        at = stream_step(&c);
    }
    cr_assert_not(at);
    at = stream_seek(&c, s, low, high, true);
    for (size_t i = given; i-- > 0;) {
        const struct model_entry *e = &model[i];
        if (!e->there || stream_id_compare(e->id, low) < 0 || stream_id_compare(e->id, high) > 0)
            continue;
        cr_assert(at);
        expect_entry(&c, e);
        at = stream_step(&c);
    }
    cr_assert_not(at);
}

static void expect_pending(const struct stream *of)
{
    const struct stream_group *g = stream_group_find(of, bytes_of("group"));
    size_t pending = 0;
    for (size_t i = 0; i < given; i++) {
        const struct stream_pending *p = stream_group_pending(g, model[i].id);
        cr_assert_eq(p != NULL, model[i].owner >= 0);
        if (p == NULL) continue;
        char name[8];
        snprintf(name, sizeof name, "c%d", model[i].owner);
        cr_assert(bytes_equal(stream_group_consumer_name(p->consumer), bytes_of(name)));
        cr_assert_eq(p->delivered_ms, model[i].delivered_ms);
        cr_assert_eq(p->deliveries, model[i].deliveries);
        pending++;
    }
    cr_assert_eq(g->pending.count, pending);
}

static void expect_as_model(void)
{
    stream_validate(s);
    cr_assert_eq(s->length, length);
    cr_assert_eq(s->added, given);
    expect_range(stream_id_zero, stream_id_max);
    for (int n = 0; n < 10 && given > 0; n++) {
        struct stream_id low = model[rng_below(&rng, given)].id;
        struct stream_id high = model[rng_below(&rng, given)].id;
        if (rng_below(&rng, 2) == 0) stream_id_increment(&low);
        if (rng_below(&rng, 2) == 0) stream_id_decrement(&high);
        expect_range(low, high);
    }
    expect_pending(s);
}

static void delete_some(void)
{
    size_t from = rng_below(&rng, given), run = 1 + rng_below(&rng, 40);
    for (size_t i = from; i < given && i < from + run; i++) {
        cr_assert_eq(stream_has(s, model[i].id), model[i].there);
        cr_assert_eq(stream_delete(s, model[i].id), model[i].there);
        length -= model[i].there;
        model[i].there = false;
    }
    struct stream_id none = {s->last.ms + 1, 0};
    cr_assert_not(stream_delete(s, none));
}

/* Trims, and takes from the model what had to go: with whole nodes, what went. */
static void trim_some(void)
{
    struct stream_trim trim = {.by_id = rng_below(&rng, 2), .whole = rng_below(&rng, 2)};
    if (trim.whole && rng_below(&rng, 2)) trim.limit = rng_below(&rng, 200);
    trim.min_id = model[rng_below(&rng, given)].id;
    trim.max_length = rng_below(&rng, length + 10);
    struct stream *rest;
    uint64_t removed = stream_trim(s, &trim, &rest), gone = 0;
    if (rest != NULL) stream_free(rest);
    for (size_t i = 0; i < given && gone < removed; i++) {
        gone += model[i].there;
        if (model[i].there && trim.by_id)
            cr_assert_lt(stream_id_compare(model[i].id, trim.min_id), 0);
        model[i].there = false;
    }
    cr_assert_eq(gone, removed);
    length -= removed;
    cr_assert_eq(s->length, length);
    if (!trim.by_id) cr_assert(removed == 0 || length >= trim.max_length);
    if (trim.limit > 0) cr_assert_leq(removed, trim.limit);
    if (trim.whole) return;
    if (!trim.by_id)
        cr_assert_leq(length, trim.max_length);
    else
        cr_assert(length == 0 || stream_id_compare(s->first, trim.min_id) >= 0);
}

static struct stream_consumer *consumer_at_random(int *number)
{
    char name[8];
    *number = (int)rng_below(&rng, CONSUMERS);
    snprintf(name, sizeof name, "c%d", *number);
    struct stream_consumer *c = stream_group_consumer(group, bytes_of(name));
    return c != NULL ? c : stream_group_add_consumer(group, bytes_of(name), 1);
}

static void use_group(void)
{
    int number;
    struct stream_consumer *consumer = consumer_at_random(&number);
    size_t from = rng_below(&rng, given), run = 1 + rng_below(&rng, 60);
    unsigned what = (unsigned)rng_below(&rng, 5);
    if (what == 4 && rng_below(&rng, 8) == 0) {
        size_t pending = consumer->pending.count;
        cr_assert_eq(stream_group_drop_consumer(group, consumer), pending);
        for (size_t i = 0; i < given; i++)
            if (model[i].owner == number) model[i].owner = -1;
        return;
    }
    for (size_t i = from; i < given && i < from + run; i++) {
        struct model_entry *e = &model[i];
        struct stream_pending *pending = stream_group_pending(group, e->id);
        if (what <= 1) {
            stream_group_deliver(group, consumer, e->id, (int64_t)i);
            *e = (struct model_entry){e->id, e->there, e->shape, number, (int64_t)i, 1};
        } else if (what == 2) {
            cr_assert_eq(stream_group_acknowledge(group, e->id), e->owner >= 0);
            e->owner = -1;
        } else if (pending != NULL) {
            stream_group_claim(pending, consumer, e->id);
            e->owner = number;
        }
    }
}

Test(stream, random_edits_give_what_a_plain_array_gives)
{
    for (int round = 0; round < 120; round++) {
        struct stream_limits limits = limits_at_random();
        for (unsigned n = (unsigned)rng_below(&rng, 80); n > 0; n--) append(limits);
        if (given == 0) continue;
        for (unsigned n = (unsigned)rng_below(&rng, 4); n > 0; n--) delete_some();
        if (rng_below(&rng, 3) == 0) trim_some();
        for (unsigned n = (unsigned)rng_below(&rng, 4); n > 0; n--) use_group();
        expect_as_model();
    }
    cr_assert_gt(given, 3000);
}

Test(stream, a_copy_has_all_and_shares_nothing)
{
    for (int i = 0; i < 400; i++) append((struct stream_limits){4096, 100});
    delete_some();
    for (int i = 0; i < 10; i++) use_group();
    struct stream *old = s, *made = stream_object.copy(s, 1);
    cr_assert_eq(stream_object.count(made), stream_object.count(old));
    stream_free(old);
    s = made;
    group = stream_group_find(s, bytes_of("group"));
    expect_as_model();
    cr_assert_gt(stream_object.bytes(s, 0), 400u);
}

/* The case in which what stays is moved, not what goes. */
Test(stream, a_trim_of_much_gives_the_rest_away_to_be_freed_in_slices)
{
    struct stream_limits limits = {4096, 4};
    for (int i = 0; i < 4000; i++) append(limits);
    struct stream *rest;
    struct stream_trim trim = {.max_length = 101};
    cr_assert_eq(stream_trim(s, &trim, &rest), 3899);
    cr_assert_not_null(rest);
    cr_assert_gt(stream_object.count(rest), 500u);
    size_t slices = 1;
    while (!stream_object.free_some(rest, 100)) slices++;
    cr_assert_gt(slices, 5u);
    for (size_t i = 0; i < 3899; i++) model[i].there = false;
    length = 101;
    expect_as_model();
    trim = (struct stream_trim){.by_id = true, .min_id = stream_id_max};
    cr_assert_eq(stream_trim(s, &trim, &rest), 101);
    cr_assert_null(rest);
    cr_assert_eq(s->nodes.bytes, 0);
    cr_assert(stream_id_is_zero(s->first));
}

Test(stream, nodes_keep_to_their_limits)
{
    struct bytes pair[] = {bytes_of("f"), bytes_of("0123456789")};
    for (int i = 0; i < 300; i++) {
        struct stream_id id = {1, (uint64_t)i + 1};
        cr_assert(stream_append(s, id, pair, 1, (struct stream_limits){0, 100}));
    }
    cr_assert_eq(s->nodes.count, 3);
    for (int i = 0; i < 300; i++) {
        struct stream_id id = {2, (uint64_t)i + 1};
        cr_assert(stream_append(s, id, pair, 1, (struct stream_limits){1000, 0}));
    }
    struct stream_index_place place = stream_index_last(&s->nodes);
    for (int i = 0; i < 3; i++, stream_index_prev(&place))
        cr_assert_lt(listpack_bytes(stream_index_value(place)), 1020);
}

Test(stream, a_damaged_node_is_not_valid)
{
    for (int i = 0; i < 30; i++) append((struct stream_limits){4096, 100});
    const unsigned char *lp = stream_index_value(stream_index_first(&s->nodes));
    size_t bytes = listpack_bytes(lp);
    cr_assert(stream_node_valid(bytes_make(lp, bytes)));
    unsigned char *copy = alloc_get(bytes);
    int refused = 0;
    for (int n = 0; n < 3000; n++) {
        memcpy(copy, lp, bytes);
        copy[rng_below(&rng, bytes)] ^= (unsigned char)(1 + rng_below(&rng, 255));
        struct bytes damaged = bytes_make(copy, bytes);
        if (!stream_node_valid(damaged)) {
            refused++;
            continue;
        }
        /* A value or an id is another; it can be walked through all the same. */
        struct stream_node node;
        struct stream_node_entry e;
        size_t entries = 1;
        stream_node_open(&node, copy, stream_id_zero);
        if (node.count + node.deleted == 0) continue;
        stream_node_first(&node, &e);
        while (stream_node_next(&node, &e)) entries++;
        cr_assert_eq(entries, node.count + node.deleted);
        while (stream_node_prev(&node, &e)) entries--;
        cr_assert_eq(entries, 1);
    }
    cr_assert_gt(refused, 500);
    cr_assert_not(stream_node_valid(listpack_empty()));
    alloc_free(copy);
}
