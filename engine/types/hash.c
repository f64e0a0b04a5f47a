/* Hash: see hash.h. Editing is in hash_edit.c, choosing at random in hash_random.c. */
#include "engine/types/hash.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/hash_large.h"

#define RUN_WORTH 16 /* freeing a run of the order costs as much as so many fields */

/* --- The large form -------------------------------------------------------------------- */

static struct bytes item_key(const void *item)
{
    return hash_item_field(item);
}

static uint64_t item_hash(const void *item, const void *seed)
{
    return hash_field_hash(hash_item_field(item), *(const uint64_t *)seed);
}

struct table_type hash_table_type(const uint64_t *seed)
{
    return (struct table_type){.key = item_key, .hash = item_hash, .ctx = seed};
}

static const struct hash *large_of(const struct entry *e)
{
    assert(e->type == TYPE_HASH && !entry_is_small(e));
    return hash_untag(entry_object(e));
}

static void free_item(void *ctx, void *item)
{
    alloc_free(item);
}

static size_t object_count(const void *object)
{
    return table_count(&hash_untag(object)->table);
}

static bool object_free_some(void *object, size_t elements)
{
    struct hash *h = hash_untag(object);
    struct hash_order *order = hash_order_of(object);
    if (order != NULL && !hash_order_free_some(order, elements / RUN_WORTH + 1))
        return false;
    if (table_drain(&h->table, free_item, NULL, elements))
        return false;
    alloc_free(h);
    return true;
}

struct copying {
    struct hash *to;
    struct table_type type;
};

static void copy_item(void *ctx, void *item)
{
    struct copying *copying = ctx;
    struct bytes field = hash_item_field(item), value = hash_item_value(item);
    int64_t expiry = hash_item_expiry(item);
    void *copy = hash_item_try(field, value, expiry);
    if (unlikely(copy == NULL))
        alloc_fail(hash_item_size(field.len, value.len, expiry));
    table_add(&copying->to->table, &copying->type, copy, item_hash(item, copying->type.ctx));
}

static void *object_copy(const void *object, uint64_t seed)
{
    const struct hash *h = hash_untag(object);
    const struct hash_order *order = hash_order_of(object);
    void *copy = alloc_zeroed(order == NULL ? sizeof *h : sizeof(struct hash_timed));
    struct copying copying = {.to = copy, .type = hash_table_type(&seed)};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&h->table, cursor, copy_item, &copying);
    while (cursor != 0);
    if (order == NULL)
        return copy;
    struct hash_timed *timed = copy;
    hash_order_copy(&timed->order, order);
    return (void *)(uintptr_t)hash_timed_word(timed);
}

struct measuring {
    size_t items, bytes;
};

static void measure_item(void *ctx, void *item)
{
    struct measuring *measuring = ctx;
    measuring->items++;
    measuring->bytes += alloc_usable(item);
}

static size_t object_bytes(const void *object, size_t samples)
{
    const struct hash *h = hash_untag(object);
    const struct hash_order *order = hash_order_of(object);
    struct measuring seen = {0};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&h->table, cursor, measure_item, &seen);
    while (cursor != 0 && (samples == 0 || seen.items < samples));
    size_t items = table_count(&h->table);
    if (seen.items > 0 && seen.items < items)
        seen.bytes = (size_t)((double)seen.bytes / (double)seen.items * (double)items);
    return alloc_usable(h) + table_bytes(&h->table) + seen.bytes +
           (order == NULL ? 0 : hash_order_bytes(order));
}

struct wanted_item {
    struct hash_time time;
    uint64_t seed;
    void *item;
};

static void want_item(void *ctx, void *item)
{
    struct wanted_item *wanted = ctx;
    if (hash_item_expiry(item) == wanted->time.at_ms &&
        item_hash(item, &wanted->seed) == wanted->time.hash)
        wanted->item = item;
}

void *hash_item_of(const struct hash *h, struct hash_time time, uint64_t seed)
{
    struct wanted_item wanted = {.time = time, .seed = seed};
    table_scan(&h->table, time.hash >> 32, want_item, &wanted);
    assert(wanted.item != NULL);
    return wanted.item;
}

/* --- Time ------------------------------------------------------------------------------ */

static bool is_timed(const struct entry *e)
{
    return (e->flags & ENTRY_TIMED) != 0;
}

uint32_t hash_small_alive(const void *lp, bool timed, int64_t now_ms, size_t *expired)
{
    uint32_t at = listpack_first(lp);
    for (*expired = 0; timed && at != LISTPACK_NONE; (*expired)++) {
        int64_t time = hash_small_time(lp, at);
        if (time == HASH_SMALL_FOREVER || time >= now_ms)
            break;
        at = hash_small_next(lp, at, true);
    }
    return at;
}

