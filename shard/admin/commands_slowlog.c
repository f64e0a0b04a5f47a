/* Session commands: SLOWLOG. Each shard has a ring of its own; the answers put them in
 * the order of their numbers. */
#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/help.h"
#include "shard/admin/settings.h"
#include "shard/admin/slow_ring.h"
#include "shard/runtime/shard.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "shard/session/survey.h"

#define USUAL_COUNT 10

/* Copies of the newest entries of a shard, newest first. */
struct found_entries {
    uint64_t count, next;
    struct slow_entry *items[];
};

static void get_ask(struct session *session, struct survey *survey)
{
    const struct slow_ring *ring = session->stats->slowlog;
    const uint64_t *wanted = survey->ctx;
    uint64_t count = bits_min(*wanted, slow_ring_count(ring));
    struct found_entries *found =
        alloc_zeroed(sizeof *found + count * sizeof(struct slow_entry *));
    found->count = count;
    for (uint64_t i = 0; i < count; i++)
        found->items[i] = slow_entry_copy(slow_ring_at(ring, i));
    survey->answers[session->shard->index] = found;
}

/* The newest entry not taken yet; NULL: none is left. */
static struct slow_entry *take_newest(struct survey *survey)
{
    struct found_entries *newest = NULL;
    for (uint32_t i = 0; i < survey->count; i++) {
        struct found_entries *found = survey->answers[i];
        if (found->next < found->count &&
            (newest == NULL || found->items[found->next]->id > newest->items[newest->next]->id))
            newest = found;
    }
    return newest == NULL ? NULL : newest->items[newest->next++];
}

static void reply_entry(struct reply *reply, const struct slow_entry *entry)
{
    reply_array(reply, 6);
    reply_int(reply, (int64_t)entry->id);
    reply_int(reply, entry->wall_s);
    reply_int(reply, (int64_t)entry->us);
    reply_array(reply, entry->argc);
    for (uint32_t i = 0; i < entry->argc; i++)
        reply_bulk(reply, entry->argv[i]);
    reply_bulk(reply, entry->peer);
    reply_bulk(reply, entry->name);
}

static void get_done(struct client *client, struct survey *survey)
{
    uint64_t *wanted = survey->ctx;
    uint64_t left = bits_min(*wanted, (uint64_t)client->session->settings->slowlog_max_len);
    size_t count = 0;
    struct reply_mark open = reply_open(&client->reply);
    struct slow_entry *entry;
    while ((entry = take_newest(survey)) != NULL) {
        if (left > 0) {
            reply_entry(&client->reply, entry);
            count++;
            left--;
        }
        alloc_free(entry);
    }
    reply_close_array(&client->reply, open, count);
    for (uint32_t i = 0; i < survey->count; i++)
        alloc_free(survey->answers[i]);
    alloc_free(wanted);
}

void cmd_slowlog_get(struct client *client)
{
    int64_t count = USUAL_COUNT;
    if (client->argc > 3) {
        reply_errorf(&client->reply,
                     "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try "
                     "SLOWLOG HELP.",
                     (int)bits_min(client->argv[1].len, 128), client->argv[1].data);
        return;
    }
    if (client->argc == 3 && (!number_parse_i64(client->argv[2], &count) || count < -1)) {
        reply_error(&client->reply, "ERR count should be greater than or equal to -1");
        return;
    }
    uint64_t *wanted = alloc_get(sizeof *wanted);
    *wanted = (uint64_t)count; /* -1: all */
    survey_start(client, get_ask, get_done, wanted);
}

static void len_ask(struct session *session, struct survey *survey)
{
    uint64_t *count = alloc_get(sizeof *count);
    *count = slow_ring_count(session->stats->slowlog);
    survey->answers[session->shard->index] = count;
}

static void len_done(struct client *client, struct survey *survey)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < survey->count; i++) {
        sum += *(uint64_t *)survey->answers[i];
        alloc_free(survey->answers[i]);
    }
    uint64_t max = (uint64_t)client->session->settings->slowlog_max_len;
    reply_int(&client->reply, (int64_t)bits_min(sum, max));
}

void cmd_slowlog_len(struct client *client)
{
    survey_start(client, len_ask, len_done, NULL);
}

static void reset_ask(struct session *session, struct survey *survey)
{
    (void)survey;
    slow_ring_clear(session->stats->slowlog);
}

static void reset_done(struct client *client, struct survey *survey)
{
    (void)survey;
    reply_ok(&client->reply);
}

void cmd_slowlog_reset(struct client *client)
{
    survey_start(client, reset_ask, reset_done, NULL);
}

void cmd_slowlog_help(struct client *client)
{
    static const char *const lines[] = {
        "GET [<count>]",
        "    Answer the newest entries, 10 of them unless <count> says else, -1 for all. Each is:",
        "    number, time, microseconds it took, arguments, address and name of the client.",
        "LEN",
        "    Count the entries.",
        "RESET",
        "    Forget all entries.",
    };
    help_reply(client, "SLOWLOG", lines, countof(lines));
}
