/*
 * Clock: the machine's clocks, and one that tests move. See the header.
 */
#include "base/clock.h"

#include <time.h>

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int64_t clock_wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return clock_wall_us() / 1000;
}

static uint64_t system_monotonic_ns(void *ctx)
{
    return clock_monotonic_ns();
}

static int64_t system_wall_us(void *ctx)
{
    return clock_wall_us();
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {system_monotonic_ns, system_wall_us, NULL};

    return &system_clock;
}

static uint64_t manual_monotonic_ns(void *ctx)
{
    return ((struct clock_manual *)ctx)->monotonic_ns;
}

static int64_t manual_wall_us(void *ctx)
{
    return ((struct clock_manual *)ctx)->wall_us;
}

void clock_manual_init(struct clock_manual *manual, uint64_t monotonic_ns, int64_t wall_us)
{
    manual->clock = (struct clock){manual_monotonic_ns, manual_wall_us, manual};
    manual->monotonic_ns = monotonic_ns;
    manual->wall_us = wall_us;
}

void clock_manual_advance_ns(struct clock_manual *manual, uint64_t ns)
{
    uint64_t before_us = manual->monotonic_ns / 1000;

    manual->monotonic_ns += ns;
    manual->wall_us += (int64_t)(manual->monotonic_ns / 1000 - before_us);
}

void clock_manual_set_wall_us(struct clock_manual *manual, int64_t wall_us)
{
    manual->wall_us = wall_us;
}
