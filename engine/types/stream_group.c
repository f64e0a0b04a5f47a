/* Stream group: see stream_group.h. */
#include "engine/types/stream_group.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

/* ---- Names. ---- */

static struct zset_element *find_name(const struct btree *tree, struct bytes name)
{
    struct btree_probe probe = {.kind = BTREE_MEMBER, .member = name};
    struct btree_place place = btree_at(tree, btree_seek(tree, &probe));
    if (place.leaf == NULL)
        return NULL;
    struct zset_element *e = btree_get(place);
    return bytes_equal(zset_element_member(e), name) ? e : NULL;
}

static void set_name(struct zset_element *e, struct bytes name)
{
    e->score = 0;
    e->len = (uint32_t)name.len;
    if (name.len > 0)
        memcpy(e->bytes, name.data, name.len);
}

static void remove_name(struct btree *tree, const struct zset_element *e)
{
    size_t rank = btree_rank(tree, e);
    btree_remove(tree, rank, rank + 1, NULL, NULL);
}

static struct stream_group *group_of(struct zset_element *name)
{
    return (struct stream_group *)((char *)name - offsetof(struct stream_group, name));
}

static struct stream_consumer *consumer_of(struct zset_element *name)
{
    return (struct stream_consumer *)((char *)name - offsetof(struct stream_consumer, name));
}

struct stream_group *stream_group_at(const struct stream *s, size_t rank)
{
    return group_of(btree_get(btree_at(&s->groups, rank)));
}

struct stream_consumer *stream_group_consumer_at(const struct stream_group *group, size_t rank)
{
    return consumer_of(btree_get(btree_at(&group->consumers, rank)));
}

struct stream_group *stream_group_find(const struct stream *s, struct bytes name)
{
    struct zset_element *e = find_name(&s->groups, name);
    return e == NULL ? NULL : group_of(e);
}

struct stream_consumer *stream_group_consumer(const struct stream_group *group, struct bytes name)
{
    struct zset_element *e = find_name(&group->consumers, name);
    return e == NULL ? NULL : consumer_of(e);
}

/* ---- Groups and consumers. ---- */

static struct stream_group *new_group(struct stream *s, struct bytes name, struct stream_id last,
                                      int64_t entries_read)
{
    struct stream_group *group =
        alloc_zeroed(offsetof(struct stream_group, name.bytes) + name.len);
    group->last = last;
    group->entries_read = entries_read;
    set_name(&group->name, name);
    btree_add(&s->groups, &group->name);
    return group;
}

struct stream_group *stream_group_create(struct stream *s, struct bytes name,
                                         struct stream_id last, int64_t entries_read)
{
    if (find_name(&s->groups, name) != NULL)
        return NULL;
    return new_group(s, name, last, entries_read);
}

void stream_group_detach(struct stream *s, struct stream_group *group)
{
    remove_name(&s->groups, &group->name);
}

struct stream_consumer *stream_group_add_consumer(struct stream_group *group, struct bytes name,
                                                  int64_t now_ms)
{
    struct stream_consumer *consumer =
        alloc_zeroed(offsetof(struct stream_consumer, name.bytes) + name.len);
    consumer->seen_ms = now_ms;
    consumer->active_ms = -1;
    set_name(&consumer->name, name);
    btree_add(&group->consumers, &consumer->name);
    return consumer;
}

size_t stream_group_drop_consumer(struct stream_group *group, struct stream_consumer *consumer)
{
    size_t pending = consumer->pending.count, all = SIZE_MAX;
    struct stream_index_place place = stream_index_first(&consumer->pending);
    for (; place.leaf != NULL; stream_index_next(&place))
        alloc_free(stream_index_remove(&group->pending, stream_index_id(place)));
    stream_index_free_some(&consumer->pending, &all, NULL);
    remove_name(&group->consumers, &consumer->name);
    alloc_free(consumer);
    return pending;
}

/* ---- Pending entries. ---- */

struct stream_pending *stream_group_force(struct stream_group *group,
                                          struct stream_consumer *consumer, struct stream_id id)
{
    struct stream_pending *pending = alloc_get(sizeof *pending);
    *pending = (struct stream_pending){.consumer = consumer, .deliveries = 1};
    bool added = stream_index_add(&group->pending, id, pending);
    added = stream_index_add(&consumer->pending, id, pending) && added;
    assert(added);
    return pending;
}

