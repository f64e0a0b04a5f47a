/*
 * Hash item: a field and its value in one allocation, an element of a large hash.
 *
 *   length of the field | field | length of the value | value
 *
 * A length is one byte below 255, otherwise 255 and eight bytes. So a field of 6 bytes
 * with a value of 16 fits a block of 32.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_ITEM_H
#define SHOAL_ENGINE_TYPES_HASH_ITEM_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"

#define HASH_ITEM_WIDE 255 /* first byte of a long length */

static inline size_t hash_item_len_bytes(size_t len)
{
    return len < HASH_ITEM_WIDE ? 1 : 9;
}

/* The text whose length is at p. */
static inline struct bytes hash_item_text(const char *p)
{
    size_t len = (unsigned char)*p++;
    if (__builtin_expect(len == HASH_ITEM_WIDE, 0)) {
        uint64_t wide;
        memcpy(&wide, p, 8);
        p += 8;
        len = wide;
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

/* Bytes an item needs; lengths are below 2^62. */
static inline size_t hash_item_size(size_t field_len, size_t value_len)
{
    return hash_item_len_bytes(field_len) + field_len + hash_item_len_bytes(value_len) + value_len;
}

/* Writes a text with its length; returns what follows it. */
static inline char *hash_item_write(char *p, struct bytes text)
{
    if (text.len < HASH_ITEM_WIDE) {
        *p++ = (char)(unsigned char)text.len;
    } else {
        uint64_t wide = text.len;
        *p++ = (char)HASH_ITEM_WIDE;
        memcpy(p, &wide, 8);
        p += 8;
    }
    if (text.len > 0)
        memcpy(p, text.data, text.len);
    return p + text.len;
}

/* A new item; NULL without memory. */
static inline void *hash_item_try(struct bytes field, struct bytes value)
{
    char *item = alloc_try(hash_item_size(field.len, value.len));
    if (item != NULL)
        hash_item_write(hash_item_write(item, field), value);
    return item;
}

/* Gives an item another value in its own memory; false: it does not fit there, or would
 * waste more than half of it. */
static inline bool hash_item_update(void *item, struct bytes value)
{
    struct bytes field = hash_item_field(item);
    size_t size = hash_item_size(field.len, value.len), usable = alloc_usable(item);
    if (size > usable || usable > size * 2 + 64)
        return false;
    hash_item_write((char *)item + (field.data - (const char *)item) + field.len, value);
    return true;
}

#endif
