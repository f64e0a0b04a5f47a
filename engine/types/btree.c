/* B+tree: see btree.h. */
#include "engine/types/btree.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Nodes fill size classes of the allocator; tests make them small. */
#ifndef BTREE_LEAF_MAX
#define BTREE_LEAF_MAX 59 /* 512 bytes */
#endif
#ifndef BTREE_FANOUT
#define BTREE_FANOUT 31 /* 1000 bytes */
#endif

#define POINTER_MASK ((UINT64_C(1) << 48) - 1)
#define HINT_MAX 65535

#define MERGE_PART(max) ((max) - (max) / 4) /* neighbours with up to this together merge */

struct btree_leaf {
    struct btree_leaf *prev, *next;
    double base, scale; /* of the hints, see hint_of() */
    uint32_t count;
    uint64_t word[BTREE_LEAF_MAX]; /* hint << 48 | address of the element */
};

struct inner {
    uint32_t count;
    double score[BTREE_FANOUT]; /* of first[i] */
    struct zset_element *first[BTREE_FANOUT];
    void *child[BTREE_FANOUT];
    size_t below[BTREE_FANOUT]; /* elements in the child */
};

/* What an inner node knows of a child. */
struct branch {
    void *node;
    struct zset_element *first;
    size_t below;
};

static struct zset_element *element_at(const struct btree_leaf *leaf, uint32_t i)
{
    return (struct zset_element *)(uintptr_t)(leaf->word[i] & POINTER_MASK);
}

/*
 * The hint of a score in a leaf: where it lies between the scores that the leaf had when
 * it was tuned, 0 to HINT_MAX. Monotone in the score, as rounding is, so that a lower
 * hint proves a lower score; equal hints prove nothing. Scale 0: all hints are 0.
 */
static uint64_t hint_of(const struct btree_leaf *leaf, double score)
{
    double at = (score - leaf->base) * leaf->scale;
    if (!(at > 0)) /* infinity times 0 is no number */
        return 0;
    return at < HINT_MAX ? (uint64_t)at : HINT_MAX;
}

static void set_word(struct btree_leaf *leaf, uint32_t i, struct zset_element *element)
{
    uint64_t address = (uint64_t)(uintptr_t)element;
    assert((address & ~POINTER_MASK) == 0);
    leaf->word[i] = hint_of(leaf, element->score) << 48 | address;
}

/* Makes the hints tell the scores of the leaf apart as well as they can. */
static void tune(struct btree_leaf *leaf)
{
    double low = element_at(leaf, 0)->score;
    double range = element_at(leaf, leaf->count - 1)->score - low;
    double scale = range > 0 ? HINT_MAX / range : 0; /* an infinite range: 0 */
    leaf->scale = isfinite(scale) && isfinite(low) ? scale : 0;
    leaf->base = leaf->scale > 0 ? low : 0;
    for (uint32_t i = 0; i < leaf->count; i++)
        set_word(leaf, i, element_at(leaf, i));
}

static struct btree_leaf *new_leaf(struct btree *tree)
{
    struct btree_leaf *leaf = alloc_get(sizeof *leaf);
    leaf->prev = leaf->next = NULL;
    leaf->base = leaf->scale = 0;
    leaf->count = 0;
    tree->bytes += sizeof *leaf;
    return leaf;
}

static struct inner *new_inner(struct btree *tree)
{
    struct inner *inner = alloc_get(sizeof *inner);
    inner->count = 0;
    tree->bytes += sizeof *inner;
    return inner;
}

/* Frees a node of a level (0: leaves), not what is below it. */
static void free_node(struct btree *tree, void *node, uint32_t level)
{
    tree->bytes -= level == 0 ? sizeof(struct btree_leaf) : sizeof(struct inner);
    alloc_free(node);
}

static void unchain(struct btree_leaf *leaf)
{
    if (leaf->prev != NULL)
        leaf->prev->next = leaf->next;
    if (leaf->next != NULL)
        leaf->next->prev = leaf->prev;
}

/* Whether an element comes before the probe; touches it only if its score does not tell. */
static bool is_before(const struct zset_element *e, double score, const struct btree_probe *probe)
{
    if (probe->kind != BTREE_MEMBER && score != probe->score)
        return score < probe->score;
    return btree_is_before(score, zset_element_member(e), probe);
}

