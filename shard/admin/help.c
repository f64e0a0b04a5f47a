/* Help: see help.h. */
#include "shard/admin/help.h"

#include <stdio.h>

#include "base/bits.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/client.h"

void help_reply(struct client *client, const char *name, const char *const *lines, size_t count)
{
    char heading[128];
    snprintf(heading, sizeof heading,
             "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name);
    reply_array(&client->reply, count + 3);
    reply_status(&client->reply, heading);
    for (size_t i = 0; i < count; i++)
        reply_status(&client->reply, lines[i]);
    reply_status(&client->reply, "HELP");
    reply_status(&client->reply, "    Print this help.");
}

/* The other subcommands of OBJECT run where the key lives. */
void cmd_object_help(struct client *client)
{
    static const char *const lines[] = {
        "ENCODING <key>",
        "    Name the form in which the value of the key is kept.",
        "FREQ <key>",
        "    Tell how often the key was used lately, on a logarithmic scale. Needs an LFU",
        "    policy in maxmemory-policy.",
        "IDLETIME <key>",
        "    Tell for how many seconds the key was not used. Needs a policy other than LFU.",
        "REFCOUNT <key>",
        "    Tell how many references there are to the value of the key.",
    };
    help_reply(client, "OBJECT", lines, countof(lines));
}

void cmd_xgroup_help(struct client *client)
{
    static const char *const lines[] = {
        "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <count>]",
        "    Make a group that begins to read behind the entry with this id, or ($) behind the",
        "    last one. MKSTREAM makes the stream, too, if there is none; ENTRIESREAD tells how",
        "    many entries there were up to the id.",
        "CREATECONSUMER <key> <group> <consumer>",
        "    Make a consumer of a group.",
        "DELCONSUMER <key> <group> <consumer>",
        "    Remove a consumer, and with it what is pending of it.",
        "DESTROY <key> <group>",
        "    Remove a group.",
        "SETID <key> <group> <id|$> [ENTRIESREAD <count>]",
        "    Let the group go on behind the entry with this id.",
    };
    help_reply(client, "XGROUP", lines, countof(lines));
}

void cmd_xinfo_help(struct client *client)
{
    static const char *const lines[] = {
        "CONSUMERS <key> <group>",
        "    List the consumers of a group.",
        "GROUPS <key>",
        "    List the groups of a stream.",
        "STREAM <key> [FULL [COUNT <count>]]",
        "    Tell about a stream; with FULL also about its groups, consumers, and what is",
        "    pending, the first 10 of each, or so many (0: all).",
    };
    help_reply(client, "XINFO", lines, countof(lines));
}
