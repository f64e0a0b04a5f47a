/* Locks: see locks.h. */
#include "shard/runtime/locks.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

#define FIRST_CAPACITY 256
#define KEEP_CAPACITY 4096 /* a larger table is given back when nothing is locked */

void locks_init(struct locks *locks)
{
    memset(locks, 0, sizeof *locks);
    list_init(&locks->queue);
    locks->capacity = FIRST_CAPACITY;
    locks->table = alloc_zeroed(locks->capacity * sizeof *locks->table);
}

void locks_deinit(struct locks *locks)
{
    alloc_free(locks->table);
}

static bool vacant(const struct lock_count *count)
{
    return (count->shared | count->exclusive) == 0;
}

static size_t home_of(const struct locks *locks, uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (locks->capacity - 1);
}

/* The key's place, or the vacant one where it would go. */
static struct lock_count *count_of(const struct locks *locks, uint64_t key)
{
    for (size_t i = home_of(locks, key);; i = (i + 1) & (locks->capacity - 1)) {
        struct lock_count *count = &locks->table[i];
        if (vacant(count) || count->key == key)
            return count;
    }
}

static void table_grow(struct locks *locks)
{
    struct lock_count *old = locks->table;
    size_t capacity = locks->capacity;
    locks->capacity *= 2;
    locks->table = alloc_zeroed(locks->capacity * sizeof *locks->table);
    for (size_t i = 0; i < capacity; i++)
        if (!vacant(&old[i]))
            *count_of(locks, old[i].key) = old[i];
    alloc_free(old);
}

static void table_empty(struct locks *locks)
{
    alloc_free(locks->table);
    locks->capacity = FIRST_CAPACITY;
    locks->table = alloc_zeroed(locks->capacity * sizeof *locks->table);
}

static void count_up(struct locks *locks, const struct lock *lock)
{
    if (locks->used * 2 >= locks->capacity)
        table_grow(locks);
    struct lock_count *count = count_of(locks, lock->key);
    if (vacant(count)) {
        count->key = lock->key;
        locks->used++;
    }
    if (lock->exclusive)
        count->exclusive++;
    else
        count->shared++;
}

static void count_down(struct locks *locks, const struct lock *lock)
{
    struct lock_count *count = count_of(locks, lock->key);
    uint32_t *which = lock->exclusive ? &count->exclusive : &count->shared;
    assert(*which > 0);
    if (--*which > 0 || !vacant(count))
        return;
    locks->used--;
    if (locks->used == 0 && locks->capacity > KEEP_CAPACITY) {
        table_empty(locks);
        return;
    }
    /* Close the gap, so that probing needs no tombstones. */
    size_t gap = (size_t)(count - locks->table), mask = locks->capacity - 1;
    for (size_t i = (gap + 1) & mask; !vacant(&locks->table[i]); i = (i + 1) & mask) {
        size_t home = home_of(locks, locks->table[i].key);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            locks->table[gap] = locks->table[i];
            memset(&locks->table[i], 0, sizeof locks->table[i]);
            gap = i;
        }
    }
}

bool locks_conflict(const struct locks *locks, uint64_t key, bool exclusive)
{
    if (locks->whole_exclusive > 0 || (exclusive && locks->whole_shared > 0))
        return true;
    const struct lock_count *count = count_of(locks, key);
    return count->exclusive > 0 || (exclusive && count->shared > 0);
}

static bool seat_exclusive(const struct seat *seat)
{
    if (seat->whole != WHOLE_NOT)
        return seat->whole == WHOLE_EXCLUSIVE;
    for (uint32_t i = 0; i < seat->lock_count; i++)
        if (seat->locks[i].exclusive)
            return true;
    return false;
}

static bool seat_conflicts(const struct locks *locks, const struct seat *seat)
{
    if (seat->whole == WHOLE_EXCLUSIVE)
        return locks->seats > 0;
    if (seat->whole == WHOLE_SHARED)
        return locks->exclusive_seats > 0;
    for (uint32_t i = 0; i < seat->lock_count; i++)
        if (locks_conflict(locks, seat->locks[i].key, seat->locks[i].exclusive))
            return true;
    return false;
}

static void queue_insert(struct locks *locks, struct seat *seat)
{
    /* Mostly at the end: ids grow. */
    struct list_node *after = locks->queue.prev;
    while (after != &locks->queue && container_of(after, struct seat, link)->id > seat->id)
        after = after->prev;
    list_insert_before(after->next, &seat->link);
}

enum locks_result locks_schedule(struct locks *locks, struct seat *seat)
{
    assert(!seat->seated);
    bool conflict = locks->seats > 0 && seat_conflicts(locks, seat);
    if (conflict && container_of(locks->queue.prev, struct seat, link)->id > seat->id)
        return LOCKS_RETRY;
    for (uint32_t i = 0; i < seat->lock_count; i++)
        count_up(locks, &seat->locks[i]);
    locks->whole_shared += seat->whole == WHOLE_SHARED;
    locks->whole_exclusive += seat->whole == WHOLE_EXCLUSIVE;
    locks->exclusive_seats += seat_exclusive(seat);
    locks->seats++;
    queue_insert(locks, seat);
    seat->seated = true;
    seat->ready = false;
    seat->granted = !conflict;
    return conflict ? LOCKS_QUEUED : LOCKS_GRANTED;
}

void locks_leave(struct locks *locks, struct seat *seat)
{
    assert(seat->seated && locks->seats > 0);
    for (uint32_t i = 0; i < seat->lock_count; i++)
        count_down(locks, &seat->locks[i]);
    locks->whole_shared -= seat->whole == WHOLE_SHARED;
    locks->whole_exclusive -= seat->whole == WHOLE_EXCLUSIVE;
    locks->exclusive_seats -= seat_exclusive(seat);
    locks->seats--;
    list_remove(&seat->link);
    seat->seated = seat->granted = seat->ready = false;
}

void locks_advance(struct locks *locks, struct shard *shard)
{
    /* A seat that runs may leave, which advances: one loop does it all. */
    if (locks->advancing)
        return;
    locks->advancing = true;
    while (!list_empty(&locks->queue)) {
        struct seat *seat = container_of(locks->queue.next, struct seat, link);
        seat->granted = true;
        if (!seat->ready)
            break;
        seat->ready = false;
        seat->run(shard, seat);
    }
    locks->advancing = false;
}
