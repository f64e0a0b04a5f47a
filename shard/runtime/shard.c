/* Shard: see shard.h. */
#include "shard/runtime/shard.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "engine/types/types.h"

#define BACKGROUND_PERIOD_NS UINT64_C(100000000) /* at least so often when idle */

struct shard *shard_new(struct node *node, unsigned index)
{
    struct shard *shard = alloc_aligned(sizeof *shard, CACHE_LINE);
    memset(shard, 0, sizeof *shard);
    shard->node = node;
    shard->index = index;
    atomic_init(&shard->published.nonempty, ~UINT64_C(0)); /* until the first turn has looked */
    unsigned count = node->shard_count;
    shard->outboxes = alloc_zeroed(count * sizeof *shard->outboxes);
    shard->dirty_outboxes = alloc_zeroed((count + 63) / 64 * sizeof(uint64_t));
    mailbox_init(&shard->mailbox, count);
    return shard;
}

void shard_free(struct shard *shard)
{
    mailbox_deinit(&shard->mailbox);
    alloc_free(shard->outboxes);
    alloc_free(shard->dirty_outboxes);
    alloc_free(shard);
}

void shard_assert_owner(const struct shard *shard)
{
    assert(pthread_equal(pthread_self(), shard->thread));
}

void shard_post(struct shard *shard, unsigned to, struct message **message)
{
    outbox_add(&shard->outboxes[to], *message);
    shard->dirty_outboxes[to / 64] |= UINT64_C(1) << (to % 64);
    *message = NULL;
}

void shard_read_clock(struct shard *shard)
{
    const struct clock *clock = shard->node->options.clock;
    shard->now_ns = clock_read_monotonic_ns(clock);
    shard->keyspace.now_ms = clock_read_wall_ms(clock);
    keyspace_set_clock(&shard->keyspace, shard->now_ns / 1000000000);
}

static void take(void *ctx, struct message *message)
{
    struct shard *shard = ctx;
    message->handle(shard, message);
}

/* Messages the shard sent to itself, also those sent while handling them. */
static bool drain_own(struct shard *shard)
{
    struct outbox *own = &shard->outboxes[shard->index];
    bool any = false;
    while (own->first != NULL) {
        any = true;
        struct message *message = own->first;
        *own = (struct outbox){0};
        shard->dirty_outboxes[shard->index / 64] &= ~(UINT64_C(1) << (shard->index % 64));
        while (message != NULL) {
            struct message *next = message->next;
            message->handle(shard, message);
            message = next;
        }
    }
    return any;
}

/* Hands the outboxes over. True if some receiver had no room. */
static bool publish(struct shard *shard)
{
    bool left = false;
    for (unsigned w = 0; w < shard->mailbox.words; w++) {
        for (uint64_t dirty = shard->dirty_outboxes[w]; dirty != 0; dirty &= dirty - 1) {
            unsigned to = w * 64 + (unsigned)__builtin_ctzll(dirty);
            if (to == shard->index)
                continue;
            struct shard *target = shard->node->shards[to];
            bool wake;
            if (!mailbox_put(&target->mailbox, shard->index, &shard->outboxes[to], &wake)) {
                left = true;
                continue;
            }
            shard->dirty_outboxes[w] &= ~(UINT64_C(1) << (to % 64));
            if (wake)
                io_wake(shard->io, target->io);
        }
    }
    return left;
}

/* While a transaction is here, its keys may be lent out. */
static void publish_nonempty(struct shard *shard)
{
    uint64_t mask = shard->locks.seats > 0 ? ~UINT64_C(0) : shard->keyspace.nonempty;
    if (unlikely(atomic_load_explicit(&shard->published.nonempty, memory_order_relaxed) != mask))
        atomic_store(&shard->published.nonempty, mask);
}

/* For a walk through all slots, which may pass over those of a shard that has no keys. */
static bool slot_is_vacant(const void *ctx, uint32_t slot, uint16_t db)
{
    const struct node *node = ctx;
    uint64_t bit = keyspace_db_bit(db);
    const struct shard *owner = node->shards[node_owner(node, (uint16_t)slot)];
    return bit != 0 && (atomic_load(&owner->published.nonempty) & bit) == 0;
}

/* Whether the loop is to look for more instead of sleeping (spin_ns): something came
 * a short while ago. */
