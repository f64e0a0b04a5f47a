/*
 * Locks: random schedules, releases and advances against a naive model that keeps every
 * seat in a list and compares lock by lock.
 */
#include <string.h>

#include "base/list.h"
#include "shard/runtime/locks.h"
#include "test/threads/check.h"

#define SEATS 12
#define KEYS 6
#define LOCKS 4
#define STEPS 200000

struct actor {
    struct seat seat;
    struct lock locks[LOCKS];
    bool in;   /* has a seat */
    bool held; /* the model's view: nobody who conflicted was before it, or it is first */
    bool ran;
};

struct world {
    struct locks locks;
    struct rng rng;
    struct actor actors[SEATS];
    uint64_t last_id;
    uint64_t granted, queued, retried;
};

static bool clash(const struct seat *a, const struct seat *b)
{
    if (a->whole != WHOLE_NOT || b->whole != WHOLE_NOT) {
        bool writes[2] = {false, false};
        const struct seat *both[2] = {a, b};
        for (int s = 0; s < 2; s++) {
            writes[s] = both[s]->whole == WHOLE_EXCLUSIVE;
            for (uint32_t i = 0; both[s]->whole == WHOLE_NOT && i < both[s]->lock_count; i++)
                writes[s] = writes[s] || both[s]->locks[i].exclusive;
        }
        if (a->whole == WHOLE_EXCLUSIVE || b->whole == WHOLE_EXCLUSIVE) {
            /* An exclusive whole lock conflicts with any key, but a seat of no locks at all
             * only when it is the whole lock that comes later. */
            const struct seat *other = a->whole == WHOLE_EXCLUSIVE ? b : a;
            return other->whole != WHOLE_NOT || other->lock_count > 0;
        }
        return writes[0] || writes[1];
    }
    for (uint32_t i = 0; i < a->lock_count; i++)
        for (uint32_t k = 0; k < b->lock_count; k++)
            if (a->locks[i].key == b->locks[k].key &&
                (a->locks[i].exclusive || b->locks[k].exclusive))
                return true;
    return false;
}

static void on_run(struct shard *shard, struct seat *seat)
{
    struct actor *actor = container_of(seat, struct actor, seat);
    CHECK(shard == NULL && actor->in && !actor->ran);
    actor->ran = true;
}

static struct actor *first_in(struct world *world)
{
    struct actor *first = NULL;
    for (int i = 0; i < SEATS; i++) {
        struct actor *actor = &world->actors[i];
        if (actor->in && (first == NULL || actor->seat.id < first->seat.id))
            first = actor;
    }
    return first;
}

static void schedule(struct world *world, struct actor *actor)
{
    struct rng *rng = &world->rng;
    uint64_t kind = rng_below(rng, 12);
    /* Now and then an id drawn earlier than others that are there already. */
    uint64_t id = ++world->last_id * 4;
    if (rng_below(rng, 3) == 0 && id > 60)
        id -= rng_below(rng, 60);
    for (int i = 0; i < SEATS; i++)
        if (world->actors[i].in && world->actors[i].seat.id == id)
            return;
    actor->seat = (struct seat){.id = id, .run = on_run, .locks = actor->locks};
    actor->seat.whole = kind == 0 ? WHOLE_SHARED : kind == 1 ? WHOLE_EXCLUSIVE : WHOLE_NOT;
    if (actor->seat.whole == WHOLE_NOT)
        actor->seat.lock_count = 1 + (uint32_t)rng_below(rng, LOCKS);
    for (uint32_t i = 0; i < actor->seat.lock_count; i++)
        actor->locks[i] = (struct lock){rng_below(rng, KEYS) * UINT64_C(0x100000000000),
                                        rng_below(rng, 2) == 0};
    bool conflict = false, later = false;
    for (int i = 0; i < SEATS; i++) {
        const struct actor *other = &world->actors[i];
        if (!other->in)
            continue;
        conflict = conflict || clash(&other->seat, &actor->seat);
        later = later || other->seat.id > id;
    }
    enum locks_result result = locks_schedule(&world->locks, &actor->seat);
    CHECK(result == (conflict && later ? LOCKS_RETRY : conflict ? LOCKS_QUEUED : LOCKS_GRANTED));
    actor->in = result != LOCKS_RETRY;
    actor->held = result == LOCKS_GRANTED;
    actor->ran = false;
    world->granted += result == LOCKS_GRANTED;
    world->queued += result == LOCKS_QUEUED;
    world->retried += result == LOCKS_RETRY;
}