int64_t hash_small_first(const void *lp, bool timed)
{
    uint32_t at = timed ? listpack_first(lp) : LISTPACK_NONE;
    int64_t time = at == LISTPACK_NONE ? HASH_SMALL_FOREVER : hash_small_time(lp, at);
    return time == HASH_SMALL_FOREVER ? INT64_MAX : time;
}

int64_t hash_large_first(const struct hash_order *order)
{
    return order == NULL || order->count == 0 ? INT64_MAX : hash_order_first(order).at_ms;
}

static size_t timed_count(const struct entry *e)
{
    if (entry_is_small(e))
        return listpack_count(entry_small(e).data) / hash_small_stride(is_timed(e));
    return object_count(entry_object(e));
}

static int64_t timed_first(const struct entry *e)
{
    return entry_is_small(e) ? hash_small_first(entry_small(e).data, is_timed(e))
                             : hash_large_first(hash_order_of(entry_object(e)));
}

static int64_t timed_last(const struct entry *e)
{
    if (entry_is_small(e)) {
        const void *lp = entry_small(e).data;
        int64_t time = listpack_get(lp, listpack_last(lp)).integer;
        return time == HASH_SMALL_FOREVER ? INT64_MAX : time;
    }
    const struct hash_order *order = hash_order_of(entry_object(e));
    if (order->count < table_count(&large_of(e)->table))
        return INT64_MAX;
    return hash_order_last(order).at_ms;
}

static const struct timed_type hash_timed_row = {
    .event_class = 'h',
    .event = "hexpired",
    .count = timed_count,
    .first = timed_first,
    .last = timed_last,
    .expire = hash_edit_expire_due,
};

const struct object_type hash_object = {
    .encoding = "hashtable",
    .count = object_count,
    .free_some = object_free_some,
    .copy = object_copy,
    .bytes = object_bytes,
    .timed = &hash_timed_row,
};

/* --- Reading --------------------------------------------------------------------------- */

size_t hash_count(const struct keyspace *ks, const struct entry *e)
{
    assert(e->type == TYPE_HASH);
    size_t count = timed_count(e), expired = 0;
    if (likely(!is_timed(e)))
        return count;
    if (entry_is_small(e))
        hash_small_alive(entry_small(e).data, true, ks->now_ms, &expired);
    else
        expired = hash_order_before(hash_order_of(entry_object(e)), ks->now_ms);
    return count - expired;
}

/* Where a field is in the listpack; LISTPACK_NONE: nowhere, or it has expired. */
static uint32_t small_find(const struct keyspace *ks, const struct entry *e, struct bytes field)
{
    const void *lp = entry_small(e).data;
    size_t expired;
    uint32_t alive = hash_small_alive(lp, is_timed(e), ks->now_ms, &expired);
    return listpack_find(lp, alive, field, hash_small_stride(is_timed(e)) - 1);
}

/* The item of a field; NULL: there is none, or it has expired. */
static const void *large_find(const struct keyspace *ks, const struct entry *e, struct bytes field)
{
    struct table_type type = hash_table_type(&ks->seed);
    struct table_place place = table_find(&large_of(e)->table, &type, field,
                                          hash_field_hash(field, ks->seed));
    if (place.bucket == NULL)
        return NULL;
    const void *item = table_place_item(place);
    return unlikely(hash_item_expired(item, ks->now_ms)) ? NULL : item;
}

bool hash_get(const struct keyspace *ks, const struct entry *e, struct bytes field,
              struct bytes *value, char scratch[static NUMBER_I64_MAX])
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        const void *lp = entry_small(e).data;
        uint32_t at = small_find(ks, e, field);
        if (at == LISTPACK_NONE)
            return false;
        *value = listpack_text(lp, listpack_next(lp, at), scratch);
        return true;
    }
    const void *item = large_find(ks, e, field);
    if (item == NULL)
        return false;
    *value = hash_item_value(item);
    return true;
}

bool hash_get_expiry(const struct keyspace *ks, const struct entry *e, struct bytes field,
                     int64_t *expiry)
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        uint32_t at = small_find(ks, e, field);
        if (at == LISTPACK_NONE)
            return false;
        *expiry = hash_small_expiry(entry_small(e).data, at, is_timed(e));
        return true;
    }
    const void *item = large_find(ks, e, field);
    if (item == NULL)
        return false;
    *expiry = hash_item_expiry(item);
    return true;
}

struct walk {
    hash_visit visit;
    hash_visit_expiry visit_expiry;
    void *ctx;
    size_t seen;
    int64_t now_ms;
};

static void visit_item(void *ctx, void *item)
{
    struct walk *walk = ctx;
    walk->seen++;
    if (likely(!hash_item_expired(item, walk->now_ms)))
        walk->visit(walk->ctx, hash_item_field(item), hash_item_value(item));
}

