/* Stream: see stream.h. */
#include "engine/types/stream.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/types/stream_group.h"

#define CUT_NODES 64 /* nodes that are freed one by one; more are cut off */

struct stream *stream_new(void)
{
    return alloc_zeroed(sizeof(struct stream));
}

/* ---- Walks. ---- */

/* Opens the node of the place, at its first or last entry; false: there is no node. */
static bool enter_node(struct stream_cursor *c)
{
    if (c->place.leaf == NULL)
        return false;
    stream_node_open(&c->node, stream_index_value(c->place), stream_index_id(c->place));
    if (c->back)
        stream_node_last(&c->node, &c->entry);
    else
        stream_node_first(&c->node, &c->entry);
    return true;
}

/* To the next entry, deleted or not. */
static bool advance(struct stream_cursor *c)
{
    if (c->back ? stream_node_prev(&c->node, &c->entry) : stream_node_next(&c->node, &c->entry))
        return true;
    if (c->back)
        stream_index_prev(&c->place);
    else
        stream_index_next(&c->place);
    return enter_node(c);
}

/* Whether the walk has come past this id. */
static bool is_past(const struct stream_cursor *c, struct stream_id id)
{
    int order = stream_id_compare(c->entry.id, id);
    return c->back ? order < 0 : order > 0;
}

static bool arrive(struct stream_cursor *c)
{
    while (c->entry.deleted)
        if (!advance(c))
            return false;
    return !is_past(c, c->end);
}

bool stream_seek(struct stream_cursor *c, const struct stream *s, struct stream_id low,
                 struct stream_id high, bool back)
{
    struct stream_id start = back ? high : low;
    c->back = back;
    c->end = back ? low : high;
    c->place = stream_index_at_most(&s->nodes, start);
    if (c->place.leaf == NULL && !back)
        c->place = stream_index_first(&s->nodes);
    if (!enter_node(c))
        return false;
    while (!is_past(c, start) && stream_id_compare(c->entry.id, start) != 0)
        if (!advance(c))
            return false;
    return arrive(c);
}

bool stream_step(struct stream_cursor *c)
{
    return advance(c) && arrive(c);
}

bool stream_has(const struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    return stream_seek(&c, s, id, id, false);
}

static struct stream_id edge(const struct stream *s, bool back)
{
    struct stream_cursor c;
    bool there = stream_seek(&c, s, stream_id_zero, stream_id_max, back);
    return there ? c.entry.id : stream_id_zero;
}

struct stream_id stream_top(const struct stream *s)
{
    return edge(s, true);
}

/* ---- Adding. ---- */

/* Whether a node may not get an entry of so many bytes more. */
static bool is_full(const unsigned char *lp, size_t bytes, struct stream_limits limits)
{
    size_t max = limits.bytes == 0 ? LISTPACK_MAX : bits_min(limits.bytes, LISTPACK_MAX);
    if (listpack_bytes(lp) + bytes >= max)
        return true;
    struct stream_node node;
    stream_node_open(&node, lp, stream_id_zero);
    return limits.entries != 0 && node.count + node.deleted >= limits.entries;
}

bool stream_append(struct stream *s, struct stream_id id, const struct bytes *pairs, size_t fields,
                   struct stream_limits limits)
{
    assert(stream_id_compare(id, s->last) > 0);
    size_t bytes = 0;
    for (size_t i = 0; i < 2 * fields; i++)
        bytes += pairs[i].len;
    struct stream_index_place place = stream_index_last(&s->nodes);
    unsigned char *tail = place.leaf == NULL ? NULL : stream_index_value(place);
    if (tail != NULL && is_full(tail, bytes, limits)) {
        stream_index_replace(place, stream_node_fit(tail));
        tail = NULL;
    }
    struct stream_id master = tail == NULL ? id : stream_index_id(place);
    unsigned char *lp = stream_node_append(tail, master, id, pairs, fields);
    if (lp == NULL)
        return false;
    if (tail == NULL)
        stream_index_add(&s->nodes, id, lp);
    else
        stream_index_replace(place, lp);
    s->length++;
    s->added++;
    s->last = id;
    if (s->length == 1)
        s->first = id;
    return true;
}

