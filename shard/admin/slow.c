/* Slow: see slow.h. */
#include "shard/admin/slow.h"

#include "base/bits.h"
#include "base/clock.h"
#include "engine/commands/command.h"
#include "net/resp.h"
#include "shard/admin/latency_event.h"
#include "shard/admin/slow_ring.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"

struct arguments {
    const struct bytes *argv;
    struct blob *const *blobs;
};

static bool is_lost(const void *ctx, int i)
{
    const struct arguments *a = ctx;
    return a->blobs != NULL && a->blobs[i] == NULL && a->argv[i].len >= RESP_BLOB_BYTES;
}

static void log_entry(struct session *session, const struct client *client, int argc,
                      const struct bytes *argv, struct blob *const *blobs, uint64_t us,
                      int64_t wall_s)
{
    struct arguments arguments = {argv, blobs};
    struct bytes name = bytes_of(client->name == NULL ? "" : client->name);
    struct slow_entry *entry = slow_entry_new(argc, argv, is_lost, &arguments,
                                              bytes_of(client->peer), name);
    entry->id = atomic_fetch_add_explicit(&session->server->slow_entries, 1,
                                          memory_order_relaxed);
    entry->us = us;
    entry->wall_s = wall_s;
    slow_ring_add(session->stats->slowlog, entry, (uint64_t)session->settings->slowlog_max_len);
}

void slow_note(struct session *session, const struct client *client,
               const struct command *command, int argc, const struct bytes *argv,
               struct blob *const *blobs, uint64_t ticks)
{
    const struct settings *settings = session->settings;
    struct stats *stats = session->stats;
    uint64_t us = (uint64_t)((double)ticks / stats_ticks_per_us(stats));
    int64_t wall_s = clock_read_wall_ms(session->shard->node->options.clock) / 1000;
    if (settings->slowlog_log_slower_than >= 0 &&
        us >= (uint64_t)settings->slowlog_log_slower_than && !(command->flags & CMD_SKIP_SLOWLOG))
        log_entry(session, client, argc, argv, blobs, us, wall_s);
    uint64_t ms = us / 1000;
    if (settings->latency_monitor_threshold > 0 &&
        ms >= (uint64_t)settings->latency_monitor_threshold)
        latency_event_add(&stats->latency[command->flags & CMD_FAST ? LATENCY_FAST_COMMAND
                                                                     : LATENCY_COMMAND],
                          wall_s, (uint32_t)bits_min(ms, UINT32_MAX));
}
