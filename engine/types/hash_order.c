/*
 * Hash order: see hash_order.h.
 *
 * Invariants: no run is empty; times are in order within runs and from run to run; two
 * neighbours that together fill no more than half a run are made one when something is
 * removed from either.
 */
#include "engine/types/hash_order.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

#define RUN_FIRST 4 /* times a new run has room for */

/* The times are times[begin] to times[begin + count - 1]. */
struct hash_order_run {
    struct hash_time *times;
    uint16_t begin, count, cap;
};

_Static_assert(HASH_ORDER_RUN >= RUN_FIRST && HASH_ORDER_RUN < UINT16_MAX, "counts fit 16 bits");

static inline bool is_before(struct hash_time a, struct hash_time b)
{
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.hash < b.hash;
}

static struct hash_time *run_times(const struct hash_order_run *run)
{
    return run->times + run->begin;
}

static struct hash_time run_last(const struct hash_order_run *run)
{
    return run_times(run)[run->count - 1];
}

/* How many times of a run are before this one. */
static size_t run_rank(const struct hash_order_run *run, struct hash_time time)
{
    const struct hash_time *times = run_times(run);
    size_t low = 0, high = run->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (is_before(times[middle], time))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Gives a run memory for `cap` times. */
static void run_room(struct hash_order_run *run, size_t cap)
{
    struct hash_time *times = alloc_get(cap * sizeof *times);
    if (run->count > 0)
        memcpy(times, run_times(run), run->count * sizeof *times);
    alloc_free(run->times);
    run->times = times;
    run->begin = 0;
    run->cap = (uint16_t)cap;
}

/* Makes sure that another time fits behind those there are. */
static void run_grow(struct hash_order_run *run)
{
    if (run->begin + run->count < run->cap)
        return;
    if (run->begin > run->cap / 4) {
        memmove(run->times, run_times(run), run->count * sizeof *run->times);
        run->begin = 0;
        return;
    }
    size_t most = HASH_ORDER_RUN + HASH_ORDER_RUN / 2; /* room for what left at the front */
    run_room(run, bits_min(bits_max(RUN_FIRST, (size_t)run->count * 2), most));
}

static void run_add(struct hash_order_run *run, struct hash_time time)
{
    run_grow(run);
    size_t rank = run_rank(run, time);
    struct hash_time *times = run_times(run);
    memmove(times + rank + 1, times + rank, (run->count - rank) * sizeof *times);
    times[rank] = time;
    run->count++;
}

/* Puts an empty run into the list. */
static struct hash_order_run *runs_insert(struct hash_order *order, uint32_t at)
{
    if (order->run_count == order->run_cap) {
        order->run_cap = order->run_cap == 0 ? 1 : order->run_cap * 2;
        order->runs = alloc_resize(order->runs, order->run_cap * sizeof *order->runs);
    }
    struct hash_order_run *run = &order->runs[at];
    memmove(run + 1, run, (order->run_count - at) * sizeof *run);
    *run = (struct hash_order_run){0};
    order->run_count++;
    return run;
}

/* Takes a run out of the list and frees it. */
static void runs_delete(struct hash_order *order, uint32_t at)
{
    struct hash_order_run *run = &order->runs[at];
    alloc_free(run->times);
    order->run_count--;
    memmove(run, run + 1, (order->run_count - at) * sizeof *run);
    if (order->run_count == 0) {
        alloc_free(order->runs);
        *order = (struct hash_order){0};
    } else if (order->run_count * 4 < order->run_cap) {
        order->run_cap = order->run_count * 2;
        order->runs = alloc_resize(order->runs, order->run_cap * sizeof *order->runs);
    }
}

/* The last run that begins at or before this time, or else the first. */
static uint32_t runs_find(const struct hash_order *order, struct hash_time time)
{
    uint32_t low = 1, high = order->run_count;
    if (!is_before(time, run_times(&order->runs[high - 1])[0]))
        return high - 1; /* as a rule, what is new expires last */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_before(time, run_times(&order->runs[middle])[0]))
            high = middle;
        else
            low = middle + 1;
    }
    return low - 1;
}

/* Moves the upper half of a full run to a new one behind it. */
static void run_split(struct hash_order *order, uint32_t at)
{
    struct hash_order_run *upper = runs_insert(order, at + 1);
    struct hash_order_run *lower = &order->runs[at];
    uint16_t kept = lower->count / 2, moved = lower->count - kept;
    upper->times = alloc_get(HASH_ORDER_RUN * sizeof *upper->times);
    upper->cap = HASH_ORDER_RUN;
    memcpy(upper->times, run_times(lower) + kept, moved * sizeof *upper->times);
    upper->count = moved;
    lower->count = kept;
}

