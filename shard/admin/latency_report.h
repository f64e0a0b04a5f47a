/* Latency report: what LATENCY GRAPH and DOCTOR say about the events, for people. */
#ifndef SHOAL_SHARD_ADMIN_LATENCY_REPORT_H
#define SHOAL_SHARD_ADMIN_LATENCY_REPORT_H

#include <stdint.h>

#include "base/buffer.h"

struct latency_event;
struct settings;

/* Appends a drawing of the samples of an event that has some: a column each, labelled
 * below with how long ago it was. */
void latency_graph(struct buffer *out, const char *name, const struct latency_event *event,
                   int64_t now_s);

/* Appends a report on LATENCY_EVENTS events. */
void latency_doctor(struct buffer *out, const struct latency_event *events,
                    const struct settings *settings, int64_t now_s);

#endif