static bool spins(struct shard *shard, bool messages)
{
    const struct io_counters *io = &shard->io->counters;
    uint64_t done = io->receives + io->sends;
    if (messages || done != shard->io_seen) {
        shard->io_seen = done;
        shard->active_ns = shard->now_ns;
    }
    return shard->now_ns - shard->active_ns < shard->spin_ns;
}

/* How long the loop may sleep; 0 when there is something to do. */
static int64_t rest(struct shard *shard, bool busy, int64_t wish_ns)
{
    if (busy || atomic_load_explicit(&shard->node->stopping, memory_order_relaxed) != 0)
        return busy ? 0 : 1000000;
    int64_t limit = (int64_t)BACKGROUND_PERIOD_NS;
    return wish_ns >= 0 && wish_ns < limit ? wish_ns : limit;
}

static void on_woken(void *ctx)
{
    shard_read_clock(ctx);
}

static void turn(struct shard *shard, int64_t *timeout_ns)
{
    const struct session_hooks *hooks = shard->node->hooks;
    bool sleeping = *timeout_ns != 0 && mailbox_sleep(&shard->mailbox);
    io_turn(shard->io, sleeping ? *timeout_ns : 0);
    if (sleeping)
        mailbox_awake(&shard->mailbox);
    bool messages = mailbox_drain(&shard->mailbox, take, shard);
    do
        hooks->execute(shard);
    while (drain_own(shard));
    bool more = false;
    int64_t wish = hooks->background(shard, shard->now_ns, &more);
    more = shard->outboxes[shard->index].first != NULL || more;
    publish_nonempty(shard);
    more = publish(shard) || more;
    hooks->flush(shard);
    if (unlikely(shard->spin_ns > 0))
        more = spins(shard, messages) || more;
    *timeout_ns = rest(shard, more, wish);
}

static void loop(struct shard *shard)
{
    const struct node *node = shard->node;
    int64_t timeout_ns = 0;
    while (atomic_load_explicit(&node->stopping, memory_order_acquire) == 0)
        turn(shard, &timeout_ns);
    /* Every shard goes on taking messages until all have nothing left to do. */
    while (!node->hooks->drained(shard))
        turn(shard, &timeout_ns);
    /* What the others posted before they were done. */
    timeout_ns = 0;
    turn(shard, &timeout_ns);
}

static bool setup(struct shard *shard)
{
    struct node *node = shard->node;
    char name[16], why[160];
    snprintf(name, sizeof name, "shard-%u", shard->index);
    prctl(PR_SET_NAME, name);
    if (node->options.pin) {
        int cpus[1024];
        size_t count = cpu_affinity(cpus, countof(cpus));
        if (count >= node->shard_count)
            cpu_pin_thread(cpus[shard->index % count]);
    }
    struct io_events events = node->hooks->events;
    events.ctx = shard;
    events.woken = on_woken;
    shard->io = io_new(node->options.io, &events, why, sizeof why);
    if (shard->io == NULL) {
        log_warning(node->options.log, "Shard %u cannot start its I/O: %s", shard->index, why);
        return false;
    }
    uint64_t rng_seed;
    random_entropy(&rng_seed, sizeof rng_seed);
    keyspace_init(&shard->keyspace, node->options.databases, node->hash_seed, rng_seed);
    shard->keyspace.objects = types_objects;
    for (unsigned s = 0; s < SLOT_COUNT; s++)
        if (node->slot_owner[s] == shard->index)
            shard->slots_owned[s / 64] |= UINT64_C(1) << (s % 64);
    shard->keyspace.owned = shard->slots_owned;
    shard->keyspace.vacant = slot_is_vacant;
    shard->keyspace.vacant_ctx = node;
    locks_init(&shard->locks);
    shard_read_clock(shard);
    return node->hooks->shard_init(shard);
}

void *shard_main(void *arg)
{
    struct shard *shard = arg;
    struct node *node = shard->node;
    shard->thread = pthread_self();
    if (!setup(shard)) {
        atomic_fetch_add(&node->failed, 1);
        return NULL;
    }
    atomic_fetch_add(&node->ready, 1);
    /* Nobody posts before everybody can be woken. */
    while (atomic_load(&node->ready) + atomic_load(&node->failed) < node->shard_count)
        sched_yield();
    if (atomic_load(&node->failed) == 0)
        loop(shard);
    node->hooks->shard_deinit(shard);
    keyspace_deinit(&shard->keyspace);
    locks_deinit(&shard->locks);
    return NULL;
}
