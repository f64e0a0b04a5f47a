/* Session commands: LATENCY, but for the reports about events (latency_report.c). */
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/command_names.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/figures.h"
#include "shard/admin/help.h"
#include "shard/admin/latency_event.h"
#include "shard/admin/latency_report.h"
#include "shard/runtime/shard.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

/* ---- Events. ---- */

static void events_ask(struct session *session, struct survey *survey)
{
    struct latency_event *events = alloc_get(LATENCY_EVENTS * sizeof *events);
    memcpy(events, session->stats->latency, LATENCY_EVENTS * sizeof *events);
    survey->answers[session->shard->index] = events;
}

/* All shards' events in those of the first. */
static struct latency_event *events_total(struct survey *survey)
{
    struct latency_event *total = survey->answers[0];
    for (uint32_t i = 1; i < survey->count; i++) {
        struct latency_event *part = survey->answers[i];
        for (int e = 0; e < LATENCY_EVENTS; e++)
            latency_event_merge(&total[e], &part[e]);
        alloc_free(part);
    }
    return total;
}

static void latest_done(struct client *client, struct survey *survey)
{
    struct latency_event *events = events_total(survey);
    struct reply_mark open = reply_open(&client->reply);
    size_t count = 0;
    for (int e = 0; e < LATENCY_EVENTS; e++) {
        if (events[e].count == 0)
            continue;
        const struct latency_sample *last = &events[e].samples[events[e].count - 1];
        reply_array(&client->reply, 4);
        reply_bulk_cstr(&client->reply, latency_event_names[e]);
        reply_int(&client->reply, last->wall_s);
        reply_int(&client->reply, last->ms);
        reply_int(&client->reply, events[e].max);
        count++;
    }
    reply_close_array(&client->reply, open, count);
    alloc_free(events);
}

void cmd_latency_latest(struct client *client)
{
    survey_start(client, events_ask, latest_done, NULL);
}

/* The name of an event, kept while the shards are asked. */
struct event_name {
    size_t len;
    char text[];
};

static struct event_name *name_new(struct bytes text)
{
    struct event_name *name = alloc_get(sizeof *name + text.len);
    name->len = text.len;
    memcpy(name->text, text.data, text.len);
    return name;
}

static void history_done(struct client *client, struct survey *survey)
{
    struct latency_event *events = events_total(survey);
    struct event_name *name = survey->ctx;
    int e = latency_event_find(bytes_make(name->text, name->len));
    uint32_t count = e < 0 ? 0 : events[e].count;
    reply_array(&client->reply, count);
    for (uint32_t i = 0; i < count; i++) {
        reply_array(&client->reply, 2);
        reply_int(&client->reply, events[e].samples[i].wall_s);
        reply_int(&client->reply, events[e].samples[i].ms);
    }
    alloc_free(name);
    alloc_free(events);
}

void cmd_latency_history(struct client *client)
{
    survey_start(client, events_ask, history_done, name_new(client->argv[2]));
}

static int64_t wall_s(const struct client *client)
{
    return clock_read_wall_ms(client->shard->node->options.clock) / 1000;
}

static void reply_report(struct client *client, struct buffer *report)
{
    reply_verbatim(&client->reply, buffer_bytes(report), "txt");
    buffer_deinit(report);
}

static void graph_done(struct client *client, struct survey *survey)
{
    struct latency_event *events = events_total(survey);
    struct event_name *name = survey->ctx;
    int e = latency_event_find(bytes_make(name->text, name->len));
    if (e < 0 || events[e].count == 0) {
        reply_errorf(&client->reply, "ERR No samples available for event '%.*s'",
                     (int)bits_min(name->len, 128), name->text);
    } else {
        struct buffer graph;
        buffer_init(&graph);
        latency_graph(&graph, latency_event_names[e], &events[e], wall_s(client));
        reply_report(client, &graph);
    }
    alloc_free(name);
    alloc_free(events);
}

void cmd_latency_graph(struct client *client)
{
    survey_start(client, events_ask, graph_done, name_new(client->argv[2]));
}

static void doctor_done(struct client *client, struct survey *survey)
{
    struct latency_event *events = events_total(survey);
    struct buffer report;
    buffer_init(&report);
    latency_doctor(&report, events, client->session->settings, wall_s(client));
    reply_report(client, &report);
    alloc_free(events);
}

void cmd_latency_doctor(struct client *client)
{
    survey_start(client, events_ask, doctor_done, NULL);
}

/* ctx: which events to forget, a bit each. The answer: those of them there were. */
static void reset_ask(struct session *session, struct survey *survey)
{
    const unsigned *wanted = survey->ctx;
    unsigned *had = alloc_zeroed(sizeof *had);
    for (int e = 0; e < LATENCY_EVENTS; e++) {
        struct latency_event *event = &session->stats->latency[e];
        if (!(*wanted >> e & 1) || event->count == 0)
            continue;
        *had |= 1u << e;
        *event = (struct latency_event){0};
    }
    survey->answers[session->shard->index] = had;
}

