/*
 * COMMAND and its subcommands: what the command table says, told to clients. Nothing
 * but the table is read, so that any session answers by itself.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/glob.h"
#include "engine/commands/command_keys.h"
#include "engine/commands/command_names.h"
#include "engine/commands/command_words.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/command_docs.h"
#include "shard/admin/help.h"
#include "shard/session/client.h"
#include "shard/session/session.h"

#define SMALL_KEYS 64

/* A row that clients can call by itself: subcommands are listed under their container. */
static bool is_top(const struct client *client, const struct command *command)
{
    return command->container == NULL && command_names_has(client->session->names, command);
}

static size_t count_top(const struct client *client)
{
    size_t count = 0;
    for (uint16_t i = 0; i < command_table_size; i++)
        count += is_top(client, &command_table[i]);
    return count;
}

/* "get", or "config|get": NULL if there is none. */
static const struct command *find_full(const struct client *client, struct bytes name)
{
    return command_names_find_full(client->session->names, name);
}

void cmd_command(struct client *client)
{
    reply_array(&client->reply, count_top(client));
    for (uint16_t i = 0; i < command_table_size; i++)
        if (is_top(client, &command_table[i]))
            command_docs_info(&client->reply, &command_table[i]);
}

void cmd_command_count(struct client *client)
{
    reply_int(&client->reply, (int64_t)count_top(client));
}

void cmd_command_info(struct client *client)
{
    if (client->argc == 2) {
        cmd_command(client);
        return;
    }
    reply_array(&client->reply, (size_t)client->argc - 2);
    for (int i = 2; i < client->argc; i++) {
        const struct command *command = find_full(client, client->argv[i]);
        if (command == NULL)
            reply_nil(&client->reply);
        else
            command_docs_info(&client->reply, command);
    }
}

static void reply_doc(struct reply *reply, const struct command *command)
{
    reply_bulk_cstr(reply, command->name);
    command_docs_doc(reply, command);
}

void cmd_command_docs(struct client *client)
{
    struct reply_mark open = reply_open(&client->reply);
    size_t count = 0;
    for (uint16_t i = 0; client->argc == 2 && i < command_table_size; i++) {
        if (!is_top(client, &command_table[i]))
            continue;
        reply_doc(&client->reply, &command_table[i]);
        count++;
    }
    for (int i = 2; i < client->argc; i++) {
        const struct command *command = find_full(client, client->argv[i]);
        if (command == NULL)
            continue;
        reply_doc(&client->reply, command);
        count++;
    }
    reply_close_map(&client->reply, open, count);
}

/* ---- COMMAND LIST. ---- */

enum filter_kind { FILTER_NONE, FILTER_MODULE, FILTER_CATEGORY, FILTER_PATTERN };

struct filter {
    enum filter_kind kind;
    uint64_t categories;
    struct bytes pattern;
};

/* Reads FILTERBY kind value; false: a syntax error. */
static bool filter_parse(const struct client *client, struct filter *filter)
{
    const struct bytes *argv = client->argv;
    *filter = (struct filter){.kind = FILTER_NONE};
    if (client->argc == 2)
        return true;
    if (client->argc != 5 || !bytes_equal_nocase(argv[2], "filterby"))
        return false;
    if (bytes_equal_nocase(argv[3], "module"))
        filter->kind = FILTER_MODULE;
    else if (bytes_equal_nocase(argv[3], "aclcat"))
        filter->kind = FILTER_CATEGORY;
    else if (bytes_equal_nocase(argv[3], "pattern"))
        filter->kind = FILTER_PATTERN;
    else
        return false;
    filter->categories = command_words_acl_category(argv[4]);
    filter->pattern = argv[4];
    return true;
}

static bool filter_passes(const struct filter *filter, const struct command *command)
{
    switch (filter->kind) {
    case FILTER_NONE:
        return true;
    case FILTER_MODULE: /* there are no modules */
        return false;
    case FILTER_CATEGORY:
        return (command->acl & filter->categories) != 0;
    case FILTER_PATTERN:
        return glob_match(filter->pattern, bytes_of(command->name), true);
    }
    return false;
}

void cmd_command_list(struct client *client)
{
    struct filter filter;
    if (!filter_parse(client, &filter)) {
        reply_error(&client->reply, "ERR syntax error");
        return;
    }
    struct reply_mark open = reply_open(&client->reply);
    size_t count = 0;
    for (uint16_t i = 0; i < command_table_size; i++) {
        if (!filter_passes(&filter, &command_table[i]) ||
            !command_names_has(client->session->names, &command_table[i]))
            continue;
        reply_bulk_cstr(&client->reply, command_table[i].name);
        count++;
    }
    reply_close_array(&client->reply, open, count);
}

/* ---- COMMAND GETKEYS. ---- */

/* The command that argv[2] and what follows call; NULL if there is none. */
static const struct command *called(const struct client *client)
{
    const struct command *command = command_names_find(client->session->names, client->argv[2]);
    if (command != NULL && command->is_container && client->argc > 3)
        return command_find_sub(command, client->argv[3]);
    return command;
}

static void get_keys(struct client *client, bool with_flags)
{
    struct key_ref small[SMALL_KEYS], *refs = small;
    const struct bytes *argv = client->argv + 2;
    int argc = client->argc - 2;
    const struct command *command = called(client);
    if (command == NULL) {
        reply_error(&client->reply, "ERR Invalid command specified");
        return;
    }
    int count = command_keys(command, argc, argv, refs, SMALL_KEYS);
    if (count < 0) {
        reply_errorf(&client->reply, "ERR %s",
                     command_keys_error_text((enum command_keys_error)count));
        return;
    }
    if (count > SMALL_KEYS) {
        refs = alloc_get((size_t)count * sizeof *refs);
        count = command_keys(command, argc, argv, refs, count);
    }
    reply_array(&client->reply, (size_t)count);
    for (int i = 0; i < count; i++) {
        if (with_flags)
            reply_array(&client->reply, 2);
        reply_bulk(&client->reply, argv[refs[i].index]);
        if (with_flags)
            command_docs_key_flags(&client->reply, refs[i].flags);
    }
    if (refs != small)
        alloc_free(refs);
}

void cmd_command_getkeys(struct client *client)
{
    get_keys(client, false);
}

void cmd_command_getkeysandflags(struct client *client)
{
    get_keys(client, true);
}

void cmd_command_help(struct client *client)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    Describe every command.",
        "COUNT",
        "    Count the commands of this server.",
        "DOCS [<command-name> ...]",
        "    Document these commands, or all: purpose, arguments, history.",
        "GETKEYS <full-command>",
        "    Tell which arguments of a full command are keys.",
        "GETKEYSANDFLAGS <full-command>",
        "    The same, with what the command does to each key.",
        "INFO [<command-name> ...]",
        "    Describe these commands, or all: arity, flags, keys.",
        "LIST [FILTERBY (MODULE <module-name> | ACLCAT <category> | PATTERN <pattern>)]",
        "    List the names of commands, all or those that pass the filter.",
    };
    help_reply(client, "COMMAND", lines, countof(lines));
}
