/*
 * Walks the key specs of a command over its arguments; see command_keys.h.
 *
 * Two steps a spec, as COMMAND DOCS explains them to clients: where to begin (an index or behind a
 * keyword), then which arguments from there are keys (a range, or a number given by an argument).
 */
#include "engine/commands/command_keys.h"

#include <assert.h>
#include <stddef.h>

#include "base/number.h"

struct key_walk {
    int argc;
    const struct bytes *argv;
    struct key_ref *out;
    int cap;
    int count;
};

static void add_key(struct key_walk *walk, int index, uint16_t flags)
{
    assert(index > 0 && index < walk->argc);
    if (walk->count < walk->cap) walk->out[walk->count] = (struct key_ref){index, flags};
    walk->count++;
}

/* The argument after the keyword of the spec, or 0 if the keyword is not there. */
static int find_keyword(const struct key_spec *spec, const struct key_walk *walk)
{
    int start = spec->from.startfrom;
    int direction = start > 0 ? 1 : -1;
    int last = start > 0 ? walk->argc - 2 : 2;
    struct bytes keyword = bytes_of(spec->from.keyword);

    if (start < 0) start += walk->argc;
    for (int i = start; direction > 0 ? i <= last : i >= last; i += direction)
        if (i >= 1 && bytes_equal_nocase_bytes(walk->argv[i], keyword)) return i + 1;
    return 0;
}

/* First and last key of a spec that begins at argument `begin`; false if they cannot be told. */
static bool find_range(const struct key_spec *spec, const struct key_walk *walk, int begin,
                       int *first, int *last)
{
    int argc = walk->argc;
    int64_t keynum;

    switch ((enum key_find)spec->find) {
    case KEY_FIND_RANGE:
        *first = begin;
        if (spec->keys.last >= 0)
            *last = begin + spec->keys.last;
        else if (spec->keys.limit == 0)
            *last = argc + spec->keys.last;
        else
            *last = begin + (argc - begin) / spec->keys.limit + spec->keys.last;
        break;
    case KEY_FIND_KEYNUM:
        if (begin + spec->keys.keynum_index >= argc ||
            !number_parse_i64(walk->argv[begin + spec->keys.keynum_index], &keynum) || keynum < 0 ||
            keynum > argc)
            return false;
        *first = begin + spec->keys.first;
        *last = *first + ((int)keynum - 1) * spec->keys.step;
        break;
    case KEY_FIND_UNKNOWN:
        return false;
    }
    return *first <= *last && *last < argc;
}

static bool walk_spec(const struct key_spec *spec, struct key_walk *walk)
{
    int begin = spec->from.index, first = 0, last = 0;

    if (spec->begin == KEY_BEGIN_KEYWORD) {
        begin = find_keyword(spec, walk);
        if (begin == 0) return true;
    }
    /* Further keys that may be left out: PFMERGE with its first key alone. (COMMAND GETKEYS
     * of Redis says that these arguments are invalid, though it executes them.) */
    if (spec->find == KEY_FIND_RANGE && spec->keys.last < 0 && begin == walk->argc &&
        walk->count > 0)
        return true;
    if (spec->begin == KEY_BEGIN_UNKNOWN || !find_range(spec, walk, begin, &first, &last))
        return false;
    for (int i = first; i <= last; i += spec->keys.step)
        add_key(walk, i, spec->flags);
    return true;
}

static bool walk_specs(const struct command *command, struct key_walk *walk, bool routed)
{
    for (int i = 0; i < command->key_spec_count; i++) {
        const struct key_spec *spec = &command->key_specs[i];
        if ((spec->flags & KEY_NOT_KEY) && !routed) continue;
        if (!walk_spec(spec, walk)) return false;
    }
    return true;
}

/* SET reads the key only to answer what it held. */
static void walk_set(struct key_walk *walk)
{
    for (int i = 3; i < walk->argc; i++) {
        if (bytes_equal_nocase(walk->argv[i], "get")) {
            add_key(walk, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE);
            return;
        }
    }
    add_key(walk, 1, KEY_OW | KEY_UPDATE);
}

/* BITFIELD only reads if every operation is a GET; what makes no sense counts as a write. */
static void walk_bitfield(struct key_walk *walk)
{
    for (int i = 2; i < walk->argc;) {
        int behind = walk->argc - i - 1;
        if (bytes_equal_nocase(walk->argv[i], "get") && behind >= 2) {
            i += 3;
        } else if (bytes_equal_nocase(walk->argv[i], "overflow") && behind >= 1) {
            i += 2;
        } else {
            add_key(walk, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE);
            return;
        }
    }
    add_key(walk, 1, KEY_RO | KEY_ACCESS);
}

