/*
 * The command table: what is known about every command.
 *
 * One row per command and per subcommand, all of it constant: the rows are data
 * in table/<group>.json, from which gen_command_table.py makes command_ids.gen.h
 * (enum command_id), command_table.gen.c (the rows) and session_handlers.gen.c
 * (the handlers of commands that run beside the client). Dispatch, COMMAND, ACL
 * categories and key extraction all read this table and nothing else.
 *
 * Strings are NUL-terminated, absent ones are NULL. Absent lists have count 0.
 */
#ifndef SHOAL_ENGINE_COMMANDS_COMMAND_H
#define SHOAL_ENGINE_COMMANDS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Bit numbers, one enum a list of command_words.def; the masks made of them follow. */
enum command_flag_bit {
#define COMMAND_FLAG(name, word, shown) CMD_BIT_##name,
#include "engine/commands/command_words.def"
#undef COMMAND_FLAG
    CMD_BIT_COUNT
};

enum acl_category_bit {
#define ACL_CATEGORY(name, word) ACL_CAT_BIT_##name,
#include "engine/commands/command_words.def"
#undef ACL_CATEGORY
    ACL_CAT_BIT_COUNT
};

enum key_flag_bit {
#define KEY_FLAG(name, word) KEY_BIT_##name,
#include "engine/commands/command_words.def"
#undef KEY_FLAG
    KEY_BIT_COUNT
};

enum doc_flag_bit {
#define DOC_FLAG(name, word) DOC_BIT_##name,
#include "engine/commands/command_words.def"
#undef DOC_FLAG
    DOC_BIT_COUNT
};

enum arg_flag_bit {
#define ARG_FLAG(name, word) ARG_BIT_##name,
#include "engine/commands/command_words.def"
#undef ARG_FLAG
    ARG_BIT_COUNT
};

/* CMD_WRITE, CMD_READONLY, ... */
enum command_flag {
#define COMMAND_FLAG(name, word, shown) CMD_##name = 1 << CMD_BIT_##name,
#include "engine/commands/command_words.def"
#undef COMMAND_FLAG
};

/* ACL_CAT_KEYSPACE, ACL_CAT_READ, ... */
enum acl_category {
#define ACL_CATEGORY(name, word) ACL_CAT_##name = 1 << ACL_CAT_BIT_##name,
#include "engine/commands/command_words.def"
#undef ACL_CATEGORY
};

/*
 * KEY_RO reads the key, KEY_RW changes it depending on what it held, KEY_OW replaces it whatever
 * it held, KEY_RM removes it: exactly one of the four. KEY_ACCESS says that data of the value goes
 * to the client or to another key, KEY_UPDATE, KEY_INSERT and KEY_DELETE what happens to the data.
 * KEY_NOT_KEY is routed like a key without being one (a channel of sharded Pub/Sub).
 */
enum key_flag {
#define KEY_FLAG(name, word) KEY_##name = 1 << KEY_BIT_##name,
#include "engine/commands/command_words.def"
#undef KEY_FLAG
};

enum doc_flag {
#define DOC_FLAG(name, word) DOC_##name = 1 << DOC_BIT_##name,
#include "engine/commands/command_words.def"
#undef DOC_FLAG
};

enum arg_flag {
#define ARG_FLAG(name, word) ARG_##name = 1 << ARG_BIT_##name,
#include "engine/commands/command_words.def"
#undef ARG_FLAG
};

enum command_arg_type {
#define ARG_TYPE(name, word) ARG_TYPE_##name,
#include "engine/commands/command_words.def"
#undef ARG_TYPE
    ARG_TYPE_COUNT
};

/*
 * Where a command runs.
 *
 * WHERE_SESSION: where the client lives (handler cmd_*). It may drive shards by itself.
 * WHERE_KEY: on the shard that owns its one key.
 * WHERE_EACH: on every shard that owns some of its keys, with these keys only; the answers are
 *     combined by `merge`.
 * WHERE_GATHER: its keys, one or several, must come together under one transaction.
 * WHERE_ALL: on every shard, the answers combined by `merge`.
 * WHERE_CURSOR: on the shard that owns the slot in its cursor, argv[1].
 */
enum command_where {
#define COMMAND_WHERE(name, word) WHERE_##name,
#include "engine/commands/command_words.def"
#undef COMMAND_WHERE
    WHERE_COUNT
};

