/*
 * The command table with the rows of every group: finding, what the generator derived, and keys.
 */
#include <criterion/criterion.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "command_ids.gen.h"
#include "engine/commands/command.h"
#include "engine/commands/command_keys.h"
#include "engine/commands/command_words.h"
#include "session_handlers.gen.h"

enum { MAX_ARGS = 32, MAX_KEYS = 8 };

/* A command line split at spaces, its row, and the keys found in it. */
struct line {
    char text[256];
    struct bytes argv[MAX_ARGS];
    int argc;
    const struct command *command;
    struct key_ref keys[MAX_KEYS];
    int count;
};

static const struct command *lookup(const struct bytes *argv, int argc)
{
    const struct command *command = command_find(argv[0]);
    cr_assert_not_null(command);
    if (command->is_container && argc > 1) command = command_find_sub(command, argv[1]);
    cr_assert_not_null(command);
    return command;
}

static void split(struct line *line, const char *text)
{
    char *rest = NULL;

    line->argc = 0;
    snprintf(line->text, sizeof line->text, "%s", text);
    for (char *word = strtok_r(line->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        line->argv[line->argc++] = strcmp(word, "''") == 0 ? bytes_of("") : bytes_of(word);
    line->command = lookup(line->argv, line->argc);
}

static int keys_of(struct line *line, const char *text)
{
    split(line, text);
    line->count = command_keys(line->command, line->argc, line->argv, line->keys, MAX_KEYS);
    return line->count;
}

/* Asserts that the keys of a command line are those of a list: "a:RW,access b:RO". */
static void assert_keys(const char *text, const char *expected)
{
    struct line line;
    char found[512] = "";
    size_t used = 0;

    keys_of(&line, text);
    cr_assert_geq(line.count, 0, "%s: error %d", text, line.count);
    for (int i = 0; i < line.count; i++) {
        struct bytes key = line.argv[line.keys[i].index];
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.*s", i > 0 ? " " : "",
                                 (int)key.len, key.data);
        for (int bit = 0, first = 1; bit < KEY_BIT_COUNT; bit++) {
            if (!(line.keys[i].flags & 1 << bit)) continue;
            used += (size_t)snprintf(found + used, sizeof found - used, "%c%s", first ? ':' : ',',
                                     key_flag_names[bit]);
            first = 0;
        }
    }
    cr_assert_str_eq(found, expected, "%s: found '%s'", text, found);
}

static void assert_keys_error(const char *text, enum command_keys_error expected)
{
    struct line line;

    keys_of(&line, text);
    cr_assert_eq(line.count, (int)expected, "%s: %d", text, line.count);
}

Test(command_find, finds_every_command_in_any_case)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = &command_table[id];
        const char *own = command->container ? strchr(command->name, '|') + 1 : command->name;
        char upper[32], mixed[32];
        size_t len = strlen(own);
        for (size_t i = 0; i < len; i++) {
            upper[i] = (char)toupper(own[i]);
            mixed[i] = i % 2 ? upper[i] : own[i];
        }
        const char *const spellings[] = {own, upper, mixed};
        for (int i = 0; i < 3; i++) {
            struct bytes name = {spellings[i], len};
            const struct command *found = command->container
                                              ? command_find_sub(command->container, name)
                                              : command_find(name);
            cr_assert_eq(found, command, "%s", command->name);
        }
    }
}

Test(command_find, does_not_find_a_name_with_one_byte_changed)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = &command_table[id];
        size_t len = strlen(command->name);
        if (command->container) continue;
        for (size_t at = 0; at < len; at++) {
            char name[32];
            memcpy(name, command->name, len);
            for (int bit = 0; bit < 8; bit++) {
                name[at] = (char)(command->name[at] ^ 1 << bit);
                const struct command *found = command_find((struct bytes){name, len});
                bool same = tolower((unsigned char)name[at]) == command->name[at];
                cr_assert(same ? found == command : found != command, "%.*s", (int)len, name);
            }
        }
    }
}

