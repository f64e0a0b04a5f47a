/* Access: see access.h. */
#include "engine/keyspace/access.h"

#define MINUTE 60u
#define MINUTES_MASK 0xffffu

/* The minute of an access, or of the present, of either form. */
static uint32_t minute_of(uint32_t access)
{
    return (access & ACCESS_COUNTED ? access >> 8 : access / MINUTE) & MINUTES_MASK;
}

uint32_t access_clock(const struct access_policy *policy, uint64_t seconds)
{
    if (!policy->lfu)
        return (uint32_t)seconds & ~ACCESS_COUNTED;
    uint32_t minute = (uint32_t)(seconds / MINUTE) & MINUTES_MASK;
    return ACCESS_COUNTED | minute << 8 | ACCESS_COUNTER_MAX;
}

unsigned access_frequency(const struct access_policy *policy, uint32_t access, uint32_t now)
{
    uint32_t counter = access & ACCESS_COUNTED ? access & ACCESS_COUNTER_MAX : ACCESS_COUNTER_NEW;
    if (policy->decay_minutes == 0)
        return counter;
    uint32_t idle_minutes = (minute_of(now) - minute_of(access)) & MINUTES_MASK;
    uint32_t lost = idle_minutes / policy->decay_minutes;
    return lost < counter ? counter - lost : 0;
}

uint32_t access_count(const struct access_policy *policy, uint32_t access, uint32_t now,
                      struct rng *rng)
{
    uint32_t counter = access_frequency(policy, access, now);
    uint64_t above = counter > ACCESS_COUNTER_NEW ? counter - ACCESS_COUNTER_NEW : 0;
    if (counter < ACCESS_COUNTER_MAX && rng_below(rng, above * policy->log_factor + 1) == 0)
        counter++;
    return (now & ~ACCESS_COUNTER_MAX) | counter;
}

uint32_t access_idle(uint32_t access, uint32_t now)
{
    if ((access | now) & ACCESS_COUNTED)
        return ((minute_of(now) - minute_of(access)) & MINUTES_MASK) * MINUTE;
    return access < now ? now - access : 0;
}
