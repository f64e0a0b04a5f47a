/* Session commands: the subcommands of CLIENT that concern the own connection. */
#include "base/bits.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/help.h"
#include "shard/session/client.h"
#include "shard/session/client_describe.h"
#include "shard/session/client_name.h"

void cmd_client_id(struct client *client)
{
    reply_int(&client->reply, (int64_t)client->id);
}

void cmd_client_info(struct client *client)
{
    struct buffer line;
    buffer_init(&line);
    struct client_question question = client_describe_question(client);
    client_describe(&line, client, &question);
    buffer_append_char(&line, '\n');
    reply_verbatim(&client->reply, buffer_bytes(&line), "txt");
    buffer_deinit(&line);
}

void cmd_client_getname(struct client *client)
{
    if (client->name == NULL)
        reply_nil(&client->reply);
    else
        reply_bulk_cstr(&client->reply, client->name);
}

void cmd_client_setname(struct client *client)
{
    if (!client_name_check(&client->reply, client->argv[2]))
        return;
    client_name_set(&client->name, client->argv[2]);
    reply_ok(&client->reply);
}

void cmd_client_setinfo(struct client *client)
{
    struct bytes option = client->argv[2], value = client->argv[3];
    char **field = NULL;
    if (bytes_equal_nocase(option, "lib-name"))
        field = &client->lib_name;
    else if (bytes_equal_nocase(option, "lib-ver"))
        field = &client->lib_version;
    if (field == NULL) {
        reply_errorf(&client->reply, "ERR Unrecognized option '%.*s'", (int)option.len,
                     option.data);
        return;
    }
    if (!client_name_is_valid(value)) {
        reply_errorf(&client->reply,
                     "ERR %.*s cannot contain spaces, newlines or special characters.",
                     (int)option.len, option.data);
        return;
    }
    client_name_set(field, value);
    reply_ok(&client->reply);
}

void cmd_client_reply(struct client *client)
{
    struct bytes mode = client->argv[2];
    if (bytes_equal_nocase(mode, "on")) {
        client->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP);
        client->reply.muted = false;
        reply_ok(&client->reply);
    } else if (bytes_equal_nocase(mode, "off")) {
        client->flags |= CLIENT_REPLY_OFF;
        client->reply.muted = true;
    } else if (bytes_equal_nocase(mode, "skip")) {
        if (!(client->flags & CLIENT_REPLY_OFF))
            client->flags |= CLIENT_REPLY_SKIP_NEXT;
    } else {
        reply_error(&client->reply, "ERR syntax error");
    }
}

/* NO-EVICT and NO-TOUCH: sets or clears the flag as argv[2] says. */
static void set_flag(struct client *client, uint32_t flag)
{
    if (bytes_equal_nocase(client->argv[2], "on")) {
        client->flags |= flag;
    } else if (bytes_equal_nocase(client->argv[2], "off")) {
        client->flags &= ~flag;
    } else {
        reply_error(&client->reply, "ERR syntax error");
        return;
    }
    reply_ok(&client->reply);
}

void cmd_client_no_evict(struct client *client)
{
    set_flag(client, CLIENT_NO_EVICT);
}

void cmd_client_no_touch(struct client *client)
{
    set_flag(client, CLIENT_NO_TOUCH);
}

void cmd_client_help(struct client *client)
{
    static const char *const lines[] = {
        "GETNAME",
        "    Answer the name of this connection.",
        "ID",
        "    Answer the number of this connection.",
        "INFO",
        "    Describe this connection.",
        "KILL <ip:port>",
        "    Close the connection that comes from the address.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Close all connections that fit every option:",
        "    * ADDR (<ip:port>|<unixsocket>:0)",
        "      Connections that come from the address.",
        "    * ID <client-id>",
        "      The connection of that number.",
        "    * LADDR (<ip:port>|<unixsocket>:0)",
        "      Connections made to the address of the server.",
        "    * SKIPME (YES|NO)",
        "      Whether this connection is left alone (default: yes).",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Connections of the type.",
        "    * USER <username>",
        "      Connections of the user.",
        "LIST [options ...]",
        "    Describe all connections, a line each. Options:",
        "    * ID <client-id> [<client-id> ...]",
        "      Only the connections of these numbers.",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Only connections of the type.",
        "NO-EVICT (ON|OFF)",
        "    Keep this connection when connections are closed to save memory.",
        "NO-TOUCH (ON|OFF)",
        "    Do not count commands of this connection as use of their keys.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Hold back all commands, or those that write, for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Send replies to this connection, send none, or leave out the next one.",
        "SETINFO <option> <value>",
        "    Tell about the client library. Options:",
        "    * LIB-NAME: its name.",
        "    * LIB-VER: its version.",
        "SETNAME <name>",
        "    Give this connection a name.",
        "UNBLOCK <client-id> [TIMEOUT|ERROR]",
        "    End the wait of a connection in a blocking command.",
        "UNPAUSE",
        "    End a pause before its time.",
    };
    help_reply(client, "CLIENT", lines, countof(lines));
}