Test(command_find, does_not_find_what_is_empty_too_long_or_cut_short)
{
    char longest[300];

    memset(longest, 'a', sizeof longest);
    cr_assert_null(command_find((struct bytes){NULL, 0}));
    cr_assert_null(command_find((struct bytes){longest, sizeof longest}));
    cr_assert_null(command_find((struct bytes){longest, 256 + 3}));
    cr_assert_null(command_find((struct bytes){"getx", 2}));
    cr_assert_null(command_find((struct bytes){"get\0", 4}));
    cr_assert_null(command_find(bytes_of("config|get")));
}

Test(command_find, keeps_subcommands_with_their_container)
{
    const struct command *config = command_find(bytes_of("CONFIG"));
    const struct command *slowlog = command_find(bytes_of("slowlog"));

    cr_assert_eq(command_find_sub(config, bytes_of("GET"))->id, COMMAND_CONFIG_GET);
    cr_assert_eq(command_find_sub(slowlog, bytes_of("Get"))->id, COMMAND_SLOWLOG_GET);
    cr_assert_eq(command_find(bytes_of("get"))->id, COMMAND_GET);
    cr_assert_null(command_find_sub(config, bytes_of("len")));
    cr_assert_null(command_find(bytes_of("resetstat")));
}

Test(command_table, has_every_row_at_the_place_of_its_id)
{
    cr_assert_eq(command_table_size, COMMAND_COUNT);
    for (int id = 0; id < COMMAND_COUNT; id++) {
        cr_assert_eq(command_table[id].id, id);
        cr_assert_not_null(command_table[id].doc->summary);
    }
}

Test(command_table, gives_each_command_one_handler_and_containers_none)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = &command_table[id];
        bool in_session = session_handlers[id] != NULL;
        cr_assert(!(in_session && command->op), "%s", command->name);
        cr_assert_eq(command->op != NULL, command->where != WHERE_SESSION, "%s", command->name);
        if (!command->is_container) cr_assert(in_session || command->op, "%s", command->name);
    }
    cr_assert_not_null(session_handlers[COMMAND_COMMAND]);
    cr_assert_null(session_handlers[COMMAND_CONFIG]);
}

Test(command_table, links_containers_and_subcommands_both_ways)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = &command_table[id];
        cr_assert_eq(command->is_container, command->subcommand_count > 0);
        for (int i = 0; i < command->subcommand_count; i++) {
            const struct command *sub = command->subcommands[i];
            size_t len = strlen(command->name);
            cr_assert_eq(sub->container, command);
            cr_assert(strncmp(sub->name, command->name, len) == 0 && sub->name[len] == '|');
        }
    }
    cr_assert_eq(command_find(bytes_of("object"))->subcommand_count, 5);
}

Test(command_table, tells_how_the_parts_of_several_shards_combine)
{
    cr_assert_eq(command_table[COMMAND_MGET].where, WHERE_EACH);
    cr_assert_eq(command_table[COMMAND_MGET].merge, MERGE_KEYS);
    cr_assert_eq(command_table[COMMAND_DEL].merge, MERGE_SUM);
    cr_assert_eq(command_table[COMMAND_FLUSHALL].where, WHERE_ALL);
    cr_assert_eq(command_table[COMMAND_KEYS].merge, MERGE_CONCAT);
    cr_assert_eq(command_table[COMMAND_RENAME].where, WHERE_GATHER);
    cr_assert_eq(command_table[COMMAND_GET].where, WHERE_KEY);
    cr_assert_eq(command_table[COMMAND_PING].where, WHERE_SESSION);
}

Test(command_table, derives_categories_from_flags)
{
    cr_assert_eq(command_table[COMMAND_GET].acl, ACL_CAT_STRING | ACL_CAT_READ | ACL_CAT_FAST);
    cr_assert_eq(command_table[COMMAND_SET].acl, ACL_CAT_STRING | ACL_CAT_WRITE | ACL_CAT_SLOW);
    cr_assert_eq(command_table[COMMAND_CONFIG_SET].acl,
                 ACL_CAT_ADMIN | ACL_CAT_DANGEROUS | ACL_CAT_SLOW);
    cr_assert_eq(command_table[COMMAND_BLPOP].acl,
                 ACL_CAT_LIST | ACL_CAT_WRITE | ACL_CAT_BLOCKING | ACL_CAT_SLOW);
}