/* SORT: its key, and that of the last STORE. Keys that BY and GET reach cannot be told. */
static void walk_sort(struct key_walk *walk)
{
    int store = 0;

    add_key(walk, 1, KEY_RO | KEY_ACCESS);
    for (int i = 2; i < walk->argc; i++) {
        struct bytes option = walk->argv[i];
        if (bytes_equal_nocase(option, "limit"))
            i += 2;
        else if (bytes_equal_nocase(option, "get") || bytes_equal_nocase(option, "by"))
            i += 1;
        else if (bytes_equal_nocase(option, "store") && i + 1 < walk->argc)
            store = i + 1;
    }
    if (store > 0) add_key(walk, store, KEY_OW | KEY_UPDATE);
}

/* MIGRATE: one key, or, if that is empty, all arguments behind KEYS. */
static bool walk_migrate(struct key_walk *walk)
{
    const uint16_t flags = KEY_RW | KEY_ACCESS | KEY_DELETE;

    for (int i = 6; i < walk->argc; i++) {
        struct bytes option = walk->argv[i];
        if (bytes_equal_nocase(option, "auth"))
            i += 1;
        else if (bytes_equal_nocase(option, "auth2"))
            i += 2;
        if (!bytes_equal_nocase(option, "keys")) continue;
        if (walk->argv[3].len > 0) return false;
        for (int key = i + 1; key < walk->argc; key++)
            add_key(walk, key, flags);
        return true;
    }
    add_key(walk, 3, flags);
    return true;
}

/* XREAD and XREADGROUP: the first half of what follows STREAMS, which may also be the name of
 * a group or consumer. */
static bool walk_streams(struct key_walk *walk)
{
    for (int i = 1; i < walk->argc; i++) {
        struct bytes option = walk->argv[i];
        int names = walk->argc - i - 1;
        if (bytes_equal_nocase(option, "group"))
            i += 2;
        else if (bytes_equal_nocase(option, "count") || bytes_equal_nocase(option, "block"))
            i += 1;
        if (!bytes_equal_nocase(option, "streams")) continue;
        for (int key = i + 1; key <= i + names / 2; key++)
            add_key(walk, key, KEY_RO | KEY_ACCESS);
        return true;
    }
    return true;
}

static bool walk_by_rule(const struct command *command, struct key_walk *walk, bool routed)
{
    switch ((enum key_rule)command->key_rule) {
    case KEY_RULE_SET:
        walk_set(walk);
        return true;
    case KEY_RULE_BITFIELD:
        walk_bitfield(walk);
        return true;
    case KEY_RULE_SORT:
        walk_sort(walk);
        return true;
    case KEY_RULE_SORT_RO:
        add_key(walk, 1, KEY_RO | KEY_ACCESS);
        return true;
    case KEY_RULE_MIGRATE:
        return walk_migrate(walk);
    case KEY_RULE_STREAMS:
        return walk_streams(walk);
    case KEY_RULE_SPECS:
    case KEY_RULE_COUNT:
        break;
    }
    return walk_specs(command, walk, routed);
}

static bool takes_keys(const struct command *command, bool routed)
{
    for (int i = 0; i < command->key_spec_count; i++)
        if (routed || !(command->key_specs[i].flags & KEY_NOT_KEY)) return true;
    return false;
}

static int find_keys(const struct command *command, int argc, const struct bytes *argv,
                     struct key_ref *out, int cap, bool routed)
{
    struct key_walk walk = {argc, argv, out, cap, 0};

    if (!takes_keys(command, routed)) return COMMAND_KEYS_NONE;
    if (command->arity > 0 ? argc != command->arity : argc < -command->arity)
        return COMMAND_KEYS_ARITY;
    if (walk_by_rule(command, &walk, routed) && walk.count > 0) return walk.count;
    return command->flags & CMD_NO_MANDATORY_KEYS ? 0 : COMMAND_KEYS_INVALID;
}

int command_keys(const struct command *command, int argc, const struct bytes *argv,
                 struct key_ref *out, int cap)
{
    return find_keys(command, argc, argv, out, cap, false);
}

int command_keys_routed(const struct command *command, int argc, const struct bytes *argv,
                        struct key_ref *out, int cap)
{
    return find_keys(command, argc, argv, out, cap, true);
}

const char *command_keys_error_text(enum command_keys_error error)
{
    switch (error) {
    case COMMAND_KEYS_NONE:
        return "The command has no key arguments";
    case COMMAND_KEYS_ARITY:
        return "Invalid number of arguments specified for command";
    case COMMAND_KEYS_INVALID:
        break;
    }
    return "Invalid arguments specified for command";
}
