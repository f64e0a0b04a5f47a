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
