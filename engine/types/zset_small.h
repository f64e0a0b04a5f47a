/*
 * Small sorted set: a listpack of member, score, member, score... in order. A member is
 * named by its position in the listpack; its score follows. See zset.h, through which
 * users reach it. All of it is O(n).
 */
#ifndef SHOAL_ENGINE_TYPES_ZSET_SMALL_H
#define SHOAL_ENGINE_TYPES_ZSET_SMALL_H

#include "engine/types/btree.h"
#include "engine/types/listpack.h"

static inline size_t zset_small_count(const void *lp)
{
    return listpack_count(lp) / 2;
}

/* Position of a member, or LISTPACK_NONE. */
static inline uint32_t zset_small_find(const void *lp, struct bytes member)
{
    return listpack_find(lp, listpack_first(lp), member, 1);
}

/* The neighbours of a member; LISTPACK_NONE at the ends. */
uint32_t zset_small_next(const void *lp, uint32_t at);
uint32_t zset_small_prev(const void *lp, uint32_t at);

/* Score of the member at a position. */
double zset_small_score(const void *lp, uint32_t at);

/* Members before the probe; *at (may be NULL) is the first that is not. */
size_t zset_small_seek(const void *lp, const struct btree_probe *probe, uint32_t *at);

/* Rank of the member at a position. */
size_t zset_small_rank(const void *lp, uint32_t at);

/* Adds a member that is not there, in its place. The member must not lie in the room. */
void zset_small_add(struct room *room, struct bytes member, double score);

/* Adds a member that comes after all others. */
void zset_small_append(struct room *room, struct bytes member, double score);

/* Gives the member at a position, whose name this is, another score and its place. */
void zset_small_move(struct room *room, uint32_t at, struct bytes member, double score);

/* Removes the members of ranks [first, past). */
void zset_small_remove(struct room *room, size_t first, size_t past);

/* Aborts if it is not pairs in order. */
void zset_small_validate(struct bytes small);

#endif
