/*
 * Stream index: a B+tree from stream ids to pointers, for the nodes of a stream and for the
 * entries that a group or a consumer has not acknowledged.
 *
 * Leaves hold ids and pointers and are chained both ways. An inner node has for each child
 * an id that is not above any of the child's and above all of those before it. A leaf that
 * is full is split in two, but one that is filled at its end stays full and a new one is
 * begun, so that an index built in order is dense. Neighbours that would fill three quarters
 * of a node are made one. A tree of one leaf grows with its contents, from one place on.
 * Source: Bayer and McCreight, "Organization and Maintenance of Large Ordered Indexes" (1972).
 *
 * The index does not own what it points to, which is never NULL.
 */
#ifndef SHOAL_ENGINE_TYPES_STREAM_INDEX_H
#define SHOAL_ENGINE_TYPES_STREAM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types/stream_id.h"

struct stream_index_item {
    struct stream_id id;
    void *value; /* in an inner node: the child */
};

struct stream_index_node {
    struct stream_index_node *prev, *next; /* of leaves */
    uint32_t count, cap;
    struct stream_index_item items[];
};

/* Zero-initialised is an empty index. */
struct stream_index {
    struct stream_index_node *root, *first, *last; /* NULL: empty; first and last leaf */
    uint32_t height; /* levels of inner nodes */
    size_t count;    /* items */
    size_t bytes;    /* allocated for nodes */
};

/* A place in the index: void once it changes. leaf is NULL at no item. */
struct stream_index_place {
    struct stream_index_node *leaf;
    uint32_t at;
};

/* The first and the last item. O(1). */
struct stream_index_place stream_index_first(const struct stream_index *index);
struct stream_index_place stream_index_last(const struct stream_index *index);

/* The last item with an id up to this one, the first with this one or above. O(log n). */
struct stream_index_place stream_index_at_most(const struct stream_index *index,
                                               struct stream_id id);
struct stream_index_place stream_index_at_least(const struct stream_index *index,
                                                struct stream_id id);

/* To the neighbour in order, at no item at the ends. O(1). */
void stream_index_next(struct stream_index_place *place);
void stream_index_prev(struct stream_index_place *place);

static inline struct stream_id stream_index_id(struct stream_index_place place)
{
    return place.leaf->items[place.at].id;
}

static inline void *stream_index_value(struct stream_index_place place)
{
    return place.leaf->items[place.at].value;
}

/* Puts another pointer in the place of one. */
static inline void stream_index_replace(struct stream_index_place place, void *value)
{
    place.leaf->items[place.at].value = value;
}

/* The pointer of an id, or NULL. O(log n). */
void *stream_index_find(const struct stream_index *index, struct stream_id id);

/* Adds an item; false: the id is there already, nothing was done. O(log n). */
bool stream_index_add(struct stream_index *index, struct stream_id id, void *value);

/* Takes an item out: its pointer, or NULL if it is not there. O(log n). */
void *stream_index_remove(struct stream_index *index, struct stream_id id);

/* Takes out *items items at most, lessening it by as many, and calls visit (may be NULL) for
 * each, which may free it. True once all are gone; until then only this may be called. */
bool stream_index_free_some(struct stream_index *index, size_t *items, void (*visit)(void *value));

/* Aborts if an invariant is broken. O(n). */
void stream_index_validate(const struct stream_index *index);

#endif
