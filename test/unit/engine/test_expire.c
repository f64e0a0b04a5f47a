/* Commands that set, tell and take away expiries: replies byte for byte, and events. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "test/unit/engine/command_run.h"

#define NOT_INT "-ERR value is not an integer or out of range\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    command_run_set(&run, "a", "1", ENTRY_NO_EXPIRY);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(expire, .init = setup, .fini = teardown);

/* The clock stands at 1000000 ms. */
Test(expire, each_command_sets_the_same_expiry_in_its_own_unit)
{
    static const char *const lines[] = {"EXPIRE a 20", "PEXPIRE a 20000", "EXPIREAT a 1020",
                                        "PEXPIREAT a 1020000"};
    for (int i = 0; i < 4; i++) {
        run_expect(&run, lines[i], ":1\r\n");
        run_expect_events(&run, "g:expire:a@0 ");
        run_expect(&run, "TTL a", ":20\r\n");
        run_expect(&run, "PTTL a", ":20000\r\n");
        run_expect(&run, "EXPIRETIME a", ":1020\r\n");
        run_expect(&run, "PEXPIRETIME a", ":1020000\r\n");
        run_expect(&run, "PERSIST a", ":1\r\n");
    }
}

Test(expire, times_are_told_for_no_key_and_no_expiry)
{
    static const char *const names[] = {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"};
    char line[32];
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof line, "%s a", names[i]);
        run_expect(&run, line, ":-1\r\n");
        snprintf(line, sizeof line, "%s b", names[i]);
        run_expect(&run, line, ":-2\r\n");
    }
}

Test(expire, seconds_are_rounded_to_the_nearest)
{
    run_expect(&run, "PEXPIRE a 1499", ":1\r\n");
    run_expect(&run, "TTL a", ":1\r\n");
    run_expect(&run, "PEXPIRE a 1500", ":1\r\n");
    run_expect(&run, "TTL a", ":2\r\n");
    run_expect(&run, "EXPIRETIME a", ":1002\r\n");
    run_expect(&run, "PEXPIRE a 400", ":1\r\n");
    run_expect(&run, "TTL a", ":0\r\n");
}

Test(expire, a_key_is_gone_after_its_time)
{
    run_expect(&run, "PEXPIRE a 100", ":1\r\n");
    run.ks.now_ms += 100;
    run_expect(&run, "PTTL a", ":0\r\n");
    run.ks.now_ms++;
    run_expect(&run, "PTTL a", ":-2\r\n");
    run_expect_events(&run, "x:expired:a@0 ");
}

Test(expire, a_time_that_has_passed_deletes_the_key)
{
    static const char *const lines[] = {"EXPIRE a -1", "EXPIRE a 0",
                                        "PEXPIRE a -9000000000000000000",
                                        "EXPIREAT a 999", "EXPIREAT a -1", "PEXPIREAT a 1000000",
                                        "PEXPIREAT a -1"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        command_run_set(&run, "a", "1", ENTRY_NO_EXPIRY);
        run_expect(&run, lines[i], ":1\r\n");
        run_expect_events(&run, "-g:del:a@0 ");
        run_expect(&run, "EXISTS a", ":0\r\n");
    }
}

Test(expire, a_missing_key_gets_no_expiry)
{
    run_expect(&run, "EXPIRE b 10", ":0\r\n");
    run_expect(&run, "PEXPIREAT b 1", ":0\r\n");
    run_expect_events(&run, "");
}

Test(expire, nx_wants_no_expiry_and_xx_wants_one)
{
    run_expect(&run, "EXPIRE a 10 XX", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "EXPIRE a 10 NX", ":1\r\n");
    run_expect(&run, "EXPIRE a 20 nx", ":0\r\n");
    run_expect(&run, "TTL a", ":10\r\n");
    run_expect(&run, "EXPIRE a 20 xx", ":1\r\n");
    run_expect(&run, "TTL a", ":20\r\n");
}

Test(expire, gt_and_lt_take_no_expiry_for_infinite)
{
    run_expect(&run, "EXPIRE a 10 GT", ":0\r\n");
    run_expect(&run, "TTL a", ":-1\r\n");
    run_expect(&run, "EXPIRE a 10 LT", ":1\r\n");
    run_expect(&run, "EXPIRE a 10 LT", ":0\r\n");
    run_expect(&run, "EXPIRE a 10 GT", ":0\r\n");
    run_expect(&run, "EXPIRE a 11 LT", ":0\r\n");
    run_expect(&run, "EXPIRE a 11 GT", ":1\r\n");
    run_expect(&run, "EXPIRE a 10 GT", ":0\r\n");
    run_expect(&run, "EXPIRE a 5 LT XX", ":1\r\n");
    run_expect(&run, "TTL a", ":5\r\n");
    run_expect(&run, "EXPIRE a -5 GT", ":0\r\n");
    run_expect(&run, "EXPIRE a -5 LT", ":1\r\n");
    run_expect_events(&run, "-g:del:a@0 ");
}

Test(expire, xx_goes_with_gt_and_lt)
{
    run_expect(&run, "EXPIRE a 10 XX LT", ":0\r\n");
    run_expect(&run, "EXPIRE a 10 XX GT", ":0\r\n");
    run_expect(&run, "EXPIRE a 10", ":1\r\n");
    run_expect(&run, "EXPIRE a 12 XX GT", ":1\r\n");
}

Test(expire, options_that_exclude_each_other_are_an_error)
{
    static const char not_with_nx[] =
        "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n";
    run_expect(&run, "EXPIRE a 10 NX XX", not_with_nx);
    run_expect(&run, "EXPIRE a 10 GT NX", not_with_nx);
    run_expect(&run, "EXPIRE a x LT NX GT", not_with_nx);
    run_expect(&run, "EXPIRE a 10 GT LT",
               "-ERR GT and LT options at the same time are not compatible\r\n");
    run_expect(&run, "EXPIRE a x NX YY", "-ERR Unsupported option YY\r\n");
}

Test(expire, a_time_must_be_an_integer_in_range)
{
    run_expect(&run, "EXPIRE a x", NOT_INT);
    run_expect(&run, "EXPIRE a 1.5", NOT_INT);
    run_expect(&run, "EXPIRE a 9223372036854775808", NOT_INT);
    run_expect(&run, "EXPIRE a 9223372036854775807",
               "-ERR invalid expire time in 'expire' command\r\n");
    run_expect(&run, "EXPIRE b -9223372036854775807",
               "-ERR invalid expire time in 'expire' command\r\n");
    run_expect(&run, "PEXPIRE b 9223372036854775807",
               "-ERR invalid expire time in 'pexpire' command\r\n");
    run_expect(&run, "EXPIREAT a 9223372036854776",
               "-ERR invalid expire time in 'expireat' command\r\n");
    run_expect(&run, "PEXPIREAT a 9223372036854775807", ":1\r\n");
    run_expect(&run, "PEXPIRETIME a", ":9223372036854775807\r\n");
    run_expect(&run, "EXPIRETIME a", ":9223372036854776\r\n");
}

Test(expire, persist_takes_away_an_expiry_once)
{
    run_expect(&run, "PERSIST a", ":0\r\n");
    run_expect(&run, "EXPIRE a 10", ":1\r\n");
    run_expect(&run, "PERSIST a", ":1\r\n");
    run_expect_events(&run, "g:persist:a@0 ");
    run_expect(&run, "TTL a", ":-1\r\n");
    run_expect(&run, "PERSIST a", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "PERSIST b", ":0\r\n");
    cr_assert_eq(run.ks.dbs[0].expiring, 0);
}
