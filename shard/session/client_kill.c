/*
 * Session commands: CLIENT KILL and CLIENT UNBLOCK, which reach for other clients. Every
 * shard looks among its own.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/auth.h"
#include "shard/session/client.h"
#include "shard/session/client_describe.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

/* Which clients to close: those that fit everything that is set. */
struct filter {
    char addr[sizeof((struct client *)0)->peer];
    char laddr[sizeof((struct client *)0)->local];
    bool has_addr, has_laddr;
    enum client_type type;
    uint64_t id; /* 0: any */
    bool skip_me;
    bool old_form;
};

/* An address no client can have becomes the empty one, which none has either. */
static void copy_address(char *to, size_t size, struct bytes from)
{
    size_t len = from.len < size && memchr(from.data, 0, from.len) == NULL ? from.len : 0;
    memcpy(to, from.data, len);
    to[len] = 0;
}

/* Takes one option and its value; false: an error was replied. */
static bool filter_option(struct filter *filter, struct reply *reply, struct bytes option,
                          struct bytes value)
{
    int64_t id;
    if (bytes_equal_nocase(option, "id")) {
        if (!number_parse_i64(value, &id) || id < 1) {
            reply_error(reply, "ERR client-id should be greater than 0");
            return false;
        }
        filter->id = (uint64_t)id;
    } else if (bytes_equal_nocase(option, "type")) {
        filter->type = client_describe_type_named(value);
        if (filter->type == CLIENT_TYPE_ANY) {
            reply_errorf(reply, "ERR Unknown client type '%.*s'", (int)value.len, value.data);
            return false;
        }
    } else if (bytes_equal_nocase(option, "addr")) {
        filter->has_addr = true;
        copy_address(filter->addr, sizeof filter->addr, value);
    } else if (bytes_equal_nocase(option, "laddr")) {
        filter->has_laddr = true;
        copy_address(filter->laddr, sizeof filter->laddr, value);
    } else if (bytes_equal_nocase(option, "user")) {
        /* The only user there is is everybody's. */
        if (!bytes_equal(value, bytes_of(AUTH_DEFAULT_USER))) {
            reply_errorf(reply, "ERR No such user '%.*s'", (int)value.len, value.data);
            return false;
        }
    } else if (bytes_equal_nocase(option, "skipme") &&
               (bytes_equal_nocase(value, "yes") || bytes_equal_nocase(value, "no"))) {
        filter->skip_me = bytes_equal_nocase(value, "yes");
    } else {
        reply_error(reply, "ERR syntax error");
        return false;
    }
    return true;
}

static bool filter_parse(struct filter *filter, struct client *client)
{
    if (client->argc == 3) {
        filter->old_form = filter->has_addr = true;
        copy_address(filter->addr, sizeof filter->addr, client->argv[2]);
        return true;
    }
    filter->skip_me = true;
    for (int i = 2; i < client->argc; i += 2) {
        if (i + 1 == client->argc) {
            reply_error(&client->reply, "ERR syntax error");
            return false;
        }
        if (!filter_option(filter, &client->reply, client->argv[i], client->argv[i + 1]))
            return false;
    }
    return true;
}

static bool fits(const struct filter *filter, const struct client *client)
{
    return !client->closing && (!filter->has_addr || strcmp(client->peer, filter->addr) == 0) &&
           (!filter->has_laddr || strcmp(client->local, filter->laddr) == 0) &&
           (filter->id == 0 || filter->id == client->id) &&
           client_describe_is(client, filter->type);
}

/* Closes the clients that fit, but for the one that asks; answers how many. */
static void ask_kill(struct session *session, struct survey *survey)
{
    const struct filter *filter = survey->ctx;
    uintptr_t killed = 0;
    for (struct list_node *n = session->clients.next, *next; n != &session->clients; n = next) {
        next = n->next;
        struct client *client = container_of(n, struct client, link);
        if (client == survey->client || !fits(filter, client))
            continue;
        client_close(client, false);
        killed++;
    }
    survey->answers[session->shard->index] = (void *)killed;
}

static void done_kill(struct client *client, struct survey *survey)
{
    struct filter *filter = survey->ctx;
    uint64_t killed = 0;
    for (uint32_t i = 0; i < survey->count; i++)
        killed += (uintptr_t)survey->answers[i];
    bool own = !filter->skip_me && fits(filter, client);
    killed += own;
    if (!filter->old_form)
        reply_int(&client->reply, (int64_t)killed);
    else if (killed > 0)
        reply_ok(&client->reply);
    else
        reply_error(&client->reply, "ERR No such client");
    if (own)
        client_close(client, true);
    alloc_free(filter);
}

void cmd_client_kill(struct client *client)
{
    struct filter *filter = alloc_zeroed(sizeof *filter);
    if (filter_parse(filter, client))
        survey_start(client, ask_kill, done_kill, filter);
    else
        alloc_free(filter);
}

/* ---- CLIENT UNBLOCK. ---- */

struct unblock {
    uint64_t id;
    bool with_error;
};

/* Answers not NULL if the client was here and blocked. */
static void ask_unblock(struct session *session, struct survey *survey)
{
    const struct unblock *unblock = survey->ctx;
    for (struct list_node *n = session->clients.next; n != &session->clients; n = n->next) {
        struct client *client = container_of(n, struct client, link);
        if (client->id != unblock->id)
            continue;
        if (!client->closing && client->stall & STALL_BLOCKED && client->unblock != NULL) {
            client->unblock(client, unblock->with_error);
            survey->answers[session->shard->index] = session;
        }
        return;
    }
}

static void done_unblock(struct client *client, struct survey *survey)
{
    bool found = false;
    for (uint32_t i = 0; i < survey->count; i++)
        found = found || survey->answers[i] != NULL;
    reply_int(&client->reply, found);
    alloc_free(survey->ctx);
}

void cmd_client_unblock(struct client *client)
{
    bool with_error = client->argc == 4 && bytes_equal_nocase(client->argv[3], "error");
    if (client->argc > 4) {
        reply_errorf(&client->reply,
                     "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try CLIENT "
                     "HELP.", (int)bits_min(client->argv[1].len, 128), client->argv[1].data);
        return;
    }
    if (client->argc == 4 && !with_error && !bytes_equal_nocase(client->argv[3], "timeout")) {
        reply_error(&client->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        return;
    }
    int64_t id;
    if (!number_parse_i64(client->argv[2], &id)) {
        reply_error(&client->reply, "ERR value is not an integer or out of range");
        return;
    }
    struct unblock *unblock = alloc_get(sizeof *unblock);
    *unblock = (struct unblock){.id = (uint64_t)id, .with_error = with_error};
    survey_start(client, ask_unblock, done_unblock, unblock);
}
