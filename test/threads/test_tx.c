/*
 * Tx: that transactions over several shards are strictly serializable.
 *
 * Twice: in one thread, where messages are delivered in any order that keeps that of each
 * pair of shards, from a seed; and in real threads. In the first, transactions and single
 * commands append to keys and read them; every key remembers who touched it in which order,
 * and with the order of real time added that must not lead back from anyone to himself.
 */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/runtime/node.h"
#include "shard/runtime/shard.h"
#include "shard/runtime/tx.h"
#include "test/threads/check.h"

#define SHARDS 4
#define KEYS 2 /* of each shard */
#define EVENTS 48
#define CLIENTS 8
#define WORLDS 1000

struct touch {
    uint16_t event;
    bool writes;
};

struct key_log {
    struct touch touches[EVENTS * 2];
    uint32_t count;
};

struct world;

struct event {
    struct world *world;
    uint64_t began, ended; /* 0: not yet */
    uint16_t number;
    bool writes, active, two_hops;
    unsigned client;
    struct seat seat; /* of a single command */
    unsigned shard, key;
    struct lock locks[SHARDS][KEYS];
    bool touched[SHARDS][KEYS]; /* by the last run of an eager hop */
};

struct world {
    struct rng rng;
    struct node *node;
    struct shard *shards[SHARDS];
    struct key_log logs[SHARDS][KEYS];
    struct event events[EVENTS];
    uint32_t count, retries;
    uint64_t now;
    bool busy[CLIENTS];
    bool before[EVENTS][EVENTS];
};

static struct event *event_of(struct tx *tx)
{
    return tx->ctx;
}

static void log_touch(struct event *event, unsigned shard, unsigned key)
{
    struct key_log *log = &event->world->logs[shard][key];
    for (uint32_t i = 0; i < log->count; i++) {
        if (log->touches[i].event != event->number)
            continue;
        /* A reading hop run again: what it saw before does not count. */
        CHECK(!event->writes);
        memmove(&log->touches[i], &log->touches[i + 1],
                (log->count - i - 1) * sizeof log->touches[0]);
        log->count--;
        break;
    }
    CHECK(log->count < countof(log->touches));
    log->touches[log->count++] = (struct touch){event->number, event->writes};
}

static void event_end(struct event *event)
{
    event->ended = ++event->world->now;
    event->world->busy[event->client] = false;
}

/* ---- Transactions. ---- */

static void hop_touch(struct shard *shard, struct tx_part *part)
{
    struct event *event = event_of(part->tx);
    for (uint32_t i = 0; i < part->seat.lock_count; i++)
        log_touch(event, shard->index, (unsigned)part->seat.locks[i].key % KEYS);
}

static void hop_look(struct shard *shard, struct tx_part *part)
{
    CHECK(part->seat.granted && shard->index == part->shard);
}

static void on_done(struct tx *tx)
{
    event_of(tx)->world->retries += tx->retries;
    event_of(tx)->active = false;
}

static void on_ended(struct tx *tx)
{
    event_end(event_of(tx));
    tx_finish(tx, on_done);
}

static void on_looked(struct tx *tx)
{
    tx_run(tx, hop_touch, true, on_ended);
}

static void on_ready(struct tx *tx)
{
    if (event_of(tx)->two_hops)
        tx_run(tx, hop_look, false, on_looked);
    else
        tx_run(tx, hop_touch, true, on_ended);
}

static void tx_begin(struct world *world, struct event *event, struct shard *home)
{
    unsigned chosen[SHARDS], count = 0;
    for (unsigned s = 0; s < SHARDS; s++)
        if (rng_below(&world->rng, 2) == 0)
            chosen[count++] = s;
    if (count == 0)
        chosen[count++] = (unsigned)rng_below(&world->rng, SHARDS);
    struct tx *tx = tx_new(home, count, event);
    for (unsigned i = 0; i < count; i++) {
        struct tx_part *part = &tx->parts[i];
        part->shard = (uint16_t)chosen[i];
        part->seat.locks = event->locks[i];
        uint64_t first = rng_below(&world->rng, KEYS);
        part->seat.lock_count = 1 + (uint32_t)rng_below(&world->rng, KEYS);
        for (uint32_t k = 0; k < part->seat.lock_count; k++)
            event->locks[i][k] = (struct lock){(first + k) % KEYS, event->writes};
    }
    event->active = true;
    event->two_hops = rng_below(&world->rng, 2) == 0;
    if (event->writes)
        tx_start(tx, NULL, on_ready);
    else
        tx_start(tx, hop_touch, on_ended);
}

/* ---- Single commands. ---- */

static void single_run(struct shard *shard, struct seat *seat)
{
    struct event *event = container_of(seat, struct event, seat);
    log_touch(event, shard->index, event->key);
    locks_leave(&shard->locks, seat);
    event_end(event);
}

