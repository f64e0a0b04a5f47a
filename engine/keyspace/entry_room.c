/* Entry room: see entry_room.h. */
#include "engine/keyspace/entry_room.h"

#include <string.h>

#include "base/bits.h"
#include "base/list.h"

#define SHRINK_SLACK 64 /* bytes a value may waste beyond half of its memory */

static struct blob *make_blob(size_t cap)
{
    struct blob *blob = blob_try(0, cap);
    if (unlikely(blob == NULL))
        alloc_fail(cap);
    blob->cap = alloc_usable(blob) - sizeof *blob;
    return blob;
}

/* Room in the entry: what the allocator gave it beyond the key. */
static void view_embedded(struct entry_room *er)
{
    struct entry *e = er->found->entry;
    struct bytes small = entry_embedded(e);
    size_t at = (size_t)(small.data - (const char *)e);
    er->room.bytes = (unsigned char *)e + at;
    er->room.cap = bits_min(alloc_usable(e) - at, ENTRY_EMBED_MAX);
}

static void view_blob(struct entry_room *er)
{
    struct blob *blob = entry_blob(er->found->entry);
    er->room.bytes = (unsigned char *)blob->data;
    er->room.cap = blob->cap;
}

static int64_t expiry_of(const struct entry_room *er)
{
    return er->found->entry == NULL ? ENTRY_NO_EXPIRY : entry_expiry(er->found->entry);
}

/* Gives the key a value of these bytes, with memory for cap; the bytes may lie in the
 * entry that is replaced. */
static void move_embedded(struct entry_room *er, size_t cap)
{
    struct entry *old = er->found->entry;
    struct value value = {.type = old == NULL ? er->type : old->type,
                          .encoding = ENCODING_EMBEDDED,
                          .flags = old == NULL ? er->flags : old->flags & ENTRY_OF_VALUE,
                          .embedded = {(const char *)er->room.bytes, er->room.len}};
    bool from_blob = old != NULL && old->encoding == ENCODING_BLOB;
    struct value was = from_blob ? entry_value(old) : value;
    struct entry *e = entry_make_wide(er->key->name, value, expiry_of(er), cap);
    keyspace_replace(er->ks, er->db, er->key, er->found, e);
    if (from_blob)
        keyspace_free_value(er->ks, was);
    view_embedded(er);
}

static void move_blob(struct entry_room *er, size_t cap)
{
    struct entry *old = er->found->entry;
    struct blob *blob = make_blob(cap);
    blob->len = er->room.len;
    memcpy(blob->data, er->room.bytes, er->room.len);
    if (old != NULL && old->encoding == ENCODING_BLOB) {
        struct value was = entry_value(old);
        entry_set_word(old, (uint64_t)(uintptr_t)blob);
        keyspace_free_value(er->ks, was);
    } else {
        struct value value = {.type = old == NULL ? er->type : old->type,
                              .encoding = ENCODING_BLOB,
                              .flags = old == NULL ? er->flags : old->flags & ENTRY_OF_VALUE,
                              .word = (uint64_t)(uintptr_t)blob};
        struct entry *e = entry_make(er->key->name, value, expiry_of(er), NULL);
        keyspace_replace(er->ks, er->db, er->key, er->found, e);
    }
    view_blob(er);
}

static void fit(struct room *room, size_t len)
{
    struct entry_room *er = container_of(room, struct entry_room, room);
    if (len <= ENTRY_EMBED_MAX &&
        (er->found->entry == NULL || er->found->entry->encoding == ENCODING_EMBEDDED))
        move_embedded(er, len);
    else
        move_blob(er, len + len / 8); /* growing goes on, as a rule */
}

void entry_room_open(struct entry_room *er, struct keyspace *ks, struct db *db,
                     const struct key *key, struct found *found, uint8_t type, uint8_t flags,
                     struct bytes empty)
{
    er->ks = ks;
    er->db = db;
    er->key = key;
    er->found = found;
    er->type = type;
    er->flags = flags;
    er->room.fit = fit;
    struct entry *e = found->entry;
    if (e == NULL) {
        assert(empty.len <= sizeof er->first);
        memcpy(er->first, empty.data, empty.len);
        er->room.bytes = er->first;
        er->room.len = empty.len;
        er->room.cap = sizeof er->first;
    } else if (e->encoding == ENCODING_EMBEDDED) {
        er->room.len = entry_embedded_len(e);
        view_embedded(er);
    } else {
        assert(e->encoding == ENCODING_BLOB);
        er->room.len = entry_blob(e)->len;
        view_blob(er);
    }
}

void entry_room_close(struct entry_room *er)
{
    size_t len = er->room.len;
    if (er->found->entry == NULL) {
        move_embedded(er, len);
        return;
    }
    struct entry *e = er->found->entry;
    if (e->encoding == ENCODING_EMBEDDED) {
        entry_set_embedded_len(e, len);
        if (er->room.cap > len * 2 + SHRINK_SLACK)
            move_embedded(er, len);
        return;
    }
    entry_blob(e)->len = len;
    if (len <= ENTRY_EMBED_MAX / 2)
        move_embedded(er, len);
    else if (er->room.cap > len * 2 + SHRINK_SLACK)
        move_blob(er, len);
}
