/* Info: the sections with a field for each command, error or shard; see info.h. */
#include "shard/admin/info.h"

#include <stdio.h>
#include <string.h>

#include "shard/admin/settings.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

#define add(...) buffer_appendf(&info->out, __VA_ARGS__)

typedef unsigned long long ull;

void info_commandstats(struct info *info)
{
    double per_us = stats_ticks_per_us(info->session->stats);
    add("# Commandstats\r\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command_stats *row = &info->total->commands[i];
        if (row->calls == 0 && row->rejected == 0 && row->failed == 0)
            continue;
        double us = (double)row->ticks / per_us;
        add("cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,"
            "failed_calls=%llu\r\n",
            command_table[i].name, (ull)row->calls, (ull)us,
            row->calls == 0 ? 0 : us / (double)row->calls, (ull)row->rejected,
            (ull)row->failed);
    }
}

/* What would break the line is replaced in the name of a field. */
static void add_name(struct info *info, const char *name)
{
    for (const char *p = name; *p != 0; p++)
        buffer_append_char(&info->out, strchr("#:\n\r", *p) != NULL ? '_' : *p);
}

void info_errorstats(struct info *info)
{
    add("# Errorstats\r\n");
    for (uint32_t i = 0; i < info->total->error_count; i++) {
        const struct error_stats *row = &info->total->errors[i];
        add("errorstat_");
        add_name(info, row->code);
        add(":count=%llu\r\n", (ull)row->count);
    }
}

/* A percentile without needless zeroes: "50", "99.9". */
static void add_percent(struct info *info, double percent)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%f", percent);
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    add("p%.*s", len, text);
}

void info_latencystats(struct info *info)
{
    const struct settings *settings = info->session->settings;
    const struct settings_percentiles *wanted = &settings->latency_tracking_info_percentiles;
    double per_us = stats_ticks_per_us(info->session->stats);
    add("# Latencystats\r\n");
    for (int i = 0; i < COMMAND_COUNT && settings->latency_tracking; i++) {
        const uint64_t *counts = info->total->commands[i].histogram;
        if (counts == NULL)
            continue;
        add("latency_percentiles_usec_%s:", command_table[i].name);
        for (size_t p = 0; p < wanted->count; p++) {
            if (p > 0)
                add(",");
            add_percent(info, wanted->items[p]);
            add("=%.3f", histogram_percentile(counts, wanted->items[p]) / per_us);
        }
        add("\r\n");
    }
}

void info_shards(struct info *info)
{
    add("# Shards\r\n");
    for (uint32_t i = 0; i < info->survey->count; i++) {
        const struct figures *f = info->survey->answers[i];
        uint64_t keys = 0;
        for (uint16_t d = 0; d < f->db_count; d++)
            keys += f->dbs[d].keys;
        add("shard%u:keys=%llu,clients=%llu,commands=%llu,ops_per_sec=%llu,turns=%llu,"
            "waits=%llu,wakes=%llu,batches=%llu,memory=%llu,cpu_usec=%llu\r\n",
            i, (ull)keys, (ull)f->clients, (ull)f->executed, (ull)f->commands_rate,
            (ull)f->io.turns, (ull)f->io.waits, (ull)f->io.wakes, (ull)f->batches,
            (ull)f->memory_bytes, (ull)f->cpu_us);
    }
}
