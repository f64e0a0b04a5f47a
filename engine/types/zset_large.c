/* Large sorted set: see zset_large.h. */
#include "engine/types/zset_large.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/types/zset.h"

#define NODE_WORTH 32 /* elements that cost as much to free as a node of the tree */

static struct bytes element_key(const void *item)
{
    return zset_element_member(item);
}

static uint64_t element_hash(const void *item, const void *ctx)
{
    struct bytes member = zset_element_member(item);
    return hash_bytes(member.data, member.len, *(const uint64_t *)ctx);
}

static struct table_type table_type_of(const struct zset *set)
{
    return (struct table_type){element_key, element_hash, &set->seed};
}

struct zset *zset_large_new(uint64_t seed)
{
    struct zset *set = alloc_zeroed(sizeof *set);
    set->seed = seed;
    return set;
}

static struct zset_element *make_element(struct bytes member, double score)
{
    assert(member.len <= UINT32_MAX);
    struct zset_element *e = alloc_get(offsetof(struct zset_element, bytes) + member.len);
    e->score = score;
    e->len = (uint32_t)member.len;
    if (member.len > 0)
        memcpy(e->bytes, member.data, member.len);
    return e;
}

struct zset_element *zset_large_find(const struct zset *set, struct bytes member, uint64_t hash)
{
    struct table_type type = table_type_of(set);
    struct table_place place = table_find(&set->table, &type, member, hash);
    return place.bucket == NULL ? NULL : table_place_item(place);
}

struct zset_element *zset_large_enter(struct zset *set, struct bytes member, uint64_t hash,
                                      double score)
{
    struct table_type type = table_type_of(set);
    struct zset_element *e = make_element(member, score);
    table_add(&set->table, &type, e, hash);
    return e;
}

void zset_large_leave(struct zset *set, struct zset_element *element)
{
    struct table_type type = table_type_of(set);
    struct bytes member = zset_element_member(element);
    uint64_t hash = zset_large_hash(set, member);
    struct table_place place = table_find(&set->table, &type, member, hash);
    assert(place.bucket != NULL && table_place_item(place) == element);
    table_remove(&set->table, &type, place, hash);
}

static void drop_element(void *ctx, struct zset_element *element)
{
    zset_large_leave(ctx, element);
    alloc_free(element);
}

void zset_large_remove(struct zset *set, size_t first, size_t past)
{
    btree_remove(&set->tree, first, past, drop_element, set);
}

static size_t count(const void *object)
{
    return table_count(&((const struct zset *)object)->table);
}

static void free_item(void *ctx, void *item)
{
    (void)ctx;
    alloc_free(item);
}

static bool free_some(void *object, size_t elements)
{
    struct zset *set = object;
    if (set->table.root != 0) {
        table_drain(&set->table, free_item, NULL, elements);
        return false;
    }
    if (!btree_free_some(&set->tree, elements / NODE_WORTH + 1))
        return false;
    alloc_free(set);
    return true;
}

void zset_large_free(struct zset *set)
{
    while (!free_some(set, SIZE_MAX / 2))
        continue;
}

static void *copy(const void *object, uint64_t seed)
{
    const struct zset *set = object;
    struct zset *made = zset_large_new(seed);
    struct btree_place place = btree_at(&set->tree, 0);
    for (; place.leaf != NULL; btree_next(&place)) {
        struct zset_element *e = btree_get(place);
        struct bytes member = zset_element_member(e);
        uint64_t hash = zset_large_hash(made, member);
        btree_append(&made->tree, zset_large_enter(made, member, hash, e->score));
    }
    return made;
}

static size_t bytes(const void *object, size_t samples)
{
    const struct zset *set = object;
    size_t total = set->tree.count, seen = 0, of_seen = 0;
    struct btree_place place = btree_at(&set->tree, 0);
    for (; place.leaf != NULL && (samples == 0 || seen < samples); btree_next(&place), seen++)
        of_seen += alloc_usable(btree_get(place));
    size_t elements = seen == 0 ? 0 : (size_t)((double)of_seen / (double)seen * (double)total);
    return alloc_usable(set) + table_bytes(&set->table) + set->tree.bytes + elements;
}

const struct object_type zset_object = {
    .encoding = "skiplist",
    .count = count,
    .free_some = free_some,
    .copy = copy,
    .bytes = bytes,
};

void zset_large_validate(const struct zset *set)
{
    struct table_type type = table_type_of(set);
    table_validate(&set->table, &type);
    btree_validate(&set->tree);
    assert(table_count(&set->table) == set->tree.count);
    struct btree_place place = btree_at(&set->tree, 0);
    for (; place.leaf != NULL; btree_next(&place)) {
        struct bytes member = zset_element_member(btree_get(place));
        assert(zset_large_find(set, member, zset_large_hash(set, member)) == btree_get(place));
    }
}
