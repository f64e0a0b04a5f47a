/* Stats: see stats.h. */
#include "shard/session/stats.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

struct stats *stats_new(void)
{
    struct stats *stats = alloc_zeroed(sizeof *stats);
    stats->slow_ticks = UINT64_MAX;
    return stats;
}

void stats_free(struct stats *stats)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        alloc_free(stats->commands[i].histogram);
    alloc_free(stats);
}

void stats_reset(struct stats *stats)
{
    uint64_t slow_ticks = stats->slow_ticks;
    for (int i = 0; i < COMMAND_COUNT; i++)
        alloc_free(stats->commands[i].histogram);
    *stats = (struct stats){.slow_ticks = slow_ticks};
}

void stats_note_histogram(struct command_stats *row, uint64_t ticks)
{
    row->histogram = alloc_zeroed(STATS_BUCKETS * sizeof *row->histogram);
    row->histogram[63 - __builtin_clzll(ticks | 1)]++;
}

void stats_note_error(struct stats *stats, const struct reply *reply)
{
    stats->error_replies++;
    if (reply->muted || reply->error_at >= reply->len)
        return;
    const char *text = reply->data + reply->error_at + 1;
    size_t left = reply->len - reply->error_at - 1, len = 0;
    char code[sizeof stats->errors[0].code] = "";
    while (len < left && len + 1 < sizeof code && text[len] != ' ' && text[len] != '\r')
        len++;
    memcpy(code, text, len);
    for (uint32_t i = 0; i < stats->error_count; i++) {
        if (strcmp(stats->errors[i].code, code) == 0) {
            stats->errors[i].count++;
            return;
        }
    }
    if (stats->error_count == STATS_ERRORS)
        return;
    struct error_stats *row = &stats->errors[stats->error_count++];
    memcpy(row->code, code, sizeof code);
    row->count = 1;
}

void stats_rejected(struct stats *stats, const struct command *command, const struct reply *reply)
{
    if (command != NULL)
        stats->commands[command->id].rejected++;
    stats_note_error(stats, reply);
}
