/* Pause: see pause.h. */
#include "shard/session/pause.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "engine/commands/command_ids.gen.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/client.h"
#include "shard/session/queue.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

#define MS_NS UINT64_C(1000000)
#define TIMEOUT_MAX_MS (INT64_MAX / 2 / (int64_t)MS_NS) /* longer ones are cut to it: 146 years */

static bool may_change_data(const struct command *command)
{
    return (command->flags & (CMD_WRITE | CMD_MAY_REPLICATE)) != 0;
}

static bool queue_may_change_data(const struct queue *queue)
{
    for (uint32_t i = 0; queue != NULL && i < queue->count; i++)
        if (may_change_data(queue->items[i]->command))
            return true;
    return false;
}

bool pause_holds(const struct session *session, const struct client *client,
                 const struct command *command)
{
    if (session->pause_until_ns == 0 || command->id == COMMAND_CLIENT_PAUSE ||
        command->id == COMMAND_CLIENT_UNPAUSE)
        return false;
    if (!session->pause_writes_only || may_change_data(command))
        return true;
    return command->id == COMMAND_EXEC && queue_may_change_data(client->queue);
}

static void pause_begin(struct session *session, uint64_t until_ns, bool writes_only)
{
    if (session->pause_until_ns == 0)
        session->pause_writes_only = writes_only;
    else if (!writes_only)
        session->pause_writes_only = false;
    if (session->pause_until_ns < until_ns)
        session->pause_until_ns = until_ns;
    session->slowed = true;
}

static void pause_end(struct session *session)
{
    session->pause_until_ns = 0;
    session->slowed = session->memory_full;
    for (struct list_node *n = session->clients.next; n != &session->clients; n = n->next) {
        struct client *client = container_of(n, struct client, link);
        if (client->stall & STALL_PAUSE)
            client_resume(client, STALL_PAUSE);
    }
}

void pause_step(struct session *session, uint64_t now_ns)
{
    if (session->pause_until_ns != 0 && now_ns >= session->pause_until_ns)
        pause_end(session);
}

struct pause {
    uint64_t until_ns;
    bool writes_only;
};

static void ask_pause(struct session *session, struct survey *survey)
{
    const struct pause *pause = survey->ctx;
    if (session->pause_until_ns != 0 || pause->until_ns > session->shard->now_ns)
        pause_begin(session, pause->until_ns, pause->writes_only);
}

static void done_pause(struct client *client, struct survey *survey)
{
    reply_ok(&client->reply);
    alloc_free(survey->ctx);
}

/* Reads the arguments; false: an error was replied. */
static bool pause_parse(struct client *client, int64_t *timeout_ms, bool *writes_only)
{
    *writes_only = client->argc == 4 && bytes_equal_nocase(client->argv[3], "write");
    if (client->argc > 4) {
        reply_errorf(&client->reply,
                     "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try CLIENT "
                     "HELP.", (int)bits_min(client->argv[1].len, 128), client->argv[1].data);
        return false;
    }
    if (client->argc == 4 && !*writes_only && !bytes_equal_nocase(client->argv[3], "all")) {
        reply_error(&client->reply, "ERR CLIENT PAUSE mode must be WRITE or ALL");
        return false;
    }
    if (!number_parse_i64(client->argv[2], timeout_ms)) {
        reply_error(&client->reply, "ERR timeout is not an integer or out of range");
        return false;
    }
    if (*timeout_ms < 0) {
        reply_error(&client->reply, "ERR timeout is negative");
        return false;
    }
    if (*timeout_ms > INT64_MAX - client->shard->keyspace.now_ms) {
        reply_error(&client->reply, "ERR timeout is out of range");
        return false;
    }
    return true;
}

void cmd_client_pause(struct client *client)
{
    int64_t timeout_ms;
    bool writes_only;
    if (!pause_parse(client, &timeout_ms, &writes_only))
        return;
    if (timeout_ms > TIMEOUT_MAX_MS)
        timeout_ms = TIMEOUT_MAX_MS;
    struct pause *pause = alloc_get(sizeof *pause);
    *pause = (struct pause){.until_ns = client->shard->now_ns + (uint64_t)timeout_ms * MS_NS,
                            .writes_only = writes_only};
    survey_start(client, ask_pause, done_pause, pause);
}

static void ask_unpause(struct session *session, struct survey *survey)
{
    (void)survey;
    if (session->pause_until_ns != 0)
        pause_end(session);
}

static void done_unpause(struct client *client, struct survey *survey)
{
    (void)survey;
    reply_ok(&client->reply);
}

void cmd_client_unpause(struct client *client)
{
    survey_start(client, ask_unpause, done_unpause, NULL);
}
