/*
 * Hash, inside: what the files of the hash share and others need not see.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_LARGE_H
#define SHOAL_ENGINE_TYPES_HASH_LARGE_H

#include "base/hash.h"
#include "engine/keyspace/table.h"
#include "engine/types/hash.h"
#include "engine/types/hash_item.h"
#include "engine/types/hash_order.h"
#include "engine/types/listpack.h"

/* --- The large form -------------------------------------------------------------------- */

struct hash {
    struct table table; /* of items (hash_item.h) */
};

/* The large form of a hash that is ENTRY_TIMED. */
struct hash_timed {
    struct hash hash;
    struct hash_order order; /* a time for each item that has an expiry */
};

/* A hash that is timed is told from one that is not by the lowest bit of its address, so
 * that one without expiries has no word for them. */
#define HASH_TIMED_TAG 1u

static inline bool hash_is_timed(const void *object)
{
    return ((uintptr_t)object & HASH_TIMED_TAG) != 0;
}

static inline struct hash *hash_untag(const void *object)
{
    return (struct hash *)((uintptr_t)object & ~(uintptr_t)HASH_TIMED_TAG);
}

static inline uint64_t hash_timed_word(const struct hash_timed *timed)
{
    return (uint64_t)(uintptr_t)timed | HASH_TIMED_TAG;
}

/* NULL: it is not timed. */
static inline struct hash_order *hash_order_of(const void *object)
{
    return hash_is_timed(object) ? &((struct hash_timed *)hash_untag(object))->order : NULL;
}

static inline uint64_t hash_field_hash(struct bytes field, uint64_t seed)
{
    return hash_bytes(field.data, field.len, seed);
}

/* Of a table of items; seed has to live as long as it is used. */
struct table_type hash_table_type(const uint64_t *seed);

static inline bool hash_item_expired(const void *item, int64_t now_ms)
{
    int64_t expiry = hash_item_expiry(item);
    return expiry != ENTRY_NO_EXPIRY && expiry < now_ms;
}

/* The item to which a time of the order belongs. */
void *hash_item_of(const struct hash *h, struct hash_time time, uint64_t seed);

/* timed_type.expire */
void hash_edit_expire_due(struct keyspace *ks, struct db *db, const struct key *key,
                          struct found *found, size_t parts);

/* --- The small form -------------------------------------------------------------------- */

#define HASH_SMALL_FOREVER 0 /* what is there for the time of a field that has none */

/* Elements that make up a field: itself, its value and, if timed, its time. */
static inline unsigned hash_small_stride(bool timed)
{
    return timed ? 3 : 2;
}

/* The field after one. */
static inline uint32_t hash_small_next(const void *lp, uint32_t at, bool timed)
{
    for (unsigned i = hash_small_stride(timed); i > 0 && at != LISTPACK_NONE; i--)
        at = listpack_next(lp, at);
    return at;
}

/* The time of a field of a timed hash, or HASH_SMALL_FOREVER. */
static inline int64_t hash_small_time(const void *lp, uint32_t at)
{
    return listpack_get(lp, listpack_next(lp, listpack_next(lp, at))).integer;
}

/* The same as an expiry, or ENTRY_NO_EXPIRY; also for a hash that is not timed. */
static inline int64_t hash_small_expiry(const void *lp, uint32_t at, bool timed)
{
    int64_t time = timed ? hash_small_time(lp, at) : HASH_SMALL_FOREVER;
    return time == HASH_SMALL_FOREVER ? ENTRY_NO_EXPIRY : time;
}

/* The first field that has not expired, and how many have: they come first. */
uint32_t hash_small_alive(const void *lp, bool timed, int64_t now_ms, size_t *expired);

/* Visits the pair of a listpack whose field is at that position. */
static inline void hash_visit_pair(const void *lp, uint32_t at, hash_visit visit, void *ctx)
{
    char field[NUMBER_I64_MAX], value[NUMBER_I64_MAX];
    visit(ctx, listpack_text(lp, at, field),
          listpack_text(lp, listpack_next(lp, at), value));
}

/* When the first field expires, INT64_MAX if none does, of a small and a large hash. */
int64_t hash_small_first(const void *lp, bool timed);
int64_t hash_large_first(const struct hash_order *order);

/* Whether all fields of a large hash have expired. */
static inline bool hash_large_dead(const struct hash *h, const struct hash_order *order,
                                   int64_t now_ms)
{
    return order != NULL && order->count == table_count(&h->table) && order->count > 0 &&
           hash_order_last(order).at_ms < now_ms;
}

#endif
