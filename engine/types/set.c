/*
 * Set: see set.h.
 *
 * A member of a table is one allocation, and its item is the block's address with a tag in
 * the bits that alignment leaves free:
 *
 *   0       the block begins with the length, in one byte below LONG_LEN and in eight more
 *           behind that byte otherwise; the bytes follow
 *   others  the block holds the bytes alone; their number is bare_lens[tag]
 *
 * So members that would exactly fill a size class of the allocator, as identifiers of 16
 * and 32 characters do, do not take the next one for the sake of a byte; of other lengths
 * the header costs nothing, lying in what rounding up wastes anyway.
 */
#include "engine/types/set.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/hash.h"
#include "engine/keyspace/entry_room.h"
#include "engine/types/intset.h"
#include "engine/types/listpack.h"

#define TAG_MASK 7     /* what blocks are aligned to, less 1 */
#define BARE_MAX 128   /* the longest member without a header */
#define LONG_LEN 255   /* length byte of members from this length on */
#define PICK 14        /* places a random choice sees in a bucket: twice its items */
#define STEP_RANDOM 16 /* buckets of a resize that a random choice moves */

/* ---- Members. ---- */

void set_member_init(struct set_member *member, struct bytes text)
{
    member->text = text.data == NULL ? bytes_of("") : text;
    member->number = SET_NUMBER_UNKNOWN;
    member->hashed = false;
    member->item = NULL;
}

void set_member_init_int(struct set_member *member, int64_t integer)
{
    member->text = (struct bytes){NULL, 0};
    member->number = SET_NUMBER_YES;
    member->integer = integer;
    member->hashed = false;
    member->item = NULL;
}

void set_member_init_at(struct set_member *member, const void *lp, uint32_t at)
{
    struct listpack_value value = listpack_get(lp, at);
    if (value.is_int) {
        set_member_init_int(member, value.integer);
    } else {
        set_member_init(member, value.text);
        member->number = SET_NUMBER_NO;
    }
}

struct bytes set_member_text(struct set_member *member)
{
    if (member->text.data == NULL) {
        size_t len = number_format_i64(member->scratch, member->integer);
        member->text = bytes_make(member->scratch, len);
    }
    return member->text;
}

bool set_member_is_int(struct set_member *member)
{
    if (member->number == SET_NUMBER_UNKNOWN)
        member->number = number_parse_i64(member->text, &member->integer) ? SET_NUMBER_YES
                                                                          : SET_NUMBER_NO;
    return member->number == SET_NUMBER_YES;
}

uint64_t set_member_hash(struct set_member *member, uint64_t seed)
{
    if (!member->hashed) {
        struct bytes text = set_member_text(member);
        member->hash = hash_bytes(text.data, text.len, seed);
        member->hashed = true;
    }
    return member->hash;
}

/* ---- Items of the table. ---- */

/* Sizes of blocks, those where a header would cost most. */
static const unsigned char bare_lens[TAG_MASK + 1] = {0, 8, 16, 32, 48, 64, 80, BARE_MAX};

static unsigned item_tag(const void *item)
{
    return (unsigned)((uintptr_t)item & TAG_MASK);
}

static unsigned char *item_block(const void *item)
{
    return (unsigned char *)item - item_tag(item);
}

static struct bytes item_text(const void *item)
{
    const unsigned char *p = item_block(item);
    unsigned tag = item_tag(item);
    if (tag != 0)
        return bytes_make(p, bare_lens[tag]);
    if (likely(*p < LONG_LEN))
        return bytes_make(p + 1, *p);
    uint64_t len;
    memcpy(&len, p + 1, sizeof len);
    return bytes_make(p + 1 + sizeof len, len);
}

/* The tag of members of this length. */
static unsigned tag_for(size_t len)
{
    if (len % 8 != 0 || len > BARE_MAX)
        return 0;
    unsigned tag = TAG_MASK;
    while (tag > 0 && bare_lens[tag] != len)
        tag--;
    return tag;
}

static unsigned char *block_new(size_t size)
{
    unsigned char *p = alloc_get(size);
    assert(item_tag(p) == 0);
    return p;
}

static void *item_new(struct bytes text)
{
    unsigned tag = tag_for(text.len);
    if (tag != 0)
        return (unsigned char *)memcpy(block_new(text.len), text.data, text.len) + tag;
    bool is_long = text.len >= LONG_LEN;
    size_t head = is_long ? 1 + sizeof(uint64_t) : 1;
    unsigned char *p = block_new(head + text.len);
    *p = is_long ? LONG_LEN : (unsigned char)text.len;
    if (is_long) {
        uint64_t len = text.len;
        memcpy(p + 1, &len, sizeof len);
    }
    if (text.len > 0)
        memcpy(p + head, text.data, text.len);
    return p;
}

