/*
 * Hash, edited: see hash.h.
 *
 * A small hash is kept in order of times: what has expired is at the front and goes when
 * the edit is opened. In a large one, a field that has expired goes when it is looked up.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/hash_large.h"

#define VALUE_ON_STACK 512 /* bytes of a value that moves within a listpack */

/* Shows an edit the large form of its hash. */
static void view_large(struct hash_edit *edit, const void *object)
{
    edit->large = hash_untag(object);
    edit->order = hash_order_of(object);
}

/* When the first field expires. */
static int64_t first_expiry(const struct hash_edit *edit)
{
    return edit->large != NULL ? hash_large_first(edit->order)
                               : hash_small_first(edit->small.room.bytes, edit->timed);
}

static void small_drop_expired(struct hash_edit *edit)
{
    struct room *room = &edit->small.room;
    hash_small_alive(room->bytes, true, edit->ks->now_ms, &edit->expired);
    if (edit->expired > 0)
        listpack_remove(room, listpack_first(room->bytes),
                        edit->expired * hash_small_stride(true));
}

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
    edit->order = NULL;
    edit->expired = 0;
    const struct entry *e = found->entry;
    assert(e == NULL || e->type == TYPE_HASH);
    edit->timed = e != NULL && (e->flags & ENTRY_TIMED) != 0;
    edit->first_ms = INT64_MAX;
    if (e != NULL && !entry_is_small(e))
        view_large(edit, entry_object(e));
    else
        entry_room_open(&edit->small, ks, db, key, found, TYPE_HASH, 0, listpack_empty());
    if (unlikely(edit->timed)) {
        edit->first_ms = first_expiry(edit);
        if (edit->large == NULL)
            small_drop_expired(edit);
    }
}

/* --- Finding --------------------------------------------------------------------------- */

/* Takes an item out of a large hash, and its time out of the order. */
static void large_remove(struct hash_edit *edit, struct table_place place, uint64_t hash)
{
    struct table_type type = hash_table_type(&edit->ks->seed);
    void *item = table_place_item(place);
    int64_t expiry = hash_item_expiry(item);
    if (unlikely(expiry != ENTRY_NO_EXPIRY))
        hash_order_remove(edit->order, (struct hash_time){expiry, hash});
    table_remove(&edit->large->table, &type, place, hash);
    alloc_free(item);
}

/* Looks a field up; the item of one that has expired is removed, and NULL the result. */
static void *large_find(struct hash_edit *edit, struct bytes field)
{
    struct table_type type = hash_table_type(&edit->ks->seed);
    edit->hash = hash_field_hash(field, edit->ks->seed);
    edit->place = table_find(&edit->large->table, &type, field, edit->hash);
    edit->expiry = ENTRY_NO_EXPIRY;
    if (edit->place.bucket == NULL)
        return NULL;
    void *item = table_place_item(edit->place);
    if (likely(edit->order == NULL))
        return item;
    edit->expiry = hash_item_expiry(item);
    if (edit->expiry == ENTRY_NO_EXPIRY || edit->expiry >= edit->ks->now_ms)
        return item;
    large_remove(edit, edit->place, edit->hash);
    edit->place.bucket = NULL;
    edit->expiry = ENTRY_NO_EXPIRY;
    edit->expired++;
    return NULL;
}

bool hash_edit_find(struct hash_edit *edit, struct bytes field, struct bytes *value)
{
    if (edit->large != NULL) {
        void *item = large_find(edit, field);
        if (item == NULL)
            return false;
        *value = hash_item_value(item);
        return true;
    }
    const void *lp = edit->small.room.bytes;
    edit->expiry = ENTRY_NO_EXPIRY;
    edit->at = listpack_find(lp, listpack_first(lp), field, hash_small_stride(edit->timed) - 1);
    if (edit->at == LISTPACK_NONE)
        return false;
    edit->expiry = hash_small_expiry(lp, edit->at, edit->timed);
    *value = listpack_text(lp, listpack_next(lp, edit->at), edit->scratch);
    return true;
}

