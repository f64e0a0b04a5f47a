/*
 * Entry: a key and its value in one allocation.
 *
 *   header 8 | expiry 8, if any | value word 8, unless the value is embedded
 *            | length 4 of a long key, if long | key | embedded bytes
 *
 * Strings up to ENTRY_EMBED_MAX bytes are embedded, 64-bit integers sit in the
 * value word, longer strings in a blob the value word points to. Other types have a
 * small form, a listpack or intset kept like a string, and a large one, an object of
 * their own (object.h). The value word holds nothing shared with another entry.
 *
 * An entry belongs to the shard of its slot. Functions that may move it return
 * the new address; the caller puts that into the table.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_ENTRY_H
#define SHOAL_ENGINE_KEYSPACE_ENTRY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/blob.h"
#include "base/bytes.h"
#include "base/number.h"

#define ENTRY_EMBED_MAX 2048
#define ENTRY_NO_EXPIRY INT64_C(-1)

enum value_type {
    TYPE_STRING,
    TYPE_LIST,
    TYPE_SET,
    TYPE_ZSET,
    TYPE_HASH,
    TYPE_STREAM,
    TYPE_COUNT,
};

enum value_encoding {
    ENCODING_EMBEDDED, /* string or small form of another type, inside the entry */
    ENCODING_INT,      /* string, a number in the value word */
    ENCODING_BLOB,     /* string or small form, in a blob */
    ENCODING_OBJECT,   /* large form of a type other than string */
};

/* "string", "list"...: what TYPE answers and SCAN TYPE takes. */
extern const char *const entry_type_names[TYPE_COUNT];

#define ENTRY_EXPIRES  1u /* has an expiry */
#define ENTRY_LONG_KEY 2u /* key of 255 bytes or more */
#define ENTRY_VARIANT  4u /* stays with the value; what it means depends on the type: */
#define ENTRY_EDITED   ENTRY_VARIANT /* string changed in place: OBJECT ENCODING says raw */
#define ENTRY_INTSET   ENTRY_VARIANT /* small form of a set: an intset, no listpack */
#define ENTRY_TIMED    8u /* stays with the value: parts of it expire by themselves (object.h) */
#define ENTRY_OF_VALUE (ENTRY_VARIANT | ENTRY_TIMED)

struct entry {
    uint32_t type : 4;
    uint32_t encoding : 2;
    uint32_t flags : 6;
    uint32_t key_len : 8;       /* 255: see ENTRY_LONG_KEY */
    uint32_t embedded_len : 12; /* of an embedded value: up to ENTRY_EMBED_MAX */
    uint32_t access; /* its last use: see access.h */
    char body[];
};

static inline size_t entry_value_at(const struct entry *e)
{
    return e->flags & ENTRY_EXPIRES ? 8 : 0;
}

static inline size_t entry_key_at(const struct entry *e)
{
    size_t at = entry_value_at(e) + (e->encoding == ENCODING_EMBEDDED ? 0 : 8);
    return at + (e->flags & ENTRY_LONG_KEY ? 4 : 0);
}

static inline struct bytes entry_key(const struct entry *e)
{
    size_t at = entry_key_at(e), len = e->key_len;
    if (__builtin_expect(e->flags & ENTRY_LONG_KEY, 0)) {
        uint32_t wide;
        memcpy(&wide, e->body + at - 4, 4);
        len = wide;
    }
    return (struct bytes){e->body + at, len};
}

/* When the key expires, ms since 1970, or ENTRY_NO_EXPIRY. */
static inline int64_t entry_expiry(const struct entry *e)
{
    int64_t at = ENTRY_NO_EXPIRY;
    if (e->flags & ENTRY_EXPIRES)
        memcpy(&at, e->body, 8);
    return at;
}

static inline uint64_t entry_word(const struct entry *e)
{
    uint64_t word;
    assert(e->encoding != ENCODING_EMBEDDED);
    memcpy(&word, e->body + entry_value_at(e), 8);
    return word;
}

static inline void entry_set_word(struct entry *e, uint64_t word)
{
    memcpy(e->body + entry_value_at(e), &word, 8);
}

static inline int64_t entry_int(const struct entry *e)
{
    return (int64_t)entry_word(e);
}

static inline struct blob *entry_blob(const struct entry *e)
{
    return (struct blob *)(uintptr_t)entry_word(e);
}

static inline void *entry_object(const struct entry *e)
{
    return (void *)(uintptr_t)entry_word(e);
}

static inline uint32_t entry_embedded_len(const struct entry *e)
{
    return e->embedded_len;
}

static inline struct bytes entry_embedded(const struct entry *e)
{
    struct bytes key = entry_key(e);
    return (struct bytes){key.data + key.len, entry_embedded_len(e)};
}

/* The bytes of a string value; scratch (NUMBER_I64_MAX bytes) is used for integers. */
static inline struct bytes entry_string(const struct entry *e, char *scratch)
{
    if (e->encoding == ENCODING_EMBEDDED)
        return entry_embedded(e);
    if (e->encoding == ENCODING_INT)
        return (struct bytes){scratch, number_format_i64(scratch, entry_int(e))};
    const struct blob *blob = entry_blob(e);
    return (struct bytes){blob->data, blob->len};
}

/* Length of a string value. */
static inline size_t entry_string_len(const struct entry *e)
{
    char scratch[NUMBER_I64_MAX];
    return entry_string(e, scratch).len;
}

/* What a value is made of, before it has an entry; at most one owner. */
struct value {
    uint8_t type, encoding, flags; /* flags: ENTRY_OF_VALUE */
    struct bytes embedded;         /* ENCODING_EMBEDDED: copied into the entry */
    uint64_t word;                 /* otherwise */
};

/* An entry with this key, value and expiry (or ENTRY_NO_EXPIRY). Takes over what
 * value.word points to. `reuse` may be an entry of the same key whose memory is
 * used again if it fits (its old value must have been dropped); it is freed
 * otherwise. Key and embedded value must not lie in `reuse`. */
struct entry *entry_make(struct bytes key, struct value value, int64_t expiry,
                         struct entry *reuse);

/* As entry_make(), in memory of its own, with room for `cap` bytes of the embedded
 * value; the value may lie anywhere. */
struct entry *entry_make_wide(struct bytes key, struct value value, int64_t expiry, size_t cap);

/* The value of an entry, viewed: the embedded bytes stay in the entry, the word
 * stays the entry's unless the caller forgets it there. */
struct value entry_value(const struct entry *e);

/* The entry with another expiry, at the same or a new address. */
struct entry *entry_set_expiry(struct entry *e, int64_t expiry);

/* Sets the length of the embedded value, which has to fit the entry's memory. */
static inline void entry_set_embedded_len(struct entry *e, size_t len)
{
    assert(len <= ENTRY_EMBED_MAX);
    e->embedded_len = len & 0xfff;
}

/* Makes the embedded string of an entry `len` bytes long, no shorter than it is, if
 * the memory of the entry allows it; the new bytes are not initialised. */
bool entry_embedded_grow(struct entry *e, size_t len);

/* Bytes allocated for the entry itself. */
size_t entry_bytes(const struct entry *e);

#endif
