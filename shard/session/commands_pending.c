#include "shard/session/client.h"
#include "engine/commands/session_handlers.gen.h"
void cmd_auth(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_getname(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_id(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_info(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_kill(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_list(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_no_evict(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_no_touch(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_pause(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_reply(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_setinfo(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_setname(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_unblock(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_client_unpause(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_count(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_docs(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_getkeys(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_getkeysandflags(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_info(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_command_list(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_config_get(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_config_help(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_config_resetstat(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_config_rewrite(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_config_set(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_hello(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_lolwut(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_reset(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
void cmd_shutdown(struct client *client)
{
    reply_error(&client->reply, "ERR not yet");
}
