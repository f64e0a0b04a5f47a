/*
 * Command docs: a row of the command table in the forms that COMMAND INFO and COMMAND
 * DOCS answer.
 */
#ifndef SHOAL_SHARD_ADMIN_COMMAND_DOCS_H
#define SHOAL_SHARD_ADMIN_COMMAND_DOCS_H

#include <stdint.h>

struct command;
struct reply;

/* The ten elements of COMMAND INFO, subcommands included. */
void command_docs_info(struct reply *reply, const struct command *command);

/* The map of COMMAND DOCS, subcommands included. */
void command_docs_doc(struct reply *reply, const struct command *command);

/* What a command does to a key (KEY_*), as a set of words. */
void command_docs_key_flags(struct reply *reply, uint16_t flags);

#endif
