/*
 * Call: a command that spans shards, or an EXEC, driven from the client's shard.
 *
 * One state machine for both: a list of commands (one, or those MULTI queued) is
 * executed under one transaction that locks the union of their keys.
 *
 *   locks got everywhere -> watched versions compared -> commands, in order:
 *     - a run of commands with their keys on one shard each is one hop: every shard
 *       gets its part of them, and the replies are put in order;
 *     - a command that runs on each of several shards (each, all) is one hop, its
 *       replies merged;
 *     - a command whose keys must come together (gather) on several shards is two:
 *       the keys are taken out of their shards, the command runs here in a scratch
 *       keyspace, and what became of the keys is put back;
 *     - a session command runs here, between hops.
 *   -> locks released, usually with the last hop.
 *
 * If everything is on the client's own shard and no lock is in the way, all of it
 * happens before call_command() or call_exec() returns, without any transaction.
 *
 * While a call is under way its client takes no further command (STALL_CALL). A
 * client that goes away meanwhile stays in memory until the call is done.
 */
#ifndef SHOAL_SHARD_SESSION_CALL_H
#define SHOAL_SHARD_SESSION_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "shard/session/queue.h"

struct call;
struct client;
struct session;
struct wait;

/* Executes one command, replying when it is done. Takes the command over. */
void call_command(struct session *session, struct client *client, struct queued *command);

/* Executes a command with keys on several shards that may wait (wait.h). Takes the command
 * over. */
void call_blocking(struct session *session, struct client *client, struct queued *command);

/* Runs the command of a wait again, which is claimed: a shard has something for it that it
 * cannot deal with alone. */
void call_wait(struct wait *wait);

/* Executes EXEC: takes the queue over; the client's watches are dropped afterwards. */
void call_exec(struct session *session, struct client *client, struct queue *queue);

/* Executes WATCH on argv[1..]. */
void call_watch(struct session *session, struct client *client, struct queued *command);

/* The commands of the EXEC that the call is; NULL if it is another command. */
const struct queue *call_transaction(const struct call *call);

/* A session command of an EXEC that had to wait (a survey) has been answered. */
void call_continue(struct call *call);

/* False if the command's arguments cannot be split among shards, since the last key lacks
 * what belongs to it (MSET with half a pair). */
bool call_splits(const struct command *command, int argc);

/*
 * Whether all keys of the command are on one shard: its index, or -1 if they are on
 * several; the session's own shard if the command has no keys. Keys are found by the
 * command's row.
 */
int call_owner(struct session *session, const struct command *command, int argc,
               const struct bytes *argv);

#endif