/* One row of a test of the legacy key range. */
struct range {
    const char *name;
    int first, last, step;
    bool movable;
};

Test(command_table, derives_the_legacy_key_range)
{
    static const struct range ranges[] = {
        {"ping", 0, 0, 0, false},       {"get", 1, 1, 1, false},
        {"del", 1, -1, 1, false},       {"mset", 1, -1, 2, false},
        {"rename", 1, 2, 1, false},     {"bitop", 2, -1, 1, false},
        {"blpop", 1, -2, 1, false},     {"sunionstore", 1, -1, 1, false},
        {"zunionstore", 1, 1, 1, true}, {"zunion", 0, 0, 0, true},
        {"xread", 0, 0, 0, true},       {"georadius", 1, 1, 1, true},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct range *range = &ranges[i];
        const struct command *command = command_find(bytes_of(range->name));
        cr_assert_eq(command->first_key, range->first, "%s", range->name);
        cr_assert_eq(command->last_key, range->last, "%s", range->name);
        cr_assert_eq(command->key_step, range->step, "%s", range->name);
        cr_assert_eq((command->flags & CMD_MOVABLE_KEYS) != 0, range->movable, "%s", range->name);
    }
}

Test(command_table, documents_arguments_as_a_tree)
{
    const struct command_doc *doc = command_table[COMMAND_SET].doc;

    cr_assert_eq(doc->arg_count, 5);
    cr_assert_eq(doc->args[0].type, ARG_TYPE_KEY);
    cr_assert_eq(doc->args[0].key_spec_index, 0);
    cr_assert_eq(doc->args[1].key_spec_index, -1);
    cr_assert_eq(doc->args[2].type, ARG_TYPE_ONEOF);
    cr_assert_eq(doc->args[2].flags, ARG_OPTIONAL);
    cr_assert_str_eq(doc->args[2].args[0].token, "NX");
    cr_assert_eq(command_table[COMMAND_GETSET].doc->flags, DOC_DEPRECATED);
}

Test(command_words, finds_a_category_in_any_case)
{
    cr_assert_eq(command_words_acl_category(bytes_of("SortedSet")), ACL_CAT_SORTEDSET);
    cr_assert_eq(command_words_acl_category(bytes_of("sorted")), 0);
    cr_assert_eq(command_words_acl_category(bytes_of("")), 0);
}

Test(command_words, hides_flags_that_clients_are_not_told)
{
    cr_assert_str_eq(command_flag_names[CMD_BIT_PROTECTED].word, "protected");
    cr_assert_not(command_flag_names[CMD_BIT_PROTECTED].shown);
    cr_assert(command_flag_names[CMD_BIT_WRITE].shown);
}

Test(command_keys, walks_ranges)
{
    assert_keys("GET a", "a:RO,access");
    assert_keys("DEL a b c", "a:RM,delete b:RM,delete c:RM,delete");
    assert_keys("MSET a 1 b 2", "a:OW,update b:OW,update");
    assert_keys("MSET a 1 b", "a:OW,update b:OW,update");
    assert_keys("BLPOP a b 0", "a:RW,access,delete b:RW,access,delete");
    assert_keys("RENAME a b", "a:RW,access,delete b:OW,update");
    assert_keys("PFMERGE a b c", "a:RW,access,insert b:RO,access c:RO,access");
    assert_keys("PFMERGE a", "a:RW,access,insert");
    assert_keys("OBJECT ENCODING a", "a:RO");
}

