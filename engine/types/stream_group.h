/*
 * Stream group: who reads a stream together, and which entries were delivered to whom and not
 * acknowledged yet.
 *
 * Such an entry is pending: one struct stream_pending, in the index of the group and in that
 * of the consumer it was delivered to. Groups and consumers are kept in order of their names,
 * in the tree of sorted sets, where all scores are 0. Looking one up costs O(log n).
 */
#ifndef SHOAL_ENGINE_TYPES_STREAM_GROUP_H
#define SHOAL_ENGINE_TYPES_STREAM_GROUP_H

#include "engine/types/stream.h"

#define STREAM_GROUP_UNKNOWN INT64_C(-1) /* for entries_read */

struct stream_group {
    struct stream_id last;       /* that was delivered */
    int64_t entries_read;        /* number of entries up to it; STREAM_GROUP_UNKNOWN */
    struct stream_index pending; /* struct stream_pending */
    struct btree consumers;      /* struct stream_consumer */
    struct zset_element name;    /* the last field: its bytes follow */
};

struct stream_consumer {
    int64_t seen_ms;             /* when it asked last */
    int64_t active_ms;           /* when it got something last; -1: never */
    struct stream_index pending; /* those of the group that are this consumer's */
    struct zset_element name;    /* the last field: its bytes follow */
};

struct stream_pending {
    struct stream_consumer *consumer;
    int64_t delivered_ms;
    int64_t deliveries;
};

/* A group by its name, or NULL. */
struct stream_group *stream_group_find(const struct stream *s, struct bytes name);

/* Makes a group; NULL: there is one of that name. */
struct stream_group *stream_group_create(struct stream *s, struct bytes name,
                                         struct stream_id last, int64_t entries_read);

/* Takes a group out of the stream: to be freed by the caller, as this object. */
void stream_group_detach(struct stream *s, struct stream_group *group);
extern const struct object_type stream_group_object;

/* The groups of a stream, the consumers of a group, by their order. O(log n). */
struct stream_group *stream_group_at(const struct stream *s, size_t rank);
struct stream_consumer *stream_group_consumer_at(const struct stream_group *group, size_t rank);

/* A consumer by its name, or NULL. */
struct stream_consumer *stream_group_consumer(const struct stream_group *group,
                                              struct bytes name);

/* Makes a consumer that was not there. */
struct stream_consumer *stream_group_add_consumer(struct stream_group *group, struct bytes name,
                                                  int64_t now_ms);

/* Deletes a consumer; its pending entries are no longer pending: how many there were. */
size_t stream_group_drop_consumer(struct stream_group *group, struct stream_consumer *consumer);

static inline struct bytes stream_group_consumer_name(const struct stream_consumer *consumer)
{
    return zset_element_member(&consumer->name);
}

/* An entry was delivered to a consumer for the first time, whoever had it before. */
void stream_group_deliver(struct stream_group *group, struct stream_consumer *consumer,
                          struct stream_id id, int64_t now_ms);

/* What is pending of this id, or NULL. */
static inline struct stream_pending *stream_group_pending(const struct stream_group *group,
                                                          struct stream_id id)
{
    return stream_index_find(&group->pending, id);
}

/* Makes an id pending that is not, as delivered once. */
struct stream_pending *stream_group_force(struct stream_group *group,
                                          struct stream_consumer *consumer, struct stream_id id);

/* Gives a pending entry to a consumer. */
void stream_group_claim(struct stream_pending *pending, struct stream_consumer *consumer,
                        struct stream_id id);

/* An id is no longer pending; whether it was. */
bool stream_group_acknowledge(struct stream_group *group, struct stream_id id);

/* The group has read up to this id, which is an entry behind those it has read. */
void stream_group_advance(const struct stream *s, struct stream_group *group,
                          struct stream_id id);

/* How many entries the group has still to read; false: it cannot be told. */
bool stream_group_lag(const struct stream *s, const struct stream_group *group, int64_t *lag);

/* For the object that is the stream: what freeing its groups costs, and the like. */
size_t stream_group_cost(const struct stream *s);
bool stream_group_free_some(struct stream *s, size_t *items);
void stream_group_copy_all(struct stream *to, const struct stream *from);
size_t stream_group_bytes(const struct stream *s, size_t samples);
void stream_group_validate_all(const struct stream *s);

#endif
