/* Stats: see stats.h. */
#include "shard/session/stats.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/clock.h"
#include "net/io.h"
#include "shard/admin/latency_event.h"
#include "shard/admin/settings.h"
#include "shard/admin/slow_ring.h"

#define CALIBRATION_NS UINT64_C(1000000) /* clocks closer than this tell nothing */
#define TICKS_GUESS 10.0                 /* a microsecond; no counter is slower */
#define SAMPLE_NS UINT64_C(100000000)

struct stats *stats_new(void)
{
    struct stats *stats = alloc_zeroed(sizeof *stats);
    stats->slow_ticks = UINT64_MAX;
    stats->start_ticks = stats_ticks();
    stats->start_ns = clock_monotonic_ns();
    stats->slowlog = slow_ring_new();
    stats->latency = alloc_zeroed(LATENCY_EVENTS * sizeof *stats->latency);
    return stats;
}

void stats_free(struct stats *stats)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        alloc_free(stats->commands[i].histogram);
    slow_ring_free(stats->slowlog);
    alloc_free(stats->latency);
    alloc_free(stats);
}

void stats_reset(struct stats *stats)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        alloc_free(stats->commands[i].histogram);
    memset(stats->commands, 0, sizeof stats->commands);
    stats->error_count = 0;
    stats->error_replies = stats->executed = 0;
    stats->connections = stats->rejected_connections = 0;
    stats->commands_rate = stats->input_rate = (struct stats_rate){0};
    stats->output_rate = stats->turns_rate = (struct stats_rate){0};
    stats->cpu_us += stats_cpu_us(stats);
}

uint64_t stats_cpu_us(const struct stats *stats)
{
    struct timespec used;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000 - stats->cpu_us;
}

double stats_ticks_per_us(const struct stats *stats)
{
    uint64_t ns = clock_monotonic_ns() - stats->start_ns;
    uint64_t ticks = stats_ticks() - stats->start_ticks;
    return ns < CALIBRATION_NS ? TICKS_GUESS : (double)ticks * 1000 / (double)ns;
}

void stats_set_slow(struct stats *stats, const struct settings *settings)
{
    double us = settings->slowlog_log_slower_than < 0
                    ? (double)INT64_MAX
                    : (double)settings->slowlog_log_slower_than;
    double monitored_us = (double)settings->latency_monitor_threshold * 1000;
    if (monitored_us > 0 && monitored_us < us)
        us = monitored_us;
    /* A little early: who is told of a slow command compares exactly. */
    double ticks = us * stats_ticks_per_us(stats) * 0.99;
    stats->slow_ticks = ticks >= (double)INT64_MAX ? UINT64_MAX : (uint64_t)ticks;
}

static void rate_sample(struct stats_rate *rate, uint64_t now_ns, uint64_t value)
{
    if (rate->at_ns != 0 && now_ns > rate->at_ns && value >= rate->last) {
        double seconds = (double)(now_ns - rate->at_ns) / 1e9;
        rate->per_second[rate->next++ % STATS_SAMPLES] =
            (uint64_t)((double)(value - rate->last) / seconds);
    }
    rate->last = value;
    rate->at_ns = now_ns;
}

void stats_sample(struct stats *stats, uint64_t now_ns, const struct io_counters *io)
{
    stats->sample_ns = now_ns + SAMPLE_NS;
    rate_sample(&stats->commands_rate, now_ns, stats->executed);
    rate_sample(&stats->input_rate, now_ns, io->received_bytes);
    rate_sample(&stats->output_rate, now_ns, io->sent_bytes);
    rate_sample(&stats->turns_rate, now_ns, io->turns);
}

void stats_next_second(struct stats *stats)
{
    stats->second = (stats->second + 1) % STATS_SECONDS;
    stats->input_max[stats->second] = stats->output_max[stats->second] = 0;
    stats->clients_bytes = 0;
}

uint64_t stats_rate_mean(const struct stats_rate *rate)
{
    uint64_t sum = 0;
    for (int i = 0; i < STATS_SAMPLES; i++)
        sum += rate->per_second[i];
    return sum / STATS_SAMPLES;
}

uint64_t stats_memory(struct stats *stats, unsigned cost_factor)
{
    uint64_t begin = clock_monotonic_ns();
    if (begin < stats->memory_at_ns + stats->memory_cost_ns * cost_factor)
        return stats->memory_bytes;
    stats->memory_bytes = alloc_used();
    stats->memory_at_ns = clock_monotonic_ns();
    stats->memory_cost_ns = stats->memory_at_ns - begin;
    return stats->memory_bytes;
}

void stats_note_histogram(struct command_stats *row, uint64_t ticks)
{
    row->histogram = alloc_zeroed(HISTOGRAM_BUCKETS * sizeof *row->histogram);
    row->histogram[histogram_bucket(ticks)]++;
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
