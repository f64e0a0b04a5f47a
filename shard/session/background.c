/*
 * Background: expiry by time, memory of emptied databases, idle clients, and leaving
 * in good order. See background.h.
 */
#include "shard/session/background.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "net/io.h"
#include "shard/admin/figures.h"
#include "shard/session/batch.h"
#include "shard/session/client.h"
#include "shard/session/listen.h"
#include "shard/session/memory_limit.h"
#include "shard/session/pause.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "shard/session/wait.h"

#define EXPIRE_PERIOD_NS UINT64_C(100000000)
#define EXPIRE_DELAY_NS UINT64_C(1000000000) /* at most, for the sake of transactions */
#define EXPIRE_NOTES 64   /* a slice */
#define RECLAIM_ENTRIES 512
#define SECOND_NS UINT64_C(1000000000)
#define STOP_PATIENCE_NS UINT64_C(500000000) /* for replies to be taken at the end */
#define IDLE_BUFFER_NS (2 * SECOND_NS)

static void expire_step(struct session *session, uint64_t now_ns, bool *more)
{
    struct shard *shard = session->shard;
    if (now_ns < session->expire_ns || session->pause_until_ns != 0)
        return;
    /* A transaction here may have read half way what would vanish now; but there may
     * always be one. */
    if (shard->locks.seats > 0 && now_ns < session->expire_ns + EXPIRE_DELAY_NS)
        return;
    /* What is brought together leaves notes behind. */
    keyspace_expire_due(&session->scratch, shard->keyspace.now_ms, EXPIRE_NOTES);
    if (keyspace_expire_due(&shard->keyspace, shard->keyspace.now_ms, EXPIRE_NOTES))
        *more = true;
    else
        session->expire_ns = now_ns + EXPIRE_PERIOD_NS;
}

void background_output_limit(struct session *session, struct client *client)
{
    log_warning(server_log(session->server),
                "Client %s closed for overcoming of output buffer limits.", client->peer);
    client_close(client, false);
}

static bool soft_limit_passed(struct session *session, struct client *client, uint64_t now_ns)
{
    const struct settings_output_limit *limit =
        &session->settings->client_output_buffer_limit.of[SETTINGS_CLIENT_NORMAL];
    size_t unread = reply_size(&client->reply) + reply_size(&client->sending);
    if (limit->hard_bytes > 0 && unread > limit->hard_bytes)
        return true;
    if (limit->soft_bytes == 0 || unread <= limit->soft_bytes) {
        client->soft_limit_since_ns = 0;
        return false;
    }
    if (client->soft_limit_since_ns == 0)
        client->soft_limit_since_ns = now_ns;
    return now_ns - client->soft_limit_since_ns > (uint64_t)limit->soft_seconds * SECOND_NS;
}

static void client_check(struct session *session, struct client *client, uint64_t now_ns)
{
    uint64_t idle_ns = now_ns - client->active_ns;
    uint64_t timeout_s = (uint64_t)session->settings->timeout;
    if (timeout_s > 0 && idle_ns > timeout_s * SECOND_NS && client->call == NULL &&
        !(client->stall & (STALL_BLOCKED | STALL_PAUSE))) {
        log_verbose(server_log(session->server), "Closing idle client %s", client->peer);
        client_close(client, false);
        return;
    }
    if (soft_limit_passed(session, client, now_ns)) {
        background_output_limit(session, client);
        return;
    }
    if (idle_ns > IDLE_BUFFER_NS && !client->chunked) {
        if (reply_size(&client->reply) == 0)
            reply_clear(&client->reply, 0);
        if (!client->stream.sending)
            reply_clear(&client->sending, 0);
        if (client->query.len == 0)
            buffer_deinit(&client->query);
    }
}

/* The largest buffers of clients, and what all take. */
static void client_gauge(struct stats *stats, const struct client *client)
{
    uint64_t input = client->query.cap + resp_memory(&client->parser);
    uint64_t output = reply_size(&client->reply) + reply_size(&client->sending);
    stats->input_max[stats->second] = bits_max(stats->input_max[stats->second], input);
    stats->output_max[stats->second] = bits_max(stats->output_max[stats->second], output);
    stats->clients_bytes += client_memory(client);
}

