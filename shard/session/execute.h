/*
 * Execute: runs commands on the shard that owns their keys, whoever they are for,
 * and finds out which locks they would have to wait for.
 */
#ifndef SHOAL_SHARD_SESSION_EXECUTE_H
#define SHOAL_SHARD_SESSION_EXECUTE_H

#include <stdbool.h>

#include "engine/commands/op.h"
#include "shard/runtime/locks.h"

struct session;
struct shard;

/* Runs the handler and counts the call. Returns its ticks if it was slow, to be handed
 * to slow_note() with what the caller knows of the command, else 0. */
uint64_t execute(struct session *session, struct op *op);

/* Runs the handler for a part of a command that others execute too. Returns the ticks;
 * the client's shard counts the call when it has the parts. */
uint64_t execute_part(struct session *session, struct op *op);

/* Whether a command whose keys are all here would have to wait; `key` is its first
 * key. To be asked only while the shard's queue has seats. */
bool execute_conflicts(struct session *session, const struct command *command, int argc,
                       const struct bytes *argv, const struct key *key);

/* Queues up for the locks of such a command, as a transaction of its own. `run` is
 * called when it has them; *locks is to be freed after locks_leave(). */
void execute_take_seat(struct session *session, const struct command *command, int argc,
                       const struct bytes *argv, const struct key *key, struct seat *seat,
                       struct lock **locks,
                       void (*run)(struct shard *shard, struct seat *seat));

/* The locks of a command's keys, in memory of their own (NULL for none). Keys are
 * locked by their hash, whatever the database. */
struct lock *execute_locks(struct session *session, const struct command *command, int argc,
                           const struct bytes *argv, uint32_t *count);

#endif