static void reset_done(struct client *client, struct survey *survey)
{
    unsigned had = 0;
    for (uint32_t i = 0; i < survey->count; i++) {
        had |= *(unsigned *)survey->answers[i];
        alloc_free(survey->answers[i]);
    }
    alloc_free(survey->ctx);
    reply_int(&client->reply, __builtin_popcount(had));
}

void cmd_latency_reset(struct client *client)
{
    unsigned *wanted = alloc_zeroed(sizeof *wanted);
    if (client->argc == 2)
        *wanted = (1u << LATENCY_EVENTS) - 1;
    for (int i = 2; i < client->argc; i++) {
        int e = latency_event_find(client->argv[i]);
        if (e >= 0)
            *wanted |= 1u << e;
    }
    survey_start(client, reset_ask, reset_done, wanted);
}

/* ---- Histograms. ---- */

struct histogram_request {
    struct figures_request figures;
    uint32_t count;        /* 0: all commands */
    uint16_t commands[];   /* their ids, in the order of the answer */
};

/* The limits of the answer are 1024 ns and its doublings. What is shown is the highest
 * value of HdrHistogram's bucket there (two significant digits), which clients know. */
#define LEVELS 30 /* what is longer than the last counts there */
static uint64_t level_ns(int level)
{
    return UINT64_C(1024) << level;
}

static uint64_t level_shown_us(int level)
{
    return (level_ns(level) + level_ns(level) / 128 - 1) / 1000;
}

static void reply_histogram(struct client *client, const struct command_stats *row, int id,
                            double per_us)
{
    struct reply *reply = &client->reply;
    uint64_t total = histogram_total(row->histogram), before = 0;
    reply_bulk_cstr(reply, command_table[id].name);
    reply_map(reply, 2);
    reply_bulk_cstr(reply, "calls");
    reply_int(reply, (int64_t)total);
    reply_bulk_cstr(reply, "histogram_usec");
    struct reply_mark open = reply_open(reply);
    size_t pairs = 0;
    for (int level = 0; before < total; level++) {
        double ticks = (double)level_ns(level) / 1000 * per_us;
        uint64_t seen = level == LEVELS ? total : histogram_until(row->histogram, ticks);
        if (seen == before)
            continue;
        reply_int(reply, (int64_t)level_shown_us(level));
        reply_int(reply, (int64_t)seen);
        pairs++;
        before = seen;
    }
    reply_close_map(reply, open, pairs);
}

static void histogram_done(struct client *client, struct survey *survey)
{
    struct histogram_request *request = survey->ctx;
    struct figures *total = figures_total(survey);
    double per_us = stats_ticks_per_us(client->session->stats);
    uint32_t count = request->count == 0 ? COMMAND_COUNT : request->count;
    struct reply_mark open = reply_open(&client->reply);
    size_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        int id = request->count == 0 ? (int)i : request->commands[i];
        if (id == COMMAND_COUNT || total->commands[id].histogram == NULL)
            continue;
        reply_histogram(client, &total->commands[id], id, per_us);
        found++;
    }
    reply_close_map(&client->reply, open, found);
    figures_free(total);
    figures_drop(survey);
    alloc_free(request);
}

void cmd_latency_histogram(struct client *client)
{
    const struct command_names *names = client->session->names;
    uint32_t cap = 1;
    for (int i = 2; i < client->argc; i++) {
        const struct command *command = command_names_find_full(names, client->argv[i]);
        cap += command == NULL ? 0 : 1u + command->subcommand_count;
    }
    struct histogram_request *request = alloc_zeroed(sizeof *request + cap * sizeof(uint16_t));
    request->figures.what = FIGURES_COMMANDS;
    for (int i = 2; i < client->argc; i++) {
        const struct command *command = command_names_find_full(names, client->argv[i]);
        if (command == NULL)
            continue;
        request->commands[request->count++] = command->id;
        for (uint16_t s = 0; s < command->subcommand_count; s++)
            request->commands[request->count++] = command->subcommands[s]->id;
    }
    if (client->argc > 2 && request->count == 0)
        request->commands[request->count++] = COMMAND_COUNT; /* none, not all */
    survey_start(client, figures_ask, histogram_done, request);
}

void cmd_latency_help(struct client *client)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Explain the spikes that were seen, with advice.",
        "GRAPH <event>",
        "    Draw the spikes of an event.",
        "HISTOGRAM [<command> ...]",
        "    Answer how long commands took, as a cumulative distribution; all commands that",
        "    were executed unless some are named.",
        "HISTORY <event>",
        "    Answer time and milliseconds of the spikes of an event.",
        "LATEST",
        "    Answer the last spike of each event, and the worst.",
        "RESET [<event> ...]",
        "    Forget the spikes of these events, or of all.",
    };
    help_reply(client, "LATENCY", lines, countof(lines));
}