/* --- The change of form ---------------------------------------------------------------- */

/* A small hash gets times: none for each field. Keeps edit->at. */
static void small_become_timed(struct hash_edit *edit)
{
    struct room *room = &edit->small.room, timed = room_heap();
    const void *lp = room->bytes;
    uint32_t found = LISTPACK_NONE;
    char scratch[NUMBER_I64_MAX];
    listpack_reset(&timed);
    for (uint32_t at = listpack_first(lp), value; at != LISTPACK_NONE;
         at = listpack_next(lp, value)) {
        value = listpack_next(lp, at);
        uint32_t to = listpack_append(&timed, listpack_text(lp, at, scratch));
        listpack_append(&timed, listpack_text(lp, value, scratch));
        listpack_append_int(&timed, HASH_SMALL_FOREVER);
        if (at == edit->at)
            found = to;
    }
    edit->at = found;
    room_fit(room, timed.len);
    memcpy(room->bytes, timed.bytes, timed.len);
    room->len = timed.len;
    alloc_free(timed.bytes);
    edit->small.flags = ENTRY_TIMED;
    if (edit->found->entry != NULL)
        keyspace_set_timed(edit->db, edit->found->entry);
}

static void large_become_timed(struct hash_edit *edit)
{
    struct hash_timed *timed = alloc_zeroed(sizeof *timed);
    timed->hash.table = edit->large->table;
    alloc_free(edit->large);
    edit->large = &timed->hash;
    edit->order = &timed->order;
    entry_set_word(edit->found->entry, hash_timed_word(timed));
    keyspace_set_timed(edit->db, edit->found->entry);
}

static void become_timed(struct hash_edit *edit)
{
    if (edit->timed)
        return;
    edit->timed = true;
    if (edit->large != NULL)
        large_become_timed(edit);
    else
        small_become_timed(edit);
}

/* A field of a listpack on its way into the large form. */
static void move_field(struct hash_edit *edit, const void *lp, uint32_t at)
{
    struct table_type type = hash_table_type(&edit->ks->seed);
    char field_scratch[NUMBER_I64_MAX], value_scratch[NUMBER_I64_MAX];
    struct bytes field = listpack_text(lp, at, field_scratch);
    struct bytes value = listpack_text(lp, listpack_next(lp, at), value_scratch);
    int64_t expiry = hash_small_expiry(lp, at, edit->timed);
    void *item = hash_item_try(field, value, expiry);
    if (unlikely(item == NULL))
        alloc_fail(hash_item_size(field.len, value.len, expiry));
    uint64_t hash = hash_field_hash(field, edit->ks->seed);
    table_add(&edit->large->table, &type, item, hash);
    if (expiry != ENTRY_NO_EXPIRY)
        hash_order_add(edit->order, (struct hash_time){expiry, hash});
}

/* Turns the hash from small to large. */
static void convert(struct hash_edit *edit)
{
    assert(edit->large == NULL);
    struct value value = {.type = TYPE_HASH, .encoding = ENCODING_OBJECT};
    if (edit->timed) {
        struct hash_timed *timed = alloc_zeroed(sizeof *timed);
        value.flags = ENTRY_TIMED;
        value.word = hash_timed_word(timed);
    } else {
        value.word = (uint64_t)(uintptr_t)alloc_zeroed(sizeof *edit->large);
    }
    view_large(edit, (const void *)(uintptr_t)value.word);
    const void *lp = edit->small.room.bytes;
    for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE;
         at = hash_small_next(lp, at, edit->timed))
        move_field(edit, lp, at);
    const struct entry *e = edit->found->entry;
    keyspace_put(edit->ks, edit->db, edit->key, edit->found, value,
                 e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e));
}

/* --- Putting --------------------------------------------------------------------------- */

