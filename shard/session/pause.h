/*
 * Pause: CLIENT PAUSE holds back commands for some time, all or those that write.
 *
 * Each shard has its own copy of the pause; the command is answered when all have it. A
 * command is held back with its client (STALL_PAUSE), so the client's commands keep
 * their order. While a pause lasts no key expires: an expired one is no longer seen, but
 * stays until the pause is over.
 *
 * Commands that were sent to another shard before the pause got there, and calls under
 * way, still are executed.
 */
#ifndef SHOAL_SHARD_SESSION_PAUSE_H
#define SHOAL_SHARD_SESSION_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct command;
struct session;

/* Whether a command has to wait. To be asked while session->slowed. CLIENT PAUSE and
 * CLIENT UNPAUSE never have to: a long pause could not be ended otherwise. */
bool pause_holds(const struct session *session, const struct client *client,
                 const struct command *command);

/* Ends a pause whose time has come. */
void pause_step(struct session *session, uint64_t now_ns);

#endif
