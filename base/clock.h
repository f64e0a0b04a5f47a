/*
 * Clock: the time, real or made up.
 *
 * Code that a test wants to drive takes a `const struct clock *` and asks that; the plain functions
 * read the machine. Monotonic time never goes back and has no meaning between processes; wall time
 * counts from 1970 and may jump.
 */
#ifndef SHOAL_BASE_CLOCK_H
#define SHOAL_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    uint64_t (*monotonic_ns)(void *ctx);
    int64_t (*wall_us)(void *ctx);
    void *ctx;
};

uint64_t clock_monotonic_ns(void);
int64_t clock_wall_us(void);
int64_t clock_wall_ms(void);

/* The machine's clock. Constant and valid for ever. */
const struct clock *clock_system(void);

static inline uint64_t clock_read_monotonic_ns(const struct clock *clk)
{
    return clk->monotonic_ns(clk->ctx);
}

static inline int64_t clock_read_wall_us(const struct clock *clk)
{
    return clk->wall_us(clk->ctx);
}

static inline int64_t clock_read_wall_ms(const struct clock *clk)
{
    return clock_read_wall_us(clk) / 1000;
}

/* A clock that moves only when told to. Hand `&manual.clock` to the code under test. */
struct clock_manual {
    struct clock clock;
    uint64_t monotonic_ns;
    int64_t wall_us;
};

/* Starts a manual clock, which does not move in memory from then on. */
void clock_manual_init(struct clock_manual *manual, uint64_t monotonic_ns, int64_t wall_us);

/* Lets time pass on both scales; wall time advances by whole microseconds passed in total. */
void clock_manual_advance_ns(struct clock_manual *manual, uint64_t ns);

/* Sets the wall clock, forwards or back, as an administrator would; monotonic time stays. */
void clock_manual_set_wall_us(struct clock_manual *manual, int64_t wall_us);

#endif
