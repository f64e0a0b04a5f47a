/* List: see list.h. */
#include "engine/types/list.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"

#define COUNTED_BYTES (8 * 1024) /* of a node whose limit is a number of elements */
#define BYTES_FIRST   (4 * 1024) /* the limit -1; each further one is twice as large */
#define BYTES_LAST    (-5)
#define SHRINK_SLACK  64 /* bytes a node may waste beyond half of its memory */
#define FREED_AT_ONCE 32 /* nodes that list_drop() frees itself */
#define BLOB_AT 1u       /* position of the element of a blob node: any but NONE */

struct list_node {
    struct list_node *prev, *next;
    union {
        unsigned char *lp; /* a heap block */
        struct blob *blob;
    };
    uint32_t count; /* elements, 1 at least */
    bool is_blob;
};

struct list {
    struct list_node *first, *last;
    size_t count; /* elements of all nodes */
    size_t nodes;
};

struct list_limit list_limit(int setting)
{
    if (setting >= 0)
        return (struct list_limit){COUNTED_BYTES, bits_max((size_t)setting, 1)};
    if (setting < BYTES_LAST)
        setting = BYTES_LAST;
    return (struct list_limit){(size_t)BYTES_FIRST << (-setting - 1), SIZE_MAX};
}

struct list_limit list_limit_half(struct list_limit limit)
{
    return (struct list_limit){limit.bytes / 2,
                               limit.count == SIZE_MAX ? SIZE_MAX : limit.count / 2};
}

bool list_limit_is_large(struct list_limit limit, struct bytes text)
{
    /* The encoding is looked at only where it matters: it is at most 10 bytes. */
    if (likely(text.len + LISTPACK_EMPTY_BYTES + 10 <= limit.bytes))
        return false;
    return text.len >= limit.bytes ||
           listpack_size_of(text) + LISTPACK_EMPTY_BYTES > limit.bytes;
}

struct list *list_new(void)
{
    return alloc_zeroed(sizeof(struct list));
}

size_t list_count(const struct list *list)
{
    return list->count;
}

/* --- Nodes. */

static struct room open_node(const struct list_node *node)
{
    return (struct room){.bytes = node->lp,
                         .len = listpack_bytes(node->lp),
                         .cap = alloc_usable(node->lp),
                         .fit = room_fit_heap};
}

/* The node has so many more (or fewer) elements; memory it does not need is given back. */
static void close_node(struct list *list, struct list_node *node, struct room room,
                       ptrdiff_t more)
{
    if (room.cap > room.len * 2 + SHRINK_SLACK && more <= 0)
        room.bytes = alloc_resize(room.bytes, room.len);
    node->lp = room.bytes;
    node->count = (uint32_t)(node->count + more);
    list->count = (size_t)((ptrdiff_t)list->count + more);
}

static bool has_room(const struct list_node *node, struct list_limit limit, size_t bytes)
{
    return node != NULL && !node->is_blob &&
           list_limit_allows(limit, listpack_bytes(node->lp) + bytes, (size_t)node->count + 1);
}

/* Links a node before another one (NULL: at the end). */
static void link_before(struct list *list, struct list_node *node, struct list_node *next)
{
    struct list_node *prev = next == NULL ? list->last : next->prev;
    node->prev = prev;
    node->next = next;
    *(prev == NULL ? &list->first : &prev->next) = node;
    *(next == NULL ? &list->last : &next->prev) = node;
    list->nodes++;
    list->count += node->count;
}

static void free_node(struct list_node *node)
{
    if (node->is_blob)
        blob_put(node->blob);
    else
        alloc_free(node->lp);
    alloc_free(node);
}

static void unlink_node(struct list *list, struct list_node *node)
{
    *(node->prev == NULL ? &list->first : &node->prev->next) = node->next;
    *(node->next == NULL ? &list->last : &node->next->prev) = node->prev;
    list->nodes--;
    list->count -= node->count;
    free_node(node);
}

