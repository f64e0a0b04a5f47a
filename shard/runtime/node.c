/* Node: see node.h. */
#include "shard/runtime/node.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "shard/runtime/shard.h"

struct node *node_new(const struct node_options *options, const struct session_hooks *hooks,
                      void *session)
{
    struct node *node = alloc_aligned(sizeof *node, CACHE_LINE);
    memset(node, 0, sizeof *node);
    node->options = *options;
    node->hooks = hooks;
    node->session = session;
    node->shard_count = options->shards;
    random_entropy(&node->hash_seed, sizeof node->hash_seed);
    random_hex(node->run_id, 40);
    node->run_id[40] = 0;
    node->started_wall_ms = clock_read_wall_ms(options->clock);
    node->started_ns = clock_read_monotonic_ns(options->clock);
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
        node->slot_owner[slot] = (uint16_t)((uint64_t)slot * node->shard_count / SLOT_COUNT);
    node->shards = alloc_zeroed(node->shard_count * sizeof *node->shards);
    for (unsigned i = 0; i < node->shard_count; i++)
        node->shards[i] = shard_new(node, i);
    return node;
}

bool node_start(struct node *node)
{
    for (unsigned i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        int error = pthread_create(&shard->thread, NULL, shard_main, shard);
        if (error != 0) {
            log_warning(node->options.log, "Cannot start the thread of shard %u: %s", i,
                        strerror(error));
            atomic_fetch_add(&node->failed, node->shard_count - i);
            return false;
        }
        shard->thread_started = true;
    }
    while (atomic_load(&node->ready) + atomic_load(&node->failed) < node->shard_count)
        sched_yield();
    return atomic_load(&node->failed) == 0;
}

void node_stop(struct node *node)
{
    atomic_store_explicit(&node->stopping, 1, memory_order_release);
    for (unsigned i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard->thread_started)
            pthread_join(shard->thread, NULL);
        shard->thread_started = false;
    }
}

void node_free(struct node *node)
{
    for (unsigned i = 0; i < node->shard_count; i++) {
        if (node->shards[i]->io != NULL)
            io_free(node->shards[i]->io);
        shard_free(node->shards[i]);
    }
    alloc_free(node->shards);
    alloc_free(node);
}
