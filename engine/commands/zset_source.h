/*
 * Zset source: a key that ZUNION, ZINTER, ZDIFF and their relatives read, seen as members
 * with scores whatever its type.
 */
#ifndef SHOAL_ENGINE_COMMANDS_ZSET_SOURCE_H
#define SHOAL_ENGINE_COMMANDS_ZSET_SOURCE_H

#include "engine/commands/op.h"
#include "engine/types/zset.h"

struct zset_source {
    struct zset_ref zset;
    double weight; /* what its scores are multiplied by; the caller's */
};

/* Opens the key argv[i]; a missing key is empty. Void once the keyspace changes. False:
 * WRONGTYPE was replied. */
bool zset_source_open(struct op *op, int i, struct zset_source *source);

/* Number of members. O(1). */
size_t zset_source_count(const struct zset_source *source);

/* Whether it has this member, and its score (not weighted). */
bool zset_source_score(const struct zset_source *source, struct bytes member, double *score);

/* Calls visit for each member until it returns false. */
void zset_source_each(const struct zset_source *source,
                      bool (*visit)(void *ctx, struct bytes member, double score), void *ctx);

#endif