static struct list_node *node_of_listpack(unsigned char *lp, size_t count)
{
    struct list_node *node = alloc_get(sizeof *node);
    node->lp = lp;
    node->count = (uint32_t)count;
    node->is_blob = false;
    return node;
}

static struct list_node *node_of_blob(struct blob *blob)
{
    struct list_node *node = alloc_get(sizeof *node);
    blob_share(blob);
    node->blob = blob;
    node->count = 1;
    node->is_blob = true;
    return node;
}

static struct list_node *node_of_item(struct list_item item)
{
    if (item.blob != NULL)
        return node_of_blob(item.blob);
    struct room room = room_heap();
    listpack_reset(&room);
    listpack_append(&room, item.text);
    return node_of_listpack(room.bytes, 1);
}

/* Appends the elements of the next node to this one, if both together are allowed. */
static bool join_next(struct list *list, struct list_node *node, struct list_limit limit)
{
    struct list_node *next = node == NULL ? NULL : node->next;
    if (next == NULL || node->is_blob || next->is_blob ||
        !list_limit_allows(limit,
                           listpack_bytes(node->lp) + listpack_bytes(next->lp) -
                               LISTPACK_EMPTY_BYTES,
                           (size_t)node->count + next->count))
        return false;
    struct room room = open_node(node);
    listpack_append_from(&room, next->lp, LISTPACK_HEADER);
    close_node(list, node, room, (ptrdiff_t)next->count);
    unlink_node(list, next);
    return true;
}

/* Moves the elements from `at` on, which is not the first, to a node of their own behind. */
static struct list_node *split_node(struct list *list, struct list_node *node, uint32_t at)
{
    struct room tail = room_heap();
    listpack_reset(&tail);
    listpack_append_from(&tail, node->lp, at);
    size_t moved = listpack_count(tail.bytes);
    assert(moved > 0 && moved < node->count);
    struct room room = open_node(node);
    listpack_remove(&room, at, moved);
    close_node(list, node, room, -(ptrdiff_t)moved);
    struct list_node *behind = node_of_listpack(tail.bytes, moved);
    link_before(list, behind, node->next);
    return behind;
}

/* --- The whole. */

struct list *list_from(const void *lp)
{
    struct list *list = list_new();
    size_t bytes = listpack_bytes(lp), count = listpack_count(lp);
    if (count == 0)
        return list;
    unsigned char *copy = alloc_get(bytes);
    memcpy(copy, lp, bytes);
    link_before(list, node_of_listpack(copy, count), NULL);
    return list;
}

void list_free(struct list *list)
{
    while (!list_object.free_some(list, SIZE_MAX))
        ;
}

const void *list_small(const struct list *list, struct list_limit limit)
{
    const struct list_node *node = list->first;
    if (list->nodes != 1 || node->is_blob ||
        !list_limit_allows(limit, listpack_bytes(node->lp), node->count))
        return NULL;
    return node->lp;
}

/* Nodes are what freeing costs. */
static size_t object_count(const void *object)
{
    const struct list *list = object;
    return list->nodes;
}

static bool object_free_some(void *object, size_t elements)
{
    struct list *list = object;
    for (; elements > 0 && list->first != NULL; elements--)
        unlink_node(list, list->first);
    if (list->first != NULL)
        return false;
    alloc_free(list);
    return true;
}

static struct blob *copy_blob(const struct blob *blob)
{
    struct blob *copy = blob_try(blob->len, blob->len);
    if (copy == NULL)
        alloc_fail(blob->len);
    memcpy(copy->data, blob->data, blob->len);
    return copy;
}

static void *object_copy(const void *object, uint64_t seed)
{
    const struct list *from = object;
    struct list *list = list_new();
    for (const struct list_node *node = from->first; node != NULL; node = node->next) {
        if (node->is_blob) {
            link_before(list, node_of_blob(copy_blob(node->blob)), NULL);
            continue;
        }
        size_t bytes = listpack_bytes(node->lp);
        unsigned char *lp = alloc_get(bytes);
        memcpy(lp, node->lp, bytes);
        link_before(list, node_of_listpack(lp, node->count), NULL);
    }
    return list;
}

