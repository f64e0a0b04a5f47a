/* Command names: see command_names.h. */
#include "engine/commands/command_names.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

enum naming {
    NAMING_OWN,
    NAMING_OTHER, /* is among the others */
    NAMING_NONE,
};

struct other_name {
    char *data; /* in lower case */
    size_t len;
    const struct command *command;
};

struct command_names {
    struct other_name *others; /* ordered by name_compare() */
    size_t count;
    uint8_t naming[]; /* enum naming, of each command */
};

/* What a redis.conf may lock and is not there yet. */
static const char *const absent[] = {
    "acl",          "asking",       "bgrewriteaof",   "bgsave",       "blmove",
    "blmpop",       "blpop",        "brpop",          "brpoplpush",   "bzmpop",
    "bzpopmax",     "bzpopmin",     "cluster",        "dump",         "eval",
    "eval_ro",      "evalsha",      "evalsha_ro",     "failover",     "fcall",
    "fcall_ro",     "function",     "lastsave",       "migrate",      "module",
    "monitor",      "pfdebug",      "pfselftest",     "psubscribe",   "psync",
    "publish",      "pubsub",       "punsubscribe",   "readonly",     "readwrite",
    "replconf",     "replicaof",    "restore",        "restore-asking", "role",
    "save",         "script",       "slaveof",        "sort",         "sort_ro",
    "spublish",     "ssubscribe",   "subscribe",      "sunsubscribe", "sync",
    "unsubscribe",  "wait",         "waitaof",        "xack",         "xadd",
    "xautoclaim",   "xclaim",       "xdel",           "xgroup",       "xinfo",
    "xlen",         "xpending",     "xrange",         "xread",        "xreadgroup",
    "xrevrange",    "xsetid",       "xtrim",
};

struct command_names *command_names_new(void)
{
    return alloc_zeroed(sizeof(struct command_names) + command_table_size);
}

void command_names_free(struct command_names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->count; i++)
        alloc_free(names->others[i].data);
    alloc_free(names->others);
    alloc_free(names);
}

/* By length, then by bytes in lower case. */
static int name_compare(struct bytes name, const struct other_name *other)
{
    if (name.len != other->len)
        return name.len < other->len ? -1 : 1;
    for (size_t i = 0; i < name.len; i++) {
        int order = (unsigned char)bytes_lower(name.data[i]) - (unsigned char)other->data[i];
        if (order != 0)
            return order;
    }
    return 0;
}

/* The place of a name among the others, or where it would be. */
static size_t place_of(const struct command_names *names, struct bytes name, bool *there)
{
    size_t from = 0, to = names->count;
    *there = false;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = name_compare(name, &names->others[middle]);
        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

const struct command *command_names_find(const struct command_names *names, struct bytes name)
{
    const struct command *command = command_find(name);
    if (names == NULL || (command != NULL && names->naming[command->id] == NAMING_OWN))
        return command;
    bool there;
    size_t at = place_of(names, name, &there);
    return there ? names->others[at].command : NULL;
}

const struct command *command_names_find_full(const struct command_names *names,
                                              struct bytes name)
{
    const char *bar = name.len == 0 ? NULL : memchr(name.data, '|', name.len);
    if (bar == NULL)
        return command_names_find(names, name);
    size_t head = (size_t)(bar - name.data);
    const struct command *container =
        command_names_find(names, bytes_make(name.data, head));
    if (container == NULL || !container->is_container)
        return NULL;
    return command_find_sub(container, bytes_make(bar + 1, name.len - head - 1));
}

bool command_names_has(const struct command_names *names, const struct command *command)
{
    const struct command *top = command->container == NULL ? command : command->container;
    return names == NULL || names->naming[top->id] != NAMING_NONE;
}

static bool is_absent(struct bytes name)
{
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        if (bytes_equal_nocase(name, absent[i]))
            return true;
    return false;
}

static void other_remove(struct command_names *names, size_t at)
{
    alloc_free(names->others[at].data);
    names->count--;
    memmove(&names->others[at], &names->others[at + 1],
            (names->count - at) * sizeof *names->others);
}

static void other_add(struct command_names *names, struct bytes name,
                      const struct command *command)
{
    bool there;
    size_t at = place_of(names, name, &there);
    names->others = alloc_resize(names->others, (names->count + 1) * sizeof *names->others);
    memmove(&names->others[at + 1], &names->others[at],
            (names->count - at) * sizeof *names->others);
    names->count++;
    struct other_name *other = &names->others[at];
    *other = (struct other_name){
        .data = alloc_get(name.len), .len = name.len, .command = command};
    for (size_t i = 0; i < name.len; i++)
        other->data[i] = bytes_lower(name.data[i]);
}

const char *command_names_change(struct command_names *names, struct bytes from,
                                 struct bytes to)
{
    const struct command *command = command_names_find(names, from);
    if (command == NULL)
        return is_absent(from) ? NULL : "No such command in rename-command";
    bool there;
    size_t at = place_of(names, from, &there);
    uint8_t *naming = &names->naming[command->id];
    const struct command *holder = command_names_find(names, to);
    if (holder != NULL && holder != command)
        return "Target command name already exists";
    if (*naming == NAMING_OTHER)
        other_remove(names, at);
    *naming = to.len == 0 ? NAMING_NONE : NAMING_OTHER;
    if (bytes_equal_nocase(to, command->name))
        *naming = NAMING_OWN;
    else if (to.len > 0)
        other_add(names, to, command);
    return NULL;
}