Test(command_keys, counts_keys_given_by_a_number)
{
    assert_keys("SINTERCARD 2 a b LIMIT 1", "a:RO,access b:RO,access");
    assert_keys("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d:OW,update a:RO,access b:RO,access");
    assert_keys("BLMPOP 0 1 a LEFT", "a:RW,access,delete");
    assert_keys_error("SINTERCARD 3 a b", COMMAND_KEYS_INVALID);
    assert_keys_error("SINTERCARD 0 a b", COMMAND_KEYS_INVALID);
    assert_keys_error("SINTERCARD -1 a b", COMMAND_KEYS_INVALID);
    assert_keys_error("SINTERCARD x a b", COMMAND_KEYS_INVALID);
    assert_keys_error("SINTERCARD 9223372036854775807 a b", COMMAND_KEYS_INVALID);
    assert_keys_error("ZUNIONSTORE d 3 a b", COMMAND_KEYS_INVALID);
}

Test(command_keys, finds_keys_behind_keywords)
{
    assert_keys("XREAD COUNT 1 streams a b 0 0", "a:RO,access b:RO,access");
    assert_keys("XREADGROUP GROUP streams c STREAMS a >", "a:RO,access");
    assert_keys("GEORADIUS g 1 2 3 km STORE d", "g:RO,access d:OW,update");
    assert_keys("GEORADIUS g 1 2 3 km storedist d", "g:RO,access d:OW,update");
    assert_keys("GEORADIUS g 1 2 3 km STORE", "g:RO,access");
    assert_keys_error("XREAD COUNT 1 BLOCK 0", COMMAND_KEYS_INVALID);
    assert_keys_error("XREAD a b STREAMS", COMMAND_KEYS_INVALID);
}

Test(command_keys, resolves_flags_that_depend_on_arguments)
{
    assert_keys("SET a 1 EX 10", "a:OW,update");
    assert_keys("SET a 1 NX gEt", "a:RW,access,update");
    assert_keys("SET a GET", "a:OW,update");
    assert_keys("BITFIELD a GET u8 0 GET u8 8", "a:RO,access");
    assert_keys("BITFIELD a", "a:RO,access");
    assert_keys("BITFIELD a OVERFLOW SAT GET u8 0", "a:RO,access");
    assert_keys("BITFIELD a GET u8 0 SET u8 0 1", "a:RW,access,update");
    assert_keys("BITFIELD a GET u8", "a:RW,access,update");
    assert_keys("BITFIELD a nonsense", "a:RW,access,update");
}

Test(command_keys, tells_why_there_are_none)
{
    assert_keys_error("PING", COMMAND_KEYS_NONE);
    assert_keys_error("OBJECT", COMMAND_KEYS_NONE);
    assert_keys_error("GET", COMMAND_KEYS_ARITY);
    assert_keys_error("GET a b", COMMAND_KEYS_ARITY);
    assert_keys_error("MSET a", COMMAND_KEYS_ARITY);
    cr_assert_str_eq(command_keys_error_text(COMMAND_KEYS_NONE),
                     "The command has no key arguments");
}

Test(command_keys, counts_keys_beyond_the_room_for_them)
{
    struct line line;
    struct key_ref keys[2] = {{0}, {0}};

    split(&line, "MGET a b c d");
    cr_assert_eq(command_keys(line.command, line.argc, line.argv, keys, 1), 4);
    cr_assert_eq(keys[0].index, 1);
    cr_assert_eq(keys[1].index, 0);
    cr_assert_eq(command_keys(line.command, line.argc, line.argv, NULL, 0), 4);
}

/* A row made by hand for what no command of the table does. */
static const struct key_spec migrate_specs[] = {
    {NULL, KEY_RW | KEY_INCOMPLETE, KEY_BEGIN_INDEX, KEY_FIND_RANGE, {3, 0, NULL}, {0, 1, 0, 0, 0}},
};
static const struct key_spec channel_specs[] = {
    {NULL, KEY_NOT_KEY, KEY_BEGIN_INDEX, KEY_FIND_RANGE, {1, 0, NULL}, {-1, 1, 0, 0, 0}},
};
static const struct key_spec script_specs[] = {
    {NULL, KEY_RW, KEY_BEGIN_INDEX, KEY_FIND_KEYNUM, {2, 0, NULL}, {0, 1, 0, 0, 1}},
};
static const struct command migrate_like = {
    .arity = -6, .key_rule = KEY_RULE_MIGRATE, .key_specs = migrate_specs, .key_spec_count = 1};