static void visit_stored(void *ctx, void *item)
{
    struct walk *walk = ctx;
    walk->seen++;
    walk->visit_expiry(walk->ctx, hash_item_field(item), hash_item_value(item),
                       hash_item_expiry(item));
}

/* Visits the items of a large hash from a cursor on until walk->seen reaches `want`. */
static uint64_t walk_large(const struct entry *e, uint64_t cursor, size_t want,
                           void (*visit)(void *ctx, void *item), struct walk *walk)
{
    do
        cursor = table_scan(&large_of(e)->table, cursor, visit, walk);
    while (cursor != 0 && walk->seen < want);
    return cursor;
}

uint64_t hash_scan(const struct keyspace *ks, const struct entry *e, uint64_t cursor, size_t want,
                   hash_visit visit, void *ctx)
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        const void *lp = entry_small(e).data;
        size_t expired;
        uint32_t at = hash_small_alive(lp, is_timed(e), ks->now_ms, &expired);
        for (; at != LISTPACK_NONE; at = hash_small_next(lp, at, is_timed(e)))
            hash_visit_pair(lp, at, visit, ctx);
        return 0;
    }
    struct walk walk = {.visit = visit, .ctx = ctx, .now_ms = ks->now_ms};
    return walk_large(e, cursor, want, visit_item, &walk);
}

uint64_t hash_scan_stored(const struct entry *e, uint64_t cursor, size_t want,
                          hash_visit_expiry visit, void *ctx)
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        const void *lp = entry_small(e).data;
        bool timed = is_timed(e);
        for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE;
             at = hash_small_next(lp, at, timed)) {
            char field[NUMBER_I64_MAX], value[NUMBER_I64_MAX];
            visit(ctx, listpack_text(lp, at, field),
                  listpack_text(lp, listpack_next(lp, at), value),
                  hash_small_expiry(lp, at, timed));
        }
        return 0;
    }
    struct walk walk = {.visit_expiry = visit, .ctx = ctx};
    return walk_large(e, cursor, want, visit_stored, &walk);
}

void hash_each(const struct keyspace *ks, const struct entry *e, hash_visit visit, void *ctx)
{
    uint64_t cursor = hash_scan(ks, e, 0, SIZE_MAX, visit, ctx);
    assert(cursor == 0);
}

/* --- Checking -------------------------------------------------------------------------- */

struct checking {
    const struct entry *e;
    struct keyspace ks; /* at a time when nothing has expired */
    struct hash_order *order;
    size_t pairs, timed;
    int64_t before_ms;
};

/* Looking a field up finds this pair, no other of the same name. */
static void check_pair(void *ctx, struct bytes field, struct bytes value, int64_t expiry)
{
    struct checking *checking = ctx;
    char scratch[NUMBER_I64_MAX];
    struct bytes found;
    int64_t found_expiry;
    bool there = hash_get(&checking->ks, checking->e, field, &found, scratch);
    assert(there && bytes_equal(found, value));
    there = hash_get_expiry(&checking->ks, checking->e, field, &found_expiry);
    assert(there && found_expiry == expiry);
    checking->pairs++;
    if (entry_is_small(checking->e)) {
        int64_t at_ms = expiry == ENTRY_NO_EXPIRY ? INT64_MAX : expiry;
        assert(at_ms >= checking->before_ms);
        checking->before_ms = at_ms;
    } else if (expiry != ENTRY_NO_EXPIRY) {
        struct hash_time time = {expiry, hash_field_hash(field, checking->ks.seed)};
        hash_order_remove(checking->order, time);
    }
}

static void check_small(const struct entry *e)
{
    size_t count;
    bool valid = listpack_valid(entry_small(e), &count);
    assert(valid && count % hash_small_stride(is_timed(e)) == 0);
}

void hash_validate(const struct entry *e, uint64_t seed)
{
    struct checking checking = {.e = e, .ks = {.seed = seed, .now_ms = INT64_MIN}};
    struct hash_order left = {0};
    checking.order = &left;
    if (entry_is_small(e)) {
        check_small(e);
    } else {
        struct table_type type = hash_table_type(&seed);
        table_validate(&large_of(e)->table, &type);
        const struct hash_order *order = hash_order_of(entry_object(e));
        assert((order != NULL) == is_timed(e));
        if (order != NULL) {
            hash_order_validate(order);
            hash_order_copy(&left, order);
        }
    }
    uint64_t cursor = hash_scan_stored(e, 0, SIZE_MAX, check_pair, &checking);
    assert(cursor == 0);
    assert(left.count == 0); /* each time was that of a field */
    assert(checking.pairs == timed_count(e));
    assert(checking.pairs > 0);
}
