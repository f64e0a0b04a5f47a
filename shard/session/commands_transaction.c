/* Session commands: MULTI, EXEC, DISCARD, WATCH, UNWATCH. */
#include "base/alloc.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/queue.h"
#include "shard/session/session.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/transaction.h"
#include "shard/session/watch.h"

void transaction_discard(struct client *client)
{
    queue_free(client->queue);
    client->queue = NULL;
    client->flags &= ~(uint32_t)(CLIENT_MULTI | CLIENT_MULTI_FAILED);
    watch_drop_all(client);
}

void cmd_multi(struct client *client)
{
    if (client->flags & CLIENT_MULTI) {
        reply_error(&client->reply, "ERR MULTI calls can not be nested");
        return;
    }
    client->flags |= CLIENT_MULTI;
    client->queue = queue_new();
    reply_ok(&client->reply);
}

void cmd_discard(struct client *client)
{
    if (!(client->flags & CLIENT_MULTI)) {
        reply_error(&client->reply, "ERR DISCARD without MULTI");
        return;
    }
    transaction_discard(client);
    reply_ok(&client->reply);
}

void cmd_exec(struct client *client)
{
    if (!(client->flags & CLIENT_MULTI)) {
        reply_error(&client->reply, "ERR EXEC without MULTI");
        return;
    }
    if (client->flags & CLIENT_MULTI_FAILED) {
        transaction_discard(client);
        reply_error(&client->reply,
                    "EXECABORT Transaction discarded because of previous errors.");
        return;
    }
    struct queue *queue = client->queue;
    client->queue = NULL;
    client->flags &= ~(uint32_t)CLIENT_MULTI;
    call_exec(client->session, client, queue);
}

void cmd_watch(struct client *client)
{
    if (client->flags & CLIENT_MULTI) {
        reply_error(&client->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    struct queued *queued = queued_new(client->command, client->argc, client->argv, NULL);
    call_watch(client->session, client, queued);
}

void cmd_unwatch(struct client *client)
{
    /* Inside EXEC the watches have done their work and are dropped after it. */
    watch_drop_all(client);
    reply_ok(&client->reply);
}