void hash_order_add(struct hash_order *order, struct hash_time time)
{
    uint32_t at = 0;
    if (order->run_count == 0) {
        runs_insert(order, 0);
    } else {
        at = runs_find(order, time);
        if (order->runs[at].count == HASH_ORDER_RUN) {
            bool last = at + 1 == order->run_count && is_before(run_last(&order->runs[at]), time);
            if (last)
                runs_insert(order, at + 1);
            else
                run_split(order, at);
            if (last || !is_before(time, run_times(&order->runs[at + 1])[0]))
                at++;
        }
    }
    run_add(&order->runs[at], time);
    order->count++;
}

/* Makes a run one with that behind it, if that leaves a run no more than half full. */
static void runs_merge(struct hash_order *order, uint32_t at)
{
    if (at + 1 >= order->run_count)
        return;
    struct hash_order_run *run = &order->runs[at], *next = run + 1;
    size_t count = (size_t)run->count + next->count;
    if (count > HASH_ORDER_RUN / 2)
        return;
    run_room(run, bits_max(count, RUN_FIRST));
    memcpy(run->times + run->count, run_times(next), next->count * sizeof *run->times);
    run->count = (uint16_t)count;
    runs_delete(order, at + 1); /* may move the runs */
}

void hash_order_remove(struct hash_order *order, struct hash_time time)
{
    assert(order->count > 0);
    uint32_t at = runs_find(order, time);
    struct hash_order_run *run = &order->runs[at];
    size_t rank = run_rank(run, time);
    struct hash_time *times = run_times(run);
    assert(rank < run->count && times[rank].at_ms == time.at_ms && times[rank].hash == time.hash);
    order->count--;
    run->count--;
    if (rank == 0)
        run->begin++;
    else
        memmove(times + rank, times + rank + 1, (run->count - rank) * sizeof *times);
    if (run->count == 0) {
        runs_delete(order, at);
        return;
    }
    if (run->count * 4 < run->cap && run->cap > RUN_FIRST * 4)
        run_room(run, (size_t)run->count * 2);
    runs_merge(order, at);
    if (at > 0)
        runs_merge(order, at - 1);
}

struct hash_time hash_order_first(const struct hash_order *order)
{
    assert(order->count > 0);
    return run_times(&order->runs[0])[0];
}

struct hash_time hash_order_last(const struct hash_order *order)
{
    assert(order->count > 0);
    return run_last(&order->runs[order->run_count - 1]);
}

size_t hash_order_before(const struct hash_order *order, int64_t at_ms)
{
    size_t before = 0;
    for (uint32_t i = 0; i < order->run_count; i++) {
        const struct hash_order_run *run = &order->runs[i];
        if (run_last(run).at_ms >= at_ms)
            return before + run_rank(run, (struct hash_time){.at_ms = at_ms});
        before += run->count;
    }
    return before;
}

void hash_order_copy(struct hash_order *to, const struct hash_order *from)
{
    *to = (struct hash_order){.run_count = from->run_count, .run_cap = from->run_count,
                              .count = from->count};
    if (from->run_count == 0)
        return;
    to->runs = alloc_zeroed(from->run_count * sizeof *to->runs);
    for (uint32_t i = 0; i < from->run_count; i++) {
        const struct hash_order_run *run = &from->runs[i];
        struct hash_order_run *copy = &to->runs[i];
        run_room(copy, run->count);
        memcpy(copy->times, run_times(run), run->count * sizeof *copy->times);
        copy->count = run->count;
    }
}

size_t hash_order_bytes(const struct hash_order *order)
{
    size_t bytes = alloc_usable(order->runs);
    for (uint32_t i = 0; i < order->run_count; i++)
        bytes += order->runs[i].cap * sizeof *order->runs[i].times;
    return bytes;
}

bool hash_order_free_some(struct hash_order *order, size_t runs)
{
    for (; runs > 0 && order->run_count > 0; runs--)
        runs_delete(order, order->run_count - 1);
    return order->run_count == 0;
}

void hash_order_validate(const struct hash_order *order)
{
    size_t count = 0;
    const struct hash_time *before = NULL;
    for (uint32_t i = 0; i < order->run_count; i++) {
        const struct hash_order_run *run = &order->runs[i];
        assert(run->count > 0 && run->count <= HASH_ORDER_RUN);
        assert(run->begin + run->count <= run->cap);
        for (uint16_t j = 0; j < run->count; j++) {
            assert(before == NULL || !is_before(run_times(run)[j], *before));
            before = &run_times(run)[j];
        }
        count += run->count;
    }
    assert(count == order->count);
    assert((order->runs == NULL) == (order->count == 0));
}