static size_t object_bytes(const void *object, size_t samples)
{
    const struct list *list = object;
    size_t bytes = 0, looked = 0;
    for (const struct list_node *node = list->first; node != NULL; node = node->next) {
        if (samples != 0 && looked == samples)
            break;
        bytes += alloc_usable(node) +
                 (node->is_blob ? alloc_usable(node->blob) : alloc_usable(node->lp));
        looked++;
    }
    if (looked > 0 && looked < list->nodes)
        bytes = (size_t)((double)bytes / (double)looked * (double)list->nodes);
    return alloc_usable(list) + bytes;
}

const struct object_type list_object = {
    .encoding = "quicklist",
    .count = object_count,
    .free_some = object_free_some,
    .copy = object_copy,
    .bytes = object_bytes,
};

/* --- Cursors. */

/* The first or the last element of a node; of none, no element. */
static struct list_cursor at_end_of(struct list_node *node, bool last)
{
    if (node == NULL)
        return (struct list_cursor){0};
    if (node->is_blob)
        return (struct list_cursor){.node = node, .at = BLOB_AT};
    return (struct list_cursor){
        .node = node,
        .lp = node->lp,
        .at = last ? listpack_last(node->lp) : listpack_first(node->lp)};
}

static struct list_cursor at_index_of(struct list_node *node, size_t index)
{
    assert(index < node->count);
    if (node->is_blob)
        return at_end_of(node, false);
    return (struct list_cursor){
        .node = node, .lp = node->lp, .at = listpack_at(node->lp, (int64_t)index)};
}

struct list_cursor list_seek(const struct list *list, int64_t index)
{
    if (index < 0)
        index += (int64_t)list->count;
    if (index < 0 || (size_t)index >= list->count)
        return (struct list_cursor){0};
    size_t at = (size_t)index;
    struct list_node *node;
    if (at <= list->count / 2) {
        for (node = list->first; at >= node->count; node = node->next)
            at -= node->count;
        return at_index_of(node, at);
    }
    size_t behind = list->count - at; /* 1: the last */
    for (node = list->last; behind > node->count; node = node->prev)
        behind -= node->count;
    return at_index_of(node, node->count - behind);
}

struct list_cursor list_seek_small(const void *lp, int64_t index)
{
    return (struct list_cursor){.lp = lp, .at = listpack_at(lp, index)};
}

bool list_step(struct list_cursor *cursor, bool back)
{
    if (cursor->lp != NULL) {
        cursor->at = back ? listpack_prev(cursor->lp, cursor->at)
                          : listpack_next(cursor->lp, cursor->at);
        if (cursor->at != LISTPACK_NONE)
            return true;
    }
    if (cursor->node != NULL)
        *cursor = at_end_of(back ? cursor->node->prev : cursor->node->next, back);
    return cursor->at != LISTPACK_NONE;
}

struct list_element list_get(struct list_cursor cursor)
{
    assert(cursor.at != LISTPACK_NONE);
    if (cursor.lp == NULL) {
        struct blob *blob = cursor.node->blob;
        return (struct list_element){.blob = blob, .text = {blob->data, blob->len}};
    }
    struct listpack_value value = listpack_get(cursor.lp, cursor.at);
    return (struct list_element){
        .is_int = value.is_int, .integer = value.integer, .text = value.text};
}

struct list_wanted list_wanted(struct bytes text)
{
    struct list_wanted wanted = {.text = text};
    wanted.is_int = text.len < NUMBER_I64_MAX && number_parse_i64(text, &wanted.integer);
    return wanted;
}