void stream_group_claim(struct stream_pending *pending, struct stream_consumer *consumer,
                        struct stream_id id)
{
    if (pending->consumer == consumer)
        return;
    stream_index_remove(&pending->consumer->pending, id);
    stream_index_add(&consumer->pending, id, pending);
    pending->consumer = consumer;
}

void stream_group_deliver(struct stream_group *group, struct stream_consumer *consumer,
                          struct stream_id id, int64_t now_ms)
{
    struct stream_pending *pending = stream_group_pending(group, id);
    if (pending == NULL)
        pending = stream_group_force(group, consumer, id);
    else
        stream_group_claim(pending, consumer, id);
    pending->delivered_ms = now_ms;
    pending->deliveries = 1;
}

bool stream_group_acknowledge(struct stream_group *group, struct stream_id id)
{
    struct stream_pending *pending = stream_index_remove(&group->pending, id);
    if (pending == NULL)
        return false;
    stream_index_remove(&pending->consumer->pending, id);
    alloc_free(pending);
    return true;
}

/* ---- How far a group has read. ---- */

/* Whether an entry behind `from` may have been deleted from between others. */
static bool has_gaps(const struct stream *s, struct stream_id from)
{
    return s->length > 0 && !stream_id_is_zero(s->max_deleted) &&
           stream_id_compare(s->first, s->max_deleted) <= 0 &&
           stream_id_compare(from, s->max_deleted) <= 0;
}

/* How many entries there ever were up to an id, where that can be told. */
static int64_t count_up_to(const struct stream *s, struct stream_id id)
{
    int64_t added = (int64_t)s->added;
    int to_last = stream_id_compare(id, s->last);
    if (added == 0 || to_last == 0 || (s->length == 0 && to_last < 0))
        return added;
    if (to_last > 0)
        return STREAM_GROUP_UNKNOWN;
    if (!stream_id_is_zero(s->max_deleted) && stream_id_compare(s->max_deleted, s->first) >= 0)
        return STREAM_GROUP_UNKNOWN;
    int to_first = stream_id_compare(id, s->first);
    if (to_first > 0)
        return STREAM_GROUP_UNKNOWN;
    return added - (int64_t)s->length + (to_first == 0);
}

void stream_group_advance(const struct stream *s, struct stream_group *group, struct stream_id id)
{
    if (group->entries_read != STREAM_GROUP_UNKNOWN && !has_gaps(s, id))
        group->entries_read++;
    else if (s->added > 0)
        group->entries_read = count_up_to(s, id);
    group->last = id;
}

bool stream_group_lag(const struct stream *s, const struct stream_group *group, int64_t *lag)
{
    int64_t read = group->entries_read;
    *lag = 0;
    if (s->added == 0)
        return true;
    if (read == STREAM_GROUP_UNKNOWN || has_gaps(s, group->last))
        read = count_up_to(s, group->last);
    if (read == STREAM_GROUP_UNKNOWN)
        return false;
    *lag = (int64_t)(s->added - (uint64_t)read);
    return true;
}

/* ---- As objects. ---- */

/* Frees what is in a group. */
static bool empty(struct stream_group *group, size_t *items)
{
    if (!stream_index_free_some(&group->pending, items, alloc_free))
        return false;
    while (group->consumers.count > 0) {
        size_t last = group->consumers.count - 1;
        struct stream_consumer *consumer = stream_group_consumer_at(group, last);
        if (!stream_index_free_some(&consumer->pending, items, NULL) || *items == 0)
            return false;
        --*items;
        btree_remove(&group->consumers, last, last + 1, NULL, NULL);
        alloc_free(consumer);
    }
    return true;
}

static size_t cost_of(const struct stream_group *group)
{
    return 1 + 2 * group->pending.count + group->consumers.count;
}

size_t stream_group_cost(const struct stream *s)
{
    size_t cost = 0;
    for (size_t i = 0; i < s->groups.count; i++)
        cost += cost_of(stream_group_at(s, i));
    return cost;
}

