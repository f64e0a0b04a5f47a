/* Stream index: see stream_index.h. */
#include "engine/types/stream_index.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

/* Nodes fill size classes of the allocator; tests make them small. A node takes as much as
 * cap + 1 items. */
#ifndef STREAM_INDEX_MAX
#define STREAM_INDEX_MAX 63 /* 1536 bytes */
#endif
#define MERGE_MAX (STREAM_INDEX_MAX - STREAM_INDEX_MAX / 4)

static size_t node_bytes(uint32_t cap)
{
    return sizeof(struct stream_index_node) + cap * sizeof(struct stream_index_item);
}

static struct stream_index_node *new_node(struct stream_index *index, uint32_t cap)
{
    struct stream_index_node *node = alloc_get(node_bytes(cap));
    *node = (struct stream_index_node){.cap = cap};
    index->bytes += node_bytes(cap);
    return node;
}

/* Frees a node, taking it out of the chain of leaves. */
static void free_node(struct stream_index *index, struct stream_index_node *node, uint32_t level)
{
    if (level == 0) {
        *(node->prev == NULL ? &index->first : &node->prev->next) = node->next;
        *(node->next == NULL ? &index->last : &node->next->prev) = node->prev;
    }
    index->bytes -= node_bytes(node->cap);
    alloc_free(node);
}

