/* Latency report: see latency_report.h. */
#include "shard/admin/latency_report.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "shard/admin/latency_event.h"
#include "shard/admin/settings.h"

#define COLUMNS 80
#define ROWS 4
#define LABEL_SIZE 16

static const char marks[] = "_o#"; /* low to high within a row */
#define MARKS ((int)sizeof marks - 1)

static void label_of(char label[static LABEL_SIZE], int64_t seconds)
{
    if (seconds < 60)
        snprintf(label, LABEL_SIZE, "%ds", (int)seconds);
    else if (seconds < 3600)
        snprintf(label, LABEL_SIZE, "%dm", (int)(seconds / 60));
    else if (seconds < 86400)
        snprintf(label, LABEL_SIZE, "%dh", (int)(seconds / 3600));
    else
        snprintf(label, LABEL_SIZE, "%dd", (int)(seconds / 86400));
}

/* What stands in a row (0 is the top one) for a sample of this height, 0 to ROWS * MARKS - 1. */
static char mark_of(int height, int row)
{
    int above = height - (ROWS - 1 - row) * MARKS;
    if (above < 0)
        return ' ';
    return above < MARKS ? marks[above] : '|';
}

static void draw_rows(struct buffer *out, const struct latency_sample *samples, uint32_t count,
                      const struct latency_summary *range)
{
    int steps = ROWS * MARKS;
    uint32_t span = range->max > range->min ? range->max - range->min : 1;
    for (int row = 0; row < ROWS; row++) {
        for (uint32_t i = 0; i < count; i++) {
            int64_t height = (int64_t)(samples[i].ms - range->min) * steps / span;
            buffer_append_char(out, mark_of(height < steps ? (int)height : steps - 1, row));
        }
        buffer_append_char(out, '\n');
    }
}

/* Labels are written downwards. */
static void draw_labels(struct buffer *out, const struct latency_sample *samples, uint32_t count,
                        int64_t now_s)
{
    char labels[COLUMNS][LABEL_SIZE] = {{0}};
    size_t longest = 0;
    for (uint32_t i = 0; i < count; i++) {
        label_of(labels[i], now_s - samples[i].wall_s);
        longest = bits_max(longest, strlen(labels[i]));
    }
    for (uint32_t i = 0; i < count; i++)
        buffer_append_char(out, ' ');
    buffer_append_char(out, '\n');
    for (size_t line = 0; line < longest; line++) {
        for (uint32_t i = 0; i < count; i++)
            buffer_append_char(out, line < strlen(labels[i]) ? labels[i][line] : ' ');
        buffer_append_char(out, '\n');
    }
}

void latency_graph(struct buffer *out, const char *name, const struct latency_event *event,
                   int64_t now_s)
{
    struct latency_summary range = latency_event_summary(event, now_s);
    buffer_appendf(out, "%s - high %u ms, low %u ms (all time high %u ms)\n", name, range.max,
                   range.min, event->max);
    for (int i = 0; i < COLUMNS; i++)
        buffer_append_char(out, '-');
    buffer_append_char(out, '\n');
    for (uint32_t at = 0; at < event->count; at += COLUMNS) {
        uint32_t count = (uint32_t)bits_min(event->count - at, COLUMNS);
        if (at > 0)
            buffer_append_char(out, '\n');
        draw_rows(out, event->samples + at, count, &range);
        draw_labels(out, event->samples + at, count, now_s);
    }
}

static void advise(struct buffer *out, const struct latency_event *events,
                   const struct settings *settings)
{
    unsigned long long us = (unsigned long long)settings->latency_monitor_threshold * 1000;
    buffer_append_cstr(out, "\nAdvice:\n\n");
    if (events[LATENCY_COMMAND].count > 0) {
        if (settings->slowlog_log_slower_than < 0)
            buffer_appendf(out,
                           "- Slow commands were executed, but the slow log is off. Turn it on "
                           "with 'CONFIG SET slowlog-log-slower-than %llu'.\n", us);
        else if (settings->slowlog_log_slower_than / 1000 > settings->latency_monitor_threshold)
            buffer_appendf(out,
                           "- The slow log misses commands that the monitor sees. Let it take "
                           "them with 'CONFIG SET slowlog-log-slower-than %llu'.\n", us);
        buffer_append_cstr(out,
                           "- Look into SLOWLOG GET for the commands that took long: those that "
                           "walk many keys or elements are better cut in pieces (SCAN, HSCAN and "
                           "the like, ranges), and large values better split.\n");
    }
    if (events[LATENCY_FAST_COMMAND].count > 0)
        buffer_append_cstr(out,
                           "- Commands of constant cost took long: most likely the processor was "
                           "taken away from a thread. See that the machine has a core for each "
                           "thread (the setting threads), that no other program competes for "
                           "them, and that nothing is swapped out. 'redis-cli "
                           "--intrinsic-latency 100' measures what the system itself adds.\n");
}

void latency_doctor(struct buffer *out, const struct latency_event *events,
                    const struct settings *settings, int64_t now_s)
{
    int shown = 0;
    for (int e = 0; e < LATENCY_EVENTS; e++) {
        if (events[e].count == 0)
            continue;
        struct latency_summary s = latency_event_summary(&events[e], now_s);
        if (shown++ == 0)
            buffer_append_cstr(out, "Latency spikes were observed in this instance:\n\n");
        buffer_appendf(out,
                       "%d. %s: %u latency spikes (average %ums, mean deviation %ums, period "
                       "%.2f sec). Worst all time event %ums.\n",
                       shown, latency_event_names[e], events[e].count, s.average, s.deviation,
                       s.period, events[e].max);
    }
    if (shown > 0)
        advise(out, events, settings);
    else if (settings->latency_monitor_threshold == 0)
        buffer_append_cstr(out,
                           "Latency monitoring is disabled in this instance. Enable it with "
                           "'CONFIG SET latency-monitor-threshold <milliseconds>'.\n");
    else
        buffer_append_cstr(out, "No latency spike was observed in this instance so far.\n");
}
