/*
 * B+tree: the elements of a large sorted set in order of (score, member bytes), counted,
 * so that the rank of an element and the element of a rank cost O(log n).
 *
 * Elements are in the leaves, each in one word: its address and a hint of 16 bits, where
 * its score lies between those of the leaf, so that most comparisons in a leaf touch no
 * element. An inner node has for each child the number of elements below it and its first
 * element with its score. Leaves are chained both ways.
 *
 * A full leaf gives elements to a neighbour under the same parent that has room, and is
 * split otherwise; a leaf that is filled at the end of the tree is left full, so that a
 * set built in order is dense. Two neighbours under one parent that would fill three
 * quarters of a node are made one when something is removed from either.
 * Source: Bayer and McCreight, "Organization and Maintenance of Large Ordered Indexes"
 * (1972); redistribution as in Knuth's B*-tree (TAOCP vol. 3, 6.2.4).
 *
 * The tree does not own its elements. Belongs to the shard that owns the set.
 */
#ifndef SHOAL_ENGINE_TYPES_BTREE_H
#define SHOAL_ENGINE_TYPES_BTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* A member and its score, one allocation. */
struct zset_element {
    double score;
    uint32_t len;
    char bytes[];
};

static inline struct bytes zset_element_member(const struct zset_element *e)
{
    return (struct bytes){e->bytes, e->len};
}

/* Zero-initialised is an empty tree. */
struct btree {
    void *root;      /* a leaf if height is 0, else an inner node; NULL: empty */
    uint32_t height; /* levels of inner nodes */
    size_t count;    /* elements */
    size_t bytes;    /* allocated for nodes */
};

struct btree_leaf;

/* A place in the tree: void once the tree changes. leaf is NULL at no element. */
struct btree_place {
    const struct btree_leaf *leaf;
    uint32_t index;
};

/* What btree_seek() looks for: the first element that is not before the probe. */
enum btree_probe_kind {
    BTREE_SCORE,   /* before it: lower scores; `past`: equal ones too */
    BTREE_ELEMENT, /* before it: lower (score, member); `past`: the equal one too */
    BTREE_MEMBER,  /* before it: lower members, whatever the scores; `past`: the equal one too */
};

struct btree_probe {
    enum btree_probe_kind kind;
    bool past;
    double score;
    struct bytes member;
};

/* Whether a member with this score comes before the probe. */
static inline bool btree_is_before(double score, struct bytes member,
                                   const struct btree_probe *probe)
{
    if (probe->kind != BTREE_MEMBER && score != probe->score)
        return score < probe->score;
    if (probe->kind == BTREE_SCORE)
        return probe->past;
    int order = bytes_compare(member, probe->member);
    return order < 0 || (order == 0 && probe->past);
}

/* The number of elements before the probe, from 0 to count. O(log n). */
size_t btree_seek(const struct btree *tree, const struct btree_probe *probe);

/* Adds an element that is not in the tree. O(log n). */
void btree_add(struct btree *tree, struct zset_element *element);

/* Adds an element that comes after all of the tree. O(log n), no comparisons. */
void btree_append(struct btree *tree, struct zset_element *element);

/* Rank of an element that is in the tree, from 0. O(log n). */
size_t btree_rank(const struct btree *tree, const struct zset_element *element);

/* Gives an element that is in the tree another score, and its place. O(log n). */
void btree_move(struct btree *tree, struct zset_element *element, double score);

/* Takes the elements of ranks [first, past) out, calling visit (may be NULL) for each in
 * order, which may free it. O(log n + removed). */
void btree_remove(struct btree *tree, size_t first, size_t past,
                  void (*visit)(void *ctx, struct zset_element *element), void *ctx);

/* The place of a rank; at no element if there is none. O(log n). */
struct btree_place btree_at(const struct btree *tree, size_t rank);

/* To the neighbour in order, at no element at the ends. O(1). */
void btree_next(struct btree_place *place);
void btree_prev(struct btree_place *place);

struct zset_element *btree_get(struct btree_place place);

/* Frees about so many nodes, whose elements are not touched and may be gone. True once
 * all are freed; until then only this may be called on the tree. */
bool btree_free_some(struct btree *tree, size_t nodes);

/* Aborts if an invariant of the tree is broken. O(n). */
void btree_validate(const struct btree *tree);

#endif
