/* Stream reply: entries of streams as clients see them. */
#ifndef SHOAL_ENGINE_COMMANDS_STREAMS_REPLY_H
#define SHOAL_ENGINE_COMMANDS_STREAMS_REPLY_H

#include "engine/types/stream.h"
#include "net/reply.h"

/* An id as a bulk, "ms-seq". */
void streams_reply_id(struct reply *reply, struct stream_id id);

/* The entry that the cursor is at: its id, and an array of fields and values. */
void streams_reply_entry(struct reply *reply, struct stream_cursor *c);

/* The entry of an id; false: there is none, nothing was replied. */
bool streams_reply_entry_of(struct reply *reply, const struct stream *s, struct stream_id id);

/* An array of the entries in a range, `count` of them at most (0: all). */
void streams_reply_range(struct reply *reply, const struct stream *s, struct stream_id low,
                         struct stream_id high, bool back, uint64_t count);

#endif