/* Puts a field with its value into a small hash, where its time is in order. */
static void small_add(struct hash_edit *edit, struct bytes field, struct bytes value,
                      int64_t expiry)
{
    struct room *room = &edit->small.room;
    uint32_t before = LISTPACK_NONE;
    if (edit->timed) {
        int64_t time = expiry == ENTRY_NO_EXPIRY ? HASH_SMALL_FOREVER : expiry;
        if (expiry != ENTRY_NO_EXPIRY) {
            size_t earlier;
            before = hash_small_alive(room->bytes, true, expiry, &earlier);
        }
        char text[NUMBER_I64_MAX];
        struct bytes number = {text, number_format_i64(text, time)};
        before = listpack_insert(room, before, number);
    }
    before = listpack_insert(room, before, value);
    listpack_insert(room, before, field);
}

static enum hash_put small_put(struct hash_edit *edit, struct bytes field, struct bytes value,
                               int64_t expiry)
{
    struct room *room = &edit->small.room;
    if (edit->at != LISTPACK_NONE && expiry == edit->expiry) {
        listpack_replace(room, listpack_next(room->bytes, edit->at), value);
        return HASH_UPDATED;
    }
    enum hash_put put = HASH_ADDED;
    if (edit->at != LISTPACK_NONE) {
        listpack_remove(room, edit->at, hash_small_stride(edit->timed));
        put = HASH_UPDATED;
    }
    small_add(edit, field, value, expiry);
    if (listpack_count(room->bytes) / hash_small_stride(edit->timed) > edit->max_entries)
        convert(edit);
    return put;
}

/* Keeps the order of a hash whose field has another expiry. */
static void order_moved(struct hash_edit *edit, uint64_t hash, int64_t from, int64_t to)
{
    if (from == to)
        return;
    if (from != ENTRY_NO_EXPIRY)
        hash_order_remove(edit->order, (struct hash_time){from, hash});
    if (to != ENTRY_NO_EXPIRY)
        hash_order_add(edit->order, (struct hash_time){to, hash});
}

static enum hash_put large_put(struct hash_edit *edit, struct bytes field, struct bytes value,
                               int64_t expiry)
{
    void *old = edit->place.bucket == NULL ? NULL : table_place_item(edit->place);
    if (old != NULL && expiry == edit->expiry && hash_item_update(old, value))
        return HASH_UPDATED;
    void *item = hash_item_try(field, value, expiry);
    if (unlikely(item == NULL))
        return HASH_NO_MEMORY;
    if (unlikely(edit->order != NULL))
        order_moved(edit, edit->hash, edit->expiry, expiry);
    if (old != NULL) {
        table_replace(edit->place, item);
        alloc_free(old);
        return HASH_UPDATED;
    }
    struct table_type type = hash_table_type(&edit->ks->seed);
    table_add(&edit->large->table, &type, item, edit->hash);
    return HASH_ADDED;
}

static bool fits_small(const struct hash_edit *edit, struct bytes field, struct bytes value)
{
    return field.len <= edit->max_value && value.len <= edit->max_value &&
           field.len + value.len < LISTPACK_MAX - edit->small.room.len;
}

enum hash_put hash_edit_put(struct hash_edit *edit, struct bytes field, struct bytes value,
                            int64_t expiry)
{
    if (unlikely(expiry != ENTRY_NO_EXPIRY))
        become_timed(edit);
    if (edit->large != NULL)
        return large_put(edit, field, value, expiry);
    if (fits_small(edit, field, value))
        return small_put(edit, field, value, expiry);
    convert(edit);
    large_find(edit, field);
    return large_put(edit, field, value, expiry);
}

enum hash_put hash_edit_set(struct hash_edit *edit, struct bytes field, struct bytes value)
{
    struct bytes old;
    hash_edit_find(edit, field, &old);
    return hash_edit_put(edit, field, value, ENTRY_NO_EXPIRY);
}

/* --- Expiry and removal ---------------------------------------------------------------- */