static const struct command sort_like = {
    .arity = -2, .key_rule = KEY_RULE_SORT, .key_specs = migrate_specs, .key_spec_count = 1};
static const struct command ssubscribe_like = {
    .arity = -2, .key_specs = channel_specs, .key_spec_count = 1};
static const struct command eval_like = {
    .arity = -3, .flags = CMD_NO_MANDATORY_KEYS, .key_specs = script_specs, .key_spec_count = 1};

/* Asserts what command_keys() returns for a row, and the indexes if there are keys. */
static void assert_indexes(const struct command *command, const char *text, int count, int first,
                           int last)
{
    struct bytes argv[MAX_ARGS];
    struct key_ref keys[MAX_KEYS];
    char copy[256], *rest = NULL;
    int argc = 0;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = strcmp(word, "''") == 0 ? bytes_of("") : bytes_of(word);
    cr_assert_eq(command_keys(command, argc, argv, keys, MAX_KEYS), count, "%s", text);
    if (count > 0) {
        cr_assert_eq(keys[0].index, first, "%s", text);
        cr_assert_eq(keys[count - 1].index, last, "%s", text);
    }
}

Test(command_keys, finds_the_keys_of_migrate)
{
    assert_indexes(&migrate_like, "MIGRATE h 1 k 0 5", 1, 3, 3);
    assert_indexes(&migrate_like, "MIGRATE h 1 k 0 5 AUTH keys COPY", 1, 3, 3);
    assert_indexes(&migrate_like, "MIGRATE h 1 '' 0 5 AUTH2 keys keys REPLACE KEYS a b", 2, 11, 12);
    assert_indexes(&migrate_like, "MIGRATE h 1 k 0 5 KEYS a", COMMAND_KEYS_INVALID, 0, 0);
    assert_indexes(&migrate_like, "MIGRATE h 1 '' 0 5 KEYS", COMMAND_KEYS_INVALID, 0, 0);
}

Test(command_keys, takes_the_last_store_of_sort)
{
    assert_indexes(&sort_like, "SORT k", 1, 1, 1);
    assert_indexes(&sort_like, "SORT k BY store GET store LIMIT store store", 1, 1, 1);
    assert_indexes(&sort_like, "SORT k STORE a STORE b", 2, 1, 5);
    assert_indexes(&sort_like, "SORT k STORE", 1, 1, 1);
}

Test(command_keys, a_group_or_consumer_may_be_called_streams)
{
    struct line line;

    cr_assert_eq(keys_of(&line, "XREADGROUP GROUP streams streams STREAMS a b > >"), 2);
    cr_assert_eq(line.keys[0].index, 5);
    cr_assert_eq(keys_of(&line, "XREADGROUP COUNT 1 NOACK GROUP g streams streams a >"), 1);
    cr_assert_eq(line.keys[0].index, 8);
    cr_assert_eq(keys_of(&line, "XREAD COUNT 1 BLOCK 5 STREAMS streams 0"), 1);
    cr_assert_eq(line.keys[0].index, 6);
}

Test(command_keys, lets_scripts_do_without_keys)
{
    assert_indexes(&eval_like, "EVAL x 0", 0, 0, 0);
    assert_indexes(&eval_like, "EVAL x 2 a b c", 2, 3, 4);
    assert_indexes(&eval_like, "EVAL x many", 0, 0, 0);
}

Test(command_keys, routes_channels_that_are_no_keys)
{
    const struct bytes argv[] = {bytes_of("SSUBSCRIBE"), bytes_of("c1"), bytes_of("c2")};
    struct key_ref keys[MAX_KEYS];

    cr_assert_eq(command_keys(&ssubscribe_like, 3, argv, keys, MAX_KEYS), COMMAND_KEYS_NONE);
    cr_assert_eq(command_keys_routed(&ssubscribe_like, 3, argv, keys, MAX_KEYS), 2);
    cr_assert_eq(keys[1].index, 2);
    cr_assert_eq(keys[1].flags, KEY_NOT_KEY);
}
