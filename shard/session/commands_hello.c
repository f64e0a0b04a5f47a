/* Session commands: HELLO and RESET, which begin a conversation. */
#include "base/number.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/auth.h"
#include "shard/session/client.h"
#include "shard/session/client_name.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/transaction.h"

struct hello {
    int64_t protocol; /* 0: as before */
    bool auth, named;
    struct bytes user, password, name;
};

/* Reads the options; false: an error was replied. */
static bool hello_parse(struct client *client, struct hello *hello)
{
    *hello = (struct hello){0};
    if (client->argc > 1 && !number_parse_i64(client->argv[1], &hello->protocol)) {
        reply_error(&client->reply, "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (client->argc > 1 && (hello->protocol < 2 || hello->protocol > 3)) {
        reply_error(&client->reply, "NOPROTO unsupported protocol version");
        return false;
    }
    for (int i = 2; i < client->argc; i++) {
        struct bytes option = client->argv[i];
        int more = client->argc - 1 - i;
        if (bytes_equal_nocase(option, "auth") && more >= 2) {
            hello->auth = true;
            hello->user = client->argv[++i];
            hello->password = client->argv[++i];
        } else if (bytes_equal_nocase(option, "setname") && more >= 1) {
            hello->named = true;
            hello->name = client->argv[++i];
            if (!client_name_check(&client->reply, hello->name))
                return false;
        } else {
            reply_errorf(&client->reply, "ERR Syntax error in HELLO option '%.*s'",
                         (int)option.len, option.data);
            return false;
        }
    }
    return true;
}

static void set_protocol(struct client *client, uint8_t resp)
{
    client->resp = resp;
    client->reply.resp = resp;
}

void cmd_hello(struct client *client)
{
    struct hello hello;
    if (!hello_parse(client, &hello))
        return;
    if (hello.auth && !auth_admit(client, hello.user, hello.password))
        return;
    struct reply *reply = &client->reply;
    if (client->flags & CLIENT_LOCKED_OUT) {
        reply_error(reply,
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise "
                    "the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the "
                    "client and select the RESP protocol version at the same time");
        return;
    }
    if (hello.named)
        client_name_set(&client->name, hello.name);
    if (hello.protocol != 0)
        set_protocol(client, (uint8_t)hello.protocol);
    reply_map(reply, 7);
    reply_bulk_cstr(reply, "server");
    reply_bulk_cstr(reply, "redis");
    reply_bulk_cstr(reply, "version");
    reply_bulk_cstr(reply, SERVER_REDIS_VERSION);
    reply_bulk_cstr(reply, "proto");
    reply_int(reply, client->resp);
    reply_bulk_cstr(reply, "id");
    reply_int(reply, (int64_t)client->id);
    reply_bulk_cstr(reply, "mode");
    reply_bulk_cstr(reply, "standalone");
    reply_bulk_cstr(reply, "role");
    reply_bulk_cstr(reply, "master");
    reply_bulk_cstr(reply, "modules");
    reply_array(reply, 0);
}

/* All that a new connection does not have, but for the name of the library: that is
 * the same still. */
void cmd_reset(struct client *client)
{
    transaction_discard(client);
    auth_reset(client);
    client->db = 0;
    set_protocol(client, 2);
    client_name_set(&client->name, bytes_make(NULL, 0));
    client->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT | CLIENT_NO_TOUCH |
                                 CLIENT_NO_EVICT | CLIENT_MONITOR);
    client->reply.muted = (client->flags & CLIENT_REPLY_SKIP) != 0;
    reply_status(&client->reply, "RESET");
}