/* Those that hold their locks exclude each other, and a single command sees them. */
static void validate(struct world *world)
{
    uint32_t seats = 0;
    for (int i = 0; i < SEATS; i++) {
        const struct actor *a = &world->actors[i];
        seats += a->in;
        CHECK(a->seat.seated == a->in);
        if (!a->in)
            continue;
        CHECK(!a->held || a->seat.granted);
        CHECK(!a->ran || a->seat.granted);
        for (int k = i + 1; k < SEATS && a->seat.granted; k++) {
            const struct actor *b = &world->actors[k];
            CHECK(!b->in || !b->seat.granted || !clash(&a->seat, &b->seat));
        }
    }
    CHECK(world->locks.seats == seats);
    struct lock lock = {rng_below(&world->rng, KEYS) * UINT64_C(0x100000000000),
                        rng_below(&world->rng, 2) == 0};
    struct seat single = {.locks = &lock, .lock_count = 1};
    bool conflict = false;
    for (int i = 0; i < SEATS; i++)
        conflict = conflict ||
                   (world->actors[i].in && clash(&world->actors[i].seat, &single));
    CHECK(seats == 0 || locks_conflict(&world->locks, lock.key, lock.exclusive) == conflict);
}

static void step(struct world *world)
{
    struct actor *actor = &world->actors[rng_below(&world->rng, SEATS)];
    if (!actor->in) {
        schedule(world, actor);
    } else if (rng_below(&world->rng, 3) == 0) { /* leaves, whether it holds or waits */
        locks_leave(&world->locks, &actor->seat);
        actor->in = false;
        locks_advance(&world->locks, NULL);
    } else if (!actor->seat.granted && !actor->ran) {
        actor->seat.ready = true;
        locks_advance(&world->locks, NULL);
    }
    struct actor *first = first_in(world);
    if (first != NULL && first->seat.ready)
        CHECK(false); /* ready at the head, and not run */
}

static void every_outcome_is_the_models(uint64_t seed)
{
    static const struct world empty;
    struct world *world = malloc(sizeof *world);
    *world = empty;
    rng_init(&world->rng, seed);
    locks_init(&world->locks);
    for (int i = 0; i < STEPS; i++) {
        step(world);
        validate(world);
    }
    CHECK(world->granted > 0 && world->queued > 0 && world->retried > 0);
    locks_deinit(&world->locks);
    free(world);
}

static void a_later_conflicting_id_makes_schedule_answer_retry(void)
{
    struct locks locks;
    struct lock lock = {7, true}, other = {8, true};
    struct seat late = {.id = 10, .locks = &lock, .lock_count = 1, .run = on_run};
    struct seat early = {.id = 5, .locks = &lock, .lock_count = 1, .run = on_run};
    struct seat aside = {.id = 4, .locks = &other, .lock_count = 1, .run = on_run};
    struct seat after = {.id = 11, .locks = &lock, .lock_count = 1, .run = on_run};
    locks_init(&locks);
    CHECK(locks_schedule(&locks, &late) == LOCKS_GRANTED);
    CHECK(locks_schedule(&locks, &early) == LOCKS_RETRY && !early.seated);
    CHECK(locks_schedule(&locks, &aside) == LOCKS_GRANTED);
    CHECK(locks_schedule(&locks, &after) == LOCKS_QUEUED && !after.granted);
    locks_leave(&locks, &aside);
    locks_advance(&locks, NULL);
    CHECK(!after.granted);
    locks_leave(&locks, &late);
    locks_advance(&locks, NULL);
    CHECK(after.granted);
    locks_leave(&locks, &after);
    locks_deinit(&locks);
}

static void a_table_of_many_locks_is_given_back(void)
{
    const uint32_t count = 100000;
    struct locks locks;
    struct lock *many = malloc(count * sizeof *many);
    for (uint32_t i = 0; i < count; i++)
        many[i] = (struct lock){(uint64_t)i << 40 | i, true};
    struct seat seat = {.id = 1, .locks = many, .lock_count = count};
    locks_init(&locks);
    size_t before = locks.capacity;
    CHECK(locks_schedule(&locks, &seat) == LOCKS_GRANTED && locks.capacity > count);
    for (uint32_t i = 0; i < count; i++)
        CHECK(locks_conflict(&locks, many[i].key, false));
    locks_leave(&locks, &seat);
    CHECK(locks.used == 0 && locks.capacity == before);
    locks_deinit(&locks);
    free(many);
}

int main(void)
{
    uint64_t seed = check_seed();
    check_begin("every_outcome_is_the_models");
    every_outcome_is_the_models(seed);
    check_begin("a_later_conflicting_id_makes_schedule_answer_retry");
    a_later_conflicting_id_makes_schedule_answer_retry();
    check_begin("a_table_of_many_locks_is_given_back");
    a_table_of_many_locks_is_given_back();
    return 0;
}
