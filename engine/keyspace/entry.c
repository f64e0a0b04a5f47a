/* Entry: see entry.h. */
#include "engine/keyspace/entry.h"

#include "base/alloc.h"
#include "base/bits.h"

#define LONG_KEY_LEN UINT8_MAX

const char *const entry_type_names[TYPE_COUNT] = {
    [TYPE_STRING] = "string", [TYPE_LIST] = "list", [TYPE_SET] = "set",
    [TYPE_ZSET] = "zset",     [TYPE_HASH] = "hash", [TYPE_STREAM] = "stream",
};

static size_t size_for(struct bytes key, const struct value *value, int64_t expiry)
{
    size_t size = sizeof(struct entry) + (expiry == ENTRY_NO_EXPIRY ? 0 : 8) +
                  (key.len >= LONG_KEY_LEN ? 4 : 0) + key.len;
    return size + (value->encoding == ENCODING_EMBEDDED ? value->embedded.len : 8);
}

size_t entry_bytes(const struct entry *e)
{
    return alloc_usable(e);
}

/* Writes an entry into memory that is large enough. */
static void entry_write(struct entry *e, struct bytes key, const struct value *value,
                        int64_t expiry)
{
    e->type = value->type & 15;
    e->encoding = value->encoding & 3;
    e->flags = (expiry == ENTRY_NO_EXPIRY ? 0 : ENTRY_EXPIRES) |
               (key.len >= LONG_KEY_LEN ? ENTRY_LONG_KEY : 0) | (value->flags & ENTRY_OF_VALUE);
    e->key_len = (uint8_t)bits_min(key.len, LONG_KEY_LEN);
    e->embedded_len = 0;
    e->access = 0;
    char *p = e->body;
    if (expiry != ENTRY_NO_EXPIRY) {
        memcpy(p, &expiry, 8);
        p += 8;
    }
    if (value->encoding == ENCODING_EMBEDDED) {
        entry_set_embedded_len(e, value->embedded.len);
    } else {
        memcpy(p, &value->word, 8);
        p += 8;
    }
    if (key.len >= LONG_KEY_LEN) {
        uint32_t len = (uint32_t)key.len;
        memcpy(p, &len, 4);
        p += 4;
    }
    memcpy(p, key.data, key.len);
    if (value->encoding == ENCODING_EMBEDDED)
        memcpy(p + key.len, value->embedded.data, value->embedded.len);
}

struct entry *entry_make(struct bytes key, struct value value, int64_t expiry,
                         struct entry *reuse)
{
    size_t size = size_for(key, &value, expiry);
    struct entry *e = reuse;
    if (e != NULL) {
        size_t usable = alloc_usable(e);
        if (usable < size || usable > size * 2 + 64) {
            alloc_free(e);
            e = NULL;
        }
    }
    if (e == NULL)
        e = alloc_get(size);
    entry_write(e, key, &value, expiry);
    return e;
}

struct entry *entry_make_wide(struct bytes key, struct value value, int64_t expiry, size_t cap)
{
    assert(value.encoding == ENCODING_EMBEDDED && cap >= value.embedded.len);
    struct entry *e = alloc_get(size_for(key, &value, expiry) - value.embedded.len + cap);
    entry_write(e, key, &value, expiry);
    return e;
}

struct value entry_value(const struct entry *e)
{
    struct value value = {.type = e->type, .encoding = e->encoding,
                          .flags = e->flags & ENTRY_OF_VALUE};
    if (e->encoding == ENCODING_EMBEDDED)
        value.embedded = entry_embedded(e);
    else
        value.word = entry_word(e);
    return value;
}

struct entry *entry_set_expiry(struct entry *e, int64_t expiry)
{
    bool had = (e->flags & ENTRY_EXPIRES) != 0;
    if (had && expiry != ENTRY_NO_EXPIRY) {
        memcpy(e->body, &expiry, 8);
        return e;
    }
    if (had == (expiry != ENTRY_NO_EXPIRY))
        return e;
    struct entry *moved = entry_make(entry_key(e), entry_value(e), expiry, NULL);
    moved->access = e->access;
    alloc_free(e);
    return moved;
}

bool entry_embedded_grow(struct entry *e, size_t len)
{
    struct bytes old = entry_embedded(e);
    assert(len >= old.len && len <= ENTRY_EMBED_MAX);
    size_t at = (size_t)(old.data - (const char *)e);
    if (len > old.len && at + len > alloc_usable(e))
        return false;
    entry_set_embedded_len(e, len);
    return true;
}
