/*
 * The words of command_words.def by bit or value: what COMMAND, ACL and error
 * replies print for them. Each table has as many entries as its enum.
 */
#ifndef SHOAL_ENGINE_COMMANDS_COMMAND_WORDS_H
#define SHOAL_ENGINE_COMMANDS_COMMAND_WORDS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "engine/commands/command.h"

struct command_flag_name {
    const char *word;
    bool shown; /* false: steers the server, not printed by COMMAND INFO */
};

extern const struct command_flag_name command_flag_names[CMD_BIT_COUNT];
extern const char *const acl_category_names[ACL_CAT_BIT_COUNT];
extern const char *const key_flag_names[KEY_BIT_COUNT];
extern const char *const doc_flag_names[DOC_BIT_COUNT];
extern const char *const arg_flag_names[ARG_BIT_COUNT];
extern const char *const arg_type_names[ARG_TYPE_COUNT];

/* The mask (ACL_CAT_*) of a category named without its '@', in any case; 0 if there is none. */
uint64_t command_words_acl_category(struct bytes word);

#endif
