/*
 * Hash item: a field and its value in one allocation, an element of a large hash.
 *
 *   length of the field | field | length of the value | value
 *
 * A length is one byte below 255, otherwise 255 and eight bytes. So a field of 6 bytes
 * with a value of 16 fits a block of 32.
 *
 * A field that expires has the long form of its length always, with the uppermost bit of
 * the eight bytes set: then they hold the time, ms since 1970, above 16 bits of length;
 * where these are all ones, eight bytes with the length follow. An item without an expiry
 * thus has no byte for it.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_ITEM_H
#define SHOAL_ENGINE_TYPES_HASH_ITEM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/bytes.h"
#include "engine/keyspace/entry.h"

#define HASH_ITEM_WIDE 255 /* first byte of a long length */
#define HASH_ITEM_EXPIRES (UINT64_C(1) << 63)
#define HASH_ITEM_LEN_BITS 16
#define HASH_ITEM_LEN_MAX ((UINT64_C(1) << HASH_ITEM_LEN_BITS) - 1)
#define HASH_ITEM_EXPIRY_MAX ((INT64_C(1) << (63 - HASH_ITEM_LEN_BITS)) - 1)

static inline size_t hash_item_len_bytes(size_t len)
{
    return len < HASH_ITEM_WIDE ? 1 : 9;
}

static inline uint64_t hash_item_wide(const char *p)
{
    uint64_t wide;
    memcpy(&wide, p, 8);
    return wide;
}

/* The text whose length is at p. */
static inline struct bytes hash_item_text(const char *p)
{
    size_t len = (unsigned char)*p++;
    if (__builtin_expect(len == HASH_ITEM_WIDE, 0)) {
        uint64_t wide = hash_item_wide(p);
        p += 8;
        len = wide;
        if (wide & HASH_ITEM_EXPIRES) {
            len = wide & HASH_ITEM_LEN_MAX;
            if (len == HASH_ITEM_LEN_MAX) {
                len = hash_item_wide(p);
                p += 8;
            }
        }
    }
    return (struct bytes){p, len};
}

static inline struct bytes hash_item_field(const void *item)
{
    return hash_item_text(item);
}

static inline struct bytes hash_item_value(const void *item)
{
    struct bytes field = hash_item_field(item);
    return hash_item_text(field.data + field.len);
}

/* When the field expires, ms since 1970, or ENTRY_NO_EXPIRY. */
static inline int64_t hash_item_expiry(const void *item)
{
    const char *p = item;
    if (likely((unsigned char)*p != HASH_ITEM_WIDE))
        return ENTRY_NO_EXPIRY;
    uint64_t wide = hash_item_wide(p + 1);
    if (!(wide & HASH_ITEM_EXPIRES))
        return ENTRY_NO_EXPIRY;
    return (int64_t)((wide & ~HASH_ITEM_EXPIRES) >> HASH_ITEM_LEN_BITS);
}

/* Bytes an item needs; lengths are below 2^62. */
static inline size_t hash_item_size(size_t field_len, size_t value_len, int64_t expiry)
{
    size_t head = expiry == ENTRY_NO_EXPIRY        ? hash_item_len_bytes(field_len)
                  : field_len < HASH_ITEM_LEN_MAX ? 9
                                                  : 17;
    return head + field_len + hash_item_len_bytes(value_len) + value_len;
}

/* Writes a text after its length, which is written already; returns what follows it. */
static inline char *hash_item_write_text(char *p, struct bytes text)
{
    if (text.len > 0)
        memcpy(p, text.data, text.len);
    return p + text.len;
}

static inline char *hash_item_write_wide(char *p, uint64_t wide)
{
    memcpy(p, &wide, 8);
    return p + 8;
}

/* Writes a text with its length; returns what follows it. */
static inline char *hash_item_write(char *p, struct bytes text)
{
    if (text.len < HASH_ITEM_WIDE) {
        *p++ = (char)(unsigned char)text.len;
    } else {
        *p++ = (char)HASH_ITEM_WIDE;
        p = hash_item_write_wide(p, text.len);
    }
    return hash_item_write_text(p, text);
}

/* The eight bytes of a field that expires. */
static inline uint64_t hash_item_timed(size_t field_len, int64_t expiry)
{
    assert(expiry >= 0 && expiry <= HASH_ITEM_EXPIRY_MAX);
    return HASH_ITEM_EXPIRES | (uint64_t)expiry << HASH_ITEM_LEN_BITS |
           bits_min(field_len, HASH_ITEM_LEN_MAX);
}

static inline char *hash_item_write_field(char *p, struct bytes field, int64_t expiry)
{
    if (expiry == ENTRY_NO_EXPIRY)
        return hash_item_write(p, field);
    *p++ = (char)HASH_ITEM_WIDE;
    p = hash_item_write_wide(p, hash_item_timed(field.len, expiry));
    if (field.len >= HASH_ITEM_LEN_MAX)
        p = hash_item_write_wide(p, field.len);
    return hash_item_write_text(p, field);
}

/* A new item with that expiry, or ENTRY_NO_EXPIRY; NULL without memory. */
static inline void *hash_item_try(struct bytes field, struct bytes value, int64_t expiry)
{
    char *item = alloc_try(hash_item_size(field.len, value.len, expiry));
    if (item != NULL)
        hash_item_write(hash_item_write_field(item, field, expiry), value);
    return item;
}

/* Another expiry for an item that has one. */
static inline void hash_item_set_expiry(void *item, int64_t expiry)
{
    char *p = item;
    assert(hash_item_expiry(item) != ENTRY_NO_EXPIRY);
    hash_item_write_wide(p + 1, hash_item_timed(hash_item_wide(p + 1) & HASH_ITEM_LEN_MAX, expiry));
}

/* Gives an item another value in its own memory; false: it does not fit there, or would
 * waste more than half of it. */
static inline bool hash_item_update(void *item, struct bytes value)
{
    struct bytes field = hash_item_field(item);
    size_t at = (size_t)(field.data - (const char *)item) + field.len;
    size_t size = at + hash_item_len_bytes(value.len) + value.len, usable = alloc_usable(item);
    if (size > usable || usable > size * 2 + 64)
        return false;
    hash_item_write((char *)item + at, value);
    return true;
}

#endif
