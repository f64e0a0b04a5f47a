/*
 * Stats: what a shard counts of the commands it executes: calls, time, failures, a
 * latency histogram, slow commands. Shard-local; INFO and its kin ask by message.
 *
 * Time is taken in ticks of the processor's counter, before and after each command. What
 * a tick is worth follows from a pair of clocks read at start and another read when
 * somebody asks, so that starting does not wait for a calibration.
 */
#ifndef SHOAL_SHARD_SESSION_STATS_H
#define SHOAL_SHARD_SESSION_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/commands/command.h"
#include "engine/commands/command_ids.gen.h"
#include "net/reply.h"
#include "shard/session/histogram.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct io_counters;
struct latency_event;
struct settings;
struct slow_ring;

struct command_stats {
    uint64_t calls;
    uint64_t ticks;
    uint64_t rejected; /* refused before execution */
    uint64_t failed;   /* answered with an error */
    uint64_t *histogram; /* of the ticks: HISTOGRAM_BUCKETS counts; NULL until used */
};

/* How often an error code (the first word of an error reply) was answered. */
struct error_stats {
    char code[32];
    uint64_t count;
};
#define STATS_ERRORS 128

/* How fast a counter has grown lately: the mean of samples taken ten times a second. */
#define STATS_SAMPLES 16
struct stats_rate {
    uint64_t last;  /* the counter at the last sample */
    uint64_t at_ns; /* when; 0: not sampled yet */
    uint32_t next;
    uint64_t per_second[STATS_SAMPLES];
};

/* The largest buffers of clients in each of the last seconds. */
#define STATS_SECONDS 8

struct stats {
    struct command_stats commands[COMMAND_COUNT];
    struct error_stats errors[STATS_ERRORS];
    uint32_t error_count;
    uint64_t error_replies;
    uint64_t executed; /* commands */
    uint64_t slow_ticks; /* commands of at least this are looked at; UINT64_MAX: none */
    uint64_t connections;
    uint64_t rejected_connections;

    uint64_t cpu_us; /* time of the thread when counting began */

    uint64_t start_ticks, start_ns; /* two clocks, read at the same time */
    uint64_t sample_ns;             /* when rates are sampled next */
    struct stats_rate commands_rate, input_rate, output_rate, turns_rate;
    uint32_t second;
    uint64_t input_max[STATS_SECONDS], output_max[STATS_SECONDS]; /* bytes */
    uint64_t clients_bytes; /* memory of the clients, a second ago at most */

    struct slow_ring *slowlog;
    struct latency_event *latency; /* LATENCY_EVENTS of them */

    /* What measuring the memory in use gave, when, and how long it took. */
    uint64_t memory_bytes, memory_at_ns, memory_cost_ns;
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

/* Counts a command of so many ticks. Returns the ticks of a slow one, else 0. */
static inline uint64_t stats_count(struct stats *stats, const struct command *command,
                                   uint64_t ticks, bool failed, const struct reply *reply)
{
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
        row->histogram[histogram_bucket(ticks)]++;
    return __builtin_expect(ticks >= stats->slow_ticks, 0) ? ticks | 1 : 0;
}

static inline uint64_t stats_end(struct stats *stats, const struct command *command,
                                 uint64_t begin, bool failed, const struct reply *reply)
{
    return stats_count(stats, command, stats_ticks() - begin, failed, reply);
}

/* A command was refused before execution; the error is the reply's last. */
void stats_rejected(struct stats *stats, const struct command *command,
                    const struct reply *reply);

struct stats *stats_new(void);
void stats_free(struct stats *stats);

/* Processor time of the calling thread since counting began. */
uint64_t stats_cpu_us(const struct stats *stats);

/* Counts from zero again (CONFIG RESETSTAT). By the shard's thread. */
void stats_reset(struct stats *stats);

/* Ticks in a microsecond: better the longer the server runs, a low guess in its first
 * millisecond. */
double stats_ticks_per_us(const struct stats *stats);

/* Sets slow_ticks by slowlog-log-slower-than and latency-monitor-threshold; to be called
 * again as the ticks are known better. */
void stats_set_slow(struct stats *stats, const struct settings *settings);

/* Samples the rates, once they are due. */
void stats_sample(struct stats *stats, uint64_t now_ns, const struct io_counters *io);

/* A second has passed: room for the largest buffers of the next one. */
void stats_next_second(struct stats *stats);

uint64_t stats_rate_mean(const struct stats_rate *rate);

/* Memory in use by this thread's allocations; measured anew unless the last measure is
 * fresh, which it stays for so many times as long as it took. */
#define STATS_MEMORY_COST_FACTOR 50
uint64_t stats_memory(struct stats *stats, unsigned cost_factor);

#endif
