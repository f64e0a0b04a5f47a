/* What entries remember of their use: both forms, and going from one policy to the other. */
#include <criterion/criterion.h>

#include "test/unit/engine/command_run.h"

#define HOUR 3600

static struct command_run run;
static uint64_t seconds;

static void clock_to(uint64_t now)
{
    seconds = now;
    keyspace_set_clock(&run.ks, seconds);
}

static void policy(bool lfu, uint32_t log_factor, uint32_t decay_minutes)
{
    struct access_policy policy = {
        .lfu = lfu, .log_factor = log_factor, .decay_minutes = decay_minutes};
    keyspace_set_access(&run.ks, policy, seconds);
}

static void setup(void)
{
    command_run_init(&run);
    clock_to(100 * HOUR);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(access, .init = setup, .fini = teardown);

static void get_times(int times)
{
    for (int i = 0; i < times; i++)
        command_run(&run, "GET k");
}

static int number_of(const char *line)
{
    const char *reply = command_run(&run, line);
    cr_assert_eq(reply[0], ':', "%s replied %s", line, reply);
    return atoi(reply + 1);
}

Test(access, a_new_key_starts_at_five)
{
    policy(true, 10, 1);
    run_expect(&run, "SET k v", "+OK\r\n");
    run_expect(&run, "OBJECT FREQ k", ":5\r\n");
    run_expect(&run, "OBJECT FREQ k", ":5\r\n");
    run_expect(&run, "APPEND new v", ":1\r\n");
    run_expect(&run, "OBJECT FREQ new", ":5\r\n");
}

Test(access, without_a_factor_every_use_counts_up_to_255)
{
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    get_times(20);
    run_expect(&run, "OBJECT FREQ k", ":25\r\n");
    get_times(400);
    run_expect(&run, "OBJECT FREQ k", ":255\r\n");
}

Test(access, a_factor_makes_the_counter_grow_ever_more_slowly)
{
    policy(true, 10, 1);
    command_run(&run, "SET k v");
    get_times(1000);
    int thousand = number_of("OBJECT FREQ k");
    get_times(9000);
    int ten_thousand = number_of("OBJECT FREQ k");
    /* n uses reach about 5 + sqrt(2 n / factor). */
    cr_assert(thousand >= 12 && thousand <= 28, "%d", thousand);
    cr_assert(ten_thousand >= 38 && ten_thousand <= 62, "%d", ten_thousand);
}

Test(access, a_large_factor_stops_the_counter_above_where_it_starts)
{
    policy(true, INT32_MAX, 1);
    command_run(&run, "SET k v");
    get_times(1000);
    run_expect(&run, "OBJECT FREQ k", ":6\r\n");
}

Test(access, the_counter_goes_down_with_the_minutes_that_the_key_is_not_used)
{
    policy(true, 0, 2);
    command_run(&run, "SET k v");
    get_times(20);
    clock_to(seconds + 119);
    run_expect(&run, "OBJECT FREQ k", ":25\r\n");
    clock_to(seconds + 1);
    run_expect(&run, "OBJECT FREQ k", ":24\r\n");
    clock_to(seconds + 18 * 60);
    run_expect(&run, "OBJECT FREQ k", ":15\r\n");
    get_times(1); /* from here on it is counted anew */
    run_expect(&run, "OBJECT FREQ k", ":16\r\n");
    clock_to(seconds + 10 * HOUR);
    run_expect(&run, "OBJECT FREQ k", ":0\r\n");
    get_times(1);
    run_expect(&run, "OBJECT FREQ k", ":1\r\n");
}

Test(access, without_a_decay_time_the_counter_stays)
{
    policy(true, 0, 0);
    command_run(&run, "SET k v");
    get_times(20);
    clock_to(seconds + 900 * HOUR);
    run_expect(&run, "OBJECT FREQ k", ":25\r\n");
}

Test(access, minutes_wrap)
{
    clock_to(65535 * 60);
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    get_times(20);
    clock_to(65538 * 60);
    run_expect(&run, "OBJECT FREQ k", ":22\r\n");
    policy(false, 0, 1);
    run_expect(&run, "OBJECT IDLETIME k", ":180\r\n");
}

Test(access, looking_is_not_using)
{
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    command_run(&run, "EXISTS k");
    command_run(&run, "TTL k");
    command_run(&run, "TYPE k");
    run_expect(&run, "OBJECT FREQ k", ":5\r\n");
    run.ks.no_touch = true;
    command_run(&run, "GET k");
    run.ks.no_touch = false;
    run_expect(&run, "OBJECT FREQ k", ":5\r\n");
    command_run(&run, "TOUCH k");
    run_expect(&run, "OBJECT FREQ k", ":6\r\n");
}

Test(access, overwriting_keeps_the_count)
{
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    get_times(20);
    command_run(&run, "SET k 12345");
    run_expect(&run, "OBJECT FREQ k", ":26\r\n");
    command_run(&run, "RENAME k j");
    run_expect(&run, "OBJECT FREQ j", ":27\r\n");
    command_run(&run, "DEL j");
    command_run(&run, "SET j v");
    run_expect(&run, "OBJECT FREQ j", ":5\r\n");
}

Test(access, a_key_used_before_the_policy_has_the_counter_of_a_new_one)
{
    for (int i = 0; i < 512; i++) { /* whatever the second was */
        policy(false, 0, 1);
        clock_to(seconds + 1);
        command_run(&run, "SET k v");
        policy(true, 0, 1);
        run_expect(&run, "OBJECT FREQ k", ":5\r\n");
        get_times(3);
        run_expect(&run, "OBJECT FREQ k", ":8\r\n");
    }
}

Test(access, minutes_of_a_key_used_before_the_policy_count)
{
    command_run(&run, "SET k v");
    clock_to(seconds + 3 * 60);
    policy(true, 0, 1);
    run_expect(&run, "OBJECT FREQ k", ":2\r\n");
}

Test(access, after_the_policy_idle_time_is_known_to_the_minute)
{
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    get_times(100);
    clock_to(seconds + 5 * 60);
    policy(false, 0, 1);
    run_expect(&run, "OBJECT IDLETIME k", ":300\r\n");
    clock_to(seconds + 7);
    command_run(&run, "GET k");
    clock_to(seconds + 8);
    run_expect(&run, "OBJECT IDLETIME k", ":8\r\n");
}

Test(access, there_and_back_loses_only_what_the_other_form_cannot_hold)
{
    policy(true, 0, 1);
    command_run(&run, "SET k v");
    get_times(20);
    policy(false, 0, 1);
    policy(true, 0, 1);
    run_expect(&run, "OBJECT FREQ k", ":25\r\n");
    policy(false, 0, 1);
    command_run(&run, "GET k");
    policy(true, 0, 1);
    run_expect(&run, "OBJECT FREQ k", ":5\r\n");
}
