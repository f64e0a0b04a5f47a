/* Memory limit: see memory_limit.h. */
#include "shard/session/memory_limit.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "net/io.h"
#include "shard/admin/settings.h"
#include "shard/session/background.h"
#include "shard/session/client.h"
#include "shard/session/queue.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"

#define LOOK_PERIOD_NS UINT64_C(100000)
#define CHANGED_NS UINT64_C(10000000) /* after which changes of keys are worth a measure */
#define RECEIVED_MIN (64 * 1024)
#define LEFT_PART 16        /* of what is left to the limit: received, it is worth a measure */
#define NEAR_PART 16        /* less than this part of the limit is left */
#define NEAR_COST_FACTOR 16 /* then measuring takes at most this part of the time */

struct sums {
    uint64_t memory, received;
};

/* What all shards use and have received, as far as they have told. */
static struct sums add_up(const struct session *session)
{
    const struct node *node = session->shard->node;
    struct sums sums = {0};
    for (unsigned i = 0; i < node->shard_count; i++) {
        const struct shard_published *published = &node->shards[i]->published;
        sums.memory += atomic_load_explicit(&published->memory, memory_order_relaxed);
        sums.received += atomic_load_explicit(&published->received, memory_order_relaxed);
    }
    if (ALLOC_PLAIN) /* measured for the whole process, at no cost */
        sums.memory = alloc_used();
    return sums;
}

static void set_full(struct session *session, uint64_t used)
{
    session->memory_full = used > session->settings->maxmemory;
    session->slowed = session->memory_full || session->pause_until_ns != 0;
}

void memory_limit_look(struct session *session)
{
    uint64_t now_ns = session->shard->now_ns;
    if (now_ns < session->memory_limit.look_ns)
        return;
    session->memory_limit.look_ns = now_ns + LOOK_PERIOD_NS;
    set_full(session, add_up(session).memory);
}

void memory_limit_measure(struct session *session)
{
    struct shard *shard = session->shard;
    struct memory_limit *limit = &session->memory_limit;
    struct stats *stats = session->stats;
    atomic_store_explicit(&shard->published.received, shard->io->counters.received_bytes,
                          memory_order_relaxed);
    struct sums sums = add_up(session);
    if (sums.received < limit->received) /* CONFIG RESETSTAT: counted from 0 again */
        limit->received = 0;
    uint64_t max = session->settings->maxmemory;
    uint64_t left = sums.memory < max ? max - sums.memory : 0;
    bool changed = limit->changes != shard->keyspace.counters.changes &&
                   shard->now_ns >= stats->memory_at_ns + CHANGED_NS;
    /* When it is full everything is worth a measure, so that room is found soon. */
    if (left > 0 && !changed &&
        sums.received - limit->received < bits_max(RECEIVED_MIN, left / LEFT_PART))
        return;
    uint64_t before = stats->memory_at_ns;
    stats_memory(stats, left < max / NEAR_PART ? NEAR_COST_FACTOR : STATS_MEMORY_COST_FACTOR);
    if (stats->memory_at_ns == before)
        return; /* another time: it costs too much */
    background_measure(session);
    limit->received = sums.received;
    limit->changes = shard->keyspace.counters.changes;
    set_full(session, add_up(session).memory);
}

void memory_limit_changed(struct session *session)
{
    struct memory_limit *limit = &session->memory_limit;
    limit->set = session->settings->maxmemory > 0;
    limit->look_ns = 0;
    if (limit->set) {
        stats_memory(session->stats, 0);
        background_measure(session);
        set_full(session, add_up(session).memory);
    } else {
        session->memory_full = false;
        session->slowed = session->pause_until_ns != 0;
    }
}

static bool queue_needs_memory(const struct queue *queue)
{
    for (uint32_t i = 0; queue != NULL && i < queue->count; i++)
        if (queue->items[i]->command->flags & CMD_DENYOOM)
            return true;
    return false;
}

bool memory_limit_refuses(const struct client *client, const struct command *command)
{
    switch (command->id) {
    case COMMAND_EXEC:
        return queue_needs_memory(client->queue);
    case COMMAND_DISCARD:
    case COMMAND_QUIT:
    case COMMAND_RESET:
        return false;
    default:
        return (command->flags & CMD_DENYOOM) != 0 || (client->flags & CLIENT_MULTI) != 0;
    }
}
