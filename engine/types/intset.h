/*
 * Intset: a set of integers, sorted, in one run of bytes.
 *
 *   bytes of an integer u32: 2, 4 or 8 | count u32 | integers   (little endian)
 *
 * All are as wide as the widest needs; the width never shrinks. The bytes are those of
 * Redis, since RDB files and DUMP carry them. Readers take the bytes, editors the room
 * they live in.
 */
#ifndef SHOAL_ENGINE_TYPES_INTSET_H
#define SHOAL_ENGINE_TYPES_INTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/room.h"

/* The bytes of an intset without members. */
struct bytes intset_empty(void);

size_t intset_count(const void *intset);

/* The member of that rank, below the count. */
int64_t intset_at(const void *intset, size_t rank);

/* Whether it is a member; O(log n). *rank receives where it is or would be (may be NULL). */
bool intset_find(const void *intset, int64_t value, size_t *rank);

/* Adds or removes; whether that changed anything. O(n). */
bool intset_add(struct room *room, int64_t value);
bool intset_remove(struct room *room, int64_t value);

/* Whether `bytes` is an intset: for data from outside. */
bool intset_valid(struct bytes bytes);

#endif