bool list_is(struct list_cursor cursor, const struct list_wanted *wanted)
{
    struct list_element element = list_get(cursor);
    if (element.is_int)
        return wanted->is_int && element.integer == wanted->integer;
    return bytes_equal(element.text, wanted->text);
}

/* --- Edits. */

/* Puts a text into a node, before a position (LISTPACK_NONE: at the end). */
static void put_text(struct list *list, struct list_node *node, uint32_t before,
                     struct bytes text)
{
    struct room room = open_node(node);
    listpack_insert(&room, before, text);
    close_node(list, node, room, 1);
}

void list_push(struct list *list, struct list_limit limit, bool front, struct list_item item)
{
    struct list_node *node = front ? list->first : list->last;
    if (item.blob == NULL && has_room(node, limit, listpack_size_of(item.text)))
        put_text(list, node, front ? LISTPACK_HEADER : LISTPACK_NONE, item.text);
    else
        link_before(list, node_of_item(item), front ? list->first : NULL);
}

/* Puts an item between a node and the one behind it; either may be missing. */
static void put_between(struct list *list, struct list_limit limit, struct list_node *node,
                        struct list_node *behind, struct list_item item)
{
    size_t bytes = item.blob != NULL ? SIZE_MAX / 2 : listpack_size_of(item.text);
    if (has_room(node, limit, bytes))
        put_text(list, node, LISTPACK_NONE, item.text);
    else if (has_room(behind, limit, bytes))
        put_text(list, behind, LISTPACK_HEADER, item.text);
    else
        link_before(list, node_of_item(item), behind);
}

void list_insert(struct list *list, struct list_limit limit, struct list_cursor cursor,
                 bool after, struct list_item item)
{
    struct list_node *node = cursor.node;
    uint32_t at = cursor.at;
    if (!node->is_blob && after)
        at = listpack_next(node->lp, at);
    if (node->is_blob ? !after : at == LISTPACK_HEADER) {
        put_between(list, limit, node->prev, node, item);
        return;
    }
    if (node->is_blob || at == LISTPACK_NONE) {
        put_between(list, limit, node, node->next, item);
        return;
    }
    if (item.blob == NULL && has_room(node, limit, listpack_size_of(item.text))) {
        put_text(list, node, at, item.text);
        return;
    }
    struct list_node *behind = split_node(list, node, at);
    put_between(list, limit, node, behind, item);
    join_next(list, behind, limit);
    join_next(list, node->prev, limit);
}

void list_replace(struct list *list, struct list_limit limit, struct list_cursor cursor,
                  struct list_item item)
{
    struct list_node *node = cursor.node;
    if (!node->is_blob && item.blob == NULL) {
        uint32_t next = listpack_next(node->lp, cursor.at);
        size_t end = next == LISTPACK_NONE ? listpack_bytes(node->lp) - 1 : next;
        size_t bytes = listpack_bytes(node->lp) - (end - cursor.at) + listpack_size_of(item.text);
        if (bytes <= limit.bytes) {
            struct room room = open_node(node);
            listpack_replace(&room, cursor.at, item.text);
            close_node(list, node, room, 0);
            return;
        }
    }
    if (node->count == 1) {
        link_before(list, node_of_item(item), node);
        unlink_node(list, node);
        return;
    }
    /* A node of several is a listpack; what is removed leaves the position to its successor. */
    struct room room = open_node(node);
    uint32_t at = listpack_remove(&room, cursor.at, 1);
    close_node(list, node, room, -1);
    cursor.lp = node->lp;
    cursor.at = at == LISTPACK_NONE ? listpack_last(node->lp) : at;
    list_insert(list, limit, cursor, at == LISTPACK_NONE, item);
}

/* Joins a node that has shrunk with its neighbours where the result is half full at most,
 * so that it is not split again soon; the cursor is in it and stays at its element. */