/* ---- Removing. ---- */

static void drop_node(struct stream *s, struct stream_id master)
{
    alloc_free(stream_index_remove(&s->nodes, master));
}

/* So many entries of the node were flagged. */
static void settle(struct stream *s, const struct stream_cursor *c, size_t flagged)
{
    if (flagged == c->node.count)
        drop_node(s, c->node.master);
    else if (flagged > 0)
        stream_index_replace(c->place, stream_node_recount(c->node.lp, flagged));
    s->length -= flagged;
}

bool stream_delete(struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    if (!stream_seek(&c, s, id, id, false))
        return false;
    stream_node_flag(&c.node, &c.entry);
    settle(s, &c, 1);
    if (stream_id_compare(id, s->first) == 0)
        s->first = edge(s, false);
    if (stream_id_compare(id, s->max_deleted) > 0)
        s->max_deleted = id;
    return true;
}

/* Whether all of a node goes, of which so many entries are before it. */
static bool node_goes(const struct stream_trim *trim, const struct stream_node *node,
                      uint64_t length)
{
    if (!trim->by_id)
        return length - node->count >= trim->max_length;
    struct stream_node_entry last;
    stream_node_last(node, &last);
    return stream_id_compare(last.id, trim->min_id) < 0;
}

/* Whether nothing more goes, the stream being so long. */
static bool is_trimmed(const struct stream *s, const struct stream_trim *trim)
{
    return s->length == 0 || (!trim->by_id && s->length <= trim->max_length);
}

/* Removes nodes from the beginning, up to so many of them; whether there may be more that go. */
static bool drop_nodes(struct stream *s, const struct stream_trim *trim, size_t nodes,
                       uint64_t *removed)
{
    while (!is_trimmed(s, trim)) {
        if (nodes-- == 0)
            return true;
        struct stream_index_place place = stream_index_first(&s->nodes);
        struct stream_node node;
        stream_node_open(&node, stream_index_value(place), stream_index_id(place));
        if ((trim->limit != 0 && *removed + node.count > trim->limit) ||
            !node_goes(trim, &node, s->length))
            return false;
        s->length -= node.count;
        *removed += node.count;
        drop_node(s, node.master);
    }
    return false;
}

/* Flags the entries at the beginning of the first node that go. */
static uint64_t trim_inside(struct stream *s, const struct stream_trim *trim)
{
    struct stream_cursor c = {.place = stream_index_first(&s->nodes)};
    size_t flagged = 0;
    if (is_trimmed(s, trim) || !enter_node(&c))
        return 0;
    do {
        if (trim->by_id ? stream_id_compare(c.entry.id, trim->min_id) >= 0
                        : s->length - flagged <= trim->max_length)
            break;
        if (!c.entry.deleted) {
            stream_node_flag(&c.node, &c.entry);
            flagged++;
        }
    } while (stream_node_next(&c.node, &c.entry));
    settle(s, &c, flagged);
    return flagged;
}

/*
 * Where many nodes go and fewer stay: takes out those that stay, and gives the others away
 * without having looked at them. Nothing is done (NULL) if it is not so, which is found out by
 * walking from both ends.
 */
static struct stream *cut(struct stream *s, const struct stream_trim *trim, uint64_t *removed)
{
    struct stream_index_place head = stream_index_first(&s->nodes);
    struct stream_index_place tail = stream_index_last(&s->nodes);
    uint64_t stay = 0;      /* entries from the tail on */
    uint64_t left = s->length; /* entries from the head on */
    struct stream_node node;
    for (;;) {
        stream_node_open(&node, stream_index_value(head), stream_index_id(head));
        if (!node_goes(trim, &node, left))
            return NULL;
        left -= node.count;
        stream_index_next(&head);
        stream_node_open(&node, stream_index_value(tail), stream_index_id(tail));
        if (node_goes(trim, &node, stay + node.count))
            break;
        stay += node.count;
        stream_index_prev(&tail);
    }
    struct stream *rest = stream_new();
    struct stream_id last = stream_index_id(tail);
    for (tail = stream_index_last(&s->nodes);
         stream_id_compare(stream_index_id(tail), last) > 0;
         tail = stream_index_last(&s->nodes)) {
        struct stream_id master = stream_index_id(tail);
        stream_index_add(&rest->nodes, master, stream_index_remove(&s->nodes, master));
    }
    struct stream_index staying = rest->nodes;
    rest->nodes = s->nodes;
    s->nodes = staying;
    rest->length = s->length - stay;
    s->length = stay;
    *removed += rest->length;
    return rest;
}

