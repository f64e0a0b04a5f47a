/*
 * Stream: entries of fields and values in the order of their ids (stream_id.h), and the
 * groups that read it (stream_group.h).
 *
 * Entries lie in nodes (stream_node.h) under an index by the id of their first
 * (stream_index.h): an entry is found in O(log n) and the walk through a node, whose size the
 * settings bound. Entries are added at the end only. A deleted one is flagged in its node,
 * which is freed with its last entry.
 *
 * A stream has no small form, and it stays when its last entry goes: its ids go on from the
 * last one. Nothing in it belongs to a thread: it may be moved between shards.
 */
#ifndef SHOAL_ENGINE_TYPES_STREAM_H
#define SHOAL_ENGINE_TYPES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/number.h"
#include "engine/keyspace/object.h"
#include "engine/types/btree.h"
#include "engine/types/stream_id.h"
#include "engine/types/stream_index.h"
#include "engine/types/stream_node.h"

extern const struct object_type stream_object;

struct stream {
    struct stream_index nodes;
    uint64_t length;              /* entries */
    uint64_t added;               /* entries there ever were */
    struct stream_id last;        /* that was given; the next is above it */
    struct stream_id first;       /* of the entries; 0-0: there are none */
    struct stream_id max_deleted; /* highest that was deleted one by one; 0-0: none */
    struct btree groups;          /* struct stream_group, by name */
};

struct stream *stream_new(void);

/* Frees a stream at once. */
void stream_free(struct stream *s);

/* How large nodes get: op_limits.stream_node_max_*, 0 for no limit. */
struct stream_limits {
    uint64_t bytes, entries;
};

/* Bytes of fields and values that an entry may have. */
#define STREAM_ENTRY_MAX ((size_t)1 << 30)

/* Adds an entry with an id above s->last; pairs: fields and values in turn, STREAM_ENTRY_MAX
 * bytes at most. False: no memory, nothing was done. O(log n) and the size of a node. */
bool stream_append(struct stream *s, struct stream_id id, const struct bytes *pairs, size_t fields,
                   struct stream_limits limits);

/* Deletes an entry; whether it was there. O(log n) and the size of a node. */
bool stream_delete(struct stream *s, struct stream_id id);

struct stream_trim {
    bool by_id;   /* entries below min_id are removed, else those beyond max_length */
    bool whole;   /* whole nodes only: may leave some */
    uint64_t limit; /* entries that may be removed, 0: any number */
    uint64_t max_length;
    struct stream_id min_id;
};

/*
 * Removes entries from the beginning; how many. O(nodes removed, or nodes that stay if these
 * are fewer). *rest: NULL, or a stream of what was removed, with nothing but nodes, which is
 * to be freed: there is much of it.
 */
uint64_t stream_trim(struct stream *s, const struct stream_trim *trim, struct stream **rest);

/* Whether there is an entry. */
bool stream_has(const struct stream *s, struct stream_id id);

/* Id of the last entry, 0-0 if there is none: s->last may have been deleted. */
struct stream_id stream_top(const struct stream *s);

/* A walk over the entries of a range; void once the stream changes. */
struct stream_cursor {
    struct stream_index_place place;
    struct stream_node node;
    struct stream_node_entry entry; /* the one it is at */
    bool back;
    struct stream_id end; /* the last one of the walk at most */
    char scratch[2][NUMBER_I64_MAX];
};

/* To the first entry with low <= id <= high, or the last one and from there back; false:
 * there is none. O(log n) and the size of a node. */
bool stream_seek(struct stream_cursor *c, const struct stream *s, struct stream_id low,
                 struct stream_id high, bool back);

/* To the next one of the walk; false: it has ended. */
bool stream_step(struct stream_cursor *c);

/* The next field of the entry, of which c->entry.left are left; the bytes are valid until the
 * next call. */
static inline void stream_field(struct stream_cursor *c, struct bytes *field, struct bytes *value)
{
    stream_node_field(&c->node, &c->entry, field, value, c->scratch[0], c->scratch[1]);
}

/* Aborts if an invariant is broken. O(n). */
void stream_validate(const struct stream *s);

#endif