/*
 * How the answers of several shards become one: MERGE_SUM adds integers, MERGE_OK answers +OK if
 * all did, MERGE_KEYS puts array elements in the order of the keys, MERGE_CONCAT joins arrays in
 * any order, MERGE_PICK takes one of the [weight, element] pairs with the chance its weight gives
 * it, MERGE_DIGEST makes one digest of a data set from those of its parts. MERGE_NONE: only one
 * shard answers.
 */
enum command_merge {
#define COMMAND_MERGE(name, word) MERGE_##name,
#include "engine/commands/command_words.def"
#undef COMMAND_MERGE
    MERGE_COUNT
};

/* Which code finds the keys: KEY_RULE_SPECS where key specs say it all, else one made for it. */
enum key_rule {
#define KEY_RULE(name, word) KEY_RULE_##name,
#include "engine/commands/command_words.def"
#undef KEY_RULE
    KEY_RULE_COUNT
};

struct op;
typedef void (*op_fn)(struct op *);

enum key_begin { KEY_BEGIN_UNKNOWN, KEY_BEGIN_INDEX, KEY_BEGIN_KEYWORD };
enum key_find { KEY_FIND_UNKNOWN, KEY_FIND_RANGE, KEY_FIND_KEYNUM };

/*
 * Where some keys of a command are among its arguments, in two steps: `begin` gives the argument
 * where to start, `find` counts keys from there.
 */
struct key_spec {
    const char *notes;
    uint16_t flags; /* KEY_* */
    uint8_t begin;  /* enum key_begin */
    uint8_t find;   /* enum key_find */
    struct {
        int16_t index;       /* INDEX: position of the first argument */
        int16_t startfrom;   /* KEYWORD: where to look; negative: from the end, backwards */
        const char *keyword; /* KEYWORD: the argument before the first one, in any case */
    } from;
    struct {
        int16_t last;  /* RANGE: last key relative to the first; negative: from the last argument */
        int16_t step;  /* both: distance of a key to the next */
        int16_t limit; /* RANGE with last -1: 2 takes the first half of the arguments, and so on */
        int16_t keynum_index; /* KEYNUM: where the number of keys is, relative to the beginning */
        int16_t first;        /* KEYNUM: the first key, relative to the beginning */
    } keys;
};

struct command_arg {
    const char *name;
    const char *display; /* NULL: same as name */
    const char *token;
    const char *since;
    const char *deprecated_since;
    const struct command_arg *args; /* of ARG_TYPE_ONEOF and ARG_TYPE_BLOCK */
    uint8_t arg_count;
    uint8_t type;          /* enum command_arg_type */
    uint8_t flags;         /* ARG_* */
    int8_t key_spec_index; /* -1: not a key */
};

struct command_change {
    const char *version;
    const char *text;
};

/* What COMMAND DOCS and COMMAND INFO tell and the server itself never needs. */
struct command_doc {
    const char *summary;
    const char *since;
    const char *group;
    const char *complexity;
    const char *deprecated_since;
    const char *replaced_by;
    const struct command_change *history;
    const char *const *tips;
    const struct command_arg *args;
    uint8_t history_count;
    uint8_t tip_count;
    uint8_t arg_count;
    uint8_t flags; /* DOC_* */
};

struct command {
    const char *name; /* lowercase: "get", "config|get" */
    uint16_t id;      /* enum command_id, also its place in command_table */
    int16_t arity;    /* with the name; negative: at least so many */
    uint8_t where;    /* enum command_where */
    uint8_t merge;    /* enum command_merge */
    uint8_t key_rule; /* enum key_rule */
    bool is_container;
    /* Keys are argv[first_key], then every key_step up to last_key (negative: from the end, -1 is
     * the last argument); all 0 without keys. With CMD_MOVABLE_KEYS there may be more elsewhere. */
    int16_t first_key, last_key, key_step;
    uint64_t flags; /* CMD_* */
    uint64_t acl;   /* ACL_CAT_* */
    const struct key_spec *key_specs;
    uint8_t key_spec_count;
    uint16_t subcommand_count;
    const struct command_doc *doc;
    const struct command *const *subcommands;
    const struct command *container; /* NULL for a top-level command */
    op_fn op;                        /* NULL with WHERE_SESSION */
};

/* Every command, in the order of enum command_id; command_table_size is COMMAND_COUNT. */
extern const struct command command_table[];
extern const uint16_t command_table_size;

/* The row of a top-level command, by its name in any case; NULL if there is none. */
const struct command *command_find(struct bytes name);

/* The row of a subcommand ("get" of CONFIG), by its name in any case; NULL if there is none. */
const struct command *command_find_sub(const struct command *container, struct bytes sub);

#endif
