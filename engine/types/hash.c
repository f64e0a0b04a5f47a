/* Hash: see hash.h. Choosing at random is in hash_random.c. */
#include "engine/types/hash.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/hash.h"
#include "engine/types/hash_item.h"
#include "engine/types/hash_large.h"
#include "engine/types/listpack.h"

/* --- The large form -------------------------------------------------------------------- */

static struct bytes item_key(const void *item)
{
    return hash_item_field(item);
}

static uint64_t item_hash(const void *item, const void *seed)
{
    struct bytes field = hash_item_field(item);
    return hash_bytes(field.data, field.len, *(const uint64_t *)seed);
}

/* seed has to live as long as the row is used. */
static struct table_type table_type_of(const uint64_t *seed)
{
    return (struct table_type){.key = item_key, .hash = item_hash, .ctx = seed};
}

static const struct hash *large_of(const struct entry *e)
{
    assert(e->type == TYPE_HASH && !entry_is_small(e));
    return entry_object(e);
}

static void free_item(void *ctx, void *item)
{
    alloc_free(item);
}

static size_t object_count(const void *object)
{
    const struct hash *h = object;
    return table_count(&h->table);
}

static bool object_free_some(void *object, size_t elements)
{
    struct hash *h = object;
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
    void *copy = hash_item_try(hash_item_field(item), hash_item_value(item));
    if (unlikely(copy == NULL))
        alloc_fail(hash_item_size(hash_item_field(item).len, hash_item_value(item).len));
    table_add(&copying->to->table, &copying->type, copy, item_hash(item, copying->type.ctx));
}

static void *object_copy(const void *object, uint64_t seed)
{
    const struct hash *h = object;
    struct copying copying = {.to = alloc_zeroed(sizeof *h), .type = table_type_of(&seed)};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&h->table, cursor, copy_item, &copying);
    while (cursor != 0);
    return copying.to;
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
    const struct hash *h = object;
    struct measuring seen = {0};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&h->table, cursor, measure_item, &seen);
    while (cursor != 0 && (samples == 0 || seen.items < samples));
    size_t items = table_count(&h->table);
    if (seen.items > 0 && seen.items < items)
        seen.bytes = (size_t)((double)seen.bytes / (double)seen.items * (double)items);
    return alloc_usable(h) + table_bytes(&h->table) + seen.bytes;
}

const struct object_type hash_object = {
    .encoding = "hashtable",
    .count = object_count,
    .free_some = object_free_some,
    .copy = object_copy,
    .bytes = object_bytes,
};

/* --- Reading --------------------------------------------------------------------------- */

size_t hash_count(const struct entry *e)
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e))
        return listpack_count(entry_small(e).data) / 2;
    return object_count(large_of(e));
}

bool hash_get(const struct entry *e, uint64_t seed, struct bytes field, struct bytes *value,
              char scratch[static NUMBER_I64_MAX])
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        const void *lp = entry_small(e).data;
        uint32_t at = listpack_find(lp, listpack_first(lp), field, 1);
        if (at == LISTPACK_NONE)
            return false;
        *value = listpack_text(lp, listpack_next(lp, at), scratch);
        return true;
    }
    struct table_type type = table_type_of(&seed);
    struct table_place place = table_find(&large_of(e)->table, &type, field,
                                          hash_bytes(field.data, field.len, seed));
    if (place.bucket == NULL)
        return false;
    *value = hash_item_value(table_place_item(place));
    return true;
}

struct walk {
    hash_visit visit;
    void *ctx;
    size_t seen;
};

static void visit_item(void *ctx, void *item)
{
    struct walk *walk = ctx;
    walk->seen++;
    walk->visit(walk->ctx, hash_item_field(item), hash_item_value(item));
}

static void each_pair(const void *lp, hash_visit visit, void *ctx)
{
    for (uint32_t at = listpack_first(lp), value; at != LISTPACK_NONE;
         at = listpack_next(lp, value)) {
        value = listpack_next(lp, at);
        hash_visit_pair(lp, at, visit, ctx);
    }
}

uint64_t hash_scan(const struct entry *e, uint64_t cursor, size_t want, hash_visit visit, void *ctx)
{
    assert(e->type == TYPE_HASH);
    if (entry_is_small(e)) {
        each_pair(entry_small(e).data, visit, ctx);
        return 0;
    }
    struct walk walk = {.visit = visit, .ctx = ctx};
    do
        cursor = table_scan(&large_of(e)->table, cursor, visit_item, &walk);
    while (cursor != 0 && walk.seen < want);
    return cursor;
}

void hash_each(const struct entry *e, hash_visit visit, void *ctx)
{
    uint64_t cursor = hash_scan(e, 0, SIZE_MAX, visit, ctx);
    assert(cursor == 0);
}

/* --- Editing --------------------------------------------------------------------------- */

void hash_edit_open(struct hash_edit *edit, struct keyspace *ks, struct db *db,
                    const struct key *key, struct found *found, uint64_t max_entries,
                    uint64_t max_value)
{
    edit->ks = ks;
    edit->db = db;
    edit->key = key;
    edit->found = found;
    edit->max_entries = max_entries;
    edit->max_value = max_value;
    edit->large = NULL;
    const struct entry *e = found->entry;
    assert(e == NULL || e->type == TYPE_HASH);
    if (e != NULL && !entry_is_small(e))
        edit->large = entry_object(e);
    else
        entry_room_open(&edit->small, ks, db, key, found, TYPE_HASH, 0, listpack_empty());
}

static void large_find(struct hash_edit *edit, struct bytes field)
{
    struct table_type type = table_type_of(&edit->ks->seed);
    edit->hash = hash_bytes(field.data, field.len, edit->ks->seed);
    edit->place = table_find(&edit->large->table, &type, field, edit->hash);
}

