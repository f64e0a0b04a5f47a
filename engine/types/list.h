/*
 * List: the large form of a list, a chain of nodes with many elements each.
 *
 *   list -> node <-> node <-> node       a node: a listpack, or one large element (a blob)
 *
 * A node holds as many elements as the limit allows, which every editor is told: the
 * setting list-max-listpack-size may change while the list lives, and nodes made before
 * stay as they are. An element too large for a node is a blob of its own, taken over from
 * the request and referred to by replies; such blobs are shared (blob_share()), so that a
 * list may be handed to another thread while replies still refer to them.
 *
 * Whole nodes are skipped by their counts: an element is found in O(nodes) from the nearer
 * end. Pushing and popping take O(bytes of a node) at most. Nodes that shrink are joined
 * with their neighbours. Source of the layout: the idea of an unrolled linked list.
 *
 * A cursor names an element, of a list or of a lone listpack (the small form). An edit
 * invalidates all cursors but the one it is given.
 */
#ifndef SHOAL_ENGINE_TYPES_LIST_H
#define SHOAL_ENGINE_TYPES_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/blob.h"
#include "base/bytes.h"
#include "engine/keyspace/object.h"
#include "engine/types/listpack.h"

struct list;
struct list_node;

extern const struct object_type list_object;

/* What a node, or a list in its small form, may hold. */
struct list_limit {
    size_t bytes; /* of the listpack */
    size_t count; /* elements */
};

/* The limit a value of list-max-listpack-size stands for: so many elements (and 8 KB), or
 * for -1 to -5 and below, 4, 8, 16, 32 and 64 KB. */
struct list_limit list_limit(int setting);

/* Half of it: below this, a list goes back to its small form. */
struct list_limit list_limit_half(struct list_limit limit);

static inline bool list_limit_allows(struct list_limit limit, size_t bytes, size_t count)
{
    return bytes <= limit.bytes && count <= limit.count;
}

/* Whether a text has to be a blob, being too large for a node. */
bool list_limit_is_large(struct list_limit limit, struct bytes text);

/* An element on its way into a list: a text, copied, or a blob, taken over. */
struct list_item {
    struct bytes text;
    struct blob *blob; /* NULL: text */
};

/* An element that is there; text and blob stay the list's. */
struct list_element {
    struct blob *blob; /* or NULL */
    bool is_int;
    int64_t integer;   /* if is_int */
    struct bytes text; /* otherwise; also of a blob */
};

struct list_cursor {
    struct list_node *node; /* NULL: of a lone listpack */
    const void *lp;         /* NULL: the node is a blob */
    uint32_t at;            /* position in lp; LISTPACK_NONE: there is no such element */
};

static inline bool list_cursor_ok(struct list_cursor cursor)
{
    return cursor.at != LISTPACK_NONE;
}

/* An empty list; the caller's, freed by list_free(). */
struct list *list_new(void);

/* A list of the elements of a listpack, which is copied; O(bytes). */
struct list *list_from(const void *lp);

void list_free(struct list *list);

/* Number of elements; O(1). */
size_t list_count(const struct list *list);

/* The listpack of a list that has one node within the limit; NULL otherwise. */
const void *list_small(const struct list *list, struct list_limit limit);

/* The element of that index, from 0, or from -1 at the end backwards. */
struct list_cursor list_seek(const struct list *list, int64_t index);

/* The same in a lone listpack. */
struct list_cursor list_seek_small(const void *lp, int64_t index);

/* Goes to the next element, or the one before. False: there was none. */
bool list_step(struct list_cursor *cursor, bool back);

struct list_element list_get(struct list_cursor cursor);

/* A text to be looked for, read as an integer but once. */
struct list_wanted {
    struct bytes text;
    bool is_int;
    int64_t integer;
};

struct list_wanted list_wanted(struct bytes text);

/* Whether the element is the wanted text. */
bool list_is(struct list_cursor cursor, const struct list_wanted *wanted);

/* Puts an element at an end. */
void list_push(struct list *list, struct list_limit limit, bool front, struct list_item item);

/* Puts an element before or after the one at the cursor, which becomes invalid. Full
 * nodes are split. */
void list_insert(struct list *list, struct list_limit limit, struct list_cursor cursor,
                 bool after, struct list_item item);

/* Puts another element in the place of the one at the cursor, which becomes invalid. */
void list_replace(struct list *list, struct list_limit limit, struct list_cursor cursor,
                  struct list_item item);

/* Removes the element at the cursor, which goes on to the next one, or the one before. */
void list_remove(struct list *list, struct list_limit limit, struct list_cursor *cursor,
                 bool back);

/* Removes so many elements, no more than there are, at an end. Where these are many nodes
 * they are not freed but returned, as a list of the caller's; NULL otherwise. O(nodes
 * removed), most of them only counted. */
struct list *list_drop(struct list *list, bool front, size_t count);

/* Asserts that the list is sound, every element looked at; for tests. */
void list_validate(const struct list *list);

#endif