/* How many elements of a leaf come before the probe. */
static uint32_t leaf_seek(const struct btree_leaf *leaf, const struct btree_probe *probe)
{
    uint32_t low = 0, high = leaf->count;
    uint64_t hint = probe->kind == BTREE_MEMBER ? 0 : hint_of(leaf, probe->score);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        bool before;
        if (probe->kind != BTREE_MEMBER && leaf->word[middle] >> 48 != hint)
            before = leaf->word[middle] >> 48 < hint;
        else
            before = is_before(element_at(leaf, middle), element_at(leaf, middle)->score, probe);
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last child whose first element comes before the probe, or 0. */
static uint32_t inner_seek(const struct inner *inner, const struct btree_probe *probe)
{
    uint32_t low = 1, high = inner->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_before(inner->first[middle], inner->score[middle], probe))
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* The child that holds this rank of the node, which becomes the rank in the child; a rank
 * past the end is taken to the last child. */
static uint32_t inner_at(const struct inner *inner, size_t *rank)
{
    uint32_t i = 0;
    while (i + 1 < inner->count && *rank >= inner->below[i])
        *rank -= inner->below[i++];
    return i;
}

size_t btree_seek(const struct btree *tree, const struct btree_probe *probe)
{
    if (tree->root == NULL)
        return 0;
    size_t rank = 0;
    const void *node = tree->root;
    for (uint32_t level = tree->height; level > 0; level--) {
        const struct inner *inner = node;
        uint32_t child = inner_seek(inner, probe);
        for (uint32_t i = 0; i < child; i++)
            rank += inner->below[i];
        node = inner->child[child];
    }
    return rank + leaf_seek(node, probe);
}

static struct btree_probe probe_of(const struct zset_element *element)
{
    return (struct btree_probe){BTREE_ELEMENT, false, element->score,
                                zset_element_member(element)};
}

size_t btree_rank(const struct btree *tree, const struct zset_element *element)
{
    struct btree_probe probe = probe_of(element);
    return btree_seek(tree, &probe);
}

struct btree_place btree_at(const struct btree *tree, size_t rank)
{
    if (rank >= tree->count)
        return (struct btree_place){NULL, 0};
    const void *node = tree->root;
    for (uint32_t level = tree->height; level > 0; level--) {
        const struct inner *inner = node;
        node = inner->child[inner_at(inner, &rank)];
    }
    const struct btree_leaf *leaf = node;
    assert(rank < leaf->count);
    return (struct btree_place){leaf, (uint32_t)rank};
}

void btree_next(struct btree_place *place)
{
    if (++place->index < place->leaf->count)
        return;
    *place = (struct btree_place){place->leaf->next, 0};
}

void btree_prev(struct btree_place *place)
{
    if (place->index > 0) {
        place->index--;
        return;
    }
    const struct btree_leaf *leaf = place->leaf->prev;
    *place = (struct btree_place){leaf, leaf == NULL ? 0 : leaf->count - 1};
}

struct zset_element *btree_get(struct btree_place place)
{
    return element_at(place.leaf, place.index);
}

/* Moves n elements within or between leaves; their counts are the caller's. */
static void leaf_move(struct btree_leaf *to, uint32_t to_at, const struct btree_leaf *from,
                      uint32_t from_at, uint32_t n)
{
    memmove(to->word + to_at, from->word + from_at, n * sizeof *to->word);
    if (to != from)
        for (uint32_t i = to_at; i < to_at + n; i++)
            set_word(to, i, element_at(to, i));
}

static void leaf_put(struct btree_leaf *leaf, uint32_t at, struct zset_element *element)
{
    leaf_move(leaf, at + 1, leaf, at, leaf->count - at);
    leaf->count++;
    set_word(leaf, at, element);
}

static void inner_move(struct inner *to, uint32_t to_at, const struct inner *from,
                       uint32_t from_at, uint32_t n)
{
    memmove(to->score + to_at, from->score + from_at, n * sizeof *to->score);
    memmove(to->first + to_at, from->first + from_at, n * sizeof(struct zset_element *));
    memmove(to->child + to_at, from->child + from_at, n * sizeof(void *));
    memmove(to->below + to_at, from->below + from_at, n * sizeof *to->below);
}

static void inner_set(struct inner *inner, uint32_t at, struct branch branch)
{
    inner->child[at] = branch.node;
    inner->first[at] = branch.first;
    inner->score[at] = branch.first->score;
    inner->below[at] = branch.below;
}

static void inner_put(struct inner *inner, uint32_t at, struct branch branch)
{
    inner_move(inner, at + 1, inner, at, inner->count - at);
    inner->count++;
    inner_set(inner, at, branch);
}

static void inner_take(struct inner *inner, uint32_t at)
{
    inner->count--;
    inner_move(inner, at, inner, at + 1, inner->count - at);
}

/* What the parent of a node has to know. The node has elements. */
static struct branch branch_of(void *node, uint32_t level)
{
    if (level == 0) {
        struct btree_leaf *leaf = node;
        return (struct branch){leaf, element_at(leaf, 0), leaf->count};
    }
    struct inner *inner = node;
    struct branch branch = {inner, inner->first[0], 0};
    for (uint32_t i = 0; i < inner->count; i++)
        branch.below += inner->below[i];
    return branch;
}

/* Number of elements or children in a node. */
static uint32_t node_count(const void *node, uint32_t level)
{
    return level == 0 ? ((const struct btree_leaf *)node)->count
                      : ((const struct inner *)node)->count;
}

/* Moves the last n of the left node to the front of the right one. */
static void shift_right(void *left, void *right, uint32_t level, uint32_t n)
{
    if (level == 0) {
        struct btree_leaf *l = left, *r = right;
        leaf_move(r, n, r, 0, r->count);
        leaf_move(r, 0, l, l->count - n, n);
        l->count -= n;
        r->count += n;
    } else {
        struct inner *l = left, *r = right;
        inner_move(r, n, r, 0, r->count);
        inner_move(r, 0, l, l->count - n, n);
        l->count -= n;
        r->count += n;
    }
}

/* Moves the first n of the right node to the end of the left one. */
static void shift_left(void *left, void *right, uint32_t level, uint32_t n)
{
    if (level == 0) {
        struct btree_leaf *l = left, *r = right;
        leaf_move(l, l->count, r, 0, n);
        leaf_move(r, 0, r, n, r->count - n);
        l->count += n;
        r->count -= n;
    } else {
        struct inner *l = left, *r = right;
        inner_move(l, l->count, r, 0, n);
        inner_move(r, 0, r, n, r->count - n);
        l->count += n;
        r->count -= n;
    }
}

static uint32_t node_max(uint32_t level)
{
    return level == 0 ? BTREE_LEAF_MAX : BTREE_FANOUT;
}

/* Tells the parent what became of two neighbouring children. */
static void refresh_pair(struct inner *parent, uint32_t left, uint32_t level)
{
    inner_set(parent, left, branch_of(parent->child[left], level));
    inner_set(parent, left + 1, branch_of(parent->child[left + 1], level));
}

/* Makes room in a full child by giving some of it to a neighbour, half of what that has
 * room for, so that either has room then; false: both are as good as full. level: of the
 * child. */
static bool spill(struct inner *parent, uint32_t child, uint32_t level)
{
    uint32_t max = node_max(level);
    if (child > 0) {
        uint32_t has = node_count(parent->child[child - 1], level);
        if (has + 2 <= max) {
            shift_left(parent->child[child - 1], parent->child[child], level, (max - has) / 2);
            refresh_pair(parent, child - 1, level);
            return true;
        }
    }
    if (child + 1 < parent->count) {
        uint32_t has = node_count(parent->child[child + 1], level);
        if (has + 2 <= max) {
            shift_right(parent->child[child], parent->child[child + 1], level, (max - has) / 2);
            refresh_pair(parent, child, level);
            return true;
        }
    }
    return false;
}

/* Splits a full node: the new right neighbour takes `n` of its last, at least one. */
static void *split(struct btree *tree, void *node, uint32_t level, uint32_t n)
{
    if (level > 0) {
        struct inner *right = new_inner(tree);
        shift_right(node, right, level, n);
        return right;
    }
    struct btree_leaf *leaf = node, *right = new_leaf(tree);
    right->prev = leaf;
    right->next = leaf->next;
    if (right->next != NULL)
        right->next->prev = right;
    leaf->next = right;
    shift_right(leaf, right, level, n);
    tune(leaf);
    tune(right);
    return right;
}

/* Makes room in a child that is full, of a parent that is not. */
static void widen(struct btree *tree, struct inner *parent, uint32_t child, uint32_t level,
                  bool at_end)
{
    if (spill(parent, child, level))
        return;
    uint32_t n = at_end ? 1 : node_max(level) / 2;
    void *right = split(tree, parent->child[child], level, n);
    inner_put(parent, child + 1, branch_of(right, level));
    inner_set(parent, child, branch_of(parent->child[child], level));
}

/* A full root gets a parent. */
static void grow(struct btree *tree)
{
    struct inner *root = new_inner(tree);
    inner_put(root, 0, branch_of(tree->root, tree->height));
    tree->root = root;
    tree->height++;
}

/* Adds an element; probe NULL: at the end. Full nodes are made room in on the way down. */
static void add(struct btree *tree, struct zset_element *element, const struct btree_probe *probe)
{
    if (tree->root == NULL)
        tree->root = new_leaf(tree);
    if (node_count(tree->root, tree->height) == node_max(tree->height))
        grow(tree);
    void *node = tree->root;
    bool rightmost = true;
    for (uint32_t level = tree->height; level > 0; level--) {
        struct inner *inner = node;
        uint32_t child = probe == NULL ? inner->count - 1 : inner_seek(inner, probe);
        if (node_count(inner->child[child], level - 1) == node_max(level - 1)) {
            bool last = rightmost && child + 1 == inner->count &&
                        (probe == NULL || level > 1 ||
                         leaf_seek(inner->child[child], probe) == BTREE_LEAF_MAX);
            widen(tree, inner, child, level - 1, last);
            child = probe == NULL ? inner->count - 1 : inner_seek(inner, probe);
        }
        inner->below[child]++;
        if (probe != NULL && child == 0 && !is_before(inner->first[0], inner->score[0], probe)) {
            inner->first[0] = element;
            inner->score[0] = element->score;
        }
        rightmost = rightmost && child + 1 == inner->count;
        node = inner->child[child];
    }
    struct btree_leaf *leaf = node;
    leaf_put(leaf, probe == NULL ? leaf->count : leaf_seek(leaf, probe), element);
    tree->count++;
}

void btree_add(struct btree *tree, struct zset_element *element)
{
    struct btree_probe probe = probe_of(element);
    add(tree, element, &probe);
}

void btree_append(struct btree *tree, struct zset_element *element)
{
    add(tree, element, NULL);
}

/* Whether the score fits between the neighbours of a place within its leaf. */
static bool fits_between(const struct btree_leaf *leaf, uint32_t at, double score)
{
    return at > 0 && at + 1 < leaf->count && element_at(leaf, at - 1)->score < score &&
           score < element_at(leaf, at + 1)->score;
}

void btree_move(struct btree *tree, struct zset_element *element, double score)
{
    size_t rank = btree_rank(tree, element);
    struct btree_place place = btree_at(tree, rank);
    assert(place.leaf != NULL && btree_get(place) == element);
    if (fits_between(place.leaf, place.index, score)) {
        struct btree_leaf *leaf = (struct btree_leaf *)place.leaf;
        element->score = score;
        set_word(leaf, place.index, element);
        return;
    }
    btree_remove(tree, rank, rank + 1, NULL, NULL);
    element->score = score;
    btree_add(tree, element);
}

struct removal {
    struct btree *tree;
    void (*visit)(void *ctx, struct zset_element *element);
    void *ctx;
};

/* Makes one of a child and its right neighbour if they are small. */
static void merge(struct btree *tree, struct inner *parent, uint32_t left, uint32_t level)
{
    if (left + 1 >= parent->count)
        return;
    void *l = parent->child[left], *r = parent->child[left + 1];
    uint32_t n = node_count(r, level);
    if (node_count(l, level) + n > MERGE_PART(node_max(level)))
        return;
    shift_left(l, r, level, n);
    if (level == 0)
        unchain(r);
    free_node(tree, r, level);
    inner_take(parent, left + 1);
    inner_set(parent, left, branch_of(l, level));
}

static void leaf_remove(const struct removal *removal, struct btree_leaf *leaf, size_t first,
                        size_t past)
{
    if (removal->visit != NULL)
        for (size_t i = first; i < past; i++)
            removal->visit(removal->ctx, element_at(leaf, (uint32_t)i));
    leaf_move(leaf, (uint32_t)first, leaf, (uint32_t)past, leaf->count - (uint32_t)past);
    leaf->count -= (uint32_t)(past - first);
}

/* Removes ranks [first, past) of a node. A node left empty is the caller's to free. */
static void remove_from(const struct removal *removal, void *node, uint32_t level, size_t first,
                        size_t past)
{
    assert(first < past);
    if (level == 0) {
        leaf_remove(removal, node, first, past);
        return;
    }
    struct inner *inner = node;
    size_t from = first, left = past - first;
    uint32_t touched = inner_at(inner, &from);
    for (uint32_t i = touched; left > 0; from = 0) {
        size_t n = inner->below[i] - from < left ? inner->below[i] - from : left;
        void *child = inner->child[i];
        remove_from(removal, child, level - 1, from, from + n);
        left -= n;
        if (node_count(child, level - 1) > 0) {
            inner_set(inner, i, branch_of(child, level - 1));
            i++;
            continue;
        }
        if (level == 1)
            unchain(child);
        free_node(removal->tree, child, level - 1);
        inner_take(inner, i);
    }
    /* What shrank is the child at `touched`, or one at either side of a gap there. */
    merge(removal->tree, inner, touched + 1, level - 1);
    merge(removal->tree, inner, touched, level - 1);
    if (touched > 0)
        merge(removal->tree, inner, touched - 1, level - 1);
}

void btree_remove(struct btree *tree, size_t first, size_t past,
                  void (*visit)(void *ctx, struct zset_element *element), void *ctx)
{
    assert(past <= tree->count);
    if (first >= past)
        return;
    struct removal removal = {tree, visit, ctx};
    remove_from(&removal, tree->root, tree->height, first, past);
    tree->count -= past - first;
    while (tree->height > 0 && node_count(tree->root, tree->height) == 1) {
        struct inner *root = tree->root;
        tree->root = root->child[0];
        free_node(tree, root, tree->height--);
    }
    if (tree->count == 0) {
        free_node(tree, tree->root, tree->height);
        *tree = (struct btree){.bytes = tree->bytes};
        assert(tree->bytes == 0);
    }
}

bool btree_free_some(struct btree *tree, size_t nodes)
{
    while (tree->root != NULL && nodes > 0) {
        struct inner *path[16];
        uint32_t level = tree->height;
        void *node = tree->root;
        for (; level > 0 && ((struct inner *)node)->count > 0; level--) {
            assert(level < 16);
            path[level] = node;
            node = path[level]->child[path[level]->count - 1];
        }
        free_node(tree, node, level);
        nodes--;
        if (level == tree->height)
            tree->root = NULL;
        else
            path[level + 1]->count--;
    }
    return tree->root == NULL;
}

struct check {
    const struct btree_leaf *leaf; /* the last one seen */
    const struct zset_element *element;
    size_t bytes;
};

static void check_leaf(struct check *check, const struct btree_leaf *leaf)
{
    assert(leaf->prev == check->leaf);
    assert(check->leaf == NULL || check->leaf->next == leaf);
    check->leaf = leaf;
    check->bytes += sizeof *leaf;
    for (uint32_t i = 0; i < leaf->count; i++) {
        const struct zset_element *e = element_at(leaf, i);
        assert(leaf->word[i] >> 48 == hint_of(leaf, e->score));
        if (check->element != NULL) {
            struct btree_probe probe = probe_of(e);
            assert(is_before(check->element, check->element->score, &probe));
        }
        check->element = e;
    }
}

/* Checks a node and returns its elements; *first receives the first of them. */
static size_t check_node(struct check *check, const void *node, uint32_t level,
                         const struct zset_element **first)
{
    uint32_t count = node_count(node, level);
    assert(count > 0 && count <= node_max(level));
    if (level == 0) {
        check_leaf(check, node);
        *first = element_at(node, 0);
        return count;
    }
    const struct inner *inner = node;
    size_t elements = 0;
    check->bytes += sizeof *inner;
    for (uint32_t i = 0; i < count; i++) {
        const struct zset_element *below_first;
        size_t below = check_node(check, inner->child[i], level - 1, &below_first);
        assert(below == inner->below[i]);
        assert(below_first == inner->first[i] && below_first->score == inner->score[i]);
        elements += below;
    }
    *first = inner->first[0];
    return elements;
}

void btree_validate(const struct btree *tree)
{
    struct check check = {NULL, NULL, 0};
    if (tree->root == NULL) {
        assert(tree->count == 0 && tree->bytes == 0 && tree->height == 0);
        return;
    }
    const struct zset_element *first;
    assert(check_node(&check, tree->root, tree->height, &first) == tree->count);
    assert(check.leaf->next == NULL && check.bytes == tree->bytes);
    assert(tree->height == 0 || node_count(tree->root, tree->height) > 1);
}