static void small_expire(struct hash_edit *edit, struct bytes field, int64_t expiry)
{
    struct room *room = &edit->small.room;
    char scratch[NUMBER_I64_MAX], stack[VALUE_ON_STACK];
    struct bytes old = listpack_text(room->bytes, listpack_next(room->bytes, edit->at), scratch);
    char *copy = old.len <= sizeof stack ? stack : alloc_get(old.len);
    memcpy(copy, old.data, old.len);
    listpack_remove(room, edit->at, hash_small_stride(true));
    small_add(edit, field, bytes_make(copy, old.len), expiry);
    if (copy != stack)
        alloc_free(copy);
}

static bool large_expire(struct hash_edit *edit, struct bytes field, int64_t expiry)
{
    void *old = table_place_item(edit->place);
    if (edit->expiry != ENTRY_NO_EXPIRY && expiry != ENTRY_NO_EXPIRY) {
        hash_item_set_expiry(old, expiry);
    } else {
        void *item = hash_item_try(field, hash_item_value(old), expiry);
        if (unlikely(item == NULL))
            return false;
        table_replace(edit->place, item);
        alloc_free(old);
    }
    order_moved(edit, edit->hash, edit->expiry, expiry);
    return true;
}

bool hash_edit_expire(struct hash_edit *edit, struct bytes field, int64_t expiry)
{
    if (expiry == edit->expiry)
        return true;
    become_timed(edit);
    if (edit->large != NULL)
        return large_expire(edit, field, expiry);
    small_expire(edit, field, expiry);
    return true;
}

bool hash_edit_remove(struct hash_edit *edit, struct bytes field)
{
    struct bytes value;
    if (!hash_edit_find(edit, field, &value))
        return false;
    if (edit->large == NULL)
        listpack_remove(&edit->small.room, edit->at, hash_small_stride(edit->timed));
    else
        large_remove(edit, edit->place, edit->hash);
    return true;
}

/* --- The end --------------------------------------------------------------------------- */

static bool is_empty(const struct hash_edit *edit)
{
    if (edit->large == NULL)
        return listpack_first(edit->small.room.bytes) == LISTPACK_NONE;
    return table_count(&edit->large->table) == 0 ||
           hash_large_dead(edit->large, edit->order, edit->ks->now_ms);
}

/* Tells the keyspace what has changed about time. */
static void close_timed(struct hash_edit *edit, bool empty)
{
    if (!empty) {
        int64_t first_ms = first_expiry(edit);
        if (first_ms < edit->first_ms)
            keyspace_part_expires(edit->ks, edit->db, edit->key, first_ms);
    }
    if (edit->expired > 0) {
        edit->ks->counters.expired_parts += edit->expired;
        keyspace_changed(edit->ks, edit->db, edit->key, CHANGE_WRITE, 'h', "hexpired");
    }
}

bool hash_edit_close(struct hash_edit *edit)
{
    bool empty = is_empty(edit);
    if (empty && edit->found->entry != NULL)
        keyspace_remove(edit->ks, edit->db, edit->key, edit->found);
    if (!empty && edit->large == NULL)
        entry_room_close(&edit->small);
    if (unlikely(edit->timed))
        close_timed(edit, empty);
    return !empty;
}

void hash_edit_expire_due(struct keyspace *ks, struct db *db, const struct key *key,
                          struct found *found, size_t parts)
{
    struct hash_edit edit;
    hash_edit_open(&edit, ks, db, key, found, UINT64_MAX, UINT64_MAX);
    while (edit.large != NULL && edit.expired < parts &&
           hash_large_first(edit.order) < ks->now_ms) {
        struct hash_time time = hash_order_first(edit.order);
        struct table_type type = hash_table_type(&ks->seed);
        struct bytes field = hash_item_field(hash_item_of(edit.large, time, ks->seed));
        large_remove(&edit, table_find(&edit.large->table, &type, field, time.hash), time.hash);
        edit.expired++;
    }
    bool left = hash_edit_close(&edit);
    assert(left && edit.expired > 0);
}