static void single_begin(struct world *world, struct event *event)
{
    event->shard = (unsigned)rng_below(&world->rng, SHARDS);
    event->key = (unsigned)rng_below(&world->rng, KEYS);
    struct locks *locks = &world->shards[event->shard]->locks;
    if (locks->seats == 0 || !locks_conflict(locks, event->key, event->writes)) {
        log_touch(event, event->shard, event->key);
        event_end(event);
        return;
    }
    event->locks[0][0] = (struct lock){event->key, event->writes};
    event->seat = (struct seat){.id = node_next_tx(world->node), .run = single_run,
                                .locks = event->locks[0], .lock_count = 1};
    CHECK(locks_schedule(locks, &event->seat) == LOCKS_QUEUED);
    event->seat.ready = true;
}

/* ---- The world. ---- */

static void event_begin(struct world *world, unsigned client)
{
    struct event *event = &world->events[world->count];
    *event = (struct event){.world = world, .number = (uint16_t)world->count++,
                            .client = client, .began = ++world->now,
                            .writes = rng_below(&world->rng, 2) == 0};
    world->busy[client] = true;
    if (rng_below(&world->rng, 2) == 0)
        single_begin(world, event);
    else
        tx_begin(world, event, world->shards[rng_below(&world->rng, SHARDS)]);
}

/* Delivers the oldest message of a pair of shards. False: there is none. */
static bool deliver(struct world *world)
{
    unsigned begin = (unsigned)rng_below(&world->rng, SHARDS * SHARDS);
    for (unsigned i = 0; i < SHARDS * SHARDS; i++) {
        unsigned pair = (begin + i) % (SHARDS * SHARDS);
        struct outbox *out = &world->shards[pair / SHARDS]->outboxes[pair % SHARDS];
        struct message *message = out->first;
        if (message == NULL)
            continue;
        out->first = message->next;
        message->handle(world->shards[pair % SHARDS], message);
        return true;
    }
    return false;
}

static void edges_of_keys(struct world *world)
{
    for (unsigned s = 0; s < SHARDS; s++)
        for (unsigned k = 0; k < KEYS; k++) {
            const struct key_log *log = &world->logs[s][k];
            for (uint32_t a = 0; a < log->count; a++)
                for (uint32_t b = a + 1; b < log->count; b++)
                    if (log->touches[a].writes || log->touches[b].writes)
                        world->before[log->touches[a].event][log->touches[b].event] = true;
        }
}

static void check_serializable(struct world *world)
{
    edges_of_keys(world);
    for (uint32_t a = 0; a < EVENTS; a++)
        for (uint32_t b = 0; b < EVENTS; b++)
            if (world->events[a].ended < world->events[b].began)
                world->before[a][b] = true;
    for (uint32_t via = 0; via < EVENTS; via++)
        for (uint32_t a = 0; a < EVENTS; a++)
            for (uint32_t b = 0; world->before[a][via] && b < EVENTS; b++)
                world->before[a][b] = world->before[a][b] || world->before[via][b];
    for (uint32_t a = 0; a < EVENTS; a++)
        CHECK(!world->before[a][a]);
}

static uint32_t live_through(uint64_t seed)
{
    static const struct world empty;
    struct world *world = malloc(sizeof *world);
    *world = empty;
    rng_init(&world->rng, seed);
    static const struct session_hooks hooks = {0};
    struct node_options options = {.shards = SHARDS, .clock = clock_system()};
    world->node = node_new(&options, &hooks, NULL);
    for (unsigned s = 0; s < SHARDS; s++) {
        world->shards[s] = world->node->shards[s];
        locks_init(&world->shards[s]->locks);
    }
    for (;;) {
        unsigned client = (unsigned)rng_below(&world->rng, CLIENTS);
        if (world->count < EVENTS && !world->busy[client] && rng_below(&world->rng, 4) == 0)
            event_begin(world, client);
        else if (!deliver(world) && world->count == EVENTS)
            break;
    }
    for (unsigned e = 0; e < EVENTS; e++) /* nobody waits for ever */
        CHECK(world->events[e].ended > 0 && !world->events[e].active);
    for (unsigned s = 0; s < SHARDS; s++) {
        CHECK(world->shards[s]->locks.seats == 0 && world->shards[s]->locks.used == 0);
        locks_deinit(&world->shards[s]->locks);
    }
    check_serializable(world);
    node_free(world->node);
    uint32_t retries = world->retries;
    free(world);
    return retries;
}

static void any_order_of_messages_is_strictly_serializable(uint64_t seed)
{
    uint64_t retries = 0;
    for (uint64_t i = 0; i < WORLDS; i++)
        retries += live_through(seed + i);
    printf("%llu retries\n", (unsigned long long)retries);
    CHECK(retries > 0);
}

/* ---- In threads. ---- */

#define THREAD_TXS 5000 /* of each shard */
#define AT_ONCE 8
#define COUNTERS 4

struct driver {
    struct rng rng;
    struct shard *shard;
    uint64_t counters[COUNTERS]; /* shared nothing: the owner's */
    uint64_t begun, ended, added;
    uint32_t running;
    bool quiet;
};

/* One transaction of a driver: hop one reads, hop two finds what it read, and adds. */
struct job {
    struct driver *driver;
    struct lock locks[SHARDS];
    uint64_t seen[SHARDS];
};