static void item_free(void *ctx, void *item)
{
    alloc_free(item_block(item));
}

static uint64_t item_hash(const void *item, const void *ctx)
{
    struct bytes text = item_text(item);
    return hash_bytes(text.data, text.len, *(const uint64_t *)ctx);
}

static struct table_type type_of(const struct set *set)
{
    return (struct table_type){.key = item_text, .hash = item_hash, .ctx = &set->seed};
}

static void member_of_item(struct set_member *member, const void *item)
{
    set_member_init(member, item_text(item));
    member->item = item;
}

/* ---- The large form. ---- */

struct set *set_new(uint64_t seed)
{
    struct set *set = alloc_zeroed(sizeof *set);
    set->seed = seed;
    return set;
}

bool set_add(struct set *set, struct set_member *member)
{
    struct table_type type = type_of(set);
    struct bytes text = set_member_text(member);
    uint64_t hash = set_member_hash(member, set->seed);
    if (table_find(&set->table, &type, text, hash).bucket != NULL)
        return false;
    table_add(&set->table, &type, item_new(text), hash);
    return true;
}

bool set_remove(struct set *set, struct set_member *member)
{
    struct table_type type = type_of(set);
    uint64_t hash = set_member_hash(member, set->seed);
    struct table_place place = table_find(&set->table, &type, set_member_text(member), hash);
    if (place.bucket == NULL)
        return false;
    void *item = table_place_item(place);
    table_remove(&set->table, &type, place, hash);
    item_free(NULL, item);
    return true;
}

static size_t object_count(const void *object)
{
    return table_count(&((const struct set *)object)->table);
}

static bool object_free_some(void *object, size_t elements)
{
    struct set *set = object;
    if (table_drain(&set->table, item_free, NULL, elements))
        return false;
    alloc_free(set);
    return true;
}

static bool copy_member(void *ctx, struct set_member *member)
{
    struct set *copy = ctx;
    struct table_type type = type_of(copy);
    table_add(&copy->table, &type, item_new(set_member_text(member)),
              set_member_hash(member, copy->seed));
    return true;
}

static struct set_view view_of(const void *object)
{
    return (struct set_view){.form = SET_TABLE, .large = (struct set *)object};
}

static void *object_copy(const void *object, uint64_t seed)
{
    struct set *copy = set_new(seed);
    set_each(view_of(object), copy_member, copy);
    return copy;
}

struct measure {
    size_t samples, seen, bytes;
};

static bool measure_member(void *ctx, struct set_member *member)
{
    struct measure *measure = ctx;
    measure->bytes += alloc_usable(item_block(member->item));
    return ++measure->seen != measure->samples;
}

static size_t object_bytes(const void *object, size_t samples)
{
    const struct set *set = object;
    struct measure measure = {.samples = samples};
    set_each(view_of(object), measure_member, &measure);
    size_t members = 0;
    if (measure.seen > 0)
        members = (size_t)((double)measure.bytes / (double)measure.seen *
                           (double)table_count(&set->table));
    return alloc_usable(set) + table_bytes(&set->table) + members;
}

const struct object_type set_object = {
    .encoding = "hashtable",
    .count = object_count,
    .free_some = object_free_some,
    .copy = object_copy,
    .bytes = object_bytes,
};

/* ---- Reading. ---- */

struct set_view set_view(const struct entry *e)
{
    if (e == NULL)
        return (struct set_view){.form = SET_NONE};
    assert(e->type == TYPE_SET);
    if (!entry_is_small(e))
        return view_of(entry_object(e));
    return (struct set_view){.form = e->flags & ENTRY_INTSET ? SET_INTSET : SET_LISTPACK,
                             .small = entry_small(e).data};
}

size_t set_count(struct set_view view)
{
    switch (view.form) {
    case SET_INTSET:
        return intset_count(view.small);
    case SET_LISTPACK:
        return listpack_count(view.small);
    case SET_TABLE:
        return table_count(&view.large->table);
    case SET_NONE:
        break;
    }
    return 0;
}

static bool table_has(const struct set *set, struct set_member *member)
{
    struct table_type type = type_of(set);
    uint64_t hash = set_member_hash(member, set->seed);
    return table_find(&set->table, &type, set_member_text(member), hash).bucket != NULL;
}

bool set_has(struct set_view view, struct set_member *member)
{
    switch (view.form) {
    case SET_INTSET:
        return set_member_is_int(member) && intset_find(view.small, member->integer, NULL);
    case SET_LISTPACK:
        return listpack_find(view.small, listpack_first(view.small), set_member_text(member),
                             0) != LISTPACK_NONE;
    case SET_TABLE:
        return table_has(view.large, member);
    case SET_NONE:
        break;
    }
    return false;
}

