/*
 * Waiting: who waits for which keys of this shard. The other side of wait.h.
 *
 * Each key somebody waits for has a queue of parts, in the order in which their commands
 * found nothing here: first come, first served, whatever shard the client lives on.
 *
 * A change of such a key makes it *due*. Due keys are served as soon as the command that
 * changed them has ended, before anybody else can look: waiting_serve() follows every
 * command. What a transaction changes becomes due when it leaves the shard, before those
 * who wait for its locks get them; so clients wake up after the whole of an EXEC.
 */
#ifndef SHOAL_SHARD_SESSION_WAITING_H
#define SHOAL_SHARD_SESSION_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/keyspace/keyspace.h"
#include "shard/session/wait.h"

struct seat;
struct session;
struct shard;
struct waiting;

struct waiting *waiting_new(struct shard *shard);
void waiting_free(struct waiting *waiting);

/* The part's command was run here and found nothing: from now on it waits. */
void waiting_add(struct waiting *waiting, struct wait_part *part);

/* Takes a part out of its queues. Those behind it on its keys have a look again. */
void waiting_remove(struct waiting *waiting, struct wait_part *part);

/* The command that a part asked home for has been run, or could not be. */
void waiting_woken(struct waiting *waiting, struct wait_part *part);

/* Whether somebody is first in line for one of these keys and is being served from its own
 * home: a command that would take something has to queue up behind. */
bool waiting_ahead(const struct waiting *waiting, uint16_t db, uint64_t seed,
                   const struct command *command, int argc, const struct bytes *argv);
bool waiting_ahead_of_key(const struct waiting *waiting, uint16_t db, const struct key *key);

/* How many keys somebody waits for, and of how many somebody wants to know too when they go. */
size_t waiting_keys(const struct waiting *waiting);
size_t waiting_keys_any_change(const struct waiting *waiting);

/* Changes from now on are those of the transaction with this seat; NULL: of none. */
void waiting_hop(struct waiting *waiting, const struct seat *seat);

/* The transaction has left: what it changed is due. */
void waiting_released(struct waiting *waiting, const struct seat *seat);

/* Serves all keys that are due. To be called when session->keys_due. */
void waiting_serve(struct session *session);

#endif
