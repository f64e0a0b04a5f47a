/*
 * The name tables of command_words.def.
 */

#include "engine/commands/command_words.h"

enum { hidden = false, shown = true };

const struct command_flag_name command_flag_names[CMD_BIT_COUNT] = {
#define COMMAND_FLAG(name, word, visibility) {word, visibility},
#include "engine/commands/command_words.def"
#undef COMMAND_FLAG
};

const char *const acl_category_names[ACL_CAT_BIT_COUNT] = {
#define ACL_CATEGORY(name, word) word,
#include "engine/commands/command_words.def"
#undef ACL_CATEGORY
};

const char *const key_flag_names[KEY_BIT_COUNT] = {
#define KEY_FLAG(name, word) word,
#include "engine/commands/command_words.def"
#undef KEY_FLAG
};

const char *const doc_flag_names[DOC_BIT_COUNT] = {
#define DOC_FLAG(name, word) word,
#include "engine/commands/command_words.def"
#undef DOC_FLAG
};

const char *const arg_flag_names[ARG_BIT_COUNT] = {
#define ARG_FLAG(name, word) word,
#include "engine/commands/command_words.def"
#undef ARG_FLAG
};

const char *const arg_type_names[ARG_TYPE_COUNT] = {
#define ARG_TYPE(name, word) word,
#include "engine/commands/command_words.def"
#undef ARG_TYPE
};

uint64_t command_words_acl_category(struct bytes word)
{
    for (int bit = 0; bit < ACL_CAT_BIT_COUNT; bit++) {
        if (bytes_equal_nocase(word, acl_category_names[bit])) return UINT64_C(1) << bit;
    }
    return 0;
}