bool hash_edit_find(struct hash_edit *edit, struct bytes field, struct bytes *value)
{
    if (edit->large != NULL) {
        large_find(edit, field);
        if (edit->place.bucket == NULL)
            return false;
        *value = hash_item_value(table_place_item(edit->place));
        return true;
    }
    const void *lp = edit->small.room.bytes;
    edit->at = listpack_find(lp, listpack_first(lp), field, 1);
    if (edit->at == LISTPACK_NONE)
        return false;
    *value = listpack_text(lp, listpack_next(lp, edit->at), edit->scratch);
    return true;
}

/* A pair of a listpack on its way into the large form. */
static void move_pair(void *ctx, struct bytes field, struct bytes value)
{
    struct hash_edit *edit = ctx;
    struct table_type type = table_type_of(&edit->ks->seed);
    void *item = hash_item_try(field, value);
    if (unlikely(item == NULL))
        alloc_fail(hash_item_size(field.len, value.len));
    table_add(&edit->large->table, &type, item,
              hash_bytes(field.data, field.len, edit->ks->seed));
}

/* Turns the hash from small to large. */
static void convert(struct hash_edit *edit)
{
    assert(edit->large == NULL);
    edit->large = alloc_zeroed(sizeof *edit->large);
    each_pair(edit->small.room.bytes, move_pair, edit);
    const struct entry *e = edit->found->entry;
    struct value value = {.type = TYPE_HASH, .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)edit->large};
    keyspace_put(edit->ks, edit->db, edit->key, edit->found, value,
                 e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e));
}

static enum hash_put large_put(struct hash_edit *edit, struct bytes field, struct bytes value)
{
    void *old = edit->place.bucket == NULL ? NULL : table_place_item(edit->place);
    if (old != NULL && hash_item_update(old, value))
        return HASH_UPDATED;
    void *item = hash_item_try(field, value);
    if (unlikely(item == NULL))
        return HASH_NO_MEMORY;
    if (old != NULL) {
        table_replace(edit->place, item);
        alloc_free(old);
        return HASH_UPDATED;
    }
    struct table_type type = table_type_of(&edit->ks->seed);
    table_add(&edit->large->table, &type, item, edit->hash);
    return HASH_ADDED;
}

static bool fits_small(const struct hash_edit *edit, struct bytes field, struct bytes value)
{
    return field.len <= edit->max_value && value.len <= edit->max_value &&
           field.len + value.len < LISTPACK_MAX - edit->small.room.len;
}

enum hash_put hash_edit_put(struct hash_edit *edit, struct bytes field, struct bytes value)
{
    if (edit->large != NULL)
        return large_put(edit, field, value);
    if (!fits_small(edit, field, value)) {
        convert(edit);
        large_find(edit, field);
        return large_put(edit, field, value);
    }
    struct room *room = &edit->small.room;
    enum hash_put put = HASH_ADDED;
    if (edit->at != LISTPACK_NONE) {
        listpack_replace(room, listpack_next(room->bytes, edit->at), value);
        put = HASH_UPDATED;
    } else {
        listpack_append(room, field);
        listpack_append(room, value);
    }
    if (listpack_count(room->bytes) / 2 > edit->max_entries)
        convert(edit);
    return put;
}

enum hash_put hash_edit_set(struct hash_edit *edit, struct bytes field, struct bytes value)
{
    struct bytes old;
    hash_edit_find(edit, field, &old);
    return hash_edit_put(edit, field, value);
}

bool hash_edit_remove(struct hash_edit *edit, struct bytes field)
{
    struct bytes value;
    if (!hash_edit_find(edit, field, &value))
        return false;
    if (edit->large == NULL) {
        listpack_remove(&edit->small.room, edit->at, 2);
        return true;
    }
    struct table_type type = table_type_of(&edit->ks->seed);
    void *item = table_place_item(edit->place);
    table_remove(&edit->large->table, &type, edit->place, edit->hash);
    alloc_free(item);
    return true;
}

bool hash_edit_close(struct hash_edit *edit)
{
    bool empty = edit->large != NULL
                     ? table_count(&edit->large->table) == 0
                     : listpack_first(edit->small.room.bytes) == LISTPACK_NONE;
    if (!empty) {
        if (edit->large == NULL)
            entry_room_close(&edit->small);
        return true;
    }
    if (edit->found->entry != NULL)
        keyspace_remove(edit->ks, edit->db, edit->key, edit->found);
    return false;
}

/* --- Checking -------------------------------------------------------------------------- */

struct checking {
    const struct entry *e;
    uint64_t seed;
    size_t pairs;
};

/* Looking a field up finds this pair, no other of the same name. */
static void check_pair(void *ctx, struct bytes field, struct bytes value)
{
    struct checking *checking = ctx;
    char scratch[NUMBER_I64_MAX];
    struct bytes found;
    bool there = hash_get(checking->e, checking->seed, field, &found, scratch);
    assert(there && bytes_equal(found, value));
    checking->pairs++;
}

void hash_validate(const struct entry *e, uint64_t seed)
{
    struct checking checking = {.e = e, .seed = seed};
    if (entry_is_small(e)) {
        size_t count;
        bool valid = listpack_valid(entry_small(e), &count);
        assert(valid && count % 2 == 0);
    } else {
        struct table_type type = table_type_of(&seed);
        table_validate(&large_of(e)->table, &type);
    }
    hash_each(e, check_pair, &checking);
    assert(checking.pairs == hash_count(e));
    assert(checking.pairs > 0);
}
