/* Merge: one reply from those of several shards. See enum command_merge. */
#ifndef SHOAL_SHARD_SESSION_MERGE_H
#define SHOAL_SHARD_SESSION_MERGE_H

#include <stdint.h>

#include "base/sha1.h"
#include "net/reply.h"

struct work;

/* Each takes the last share of every work that has shares. If one of them was
 * answered with an error, that error is the reply. */
void merge_sum(struct reply *reply, struct work *works, uint32_t count);
void merge_ok(struct reply *reply, struct work *works, uint32_t count);
void merge_concat(struct reply *reply, struct work *works, uint32_t count);
void merge_pick(struct reply *reply, struct work *works, uint32_t count, uint64_t random);

/* Each part is a bulk of MERGE_DIGEST_BYTES for each database: a byte that says whether it
 * has keys, and their digest. The reply is the digest of all. */
#define MERGE_DIGEST_BYTES (1 + SHA1_BYTES)
void merge_digest(struct reply *reply, struct work *works, uint32_t count, uint16_t dbs);

/* Element i of the reply is the next one of works[key_part[i]]. */
void merge_keys(struct reply *reply, struct work *works, uint32_t count,
                const uint16_t *key_part, uint32_t keys);

#endif
