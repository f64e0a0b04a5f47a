/*
 * Zset reply: how members and scores are answered.
 *
 * Scores are doubles in RESP3 and bulks in RESP2, with the fewest digits that read back
 * the same, as Redis 7.2 has them. A member with its score is an array of two in RESP3
 * and two elements in a row in RESP2.
 */
#ifndef SHOAL_ENGINE_COMMANDS_ZSET_REPLY_H
#define SHOAL_ENGINE_COMMANDS_ZSET_REPLY_H

#include "engine/types/zset.h"
#include "net/reply.h"

void zset_reply_score(struct reply *reply, double score);

/* Opens the array of so many members, with their scores or without. */
void zset_reply_members(struct reply *reply, size_t count, bool scores);

/* One of them. */
void zset_reply_member(struct reply *reply, struct bytes member, double score, bool scores);

/* The array of the members of ranks [first, past), in reverse order if `reverse`. */
void zset_reply_ranks(struct reply *reply, const struct zset_ref *zs, size_t first, size_t past,
                      bool reverse, bool scores);

#endif