bool stream_group_free_some(struct stream *s, size_t *items)
{
    while (s->groups.count > 0) {
        size_t last = s->groups.count - 1;
        struct stream_group *group = stream_group_at(s, last);
        if (!empty(group, items) || *items == 0)
            return false;
        --*items;
        btree_remove(&s->groups, last, last + 1, NULL, NULL);
        alloc_free(group);
    }
    return true;
}

static void copy_group(struct stream *to, const struct stream_group *from)
{
    struct stream_group *made =
        new_group(to, zset_element_member(&from->name), from->last, from->entries_read);
    for (size_t i = 0; i < from->consumers.count; i++) {
        const struct stream_consumer *c = stream_group_consumer_at(from, i);
        struct stream_consumer *consumer =
            stream_group_add_consumer(made, stream_group_consumer_name(c), c->seen_ms);
        consumer->active_ms = c->active_ms;
        struct stream_index_place place = stream_index_first(&c->pending);
        for (; place.leaf != NULL; stream_index_next(&place)) {
            const struct stream_pending *p = stream_index_value(place);
            struct stream_pending *pending =
                stream_group_force(made, consumer, stream_index_id(place));
            pending->delivered_ms = p->delivered_ms;
            pending->deliveries = p->deliveries;
        }
    }
}

void stream_group_copy_all(struct stream *to, const struct stream *from)
{
    for (size_t i = 0; i < from->groups.count; i++)
        copy_group(to, stream_group_at(from, i));
}

static size_t bytes_of_group(const struct stream_group *group, size_t samples)
{
    size_t total = alloc_usable(group) + group->consumers.bytes + group->pending.bytes +
                   group->pending.count * alloc_good_size(sizeof(struct stream_pending));
    size_t seen = 0, of_seen = 0, consumers = group->consumers.count;
    for (; seen < consumers && (samples == 0 || seen < samples); seen++) {
        const struct stream_consumer *consumer = stream_group_consumer_at(group, seen);
        of_seen += alloc_usable(consumer) + consumer->pending.bytes;
    }
    double each = seen == 0 ? 0 : (double)of_seen / (double)seen;
    return total + (size_t)(each * (double)consumers);
}

size_t stream_group_bytes(const struct stream *s, size_t samples)
{
    size_t seen = 0, of_seen = 0, groups = s->groups.count;
    for (; seen < groups && (samples == 0 || seen < samples); seen++)
        of_seen += bytes_of_group(stream_group_at(s, seen), samples);
    double each = seen == 0 ? 0 : (double)of_seen / (double)seen;
    return s->groups.bytes + (size_t)(each * (double)groups);
}

static size_t group_count(const void *object)
{
    return cost_of(object);
}

static bool group_free_some(void *object, size_t elements)
{
    if (!empty(object, &elements))
        return false;
    alloc_free(object);
    return true;
}

static size_t group_bytes(const void *object, size_t samples)
{
    return bytes_of_group(object, samples);
}

/* No value of a key: groups are only ever freed by themselves. */
const struct object_type stream_group_object = {
    .encoding = "stream group",
    .count = group_count,
    .free_some = group_free_some,
    .bytes = group_bytes,
};

static void validate_group(const struct stream_group *group)
{
    size_t pending = 0;
    stream_index_validate(&group->pending);
    btree_validate(&group->consumers);
    for (size_t i = 0; i < group->consumers.count; i++) {
        const struct stream_consumer *consumer = stream_group_consumer_at(group, i);
        stream_index_validate(&consumer->pending);
        pending += consumer->pending.count;
        struct stream_index_place place = stream_index_first(&consumer->pending);
        for (; place.leaf != NULL; stream_index_next(&place)) {
            const struct stream_pending *p = stream_index_value(place);
            assert(p->consumer == consumer);
            assert(stream_group_pending(group, stream_index_id(place)) == p);
        }
    }
    assert(pending == group->pending.count);
}

void stream_group_validate_all(const struct stream *s)
{
    btree_validate(&s->groups);
    for (size_t i = 0; i < s->groups.count; i++)
        validate_group(stream_group_at(s, i));
}
