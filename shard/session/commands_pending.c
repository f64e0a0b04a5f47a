#include "shard/session/client.h"
#include "engine/commands/session_handlers.gen.h"
void cmd_debug(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_info(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_doctor(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_graph(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_histogram(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_history(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_latest(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_latency_reset(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_memory_doctor(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_memory_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_memory_malloc_stats(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_memory_purge(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_memory_stats(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_slowlog_get(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_slowlog_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_slowlog_len(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_slowlog_reset(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