/* How many items have an id up to this one. */
static uint32_t count_up_to(const struct stream_index_node *node, struct stream_id id)
{
    uint32_t low = 0, high = node->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (stream_id_compare(node->items[middle].id, id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct stream_index_place stream_index_first(const struct stream_index *index)
{
    return (struct stream_index_place){index->first, 0};
}

struct stream_index_place stream_index_last(const struct stream_index *index)
{
    return (struct stream_index_place){index->last,
                                       index->last == NULL ? 0 : index->last->count - 1};
}

void stream_index_next(struct stream_index_place *place)
{
    if (++place->at < place->leaf->count)
        return;
    place->leaf = place->leaf->next;
    place->at = 0;
}

void stream_index_prev(struct stream_index_place *place)
{
    if (place->at-- > 0)
        return;
    place->leaf = place->leaf->prev;
    place->at = place->leaf == NULL ? 0 : place->leaf->count - 1;
}

struct stream_index_place stream_index_at_most(const struct stream_index *index,
                                               struct stream_id id)
{
    struct stream_index_node *node = index->root;
    for (uint32_t level = index->height; level > 0; level--) {
        uint32_t before = count_up_to(node, id);
        node = node->items[before == 0 ? 0 : before - 1].value;
    }
    struct stream_index_place place = {node, 0};
    if (node == NULL)
        return place;
    /* Where none of the leaf is (bounds above it may be of what is gone) it is the one before. */
    place.at = count_up_to(node, id);
    stream_index_prev(&place);
    return place;
}

struct stream_index_place stream_index_at_least(const struct stream_index *index,
                                                struct stream_id id)
{
    struct stream_index_place place = stream_index_at_most(index, id);
    if (place.leaf == NULL)
        return stream_index_first(index);
    if (stream_id_compare(stream_index_id(place), id) != 0)
        stream_index_next(&place);
    return place;
}

void *stream_index_find(const struct stream_index *index, struct stream_id id)
{
    struct stream_index_place place = stream_index_at_most(index, id);
    if (place.leaf == NULL || stream_id_compare(stream_index_id(place), id) != 0)
        return NULL;
    return stream_index_value(place);
}

/* ---- Adding. ---- */

static void insert_at(struct stream_index_node *node, uint32_t at, struct stream_index_item item)
{
    assert(node->count < node->cap && at <= node->count);
    memmove(node->items + at + 1, node->items + at,
            (node->count - at) * sizeof(struct stream_index_item));
    node->items[at] = item;
    node->count++;
}

/* The lone leaf of a small index gets twice the memory. */
static void grow_root(struct stream_index *index)
{
    struct stream_index_node *node = index->root;
    uint32_t cap = node->cap * 2 + 1;
    if (cap > STREAM_INDEX_MAX)
        cap = STREAM_INDEX_MAX;
    index->bytes += node_bytes(cap) - node_bytes(node->cap);
    node = alloc_resize(node, node_bytes(cap));
    node->cap = cap;
    index->root = index->first = index->last = node;
}

/* Puts an item into a full node: the new node behind it. */
static struct stream_index_node *split(struct stream_index *index, struct stream_index_node *node,
                                       uint32_t level, uint32_t at, struct stream_index_item item)
{
    struct stream_index_node *behind = new_node(index, STREAM_INDEX_MAX);
    if (level == 0) {
        behind->prev = node;
        behind->next = node->next;
        *(node->next == NULL ? &index->last : &node->next->prev) = behind;
        node->next = behind;
    }
    uint32_t stay = at == node->count ? at : node->count / 2;
    behind->count = node->count - stay;
    memcpy(behind->items, node->items + stay, behind->count * sizeof(struct stream_index_item));
    node->count = stay;
    if (at < stay || (at == stay && behind->count > 0))
        insert_at(node, at, item);
    else
        insert_at(behind, at - stay, item);
    return behind;
}

/* Adds an item below a node. The new node behind this one if it was split, else NULL; *there:
 * the id is there already. */
static struct stream_index_node *insert(struct stream_index *index, struct stream_index_node *node,
                                        uint32_t level, struct stream_index_item item, bool *there)
{
    uint32_t at = count_up_to(node, item.id);
    if (level == 0) {
        *there = at > 0 && stream_id_compare(node->items[at - 1].id, item.id) == 0;
        if (*there)
            return NULL;
        if (node->count == node->cap && node->cap < STREAM_INDEX_MAX) {
            grow_root(index);
            node = index->root;
        }
    } else {
        if (at == 0)
            node->items[at++].id = item.id;
        struct stream_index_node *child = node->items[at - 1].value;
        struct stream_index_node *behind = insert(index, child, level - 1, item, there);
        if (behind == NULL)
            return NULL;
        item = (struct stream_index_item){behind->items[0].id, behind};
    }
    if (node->count == node->cap)
        return split(index, node, level, at, item);
    insert_at(node, at, item);
    return NULL;
}

bool stream_index_add(struct stream_index *index, struct stream_id id, void *value)
{
    assert(value != NULL);
    if (index->root == NULL)
        index->root = index->first = index->last = new_node(index, 1);
    bool there = false;
    struct stream_index_item item = {id, value};
    struct stream_index_node *behind = insert(index, index->root, index->height, item, &there);
    if (behind != NULL) {
        struct stream_index_node *root = new_node(index, STREAM_INDEX_MAX);
        root->count = 2;
        root->items[0] = (struct stream_index_item){index->root->items[0].id, index->root};
        root->items[1] = (struct stream_index_item){behind->items[0].id, behind};
        index->root = root;
        index->height++;
    }
    index->count += !there;
    return !there;
}

/* ---- Removing. ---- */

static void remove_at(struct stream_index_node *node, uint32_t at)
{
    node->count--;
    memmove(node->items + at, node->items + at + 1,
            (node->count - at) * sizeof(struct stream_index_item));
}

/* Makes children at and at + 1 one, if they are there and small enough. */
static bool merge(struct stream_index *index, struct stream_index_node *node, uint32_t level,
                  uint32_t at)
{
    if (at + 1 >= node->count)
        return false;
    struct stream_index_node *left = node->items[at].value, *right = node->items[at + 1].value;
    if (left->count + right->count > MERGE_MAX)
        return false;
    memcpy(left->items + left->count, right->items,
           right->count * sizeof(struct stream_index_item));
    left->count += right->count;
    free_node(index, right, level - 1);
    remove_at(node, at + 1);
    return true;
}

static void *take(struct stream_index *index, struct stream_index_node *node, uint32_t level,
                  struct stream_id id)
{
    uint32_t at = count_up_to(node, id);
    if (at-- == 0)
        return NULL;
    void *value = node->items[at].value;
    if (level == 0) {
        if (stream_id_compare(node->items[at].id, id) != 0)
            return NULL;
        remove_at(node, at);
        return value;
    }
    struct stream_index_node *child = value;
    value = take(index, child, level - 1, id);
    if (value == NULL)
        return NULL;
    if (child->count == 0) {
        free_node(index, child, level - 1);
        remove_at(node, at);
    } else if (!merge(index, node, level, at) && at > 0) {
        merge(index, node, level, at - 1);
    }
    return value;
}

void *stream_index_remove(struct stream_index *index, struct stream_id id)
{
    void *value = index->root == NULL ? NULL : take(index, index->root, index->height, id);
    if (value == NULL)
        return NULL;
    index->count--;
    while (index->height > 0 && index->root->count == 1) {
        struct stream_index_node *child = index->root->items[0].value;
        free_node(index, index->root, index->height--);
        index->root = child;
    }
    if (index->count == 0) {
        free_node(index, index->root, 0);
        index->root = NULL;
    }
    return value;
}

/* Empties a node from its end. True: it is gone. */
static bool drain(struct stream_index *index, struct stream_index_node *node, uint32_t level,
                  size_t *items, void (*visit)(void *value))
{
    while (node->count > 0) {
        void *value = node->items[node->count - 1].value;
        if (level > 0) {
            if (!drain(index, value, level - 1, items, visit))
                return false;
        } else {
            if (*items == 0)
                return false;
            --*items;
            index->count--;
            if (visit != NULL)
                visit(value);
        }
        node->count--;
    }
    free_node(index, node, level);
    return true;
}

bool stream_index_free_some(struct stream_index *index, size_t *items, void (*visit)(void *value))
{
    if (index->root == NULL)
        return true;
    if (!drain(index, index->root, index->height, items, visit))
        return false;
    index->root = NULL;
    index->height = 0;
    return true;
}

/* ---- Checking. ---- */

struct check {
    size_t items, bytes;
    const struct stream_index_node *leaf; /* the last one seen */
    bool any;
    struct stream_id last; /* id seen */
};

static void check_node(struct check *check, const struct stream_index *index,
                       const struct stream_index_node *node, uint32_t level)
{
    assert(node->count > 0 && node->count <= node->cap && node->cap <= STREAM_INDEX_MAX);
    assert(node->cap == STREAM_INDEX_MAX || node == index->root);
    check->bytes += node_bytes(node->cap);
    if (level == 0) {
        assert(node->prev == check->leaf);
        assert(check->leaf == NULL ? index->first == node : check->leaf->next == node);
        check->leaf = node;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        struct stream_id id = node->items[i].id;
        assert(node->items[i].value != NULL);
        /* Above all that come before; what is below this bound is checked there. */
        assert(!check->any || stream_id_compare(check->last, id) < 0);
        if (level > 0) {
            const struct stream_index_node *child = node->items[i].value;
            assert(stream_id_compare(id, child->items[0].id) <= 0);
            check_node(check, index, child, level - 1);
        } else {
            check->items++;
            check->any = true;
            check->last = id;
        }
    }
}

void stream_index_validate(const struct stream_index *index)
{
    struct check check = {0};
    if (index->root != NULL)
        check_node(&check, index, index->root, index->height);
    else
        assert(index->height == 0);
    assert(check.items == index->count && check.bytes == index->bytes);
    assert(index->last == check.leaf);
    assert(check.leaf == NULL ? index->first == NULL : check.leaf->next == NULL);
}
