/* BZPOPMIN, BZPOPMAX and BZMPOP: what they reply, what observers hear, when they wait. */
#include <criterion/criterion.h>

#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.zset_max_listpack_entries = 128;
    run.limits.zset_max_listpack_value = 64;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(zset_blocking, .init = setup, .fini = teardown);

static const char *const lines[] = {"BZPOPMIN a b 1.5", "BZPOPMAX a b 1.5",
                                    "BZMPOP 1.5 2 a b MIN", "BZMPOP 1.5 2 a b max COUNT 2"};

#define COUNT (sizeof lines / sizeof *lines)

Test(zset_blocking, commands_that_find_nothing_wait)
{
    int64_t timeout_ms = -1;
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert(command_run_waiting(&run, lines[i], &timeout_ms), "%s", lines[i]);
        cr_assert_eq(timeout_ms, 1500);
        run_expect_events(&run, "");
    }
    cr_assert(command_run_waiting(&run, "BZPOPMIN a 0", &timeout_ms));
    cr_assert_eq(timeout_ms, 0);
}

Test(zset_blocking, commands_that_may_not_wait_answer_null)
{
    for (size_t i = 0; i < COUNT; i++) run_expect(&run, lines[i], "*-1\r\n");
    run.reply.resp = 3;
    for (size_t i = 0; i < COUNT; i++) run_expect(&run, lines[i], "_\r\n");
}

/* Runs each line on a set of its own; it must not wait. */
static void expect_taken(const char *const *replies)
{
    static const char *const events[] = {"z:zpopmin:b@0 ", "z:zpopmax:b@0 ", "z:zpopmin:b@0 ",
                                         "z:zpopmax:b@0 "};
    int64_t timeout_ms;
    for (size_t i = 0; i < COUNT; i++) {
        command_run(&run, "DEL a b");
        command_run(&run, "ZADD b 1 one 2.5 two 3 three");
        cr_assert_not(command_run_waiting(&run, lines[i], &timeout_ms));
        cr_assert_str_eq(run.reply.data, replies[i], "%s: %s", lines[i], run.reply.data);
        run_expect_events(&run, events[i]);
        run_expect(&run, "ZCARD b", i == 3 ? ":1\r\n" : ":2\r\n");
    }
}

Test(zset_blocking, commands_that_find_something_take_it_at_once)
{
    static const char *const resp2[] = {
        "*3\r\n$1\r\nb\r\n$3\r\none\r\n$1\r\n1\r\n",
        "*3\r\n$1\r\nb\r\n$5\r\nthree\r\n$1\r\n3\r\n",
        "*2\r\n$1\r\nb\r\n*1\r\n*2\r\n$3\r\none\r\n$1\r\n1\r\n",
        "*2\r\n$1\r\nb\r\n*2\r\n*2\r\n$5\r\nthree\r\n$1\r\n3\r\n*2\r\n$3\r\ntwo\r\n$3\r\n2.5\r\n"};
    static const char *const resp3[] = {
        "*3\r\n$1\r\nb\r\n$3\r\none\r\n,1\r\n",
        "*3\r\n$1\r\nb\r\n$5\r\nthree\r\n,3\r\n",
        "*2\r\n$1\r\nb\r\n*1\r\n*2\r\n$3\r\none\r\n,1\r\n",
        "*2\r\n$1\r\nb\r\n*2\r\n*2\r\n$5\r\nthree\r\n,3\r\n*2\r\n$3\r\ntwo\r\n,2.5\r\n"};
    expect_taken(resp2);
    run.reply.resp = 3;
    expect_taken(resp3);
}

Test(zset_blocking, the_first_set_with_members_is_taken_from_and_goes_with_its_last)
{
    command_run(&run, "ZADD b 1 x");
    command_run(&run, "ZADD c 1 y");
    run_expect(&run, "BZPOPMAX a b c 0", "*3\r\n$1\r\nb\r\n$1\r\nx\r\n$1\r\n1\r\n");
    run_expect_events(&run, "z:zpopmax:b@0 -g:del:b@0 ");
    run_expect(&run, "BZMPOP 0 3 a b c MIN COUNT 9",
               "*2\r\n$1\r\nc\r\n*1\r\n*2\r\n$1\r\ny\r\n$1\r\n1\r\n");
    run_expect_events(&run, "z:zpopmin:c@0 -g:del:c@0 ");
    run_expect(&run, "EXISTS a b c", ":0\r\n");
}

Test(zset_blocking, errors_are_replied_even_where_it_would_wait)
{
    static const struct {
        const char *line, *reply;
    } wrong[] = {
        {"BZPOPMIN a x", "-ERR timeout is not a float or out of range\r\n"},
        {"BZPOPMAX a -1", "-ERR timeout is negative\r\n"},
        {"BZPOPMAX a s 1", WRONG_TYPE},
        {"BZMPOP 0 2 a s MIN", WRONG_TYPE},
        {"BZMPOP x 0 a MIN", "-ERR timeout is not a float or out of range\r\n"},
        {"BZMPOP 0 0 a MIN", "-ERR numkeys should be greater than 0\r\n"},
        {"BZMPOP 0 9 a MIN", "-ERR syntax error\r\n"},
        {"BZMPOP 0 1 a MID", "-ERR syntax error\r\n"},
        {"BZMPOP 0 1 a MIN COUNT", "-ERR syntax error\r\n"},
        {"BZMPOP 0 1 a MIN COUNT 0", "-ERR count should be greater than 0\r\n"},
        {"BZMPOP 0 1 a MIN COUNT 0 x", "-ERR count should be greater than 0\r\n"},
        {"BZMPOP 0 1 a MIN COUNT 1 COUNT 1", "-ERR syntax error\r\n"},
    };
    int64_t timeout_ms;
    command_run_set(&run, "s", "text", ENTRY_NO_EXPIRY);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_not(command_run_waiting(&run, wrong[i].line, &timeout_ms), "%s", wrong[i].line);
        cr_assert_str_eq(run.reply.data, wrong[i].reply, "%s: %s", wrong[i].line, run.reply.data);
    }
}
