/*
 * Command names: what clients call commands by where rename-command changed that.
 *
 * Built before the shards start and frozen then. Where nothing was renamed there is none
 * (NULL), and a command is found by command_find() alone. A command has its own name,
 * another one, or none; its rows and errors go by its own name in any case. Subcommands
 * cannot be renamed.
 */
#ifndef SHOAL_ENGINE_COMMANDS_COMMAND_NAMES_H
#define SHOAL_ENGINE_COMMANDS_COMMAND_NAMES_H

#include <stdbool.h>

#include "base/bytes.h"
#include "engine/commands/command.h"

struct command_names;

/* Names from which every command still has its own. */
struct command_names *command_names_new(void);

/* names may be NULL. */
void command_names_free(struct command_names *names);

/*
 * Gives the command that is called `from` by now the name `to`, or none if that is empty.
 * NULL, or what is wrong: there is no such command, or another one has the name. A
 * command of Redis that is not there yet can be renamed to no effect.
 */
const char *command_names_change(struct command_names *names, struct bytes from,
                                 struct bytes to);

/* The command that clients call so, in any case; NULL if there is none. */
const struct command *command_names_find(const struct command_names *names, struct bytes name);

/* The same, also of a subcommand: "config|get". */
const struct command *command_names_find_full(const struct command_names *names,
                                              struct bytes name);

/* Whether clients can call a command, or the container of a subcommand, at all. */
bool command_names_has(const struct command_names *names, const struct command *command);

#endif
