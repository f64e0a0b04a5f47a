/* Latency event: see latency_event.h. */
#include "shard/admin/latency_event.h"

#include <assert.h>
#include <string.h>

#include "base/bits.h"

const char *const latency_event_names[LATENCY_EVENTS] = {
    [LATENCY_COMMAND] = "command",
    [LATENCY_FAST_COMMAND] = "fast-command",
};

int latency_event_find(struct bytes name)
{
    for (int i = 0; i < LATENCY_EVENTS; i++)
        if (bytes_equal(name, bytes_of(latency_event_names[i])))
            return i;
    return -1;
}

void latency_event_add(struct latency_event *event, int64_t wall_s, uint32_t ms)
{
    event->max = (uint32_t)bits_max(event->max, ms);
    if (event->count > 0 && event->samples[event->count - 1].wall_s >= wall_s) {
        uint32_t *last = &event->samples[event->count - 1].ms;
        *last = (uint32_t)bits_max(*last, ms);
        return;
    }
    if (event->count == LATENCY_SAMPLES) {
        memmove(event->samples, event->samples + 1,
                (LATENCY_SAMPLES - 1) * sizeof event->samples[0]);
        event->count--;
    }
    event->samples[event->count++] = (struct latency_sample){wall_s, ms};
}

void latency_event_merge(struct latency_event *event, const struct latency_event *other)
{
    struct latency_event merged = {0};
    uint32_t a = 0, b = 0;
    while (a < event->count || b < other->count) {
        bool first = b == other->count ||
                     (a < event->count && event->samples[a].wall_s <= other->samples[b].wall_s);
        const struct latency_sample *next = first ? &event->samples[a++] : &other->samples[b++];
        latency_event_add(&merged, next->wall_s, next->ms);
    }
    merged.max = (uint32_t)bits_max(event->max, other->max);
    *event = merged;
}

struct latency_summary latency_event_summary(const struct latency_event *event, int64_t now_s)
{
    assert(event->count > 0);
    struct latency_summary summary = {.min = UINT32_MAX};
    uint64_t sum = 0, off = 0;
    for (uint32_t i = 0; i < event->count; i++) {
        uint32_t ms = event->samples[i].ms;
        summary.min = (uint32_t)bits_min(summary.min, ms);
        summary.max = (uint32_t)bits_max(summary.max, ms);
        sum += ms;
    }
    summary.average = (uint32_t)(sum / event->count);
    for (uint32_t i = 0; i < event->count; i++) {
        int64_t from = (int64_t)event->samples[i].ms - summary.average;
        off += (uint64_t)(from < 0 ? -from : from);
    }
    summary.deviation = (uint32_t)(off / event->count);
    int64_t span = now_s - event->samples[0].wall_s;
    summary.period = span > 0 ? (double)span / event->count : 0;
    return summary;
}
