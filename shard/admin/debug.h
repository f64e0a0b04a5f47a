/*
 * Debug: the DEBUG command. Subcommands that look at keys, or at whole shards, run as
 * commands of shards do, with rows of their own that are not in the command table; the
 * others run where the client lives (debug.c).
 */
#ifndef SHOAL_SHARD_ADMIN_DEBUG_H
#define SHOAL_SHARD_ADMIN_DEBUG_H

#include <stdbool.h>

#include "base/bytes.h"

struct client;
struct command;

/* Whether enable-debug-command lets this client use DEBUG. */
bool debug_allowed(const struct client *client);

/* The row by which a DEBUG command is to be executed: that of its subcommand, or
 * `debug` itself. */
const struct command *debug_command(const struct command *debug, int argc,
                                    const struct bytes *argv);

#endif
