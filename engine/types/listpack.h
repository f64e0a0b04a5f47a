/*
 * Listpack: a sequence of strings and integers in one run of bytes.
 *
 *   total bytes u32 | elements u16 | element... | 0xFF        (little endian)
 *   element: encoding and data | length of these, backwards readable
 *
 * Source: the listpack specification (antirez, github.com/antirez/listpack), with the
 * encodings Redis writes: RDB files, DUMP and replication carry these bytes, so they
 * are the same here. An element that reads as a 64-bit integer in its one decimal
 * form is stored as that integer.
 *
 * An element is named by its position, an offset; LISTPACK_NONE is no element. An edit
 * invalidates all positions but those it returns. Readers take the bytes, editors the
 * room they live in. The listpack is trusted: bytes that came from outside go through
 * listpack_valid() first.
 */
#ifndef SHOAL_ENGINE_TYPES_LISTPACK_H
#define SHOAL_ENGINE_TYPES_LISTPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/number.h"
#include "base/room.h"

#define LISTPACK_NONE 0u
#define LISTPACK_HEADER 6 /* bytes before the first element */
#define LISTPACK_EMPTY_BYTES 7
#define LISTPACK_MAX ((size_t)1 << 30) /* bytes beyond which callers start another one */

/* An element as it is stored. */
struct listpack_value {
    bool is_int;
    int64_t integer;   /* if is_int */
    struct bytes text; /* otherwise; lies in the listpack */
};

/* The bytes of a listpack without elements. */
struct bytes listpack_empty(void);

/* Bytes of the whole listpack. */
static inline size_t listpack_bytes(const void *lp)
{
    uint32_t bytes;
    memcpy(&bytes, lp, 4);
    return bytes;
}

/* Number of elements; O(1) up to 65534, O(n) beyond. */
size_t listpack_count(const void *lp);

/* The first and the last element, and the neighbours of one; LISTPACK_NONE at the end. */
uint32_t listpack_first(const void *lp);
uint32_t listpack_last(const void *lp);
uint32_t listpack_next(const void *lp, uint32_t at);
uint32_t listpack_prev(const void *lp, uint32_t at);

/* The element of that index, from 0, or from -1 at the end backwards. O(n), from the
 * nearer end. */
uint32_t listpack_at(const void *lp, int64_t index);

struct listpack_value listpack_get(const void *lp, uint32_t at);

/* The element as text; scratch (NUMBER_I64_MAX bytes) is used for integers. */
struct bytes listpack_text(const void *lp, uint32_t at, char *scratch);

/* Whether the element is this text. */
bool listpack_is(const void *lp, uint32_t at, struct bytes text);

/* The first element from `at` on that is this text, looking at one of every skip + 1
 * elements (skip = 1: the fields of field, value, field...). */
uint32_t listpack_find(const void *lp, uint32_t at, struct bytes text, unsigned skip);

/* Bytes that an element of this text takes. */
size_t listpack_size_of(struct bytes text);

/* Puts an element before another one (LISTPACK_NONE: at the end); its position. The
 * text must not lie in the room. */
uint32_t listpack_insert(struct room *room, uint32_t before, struct bytes text);
uint32_t listpack_append(struct room *room, struct bytes text);
uint32_t listpack_append_int(struct room *room, int64_t integer);
uint32_t listpack_prepend(struct room *room, struct bytes text);

/* Puts another text in the place of an element; its position. */
uint32_t listpack_replace(struct room *room, uint32_t at, struct bytes text);
uint32_t listpack_replace_int(struct room *room, uint32_t at, int64_t integer);

/* Removes so many elements from this one on (there may be fewer); the position of what
 * follows them. */
uint32_t listpack_remove(struct room *room, uint32_t at, size_t elements);

/* Appends the elements of another listpack from one position on. */
void listpack_append_from(struct room *room, const void *lp, uint32_t at);

/* Makes the room an empty listpack. */
void listpack_reset(struct room *room);

/* Whether `bytes` is a listpack, every element looked at; for data from outside.
 * *count receives the number of elements (may be NULL). */
bool listpack_valid(struct bytes bytes, size_t *count);

#endif
