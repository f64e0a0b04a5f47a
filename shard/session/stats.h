/*
 * Stats: what a shard counts of the commands it executes: calls, time, failures, a
 * latency histogram, slow commands. Shard-local; INFO and its kin ask by message.
 *
 * Time is taken from the processor's tick counter, once a command: the end of one is
 * the beginning of the next.
 */
#ifndef SHOAL_SHARD_SESSION_STATS_H
#define SHOAL_SHARD_SESSION_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/commands/command.h"
#include "engine/commands/command_ids.gen.h"
#include "net/reply.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define STATS_BUCKETS 64 /* latency: powers of two of ticks */

struct command_stats {
    uint64_t calls;
    uint64_t ticks;
    uint64_t rejected; /* refused before execution */
    uint64_t failed;   /* answered with an error */
    uint64_t *histogram; /* STATS_BUCKETS counts by log2 of the ticks; NULL until used */
};

/* How often an error code (the first word of an error reply) was answered. */
struct error_stats {
    char code[32];
    uint64_t count;
};
#define STATS_ERRORS 64

struct stats {
    struct command_stats commands[COMMAND_COUNT];
    struct error_stats errors[STATS_ERRORS];
    uint32_t error_count;
    uint64_t error_replies;
    uint64_t executed; /* commands */
    uint64_t slow_ticks; /* slowlog-log-slower-than; UINT64_MAX: off */
    uint64_t connections;
    uint64_t rejected_connections;
};

/* Ticks of a counter that runs at a constant rate (stats_ticks_per_us). */
static inline uint64_t stats_ticks(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return clock_monotonic_ns();
#endif
}

static inline uint64_t stats_begin(struct stats *stats)
{
    (void)stats;
    return stats_ticks();
}

void stats_note_error(struct stats *stats, const struct reply *reply);
void stats_note_histogram(struct command_stats *row, uint64_t ticks);

static inline void stats_end(struct stats *stats, const struct command *command, uint64_t begin,
                             bool failed, const struct reply *reply)
{
    uint64_t ticks = stats_ticks() - begin;
    struct command_stats *row = &stats->commands[command->id];
    row->calls++;
    row->ticks += ticks;
    stats->executed++;
    if (__builtin_expect(failed, 0)) {
        row->failed++;
        stats_note_error(stats, reply);
    }
    if (__builtin_expect(row->histogram == NULL, 0))
        stats_note_histogram(row, ticks);
    else
        row->histogram[63 - __builtin_clzll(ticks | 1)]++;
}

/* A command was refused before execution; the error is the reply's last. */
void stats_rejected(struct stats *stats, const struct command *command,
                    const struct reply *reply);

struct stats *stats_new(void);
void stats_free(struct stats *stats);

/* Counts from zero again (CONFIG RESETSTAT). */
void stats_reset(struct stats *stats);

#endif
