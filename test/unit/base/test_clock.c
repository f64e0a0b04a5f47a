/*
 * Clocks, real and manual.
 */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <time.h>

Test(clock, monotonic_time_never_goes_back)
{
    uint64_t last = clock_monotonic_ns();

    for (int i = 0; i < 100000; i++) {
        uint64_t now = clock_monotonic_ns();

        cr_assert_geq(now, last);
        last = now;
    }
}

Test(clock, wall_time_is_that_of_the_machine)
{
    time_t before = time(NULL) - 1;
    int64_t us = clock_wall_us(), ms = clock_wall_ms();
    time_t after = time(NULL) + 1;

    cr_assert(us >= (int64_t)before * 1000000 && us <= (int64_t)after * 1000000);
    cr_assert(ms >= (int64_t)before * 1000 && ms <= (int64_t)after * 1000);
}

Test(clock, the_system_clock_reads_the_same_time_through_the_interface)
{
    const struct clock *clk = clock_system();
    uint64_t before = clock_monotonic_ns(), between = clock_read_monotonic_ns(clk);

    cr_assert(before <= between && between <= clock_monotonic_ns());
    cr_assert_lt(llabs(clock_read_wall_us(clk) - clock_wall_us()), 1000000);
    cr_assert_lt(llabs(clock_read_wall_ms(clk) - clock_wall_ms()), 1000);
}

Test(clock, a_manual_clock_moves_only_when_told)
{
    struct clock_manual manual;

    clock_manual_init(&manual, 500, 1000000);
    cr_assert_eq(clock_read_monotonic_ns(&manual.clock), 500);
    cr_assert_eq(clock_read_wall_us(&manual.clock), 1000000);
    cr_assert_eq(clock_read_wall_ms(&manual.clock), 1000);
    clock_manual_advance_ns(&manual, 2500000);
    cr_assert_eq(clock_read_monotonic_ns(&manual.clock), 2500500);
    cr_assert_eq(clock_read_wall_us(&manual.clock), 1002500);
}

Test(clock, small_steps_of_a_manual_clock_add_up)
{
    struct clock_manual manual;

    clock_manual_init(&manual, 0, 0);
    for (int i = 0; i < 10000; i++)
        clock_manual_advance_ns(&manual, 100);
    cr_assert_eq(manual.wall_us, 1000);
    cr_assert_eq(manual.monotonic_ns, 1000000);
}

Test(clock, setting_the_wall_clock_leaves_monotonic_time_alone)
{
    struct clock_manual manual;

    clock_manual_init(&manual, 77, 5000);
    clock_manual_set_wall_us(&manual, 10);
    cr_assert_eq(clock_read_wall_us(&manual.clock), 10);
    cr_assert_eq(clock_read_monotonic_ns(&manual.clock), 77);
}