static void join_shrunk(struct list *list, struct list_limit limit, struct list_cursor *cursor)
{
    struct list_limit half = list_limit_half(limit);
    struct list_node *node = cursor->node, *prev = node->prev;
    join_next(list, node, half);
    if (prev != NULL && !prev->is_blob) {
        uint32_t ahead = (uint32_t)listpack_bytes(prev->lp) - LISTPACK_EMPTY_BYTES;
        if (join_next(list, prev, half)) {
            cursor->node = prev;
            cursor->at += ahead;
        }
    }
    cursor->lp = cursor->node->lp;
}

void list_remove(struct list *list, struct list_limit limit, struct list_cursor *cursor,
                 bool back)
{
    struct list_node *node = cursor->node, *prev = node->prev, *next = node->next;
    if (node->count == 1) {
        unlink_node(list, node);
        *cursor = at_end_of(back ? prev : next, back);
        return;
    }
    struct room room = open_node(node);
    uint32_t before = listpack_prev(room.bytes, cursor->at);
    uint32_t at = listpack_remove(&room, cursor->at, 1);
    close_node(list, node, room, -1);
    /* Where the one wanted is in another node, joining is left to the next removal. */
    uint32_t wanted = back ? before : at;
    if (wanted == LISTPACK_NONE) {
        *cursor = at_end_of(back ? prev : next, back);
        return;
    }
    cursor->lp = node->lp;
    cursor->at = wanted;
    join_shrunk(list, limit, cursor);
}

/* Takes so many nodes, of so many elements, off an end; they become a list. */
static struct list *cut_nodes(struct list *list, bool front, struct list_node *inner, size_t nodes,
                              size_t count)
{
    struct list *cut = list_new();
    struct list_node *left = front ? inner->next : inner->prev; /* NULL: all are taken */
    cut->first = front ? list->first : inner;
    cut->last = front ? inner : list->last;
    *(front ? &list->first : &list->last) = left;
    *(left == NULL ? (front ? &list->last : &list->first) : (front ? &left->prev : &left->next)) =
        NULL;
    *(front ? &inner->next : &inner->prev) = NULL;
    cut->nodes = nodes;
    cut->count = count;
    list->nodes -= nodes;
    list->count -= count;
    return cut;
}

/* Removes elements from the node at an end, which has more than these. */
static void drop_part(struct list *list, bool front, size_t count)
{
    struct list_node *node = front ? list->first : list->last;
    struct room room = open_node(node);
    uint32_t at = front ? LISTPACK_HEADER : listpack_at(node->lp, -(int64_t)count);
    listpack_remove(&room, at, count);
    close_node(list, node, room, -(ptrdiff_t)count);
}

struct list *list_drop(struct list *list, bool front, size_t count)
{
    assert(count <= list->count);
    struct list_node *node = front ? list->first : list->last, *inner = NULL;
    struct list *cut = NULL;
    size_t whole = 0, nodes = 0;
    for (; node != NULL && node->count <= count - whole; node = front ? node->next : node->prev) {
        whole += node->count;
        nodes++;
        inner = node;
    }
    if (nodes > FREED_AT_ONCE)
        cut = cut_nodes(list, front, inner, nodes, whole);
    else
        for (; nodes > 0; nodes--)
            unlink_node(list, front ? list->first : list->last);
    if (count > whole)
        drop_part(list, front, count - whole);
    return cut;
}

void list_validate(const struct list *list)
{
    size_t count = 0, nodes = 0;
    const struct list_node *prev = NULL;
    for (const struct list_node *node = list->first; node != NULL; prev = node, node = node->next) {
        assert(node->prev == prev && node->count > 0);
        if (node->is_blob) {
            assert(node->count == 1 && node->blob->shared);
        } else {
            size_t elements;
            struct bytes lp = bytes_make((const char *)node->lp, listpack_bytes(node->lp));
            bool valid = listpack_valid(lp, &elements);
            assert(valid && elements == node->count && alloc_usable(node->lp) >= lp.len);
        }
        count += node->count;
        nodes++;
    }
    assert(list->last == prev && list->count == count && list->nodes == nodes);
}
