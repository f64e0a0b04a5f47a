/*
 * Command keys: which arguments of a command are keys, and how it uses them.
 *
 * The key specs of the command's row say it; where they cannot (the STORE option of SORT, SET with
 * GET) a rule written for the command does. Arguments are as the client sent them, the name first,
 * and need not make sense: whatever they are, indexes are below argc.
 */
#ifndef SHOAL_ENGINE_COMMANDS_COMMAND_KEYS_H
#define SHOAL_ENGINE_COMMANDS_COMMAND_KEYS_H

#include <stdint.h>

#include "base/bytes.h"
#include "engine/commands/command.h"

struct key_ref {
    int index;      /* in argv */
    uint16_t flags; /* KEY_*, never KEY_VARIABLE_FLAGS or KEY_INCOMPLETE where a rule decided */
};

enum command_keys_error {
    COMMAND_KEYS_NONE = -1,   /* no form of this command takes keys */
    COMMAND_KEYS_ARITY = -2,  /* too few or too many arguments */
    COMMAND_KEYS_INVALID = -3 /* the arguments are such that keys cannot be told */
};

/*
 * Finds the keys of a command with all its arguments (argv[0] is the name; with a subcommand,
 * argv[1] is its name). Returns how many there are, which may be more than `cap`: the first `cap`
 * of them are in `out`. Otherwise an enum command_keys_error, in the cases where COMMAND GETKEYS
 * answers an error. A command that may do without keys (CMD_NO_MANDATORY_KEYS) returns 0.
 */
int command_keys(const struct command *command, int argc, const struct bytes *argv,
                 struct key_ref *out, int cap);

/*
 * As command_keys(), with what is routed like a key without being one (KEY_NOT_KEY: channels of
 * sharded Pub/Sub).
 */
int command_keys_routed(const struct command *command, int argc, const struct bytes *argv,
                        struct key_ref *out, int cap);

/* The text after "ERR " that COMMAND GETKEYS answers for an error. */
const char *command_keys_error_text(enum command_keys_error error);

#endif
