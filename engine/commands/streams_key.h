/* Stream key: the stream under a key, and a group of it. */
#ifndef SHOAL_ENGINE_COMMANDS_STREAMS_KEY_H
#define SHOAL_ENGINE_COMMANDS_STREAMS_KEY_H

#include "engine/commands/op.h"
#include "engine/types/stream_group.h"

/* Looks a stream up for a command that reads or changes it: *s, NULL if there is no such key.
 * False: the key is of another type, which was replied. */
bool streams_key_read(struct op *op, const struct key *key, struct stream **s);
bool streams_key_write(struct op *op, const struct key *key, struct stream **s);

/* Puts a stream (taken over) under a key that is not there. */
void streams_key_put(struct op *op, const struct key *key, struct stream *s);

/* Frees what was taken out of a stream, now or in slices: a stream, a group; NULL is fine. */
void streams_key_discard(struct op *op, struct stream *rest);
void streams_key_discard_group(struct op *op, struct stream_group *group);

/* Finds the consumer of this name, making it (and telling that) if it is not there. */
struct stream_consumer *streams_key_consumer(struct op *op, const struct key *key,
                                             struct stream_group *group, struct bytes name);

#endif