struct session_world {
    uint64_t seed;
    _Atomic unsigned quiet;
    _Atomic uint64_t total;
    _Atomic uint64_t added;
};

static struct driver *driver_of(struct shard *shard)
{
    return shard->session;
}

static void hop_read(struct shard *shard, struct tx_part *part)
{
    struct job *job = part->tx->ctx;
    job->seen[shard->index] = driver_of(shard)->counters[part->seat.locks[0].key];
}

static void hop_add(struct shard *shard, struct tx_part *part)
{
    struct job *job = part->tx->ctx;
    uint64_t *counter = &driver_of(shard)->counters[part->seat.locks[0].key];
    CHECK(*counter == job->seen[shard->index]);
    ++*counter;
}

static void job_done(struct tx *tx)
{
    struct job *job = tx->ctx;
    job->driver->running--;
    job->driver->ended++;
    alloc_free(job);
}

static void on_added(struct tx *tx)
{
    tx_finish(tx, job_done);
}

static void on_read(struct tx *tx)
{
    tx_run(tx, hop_add, true, on_added);
}

static void on_held(struct tx *tx)
{
    tx_run(tx, hop_read, false, on_read);
}

static void job_begin(struct driver *driver)
{
    struct job *job = alloc_zeroed(sizeof *job);
    job->driver = driver;
    unsigned first = (unsigned)rng_below(&driver->rng, SHARDS);
    unsigned count = 2 + (unsigned)rng_below(&driver->rng, SHARDS - 1);
    struct tx *tx = tx_new(driver->shard, count, job);
    for (unsigned i = 0; i < count; i++) {
        job->locks[i] = (struct lock){rng_below(&driver->rng, COUNTERS), true};
        tx->parts[i].shard = (uint16_t)((first + i) % SHARDS);
        tx->parts[i].seat.locks = &job->locks[i];
        tx->parts[i].seat.lock_count = 1;
    }
    driver->begun++;
    driver->running++;
    driver->added += count;
    tx_start(tx, NULL, on_held);
}

static bool driver_init(struct shard *shard)
{
    struct session_world *world = shard->node->session;
    struct driver *driver = alloc_zeroed(sizeof *driver);
    rng_init(&driver->rng, world->seed + shard->index);
    driver->shard = shard;
    shard->session = driver;
    return true;
}

static void driver_deinit(struct shard *shard)
{
    struct session_world *world = shard->node->session;
    struct driver *driver = driver_of(shard);
    CHECK(shard->locks.seats == 0);
    for (unsigned i = 0; i < COUNTERS; i++)
        atomic_fetch_add(&world->total, driver->counters[i]);
    atomic_fetch_add(&world->added, driver->added);
    alloc_free(driver);
}

static void driver_execute(struct shard *shard)
{
    struct driver *driver = driver_of(shard);
    while (driver->begun < THREAD_TXS && driver->running < AT_ONCE)
        job_begin(driver);
}

static void driver_flush(struct shard *shard)
{
    struct session_world *world = shard->node->session;
    struct driver *driver = driver_of(shard);
    if (!driver->quiet && driver->ended == THREAD_TXS) {
        driver->quiet = true;
        atomic_fetch_add(&world->quiet, 1);
    }
}

static int64_t driver_background(struct shard *shard, uint64_t now_ns, bool *more)
{
    return -1;
}

static bool driver_drained(struct shard *shard)
{
    struct session_world *world = shard->node->session;
    return atomic_load(&world->quiet) == SHARDS;
}

static void nothing_is_lost_between_threads(uint64_t seed, enum io_choice io)
{
    static const struct session_hooks hooks = {
        .shard_init = driver_init, .shard_deinit = driver_deinit, .execute = driver_execute,
        .flush = driver_flush, .background = driver_background, .drained = driver_drained,
    };
    struct session_world world = {.seed = seed};
    struct log log;
    CHECK(log_init(&log, LOG_LEVEL_WARNING, "", 'M') == 0);
    struct node_options options = {.shards = SHARDS, .io = io, .databases = 1,
                                   .clock = clock_system(), .log = &log};
    struct node *node = node_new(&options, &hooks, &world);
    if (node_start(node)) {
        while (atomic_load(&world.quiet) < SHARDS)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        node_stop(node);
        CHECK(atomic_load(&world.total) == atomic_load(&world.added));
    } else {
        node_stop(node);
        CHECK(io == IO_URING); /* may be forbidden */
        printf("skipped\n");
    }
    node_free(node);
    log_deinit(&log);
}

int main(void)
{
    uint64_t seed = check_seed();
    check_begin("any_order_of_messages_is_strictly_serializable");
    any_order_of_messages_is_strictly_serializable(seed);
    check_begin("nothing_is_lost_between_threads, epoll");
    nothing_is_lost_between_threads(seed, IO_EPOLL);
    check_begin("nothing_is_lost_between_threads, io_uring");
    nothing_is_lost_between_threads(seed, IO_URING);
    return 0;
}
