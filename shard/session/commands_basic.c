/* Session commands: PING, ECHO, SELECT, QUIT, TIME. */
#include <limits.h>

#include "base/number.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "engine/commands/session_handlers.gen.h"

void cmd_ping(struct client *client)
{
    if (client->argc > 2)
        reply_errorf(&client->reply, "ERR wrong number of arguments for '%s' command",
                     client->command->name);
    else if (client->argc == 2)
        reply_bulk(&client->reply, client->argv[1]);
    else
        reply_status(&client->reply, "PONG");
}

void cmd_echo(struct client *client)
{
    reply_bulk(&client->reply, client->argv[1]);
}

void cmd_select(struct client *client)
{
    int64_t db;
    if (!number_parse_i64(client->argv[1], &db)) {
        reply_error(&client->reply, "ERR value is not an integer or out of range");
        return;
    }
    if (db < INT_MIN || db > INT_MAX) {
        reply_error_range(&client->reply, INT_MIN, INT_MAX);
        return;
    }
    if (db < 0 || db >= client->shard->keyspace.db_count) {
        reply_error(&client->reply, "ERR DB index is out of range");
        return;
    }
    client->db = (uint16_t)db;
    reply_ok(&client->reply);
}

void cmd_quit(struct client *client)
{
    reply_ok(&client->reply);
    client_close(client, true);
}

void cmd_time(struct client *client)
{
    int64_t us = clock_read_wall_us(client->shard->node->options.clock);
    reply_array(&client->reply, 2);
    reply_bulk_int(&client->reply, us / 1000000);
    reply_bulk_int(&client->reply, us % 1000000);
}
