/*
 * Slow ring: the slow commands of one shard, the latest of them.
 *
 * Entries are numbered over the whole node, so that the rings of several shards can be
 * put in order. An entry holds copies, trimmed: up to SLOW_ARGS arguments of which the
 * last may say how many more there were, and SLOW_ARG_BYTES of each.
 */
#ifndef SHOAL_SHARD_ADMIN_SLOW_RING_H
#define SHOAL_SHARD_ADMIN_SLOW_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define SLOW_ARGS 32
#define SLOW_ARG_BYTES 128

struct slow_entry {
    uint64_t id;
    int64_t wall_s;
    uint64_t us;
    uint32_t argc;
    struct bytes peer, name;
    struct bytes argv[]; /* their bytes follow */
};

struct slow_ring;

struct slow_ring *slow_ring_new(void);
void slow_ring_free(struct slow_ring *ring);

/*
 * An entry for a command; `lost(ctx, i)` says whether the bytes of argument i are gone,
 * and only its length can be told. Freed by alloc_free().
 */
struct slow_entry *slow_entry_new(int argc, const struct bytes *argv,
                                  bool (*lost)(const void *ctx, int i), const void *ctx,
                                  struct bytes peer, struct bytes name);

/* A copy of an entry in memory of its own. */
struct slow_entry *slow_entry_copy(const struct slow_entry *entry);

/* Adds an entry (taken over) as the newest, and forgets the oldest until there are at
 * most `max`. */
void slow_ring_add(struct slow_ring *ring, struct slow_entry *entry, uint64_t max);

void slow_ring_clear(struct slow_ring *ring);
uint64_t slow_ring_count(const struct slow_ring *ring);

/* The entry that is i-th from the newest, 0 being that. */
const struct slow_entry *slow_ring_at(const struct slow_ring *ring, uint64_t i);

#endif
