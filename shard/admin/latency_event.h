/*
 * Latency event: the spikes of one kind that the latency monitor saw, at most one a
 * second, the latest LATENCY_SAMPLES of them. Plain data: a copy is an assignment.
 */
#ifndef SHOAL_SHARD_ADMIN_LATENCY_EVENT_H
#define SHOAL_SHARD_ADMIN_LATENCY_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define LATENCY_SAMPLES 160

/* The kinds; latency_event_names has their names. */
enum { LATENCY_COMMAND, LATENCY_FAST_COMMAND, LATENCY_EVENTS };
extern const char *const latency_event_names[LATENCY_EVENTS];

struct latency_sample {
    int64_t wall_s;
    uint32_t ms;
};

struct latency_event {
    uint32_t count; /* samples held, oldest first; 0: never happened */
    uint32_t max;   /* ms, of all there ever were */
    struct latency_sample samples[LATENCY_SAMPLES];
};

/* The figures about an event that a report shows. */
struct latency_summary {
    uint32_t min, max;   /* ms */
    uint32_t average;
    uint32_t deviation;  /* mean absolute one */
    double period;       /* seconds between spikes */
};

/* The event with this name, compared exactly; -1: there is none. */
int latency_event_find(struct bytes name);

void latency_event_add(struct latency_event *event, int64_t wall_s, uint32_t ms);

/* Adds what another shard saw, by time; the worst one of a second counts. */
void latency_event_merge(struct latency_event *event, const struct latency_event *other);

/* To be asked for an event with samples. */
struct latency_summary latency_event_summary(const struct latency_event *event, int64_t now_s);

#endif
