/*
 * Zset key: how the commands of sorted sets come to the set of a key, leave it after a
 * change, and put a new one in its place.
 */
#ifndef SHOAL_ENGINE_COMMANDS_ZSET_KEY_H
#define SHOAL_ENGINE_COMMANDS_ZSET_KEY_H

#include "engine/commands/op.h"
#include "engine/types/zset.h"

/* Opens the sorted set of a key for reading; a missing key is an empty set. *there (may
 * be NULL) says whether the key exists. False: WRONGTYPE was replied. */
bool zset_key_read(struct op *op, const struct key *key, struct zset_ref *zs, bool *there);

/* Opens the sorted set of a key for changes; a missing key is an empty set. `found`
 * stays the caller's until zset_close(). False: WRONGTYPE was replied. */
bool zset_key_write(struct op *op, const struct key *key, struct found *found,
                    struct zset_ref *zs);

/* Closes a set that was changed and tells of it: this event, and "del" if no member is
 * left. */
void zset_key_changed(struct op *op, const struct key *key, struct zset_ref *zs,
                      const char *event);

/* Gives a key the members that were built, whatever it held before, and replies their
 * number; without members the key is deleted. Ends the builder. */
void zset_key_store(struct op *op, const struct key *key, struct zset_builder *b,
                    const char *event);

#endif
