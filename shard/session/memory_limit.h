/*
 * Memory limit: maxmemory. While more memory is in use, commands that need more are refused.
 *
 * Each shard measures what it has allocated and publishes it; the sum decides, on each shard
 * for itself. Measuring walks the pages of the allocator, so it is done when it may matter:
 * after the shards have received a part of what is left to the limit, and at most for a part
 * of the time. So the limit is passed by what arrives between two measures: by tens of KB
 * when little memory is in use, by a percent or so when there is much.
 *
 * A shard measures before the replies of a turn leave, and adds up before it executes
 * commands: who deletes keys to make room finds it when the reply is there. Without maxmemory
 * nothing of this happens.
 */
#ifndef SHOAL_SHARD_SESSION_MEMORY_LIMIT_H
#define SHOAL_SHARD_SESSION_MEMORY_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct command;
struct session;

/* The text of the error, without its sign. */
#define MEMORY_LIMIT_ERROR "OOM command not allowed when used memory > 'maxmemory'."

struct memory_limit {
    bool set;           /* there is a limit */
    uint64_t look_ns;   /* when the shards' figures are added up again */
    uint64_t received;  /* bytes all shards had received when memory was measured here */
    uint64_t changes;   /* of the keys here, then */
};

/* There is a new limit, or none. */
void memory_limit_changed(struct session *session);

/* Adds up the figures of all shards and sets session->memory_full. For sessions with a limit,
 * before commands are executed. */
void memory_limit_look(struct session *session);

/* Measures what this shard uses if that may matter by now. For sessions with a limit, at the
 * end of a turn. */
void memory_limit_measure(struct session *session);

/* Whether a command is refused while memory is used up. Inside MULTI most are, since a queue
 * takes memory too; an EXEC is for what it would execute. */
bool memory_limit_refuses(const struct client *client, const struct command *command);

#endif
