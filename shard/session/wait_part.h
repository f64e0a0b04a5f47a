/*
 * Wait part: what a wait does on the shard that owns the keys; see wait.h and waiting.h.
 */
#ifndef SHOAL_SHARD_SESSION_WAIT_PART_H
#define SHOAL_SHARD_SESSION_WAIT_PART_H

#include "shard/session/wait.h"

/* Handlers of what home sends: run the command and wait if there is nothing; come back; the
 * call you asked for has ended; put back (part->restore) what could not be delivered. */
void wait_part_try(struct shard *shard, struct message *message);
void wait_part_cancel(struct shard *shard, struct message *message);
void wait_part_woken(struct shard *shard, struct message *message);
void wait_part_restore(struct shard *shard, struct message *message);

/* Sends the part home for good, answered (part->reply) or not. */
void wait_part_home(struct shard *shard, struct wait_part *part);

/* Tells home that the command waits, having had a look: its time begins. */
void wait_part_waits(struct shard *shard, struct wait_part *part);

/* Asks home to run the command, which this shard cannot do alone. */
void wait_part_wake(struct shard *shard, struct wait_part *part);

#endif
