/* Mailbox: order, a full ring, and that no wake-up is lost. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "shard/runtime/mailbox.h"
#include "test/threads/check.h"

#define SENDERS 3
#define ROUNDS 200000
#define SPIN_MAX 200

struct note {
    struct message message;
    unsigned sender;
    uint64_t number;
};

struct order {
    uint64_t next[SENDERS];
    uint64_t taken;
};

static void take_in_order(void *ctx, struct message *message)
{
    struct order *order = ctx;
    struct note *note = container_of(message, struct note, message);
    CHECK(note->number == order->next[note->sender]);
    order->next[note->sender]++;
    order->taken++;
    free(note);
}

static struct note *note_new(unsigned sender, uint64_t number)
{
    struct note *note = malloc(sizeof *note);
    *note = (struct note){.sender = sender, .number = number};
    return note;
}

static void a_full_mailbox_keeps_the_batch_with_its_sender(void)
{
    struct mailbox box;
    struct outbox out = {0};
    struct order order = {0};
    bool wake;
    mailbox_init(&box, SENDERS);
    for (uint64_t i = 0; i < MAILBOX_CHAINS; i++) {
        outbox_add(&out, &note_new(1, i)->message);
        CHECK(mailbox_put(&box, 1, &out, &wake) && out.first == NULL && !wake);
    }
    outbox_add(&out, &note_new(1, MAILBOX_CHAINS)->message);
    struct message *kept = out.first;
    CHECK(!mailbox_put(&box, 1, &out, &wake) && out.first == kept && !wake);
    /* Another sender has a ring of its own. */
    struct outbox other = {0};
    outbox_add(&other, &note_new(2, 0)->message);
    CHECK(mailbox_put(&box, 2, &other, &wake));
    CHECK(mailbox_drain(&box, take_in_order, &order) && order.taken == MAILBOX_CHAINS + 1);
    CHECK(!mailbox_drain(&box, take_in_order, &order));
    CHECK(mailbox_put(&box, 1, &out, &wake) && out.first == NULL);
    CHECK(mailbox_drain(&box, take_in_order, &order) && order.taken == MAILBOX_CHAINS + 2);
    mailbox_deinit(&box);
}

static void only_one_sender_wakes_a_sleeper(void)
{
    struct mailbox box;
    struct order order = {0};
    bool wake;
    mailbox_init(&box, SENDERS);
    CHECK(mailbox_sleep(&box));
    for (unsigned i = 0; i < SENDERS; i++) {
        struct outbox out = {0};
        outbox_add(&out, &note_new(i, 0)->message);
        CHECK(mailbox_put(&box, i, &out, &wake) && wake == (i == 0));
    }
    CHECK(!mailbox_sleep(&box));
    CHECK(mailbox_drain(&box, take_in_order, &order) && order.taken == SENDERS);
    CHECK(mailbox_sleep(&box));
    mailbox_deinit(&box);
}

/* A receiver that sleeps on a condition, woken only when a sender was told to. */
struct world {
    struct mailbox box;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool woken;
    uint64_t seed, rounds, sleeps;
    _Atomic uint64_t seen; /* notes the receiver has taken */
};

struct sender {
    struct world *world;
    unsigned index;
    bool waits; /* for each note to be taken, so that the receiver falls asleep */
};

static void spin(struct rng *rng)
{
    for (uint64_t n = rng_below(rng, SPIN_MAX); n > 0; n--)
        __asm__ volatile("" ::: "memory");
}

static void wake_up(struct world *world)
{
    pthread_mutex_lock(&world->mutex);
    world->woken = true;
    pthread_cond_signal(&world->cond);
    pthread_mutex_unlock(&world->mutex);
}

static void *send_all(void *arg)
{
    struct sender *sender = arg;
    struct world *world = sender->world;
    struct rng rng;
    rng_init(&rng, world->seed + sender->index);
    struct outbox out = {0};
    for (uint64_t i = 0; i < world->rounds || out.first != NULL;) {
        for (uint64_t n = sender->waits ? 1 : rng_below(&rng, 4); n > 0 && i < world->rounds; n--)
            outbox_add(&out, &note_new(sender->index, i++)->message);
        spin(&rng);
        bool wake = false;
        if (out.first != NULL && !mailbox_put(&world->box, sender->index, &out, &wake))
            sched_yield();
        if (wake)
            wake_up(world);
        while (sender->waits && atomic_load(&world->seen) < i)
            sched_yield();
    }
    return NULL;
}

static void sleep_until_woken(struct world *world)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&world->mutex);
    while (!world->woken)
        CHECK(pthread_cond_timedwait(&world->cond, &world->mutex, &until) == 0);
    world->woken = false;
    pthread_mutex_unlock(&world->mutex);
    world->sleeps++;
}

static void receive_all(struct world *world, uint64_t count)
{
    struct order order = {0};
    struct rng rng;
    rng_init(&rng, world->seed + 100);
    while (order.taken < count) {
        bool any = mailbox_drain(&world->box, take_in_order, &order);
        atomic_store(&world->seen, order.taken);
        spin(&rng);
        if (any || order.taken == count || !mailbox_sleep(&world->box))
            continue;
        sleep_until_woken(world);
        mailbox_awake(&world->box);
    }
}

static uint64_t exchange(uint64_t seed, unsigned senders, uint64_t rounds, bool waits)
{
    struct world world = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER,
                          .seed = seed, .rounds = rounds};
    mailbox_init(&world.box, SENDERS);
    struct sender all[SENDERS];
    pthread_t threads[SENDERS];
    for (unsigned i = 0; i < senders; i++) {
        all[i] = (struct sender){.world = &world, .index = i, .waits = waits};
        pthread_create(&threads[i], NULL, send_all, &all[i]);
    }
    receive_all(&world, senders * rounds);
    for (unsigned i = 0; i < senders; i++)
        pthread_join(threads[i], NULL);
    mailbox_deinit(&world.box);
    return world.sleeps;
}

int main(void)
{
    uint64_t seed = check_seed();
    check_begin("a_full_mailbox_keeps_the_batch_with_its_sender");
    a_full_mailbox_keeps_the_batch_with_its_sender();
    check_begin("only_one_sender_wakes_a_sleeper");
    only_one_sender_wakes_a_sleeper();
    check_begin("messages_of_several_senders_arrive_in_order");
    exchange(seed, SENDERS, ROUNDS, false);
    check_begin("no_wake_up_is_lost");
    uint64_t sleeps = exchange(seed, 1, ROUNDS, true);
    printf("%llu sleeps\n", (unsigned long long)sleeps);
    return 0;
}
