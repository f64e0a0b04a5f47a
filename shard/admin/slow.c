/* Slow: see slow.h. */
#include "shard/admin/slow.h"

#include "base/alloc.h"
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

static struct slow_entry *entry_new(const struct client *client, int argc,
                                    const struct bytes *argv, struct blob *const *blobs)
{
    struct arguments arguments = {argv, blobs};
    struct bytes name = bytes_of(client->name == NULL ? "" : client->name);
    return slow_entry_new(argc, argv, is_lost, &arguments, bytes_of(client->peer), name);
}

static bool is_logged(const struct session *session, const struct command *command, uint64_t us)
{
    int64_t limit = session->settings->slowlog_log_slower_than;
    return limit >= 0 && us >= (uint64_t)limit && !(command->flags & CMD_SKIP_SLOWLOG);
}

/* Takes the entry over. */
static void log_entry(struct session *session, struct slow_entry *entry, uint64_t us,
                      int64_t wall_s)
{
    entry->id = atomic_fetch_add_explicit(&session->server->slow_entries, 1,
                                          memory_order_relaxed);
    entry->us = us;
    entry->wall_s = wall_s;
    slow_ring_add(session->stats->slowlog, entry, (uint64_t)session->settings->slowlog_max_len);
}

static void spike(struct session *session, const struct command *command, uint64_t us,
                  int64_t wall_s)
{
    int64_t threshold = session->settings->latency_monitor_threshold;
    uint64_t ms = us / 1000;
    if (threshold <= 0 || ms < (uint64_t)threshold)
        return;
    bool fast = (command->flags & CMD_FAST) != 0;
    latency_event_add(&session->stats->latency[fast ? LATENCY_FAST_COMMAND : LATENCY_COMMAND],
                      wall_s, (uint32_t)bits_min(ms, UINT32_MAX));
}

static uint64_t ticks_us(const struct session *session, uint64_t ticks)
{
    return (uint64_t)((double)ticks / stats_ticks_per_us(session->stats));
}

static int64_t wall_seconds(const struct session *session)
{
    return clock_read_wall_ms(session->shard->node->options.clock) / 1000;
}

void slow_note(struct session *session, const struct client *client,
               const struct command *command, int argc, const struct bytes *argv,
               struct blob *const *blobs, uint64_t ticks)
{
    uint64_t us = ticks_us(session, ticks);
    int64_t wall_s = wall_seconds(session);
    if (is_logged(session, command, us))
        log_entry(session, entry_new(client, argc, argv, blobs), us, wall_s);
    spike(session, command, us, wall_s);
}

struct slow_entry *slow_prepare(const struct client *client, const struct command *command,
                                int argc, const struct bytes *argv, struct blob *const *blobs)
{
    return command->flags & CMD_SKIP_SLOWLOG ? NULL : entry_new(client, argc, argv, blobs);
}

void slow_note_prepared(struct session *session, const struct command *command,
                        struct slow_entry *entry, uint64_t ticks)
{
    uint64_t us = ticks_us(session, ticks);
    int64_t wall_s = wall_seconds(session);
    if (ticks > 0 && entry != NULL && is_logged(session, command, us))
        log_entry(session, entry, us, wall_s);
    else
        alloc_free(entry);
    if (ticks > 0)
        spike(session, command, us, wall_s);
}
