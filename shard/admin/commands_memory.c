/* Session commands: MEMORY, but for MEMORY USAGE, which runs where the key lives. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/buffer.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/figures.h"
#include "shard/admin/help.h"
#include "shard/admin/memory_figures.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

static struct figures_request *memory_request(void)
{
    struct figures_request *request = alloc_zeroed(sizeof *request);
    request->what = FIGURES_MEMORY | FIGURES_KEYS;
    return request;
}

static void reply_field(struct reply *reply, const char *name, uint64_t value)
{
    reply_bulk_cstr(reply, name);
    reply_int(reply, (int64_t)value);
}

static void reply_ratio(struct reply *reply, const char *name, double value)
{
    reply_bulk_cstr(reply, name);
    reply_double(reply, value);
}

static void reply_dbs(struct reply *reply, const struct figures *total)
{
    for (uint16_t i = 0; i < total->db_count; i++) {
        const struct figures_db *db = &total->dbs[i];
        if (db->keys == 0)
            continue;
        reply_bulkf(reply, "db.%u", i);
        reply_map(reply, 3);
        reply_field(reply, "overhead.hashtable.main", db->table_bytes);
        reply_field(reply, "overhead.hashtable.expires", db->expires_bytes);
        reply_field(reply, "overhead.hashtable.slot-to-keys", 0);
    }
}

static void stats_done(struct client *client, struct survey *survey)
{
    struct figures *total = figures_total(survey);
    struct memory_figures m = memory_figures(client->session, total);
    struct reply *reply = &client->reply;
    size_t dbs = 0;
    for (uint16_t i = 0; i < total->db_count; i++)
        dbs += total->dbs[i].keys > 0;
    reply_map(reply, 27 + dbs);
    reply_field(reply, "peak.allocated", m.peak);
    reply_field(reply, "total.allocated", m.used);
    reply_field(reply, "startup.allocated", m.startup);
    reply_field(reply, "replication.backlog", 0);
    reply_field(reply, "clients.slaves", 0);
    reply_field(reply, "clients.normal", total->clients_bytes);
    reply_field(reply, "cluster.links", 0);
    reply_field(reply, "aof.buffer", 0);
    reply_field(reply, "lua.caches", 0);
    reply_field(reply, "functions.caches", 0);
    reply_dbs(reply, total);
    reply_field(reply, "overhead.total", m.overhead);
    reply_field(reply, "keys.count", m.keys);
    reply_field(reply, "keys.bytes-per-key", m.bytes_per_key);
    reply_field(reply, "dataset.bytes", m.dataset);
    reply_ratio(reply, "dataset.percentage", m.dataset_percent);
    reply_ratio(reply, "peak.percentage", m.peak_percent);
    reply_field(reply, "allocator.allocated", m.used);
    reply_field(reply, "allocator.active", m.resident);
    reply_field(reply, "allocator.resident", m.resident);
    reply_ratio(reply, "allocator-fragmentation.ratio", m.fragmentation);
    reply_field(reply, "allocator-fragmentation.bytes", (uint64_t)m.fragmentation_bytes);
    reply_ratio(reply, "allocator-rss.ratio", 1);
    reply_field(reply, "allocator-rss.bytes", 0);
    reply_ratio(reply, "rss-overhead.ratio", 1);
    reply_field(reply, "rss-overhead.bytes", 0);
    reply_ratio(reply, "fragmentation", m.fragmentation);
    reply_field(reply, "fragmentation.bytes", (uint64_t)m.fragmentation_bytes);
    figures_free(total);
    figures_drop(survey);
    alloc_free(survey->ctx);
}

void cmd_memory_stats(struct client *client)
{
    survey_start(client, figures_ask, stats_done, memory_request());
}

#define SMALL_BYTES (5 * 1024 * 1024) /* too little to say anything about */
#define NOTABLE_BYTES (10 * 1024 * 1024)
#define CLIENT_BYTES (200 * 1024)

static void examine(struct buffer *out, const struct memory_figures *m,
                    const struct figures *total)
{
    if ((double)m->peak > 1.5 * (double)m->used)
        buffer_appendf(out,
                       " * Peak memory: more than 150%% of what is used now was used before. "
                       "Memory that stays with the allocator after a peak is used again as the "
                       "data set grows; MEMORY PURGE gives what it can back to the system.\n\n");
    if (m->fragmentation > 1.4 && m->fragmentation_bytes > NOTABLE_BYTES)
        buffer_appendf(out,
                       " * Fragmentation: the process holds %.2f times the memory that is in "
                       "use. After a peak this is harmless; else it comes from a load that frees "
                       "values of many sizes. MEMORY PURGE may help.\n\n",
                       m->fragmentation);
    if (total->clients > 0 && total->clients_bytes / total->clients > CLIENT_BYTES)
        buffer_appendf(out,
                       " * Client buffers: clients take more than 200 kB each on average. Some "
                       "may send large pipelines, or not read what they asked for. CLIENT LIST "
                       "tells which.\n\n");
}

static void doctor_done(struct client *client, struct survey *survey)
{
    struct figures *total = figures_total(survey);
    struct memory_figures m = memory_figures(client->session, total);
    struct buffer out;
    buffer_init(&out);
    if (m.used < SMALL_BYTES) {
        buffer_append_cstr(&out, "This instance is empty or uses very little memory: nothing can "
                                 "be told about it yet. Come back when it holds data.\n");
    } else {
        struct buffer findings;
        buffer_init(&findings);
        examine(&findings, &m, total);
        if (findings.len == 0)
            buffer_append_cstr(&out, "No memory issue was found in this instance.\n");
        else
            buffer_append_cstr(&out, "Memory issues were found in this instance:\n\n");
        buffer_append_bytes(&out, buffer_bytes(&findings));
        buffer_deinit(&findings);
    }
    reply_verbatim(&client->reply, buffer_bytes(&out), "txt");
    buffer_deinit(&out);
    figures_free(total);
    figures_drop(survey);
    alloc_free(survey->ctx);
}

void cmd_memory_doctor(struct client *client)
{
    survey_start(client, figures_ask, doctor_done, memory_request());
}

static void append_text(const char *text, void *ctx)
{
    buffer_append_cstr(ctx, text);
}

void cmd_memory_malloc_stats(struct client *client)
{
    struct buffer out;
    buffer_init(&out);
    alloc_report(append_text, &out);
    reply_verbatim(&client->reply, buffer_bytes(&out), "txt");
    buffer_deinit(&out);
}

static void purge_ask(struct session *session, struct survey *survey)
{
    (void)session;
    (void)survey;
    alloc_purge();
}

static void purge_done(struct client *client, struct survey *survey)
{
    (void)survey;
    reply_ok(&client->reply);
}

void cmd_memory_purge(struct client *client)
{
    survey_start(client, purge_ask, purge_done, NULL);
}

void cmd_memory_help(struct client *client)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Explain memory trouble that can be seen.",
        "MALLOC-STATS",
        "    Answer the statistics of the allocator.",
        "PURGE",
        "    Give memory that is not in use back to the system.",
        "STATS",
        "    Answer what memory is used for.",
        "USAGE <key> [SAMPLES <count>]",
        "    Estimate the bytes that <key> and its value take. Of nested values, <count> are",
        "    looked at: 5 unless said, 0 for all.",
    };
    help_reply(client, "MEMORY", lines, countof(lines));
}