static void each_of_intset(const void *small, bool (*visit)(void *, struct set_member *),
                           void *ctx)
{
    struct set_member member;
    size_t count = intset_count(small);
    for (size_t i = 0; i < count; i++) {
        set_member_init_int(&member, intset_at(small, i));
        if (!visit(ctx, &member))
            return;
    }
}

static void each_of_listpack(const void *lp, bool (*visit)(void *, struct set_member *),
                             void *ctx)
{
    struct set_member member;
    for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE; at = listpack_next(lp, at)) {
        set_member_init_at(&member, lp, at);
        if (!visit(ctx, &member))
            return;
    }
}

/* A walk over a table, bucket by bucket. */
struct walk {
    bool (*visit)(void *ctx, struct set_member *member);
    void *ctx;
    size_t seen;
    bool stopped;
};

static void walk_item(void *ctx, void *item)
{
    struct walk *walk = ctx;
    struct set_member member;
    if (walk->stopped)
        return;
    walk->seen++;
    member_of_item(&member, item);
    walk->stopped = !walk->visit(walk->ctx, &member);
}

static uint64_t walk_table(const struct set *set, uint64_t cursor, size_t want, struct walk *walk)
{
    do
        cursor = table_scan(&set->table, cursor, walk_item, walk);
    while (cursor != 0 && walk->seen < want && !walk->stopped);
    return cursor;
}

void set_each(struct set_view view, bool (*visit)(void *ctx, struct set_member *member),
              void *ctx)
{
    set_scan(view, 0, SIZE_MAX, visit, ctx);
}

uint64_t set_scan(struct set_view view, uint64_t cursor, size_t want,
                  bool (*visit)(void *ctx, struct set_member *member), void *ctx)
{
    struct walk walk = {.visit = visit, .ctx = ctx};
    switch (view.form) {
    case SET_INTSET:
        each_of_intset(view.small, visit, ctx);
        return 0;
    case SET_LISTPACK:
        each_of_listpack(view.small, visit, ctx);
        return 0;
    case SET_TABLE:
        return walk_table(view.large, cursor, want, &walk);
    case SET_NONE:
        break;
    }
    return 0;
}

/* What a random choice sees in a bucket. */
struct pick {
    void *items[PICK];
    unsigned seen;
    struct rng *rng;
};

static void pick_item(void *ctx, void *item)
{
    struct pick *pick = ctx;
    /* Of a crowded bucket, any PICK items. */
    uint64_t at = pick->seen < PICK ? pick->seen : rng_below(pick->rng, pick->seen + 1);
    if (at < PICK)
        pick->items[at] = item;
    pick->seen++;
}

static const void *random_item(struct set *set, struct rng *rng)
{
    assert(table_count(&set->table) > 0);
    if (unlikely(table_resizing(&set->table))) {
        struct table_type type = type_of(set);
        table_step(&set->table, &type, STEP_RANDOM);
    }
    for (;;) {
        struct pick pick = {.rng = rng};
        uint64_t random = rng_next(rng);
        unsigned place = (unsigned)(random & UINT32_MAX) % PICK;
        table_scan(&set->table, random >> 32, pick_item, &pick);
        if (place < pick.seen)
            return pick.items[place];
    }
}

void set_random(struct set_view view, struct rng *rng, struct set_member *member)
{
    assert(view.form != SET_NONE);
    if (view.form == SET_TABLE) {
        member_of_item(member, random_item(view.large, rng));
        return;
    }
    size_t rank = rng_below(rng, set_count(view));
    if (view.form == SET_INTSET)
        set_member_init_int(member, intset_at(view.small, rank));
    else
        set_member_init_at(member, view.small, listpack_at(view.small, (int64_t)rank));
}

static bool validate_member(void *ctx, struct set_member *member)
{
    const struct set_view *view = ctx;
    assert(set_has(*view, member));
    return true;
}

void set_validate(struct set_view view)
{
    if (view.form == SET_TABLE) {
        struct table_type type = type_of(view.large);
        table_validate(&view.large->table, &type);
    } else if (view.form == SET_LISTPACK) {
        for (uint32_t at = listpack_first(view.small); at != LISTPACK_NONE;) {
            char scratch[NUMBER_I64_MAX];
            struct bytes text = listpack_text(view.small, at, scratch);
            at = listpack_next(view.small, at);
            assert(at == LISTPACK_NONE ||
                   listpack_find(view.small, at, text, 0) == LISTPACK_NONE);
        }
    } else if (view.form == SET_INTSET) {
        for (size_t i = 1; i < intset_count(view.small); i++)
            assert(intset_at(view.small, i - 1) < intset_at(view.small, i));
    }
    set_each(view, validate_member, &view);
}
