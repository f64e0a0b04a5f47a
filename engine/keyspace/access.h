/*
 * Access: what an entry remembers of its use, in the 32 bits of entry.access.
 *
 *     0 | 31 bits                                    second of the last use
 *     1 | 7 bits, 0 | 16 bits       | 8 bits         under an LFU policy: minute of the last
 *                     minute          counter        use, and a counter of uses
 *
 * The counter is a probabilistic one (Morris, "Counting large numbers of events in small
 * registers", 1978): the larger it is, the more uses a step takes. It goes down while the key is
 * not used. The first bit says which form it is, so that either policy makes sense of what
 * the other left: seconds become minutes with the counter of a new key, and minutes
 * seconds. Minutes wrap after 45 days.
 *
 * The present is a word of the same form, the clock of a keyspace (access_clock()): what
 * the entry of a key has when it was just used and noting that would change nothing.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_ACCESS_H
#define SHOAL_ENGINE_KEYSPACE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

#define ACCESS_COUNTED (UINT32_C(1) << 31)
#define ACCESS_COUNTER_MAX 255u
#define ACCESS_COUNTER_NEW 5u /* of a new key, so that it is not the first to go */

struct access_policy {
    bool lfu;               /* uses are counted */
    uint32_t log_factor;    /* lfu-log-factor: how much slower the counter grows as it is larger */
    uint32_t decay_minutes; /* lfu-decay-time: it goes down by one in so many; 0: never */
};

/* The present under a policy, from seconds of a clock that does not go back. */
uint32_t access_clock(const struct access_policy *policy, uint64_t seconds);

/* What a new key has. */
static inline uint32_t access_new(uint32_t now)
{
    return now & ACCESS_COUNTED ? (now & ~ACCESS_COUNTER_MAX) | ACCESS_COUNTER_NEW : now;
}

/* What an entry has after one more use under an LFU policy. */
uint32_t access_count(const struct access_policy *policy, uint32_t access, uint32_t now,
                      struct rng *rng);

/* The counter of an entry, less what it lost since the last use. */
unsigned access_frequency(const struct access_policy *policy, uint32_t access, uint32_t now);

/* Seconds since the last use; whole minutes where the entry knows no better. */
uint32_t access_idle(uint32_t access, uint32_t now);

#endif
