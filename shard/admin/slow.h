/*
 * Slow: what is done about a slow command: an entry in the slow log, a spike for the
 * latency monitor. Off the path of commands that are not slow.
 */
#ifndef SHOAL_SHARD_ADMIN_SLOW_H
#define SHOAL_SHARD_ADMIN_SLOW_H

#include <stdint.h>

#include "base/blob.h"
#include "base/bytes.h"

struct client;
struct command;
struct session;
struct slow_entry;

/*
 * A command that took so many ticks has just been executed on this shard. Its client may
 * live on another one, waiting: it is only read from. `blobs` are those of the arguments
 * (NULL: none); an argument whose blob the command took may be gone, and is logged by
 * its length alone.
 */
__attribute__((cold, noinline))
void slow_note(struct session *session, const struct client *client,
               const struct command *command, int argc, const struct bytes *argv,
               struct blob *const *blobs, uint64_t ticks);

/*
 * The same for a command that ends after its arguments are gone: slow_prepare() copies them
 * while they are there (NULL: it is not to be logged), slow_note_prepared() takes the copy
 * over. Ticks of 0: the command was not slow.
 */
struct slow_entry *slow_prepare(const struct client *client, const struct command *command,
                                int argc, const struct bytes *argv, struct blob *const *blobs);
void slow_note_prepared(struct session *session, const struct command *command,
                        struct slow_entry *entry, uint64_t ticks);

#endif
