/*
 * Large sorted set: a table from member to element and a B+tree of the elements in
 * order. Each element is in both. See zset.h, through which users reach it.
 */
#ifndef SHOAL_ENGINE_TYPES_ZSET_LARGE_H
#define SHOAL_ENGINE_TYPES_ZSET_LARGE_H

#include "base/hash.h"
#include "engine/keyspace/table.h"
#include "engine/types/btree.h"

struct zset {
    uint64_t seed; /* of the members' hashes */
    struct table table;
    struct btree tree;
};

struct zset *zset_large_new(uint64_t seed);

/* Frees the set and its elements at once. */
void zset_large_free(struct zset *set);

static inline uint64_t zset_large_hash(const struct zset *set, struct bytes member)
{
    return hash_bytes(member.data, member.len, set->seed);
}

/* The element of a member, or NULL. hash: zset_large_hash(). */
struct zset_element *zset_large_find(const struct zset *set, struct bytes member, uint64_t hash);

/* Makes an element of a member that is not there and puts it into the table only; the
 * tree is the caller's. */
struct zset_element *zset_large_enter(struct zset *set, struct bytes member, uint64_t hash,
                                      double score);

/* Takes an element out of the table, without freeing it. */
void zset_large_leave(struct zset *set, struct zset_element *element);

/* Removes the elements of ranks [first, past) and frees them. */
void zset_large_remove(struct zset *set, size_t first, size_t past);

/* Aborts if an invariant is broken. O(n). */
void zset_large_validate(const struct zset *set);

#endif