void background_measure(struct session *session)
{
    struct node *node = session->shard->node;
    uint64_t bytes = stats_memory(session->stats, STATS_MEMORY_COST_FACTOR), sum = 0;
    atomic_store_explicit(&session->shard->published.memory, bytes, memory_order_relaxed);
    if (session->shard->index != 0)
        return;
    for (unsigned i = 0; i < node->shard_count; i++)
        sum += atomic_load_explicit(&node->shards[i]->published.memory, memory_order_relaxed);
    figures_peak(session, ALLOC_PLAIN ? bytes : sum);
}

static void each_second(struct session *session, uint64_t now_ns)
{
    stats_next_second(session->stats);
    stats_set_slow(session->stats, session->settings); /* ticks are known better by now */
    background_measure(session);
    for (struct list_node *node = session->clients.next, *next; node != &session->clients;
         node = next) {
        next = node->next;
        struct client *client = container_of(node, struct client, link);
        client_gauge(session->stats, client);
        if (!client->closing)
            client_check(session, client, now_ns);
    }
    uint64_t keys = 0;
    for (uint16_t i = 0; i < session->shard->keyspace.db_count; i++)
        keys += session->shard->keyspace.dbs[i].keys;
    atomic_store_explicit(&session->shard->published.keys, keys, memory_order_relaxed);
}

static void stop_step(struct session *session)
{
    uint64_t now_ns = session->shard->now_ns;
    if (!session->stopping) {
        session->stopping = true;
        session->stop_ns = now_ns;
        listen_stop(session);
    }
    bool patient = now_ns - session->stop_ns < STOP_PATIENCE_NS;
    for (struct list_node *node = session->clients.next, *next; node != &session->clients;
         node = next) {
        next = node->next;
        struct client *client = container_of(node, struct client, link);
        bool owed = reply_size(&client->reply) > 0 || client->stream.sending;
        if (client->call == NULL && client->surveys == 0 && client->pending_count == 0)
            client_close(client, owed && patient);
    }
}

int64_t background_step(struct shard *shard, uint64_t now_ns, bool *more)
{
    struct session *session = session_of(shard);
    expire_step(session, now_ns, more);
    if (unlikely(keyspace_has_garbage(&shard->keyspace)))
        *more = keyspace_reclaim(&shard->keyspace, RECLAIM_ENTRIES) || *more;
    if (unlikely(keyspace_has_garbage(&session->scratch)))
        *more = keyspace_reclaim(&session->scratch, RECLAIM_ENTRIES) || *more;
    pause_step(session, now_ns);
    if (now_ns >= session->stats->sample_ns)
        stats_sample(session->stats, now_ns, &shard->io->counters);
    if (unlikely(session->memory_limit.set))
        memory_limit_measure(session);
    if (now_ns >= session->second_ns) {
        session->second_ns = now_ns + SECOND_NS;
        each_second(session, now_ns);
    }
    if (unlikely(atomic_load_explicit(&shard->node->stopping, memory_order_relaxed) != 0))
        stop_step(session);
    int64_t wish_ns = wait_step(session, now_ns);
    if (!list_empty(&session->again) || session->keys_due)
        *more = true;
    if (session->pause_until_ns != 0) {
        int64_t pause_ns = (int64_t)(session->pause_until_ns - now_ns);
        wish_ns = wish_ns < 0 || pause_ns < wish_ns ? pause_ns : wish_ns;
    }
    return wish_ns;
}

bool background_drained(struct shard *shard)
{
    struct session *session = session_of(shard);
    struct server *server = session->server;
    stop_step(session);
    if (!session->quiet && session->client_count == 0 && session->calls == 0 &&
        session->batches_out == 0 && session->waits == 0) {
        session->quiet = true;
        atomic_fetch_add(&server->quiet, 1);
    }
    return atomic_load(&server->quiet) == shard->node->shard_count;
}