uint64_t stream_trim(struct stream *s, const struct stream_trim *trim, struct stream **rest)
{
    uint64_t removed = 0;
    *rest = NULL;
    if (drop_nodes(s, trim, CUT_NODES, &removed)) {
        if (trim->limit == 0)
            *rest = cut(s, trim, &removed);
        drop_nodes(s, trim, SIZE_MAX, &removed);
    }
    if (!trim->whole)
        removed += trim_inside(s, trim);
    if (removed > 0)
        s->first = edge(s, false);
    return removed;
}

/* ---- The object. ---- */

static size_t count(const void *object)
{
    const struct stream *s = object;
    return s->nodes.count + stream_group_cost(s);
}

static bool free_some(void *object, size_t elements)
{
    struct stream *s = object;
    if (!stream_index_free_some(&s->nodes, &elements, alloc_free) ||
        !stream_group_free_some(s, &elements))
        return false;
    alloc_free(s);
    return true;
}

void stream_free(struct stream *s)
{
    while (!free_some(s, SIZE_MAX))
        continue;
}

static void *copy(const void *object, uint64_t seed)
{
    const struct stream *s = object;
    struct stream *made = stream_new();
    (void)seed;
    *made = *s;
    made->nodes = (struct stream_index){0};
    made->groups = (struct btree){0};
    struct stream_index_place place = stream_index_first(&s->nodes);
    for (; place.leaf != NULL; stream_index_next(&place)) {
        const unsigned char *lp = stream_index_value(place);
        size_t bytes = listpack_bytes(lp);
        stream_index_add(&made->nodes, stream_index_id(place),
                         memcpy(alloc_get(bytes), lp, bytes));
    }
    stream_group_copy_all(made, s);
    return made;
}

static size_t bytes(const void *object, size_t samples)
{
    const struct stream *s = object;
    size_t seen = 0, of_seen = 0;
    struct stream_index_place place = stream_index_first(&s->nodes);
    for (; place.leaf != NULL && (samples == 0 || seen < samples); stream_index_next(&place)) {
        of_seen += alloc_usable(stream_index_value(place));
        seen++;
    }
    double each = seen == 0 ? 0 : (double)of_seen / (double)seen;
    return alloc_usable(s) + s->nodes.bytes + (size_t)(each * (double)s->nodes.count) +
           stream_group_bytes(s, samples);
}

const struct object_type stream_object = {
    .encoding = "stream",
    .count = count,
    .free_some = free_some,
    .copy = copy,
    .bytes = bytes,
};

/* ---- Checking. ---- */

void stream_validate(const struct stream *s)
{
    struct stream_id before = stream_id_zero;
    uint64_t length = 0;
    stream_index_validate(&s->nodes);
    struct stream_index_place place = stream_index_first(&s->nodes);
    for (; place.leaf != NULL; stream_index_next(&place)) {
        const unsigned char *lp = stream_index_value(place);
        assert(stream_node_valid(bytes_make(lp, listpack_bytes(lp))));
        assert(stream_node_count(lp) > 0 && listpack_bytes(lp) <= alloc_usable(lp));
    }
    struct stream_cursor c = {.place = stream_index_first(&s->nodes)};
    for (bool there = enter_node(&c); there; there = advance(&c)) {
        assert(stream_id_compare(c.entry.id, before) > 0);
        before = c.entry.id;
        length += !c.entry.deleted;
    }
    assert(length == s->length);
    assert(stream_id_compare(stream_top(s), s->last) <= 0);
    assert(stream_id_compare(edge(s, false), s->first) == 0);
    stream_group_validate_all(s);
}
