/* Help: see help.h. */
#include "shard/admin/help.h"

#include <stdio.h>

#include "base/bits.h"
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

void help_unknown_sub(struct client *client, const char *name)
{
    reply_errorf(&client->reply,
                 "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %s HELP.",
                 (int)bits_min(client->argv[1].len, 128), client->argv[1].data, name);
}
