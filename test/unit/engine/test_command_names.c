/* Commands that were given other names, or none. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "command_ids.gen.h"
#include "engine/commands/command_names.h"

static struct command_names *names;

static void setup(void)
{
    names = command_names_new();
}

static void teardown(void)
{
    command_names_free(names);
}

TestSuite(command_names, .init = setup, .fini = teardown);

static void change(const char *from, const char *to)
{
    const char *error = command_names_change(names, bytes_of(from), bytes_of(to));
    cr_assert_null(error, "%s", error);
}

static void refused(const char *from, const char *to, const char *expected)
{
    const char *error = command_names_change(names, bytes_of(from), bytes_of(to));
    cr_assert_not_null(error);
    cr_assert_str_eq(error, expected);
}

static const struct command *find(const char *name)
{
    return command_names_find(names, bytes_of(name));
}

static void is(const char *name, int id)
{
    const struct command *command = find(name);
    cr_assert_not_null(command, "%s", name);
    cr_assert_eq(command->id, id);
}

Test(command_names, without_changes_every_command_has_its_own_name)
{
    for (uint16_t i = 0; i < command_table_size; i++)
        if (command_table[i].container == NULL)
            is(command_table[i].name, i);
    is("gEt", COMMAND_GET);
    cr_assert_null(find("nonsense"));
    cr_assert_null(find(""));
    cr_assert_eq(command_names_find(NULL, bytes_of("GET"))->id, COMMAND_GET);
}

Test(command_names, a_renamed_command_is_found_by_its_new_name_only)
{
    change("FlushDB", "bAdger");
    is("BADGER", COMMAND_FLUSHDB);
    is("badger", COMMAND_FLUSHDB);
    cr_assert_null(find("flushdb"));
    cr_assert_null(find("badge"));
    cr_assert_null(find("badger2"));
    cr_assert(command_names_has(names, &command_table[COMMAND_FLUSHDB]));
}

Test(command_names, a_command_without_a_name_cannot_be_called)
{
    change("config", "");
    cr_assert_null(find("config"));
    cr_assert_null(find(""));
    cr_assert_null(command_names_find_full(names, bytes_of("config|get")));
    cr_assert_not(command_names_has(names, &command_table[COMMAND_CONFIG]));
    cr_assert_not(command_names_has(names, &command_table[COMMAND_CONFIG_GET]));
    cr_assert(command_names_has(names, &command_table[COMMAND_GET]));
    refused("config", "x", "No such command in rename-command");
}

Test(command_names, subcommands_follow_their_container)
{
    change("config", "setup");
    cr_assert_eq(command_names_find_full(names, bytes_of("SETUP|get"))->id, COMMAND_CONFIG_GET);
    cr_assert_null(command_names_find_full(names, bytes_of("config|get")));
    cr_assert_eq(command_names_find_full(names, bytes_of("object|freq"))->id,
                 COMMAND_OBJECT_FREQ);
    refused("setup|get", "x", "No such command in rename-command");
}

Test(command_names, changes_take_effect_one_after_the_other)
{
    change("get", "a");
    change("set", "get");
    change("a", "set");
    is("get", COMMAND_SET);
    is("set", COMMAND_GET);
    cr_assert_null(find("a"));
    change("set", "c");
    change("get", "set");
    change("c", "GET");
    is("get", COMMAND_GET);
    is("set", COMMAND_SET);
    cr_assert_null(find("c"));
}

Test(command_names, a_name_belongs_to_one_command)
{
    refused("get", "SET", "Target command name already exists");
    change("get", "x");
    refused("set", "X", "Target command name already exists");
    is("set", COMMAND_SET);
    is("x", COMMAND_GET);
    change("x", "X");
    is("x", COMMAND_GET);
}

Test(command_names, what_is_not_there_cannot_be_renamed_unless_redis_has_it)
{
    refused("nonsense", "", "No such command in rename-command");
    refused("", "x", "No such command in rename-command");
    change("CLUSTER", "");
    change("cluster", "other");
    cr_assert_null(find("other"));
}

Test(command_names, many_names_are_all_found)
{
    char name[32];
    for (uint16_t i = 0; i < command_table_size; i++) {
        if (command_table[i].container != NULL)
            continue;
        snprintf(name, sizeof name, "%u:%s", i * 7919u % 1000, command_table[i].name);
        change(command_table[i].name, name);
    }
    for (uint16_t i = 0; i < command_table_size; i++) {
        if (command_table[i].container != NULL)
            continue;
        snprintf(name, sizeof name, "%u:%s", i * 7919u % 1000, command_table[i].name);
        is(name, i);
        cr_assert_null(find(command_table[i].name));
    }
}
