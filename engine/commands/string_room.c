/* String room: see string_room.h. */
#include "engine/commands/string_room.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"

#define SPARE_MAX  (64 * 1024 * 1024) /* room to spare never exceeds this */
#define ZERO_LARGE (128 * 1024)       /* from here on, zeroes come from the allocator */

/* Sets the bytes of [from, to) to zero; nothing if that is empty. */
static void zero_range(char *data, size_t from, size_t to)
{
    if (from < to)
        memset(data + from, 0, to - from);
}

/* A blob of `len` bytes with room for `cap`, zero from `from` to `to`. */
static struct blob *blob_with_zeroes(size_t len, size_t cap, size_t from, size_t to)
{
    if (to <= from || to - from < ZERO_LARGE) {
        struct blob *blob = blob_try(len, cap);
        if (blob != NULL)
            zero_range(blob->data, from, to);
        return blob;
    }
    if (cap > SIZE_MAX - sizeof(struct blob))
        return NULL;
    /* Fresh pages are zero already: nothing has to be written. */
    struct blob *blob = alloc_try_zeroed(sizeof *blob + cap);
    if (blob != NULL) {
        blob->refs = 1;
        blob->len = len;
        blob->cap = cap;
    }
    return blob;
}

/* The string in a blob of its own, with room to spare if it is growing. */
static char *room_in_new_blob(struct op *op, const struct key *key, struct found *found,
                              struct bytes old, size_t len, size_t zero_to)
{
    size_t cap = len;
    if (old.len > 0 && len > old.len)
        cap = alloc_good_size(sizeof(struct blob) + len + bits_min(len / 2, SPARE_MAX)) -
              sizeof(struct blob);
    struct blob *blob = blob_with_zeroes(len, cap, old.len, zero_to);
    if (blob == NULL && cap > len)
        blob = blob_with_zeroes(len, len, old.len, zero_to);
    if (blob == NULL) {
        op_error_memory(op);
        return NULL;
    }
    if (old.len > 0)
        memcpy(blob->data, old.data, old.len);
    struct value value = {.type = TYPE_STRING,
                          .encoding = ENCODING_BLOB,
                          .flags = ENTRY_EDITED,
                          .word = (uint64_t)(uintptr_t)blob};
    int64_t expiry = found->entry == NULL ? ENTRY_NO_EXPIRY : entry_expiry(found->entry);
    keyspace_put(op->ks, op->db, key, found, value, expiry);
    return blob->data;
}

/* The string inside an entry that is made anew. */
static char *room_in_new_entry(struct op *op, const struct key *key, struct found *found,
                               struct bytes old, size_t len, size_t zero_to)
{
    char bytes[ENTRY_EMBED_MAX];
    if (old.len > 0)
        memcpy(bytes, old.data, old.len);
    zero_range(bytes, old.len, len); /* all of it: no stack bytes get into a value */
    struct value value = {.type = TYPE_STRING,
                          .encoding = ENCODING_EMBEDDED,
                          .flags = ENTRY_EDITED,
                          .embedded = {bytes, len}};
    int64_t expiry = found->entry == NULL ? ENTRY_NO_EXPIRY : entry_expiry(found->entry);
    struct entry *e = keyspace_put(op->ks, op->db, key, found, value, expiry);
    return (char *)entry_embedded(e).data;
}

char *string_room(struct op *op, const struct key *key, struct found *found, size_t len,
                  size_t zero_to)
{
    struct entry *e = found->entry;
    char scratch[NUMBER_I64_MAX];
    struct bytes old = {NULL, 0};
    assert(e == NULL || e->type == TYPE_STRING);
    if (e != NULL)
        old = entry_string(e, scratch);
    len = bits_max(len, old.len);
    zero_to = bits_min(len, zero_to);
    if (e != NULL && e->encoding == ENCODING_BLOB) {
        struct blob *blob = entry_blob(e);
        if (!blob_sole(blob) || blob->cap < len)
            return room_in_new_blob(op, key, found, old, len, zero_to);
        blob->len = len;
        e->flags |= ENTRY_EDITED;
        zero_range(blob->data, old.len, zero_to);
        return blob->data;
    }
    if (len > ENTRY_EMBED_MAX)
        return room_in_new_blob(op, key, found, old, len, zero_to);
    if (e == NULL || e->encoding != ENCODING_EMBEDDED || !entry_embedded_grow(e, len))
        return room_in_new_entry(op, key, found, old, len, zero_to);
    e->flags |= ENTRY_EDITED;
    char *data = (char *)entry_embedded(e).data;
    zero_range(data, old.len, zero_to);
    return data;
}

void string_room_cut(struct entry *e, size_t len)
{
    assert(len <= entry_string_len(e) && e->encoding != ENCODING_INT);
    if (e->encoding == ENCODING_EMBEDDED) {
        entry_set_embedded_len(e, len);
        return;
    }
    struct blob *blob = entry_blob(e);
    assert(blob_sole(blob));
    blob->len = len;
}

bool string_room_allowed(struct op *op, size_t size, size_t more)
{
    size_t total;
    if (!__builtin_add_overflow(size, more, &total) && total <= op->limits->bulk_max)
        return true;
    reply_error(op->reply, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return false;
}
