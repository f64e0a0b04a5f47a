/* List commands: replies byte for byte, the events observers hear, the form of the value, and
 * waiting. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/keyspace/entry_room.h"
#include "engine/types/list.h"
#include "op_handlers.gen.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define NOT_POSITIVE "-ERR value is out of range, must be positive\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.bulk_max = 512u << 20;
    run.limits.list_max_listpack_size = -2;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(lists, .init = setup, .fini = teardown);
TestSuite(list_edit, .init = setup, .fini = teardown);
TestSuite(list_move, .init = setup, .fini = teardown);
TestSuite(list_form, .init = setup, .fini = teardown);
TestSuite(list_blocking, .init = setup, .fini = teardown);

static struct entry *entry_of(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    return keyspace_find(&run.ks, &run.ks.dbs[0], &name).entry;
}

static bool is_small(const char *key)
{
    return entry_is_small(entry_of(key));
}

Test(lists, elements_are_pushed_one_after_the_other)
{
    run_expect(&run, "LPUSH l a b c", ":3\r\n");
    run_expect_events(&run, "l:lpush:l@0 ");
    run_expect(&run, "RPUSH l d 5", ":5\r\n");
    run_expect_events(&run, "l:rpush:l@0 ");
    run_expect(&run, "LRANGE l 0 -1",
               "*5\r\n$1\r\nc\r\n$1\r\nb\r\n$1\r\na\r\n$1\r\nd\r\n$1\r\n5\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "LLEN l", ":5\r\n");
    run_expect(&run, "LLEN none", ":0\r\n");
}

Test(lists, pushx_wants_a_list)
{
    run_expect(&run, "LPUSHX l a", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "EXISTS l", ":0\r\n");
    command_run(&run, "RPUSH l a");
    run_expect(&run, "LPUSHX l b c", ":3\r\n");
    run_expect_events(&run, "l:lpush:l@0 ");
    run_expect(&run, "RPUSHX l z", ":4\r\n");
    run_expect_events(&run, "l:rpush:l@0 ");
}

Test(lists, pops_answer_one_element_or_an_array)
{
    command_run(&run, "RPUSH l a b c d e");
    run_expect(&run, "LPOP l", "$1\r\na\r\n");
    run_expect_events(&run, "l:lpop:l@0 ");
    run_expect(&run, "RPOP l 2", "*2\r\n$1\r\ne\r\n$1\r\nd\r\n");
    run_expect_events(&run, "l:rpop:l@0 ");
    run_expect(&run, "LPOP l 0", "*0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "LPOP l 9", "*2\r\n$1\r\nb\r\n$1\r\nc\r\n");
    run_expect_events(&run, "l:lpop:l@0 -g:del:l@0 ");
    run_expect(&run, "EXISTS l", ":0\r\n");
}

Test(lists, pops_of_nothing_answer_the_null_that_fits)
{
    run_expect(&run, "LPOP l", "$-1\r\n");
    run_expect(&run, "RPOP l 0", "*-1\r\n");
    run_expect(&run, "LPOP l 1", "*-1\r\n");
    run_expect(&run, "LPOP l -1", NOT_POSITIVE);
    run_expect(&run, "LPOP l x", NOT_POSITIVE);
    run_expect(&run, "LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command\r\n");
    run.reply.resp = 3;
    run_expect(&run, "LPOP l", "_\r\n");
    run_expect(&run, "LPOP l 1", "_\r\n");
}

Test(lists, indexes_count_from_either_end)
{
    command_run(&run, "RPUSH l a b c");
    run_expect(&run, "LINDEX l 0", "$1\r\na\r\n");
    run_expect(&run, "LINDEX l -1", "$1\r\nc\r\n");
    run_expect(&run, "LINDEX l 3", "$-1\r\n");
    run_expect(&run, "LINDEX l -4", "$-1\r\n");
    run_expect(&run, "LINDEX none x", "$-1\r\n");
    run_expect(&run, "LINDEX l x", NOT_INT);
}

Test(lists, ranges_are_clipped)
{
    command_run(&run, "RPUSH l a b c");
    run_expect(&run, "LRANGE l 1 1", "*1\r\n$1\r\nb\r\n");
    run_expect(&run, "LRANGE l -2 100", "*2\r\n$1\r\nb\r\n$1\r\nc\r\n");
    run_expect(&run, "LRANGE l -100 0", "*1\r\n$1\r\na\r\n");
    run_expect(&run, "LRANGE l 2 1", "*0\r\n");
    run_expect(&run, "LRANGE l 0 -9", "*0\r\n");
    run_expect(&run, "LRANGE l -9223372036854775808 9223372036854775807",
               "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
    run_expect(&run, "LRANGE none 0 -1", "*0\r\n");
    run_expect(&run, "LRANGE l 0 x", NOT_INT);
}

Test(lists, other_types_are_refused)
{
    command_run_set(&run, "s", "text", ENTRY_NO_EXPIRY);
    static const char *const lines[] = {
        "LPUSH s a", "RPUSHX s a", "LPOP s", "RPOP s 1", "LLEN s", "LRANGE s 0 1", "LINDEX s 0",
        "LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a", "LTRIM s 0 0", "LPOS s a",
        "LMOVE s l LEFT LEFT", "RPOPLPUSH s l", "LMPOP 1 s LEFT", "BLPOP s 0", "BLMPOP 0 1 s LEFT"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        run_expect(&run, lines[i], WRONG_TYPE);
        run_expect_events(&run, "");
    }
    command_run(&run, "RPUSH l a");
    run_expect(&run, "LMOVE l s LEFT LEFT", WRONG_TYPE);
    run_expect(&run, "LLEN l", ":1\r\n");
    run_expect(&run, "GET l", WRONG_TYPE);
}

Test(lists, pos_finds_matches_from_either_end)
{
    command_run(&run, "RPUSH l a b c 1 2 3 c c");
    run_expect(&run, "LPOS l c", ":2\r\n");
    run_expect(&run, "LPOS l 2", ":4\r\n");
    run_expect(&run, "LPOS l x", "$-1\r\n");
    run_expect(&run, "LPOS l c RANK 2", ":6\r\n");
    run_expect(&run, "LPOS l c rank -1", ":7\r\n");
    run_expect(&run, "LPOS l c COUNT 2", "*2\r\n:2\r\n:6\r\n");
    run_expect(&run, "LPOS l c COUNT 0 RANK -1", "*3\r\n:7\r\n:6\r\n:2\r\n");
    run_expect(&run, "LPOS l c COUNT 0 MAXLEN 3", "*1\r\n:2\r\n");
    run_expect(&run, "LPOS l c COUNT 0 MAXLEN 2", "*0\r\n");
    run_expect(&run, "LPOS none c", "$-1\r\n");
    run_expect(&run, "LPOS none c COUNT 1", "*0\r\n");
}

Test(lists, pos_refuses_options_that_make_no_sense)
{
    run_expect(&run, "LPOS l c RANK 0",
               "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second "
               "... or use negative to start from the end of the list\r\n");
    run_expect(&run, "LPOS l c RANK x", NOT_INT);
    run_expect(&run, "LPOS l c RANK -9223372036854775808",
               "-ERR value is out of range, value must between -9223372036854775807 and "
               "9223372036854775807\r\n");
    run_expect(&run, "LPOS l c COUNT -1", "-ERR COUNT can't be negative\r\n");
    run_expect(&run, "LPOS l c MAXLEN -1", "-ERR MAXLEN can't be negative\r\n");
    run_expect(&run, "LPOS l c MAXLEN", SYNTAX);
    run_expect(&run, "LPOS l c BOGUS 1", SYNTAX);
}

Test(list_edit, set_replaces_an_element)
{
    run_expect(&run, "LSET l 0 x", "-ERR no such key\r\n");
    command_run(&run, "RPUSH l a b c");
    run_expect(&run, "LSET l 1 22", "+OK\r\n");
    run_expect_events(&run, "l:lset:l@0 ");
    run_expect(&run, "LSET l -1 cc", "+OK\r\n");
    run_expect(&run, "LRANGE l 0 -1", "*3\r\n$1\r\na\r\n$2\r\n22\r\n$2\r\ncc\r\n");
    run_expect(&run, "LSET l 3 x", "-ERR index out of range\r\n");
    run_expect(&run, "LSET l x x", NOT_INT);
    run_expect_events(&run, "");
}

Test(list_edit, insert_goes_by_the_first_pivot)
{
    run_expect(&run, "LINSERT l BEFORE a b", ":0\r\n");
    command_run(&run, "RPUSH l a p b p");
    run_expect(&run, "LINSERT l before p 1", ":5\r\n");
    run_expect_events(&run, "l:linsert:l@0 ");
    run_expect(&run, "LINSERT l AFTER b 2", ":6\r\n");
    run_expect(&run, "LRANGE l 0 -1",
               "*6\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\np\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\np\r\n");
    run_expect(&run, "LINSERT l AFTER x 2", ":-1\r\n");
    run_expect(&run, "LINSERT l AT p 2", SYNTAX);
    run_expect_events(&run, "");
}

Test(list_edit, rem_takes_from_the_end_the_sign_says)
{
    command_run(&run, "RPUSH l x a x b x c x");
    run_expect(&run, "LREM l 1 x", ":1\r\n");
    run_expect_events(&run, "l:lrem:l@0 ");
    run_expect(&run, "LREM l -1 x", ":1\r\n");
    run_expect(&run, "LRANGE l 0 -1",
               "*5\r\n$1\r\na\r\n$1\r\nx\r\n$1\r\nb\r\n$1\r\nx\r\n$1\r\nc\r\n");
    run_expect(&run, "LREM l 0 y", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "LREM l 0 x", ":2\r\n");
    run_expect(&run, "LREM l -9223372036854775808 a", ":1\r\n");
    command_run(&run, "LREM l 0 b");
    run_expect(&run, "LREM l 0 c", ":1\r\n");
    run_expect_events(&run, "l:lrem:l@0 -g:del:l@0 ");
    run_expect(&run, "LREM l 0 c", ":0\r\n");
    run_expect(&run, "LREM l x c", NOT_INT);
}

Test(list_edit, trim_keeps_a_range)
{
    command_run(&run, "RPUSH l a b c d e");
    run_expect(&run, "LTRIM l 1 -2", "+OK\r\n");
    run_expect_events(&run, "l:ltrim:l@0 ");
    run_expect(&run, "LRANGE l 0 -1", "*3\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n");
    run_expect(&run, "LTRIM l 5 9", "+OK\r\n");
    run_expect_events(&run, "l:ltrim:l@0 -g:del:l@0 ");
    run_expect(&run, "LTRIM l 0 0", "+OK\r\n");
    run_expect_events(&run, "");
}

Test(list_move, an_element_goes_from_end_to_end)
{
    command_run(&run, "RPUSH a 1 2 3");
    run_expect(&run, "LMOVE a b LEFT RIGHT", "$1\r\n1\r\n");
    run_expect_events(&run, "l:rpush:b@0 l:lpop:a@0 ");
    run_expect(&run, "RPOPLPUSH a b", "$1\r\n3\r\n");
    run_expect_events(&run, "l:lpush:b@0 l:rpop:a@0 ");
    run_expect(&run, "LMOVE a b right left", "$1\r\n2\r\n");
    run_expect_events(&run, "l:lpush:b@0 l:rpop:a@0 -g:del:a@0 ");
    run_expect(&run, "LRANGE b 0 -1", "*3\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n1\r\n");
    run_expect(&run, "LMOVE a b LEFT LEFT", "$-1\r\n");
    run_expect(&run, "LMOVE a b LEFT MIDDLE", SYNTAX);
}

Test(list_move, a_list_may_be_source_and_destination)
{
    command_run(&run, "RPUSH l one");
    run_expect(&run, "LMOVE l l LEFT RIGHT", "$3\r\none\r\n");
    run_expect_events(&run, "l:rpush:l@0 l:lpop:l@0 ");
    command_run(&run, "RPUSH l two three");
    run_expect(&run, "RPOPLPUSH l l", "$5\r\nthree\r\n");
    run_expect(&run, "LMOVE l l LEFT LEFT", "$5\r\nthree\r\n");
    run_expect(&run, "LRANGE l 0 -1", "*3\r\n$5\r\nthree\r\n$3\r\none\r\n$3\r\ntwo\r\n");
}

Test(list_move, mpop_takes_from_the_first_list_that_exists)
{
    command_run(&run, "RPUSH b 1 2 3");
    run_expect(&run, "LMPOP 2 a b LEFT", "*2\r\n$1\r\nb\r\n*1\r\n$1\r\n1\r\n");
    run_expect_events(&run, "l:lpop:b@0 ");
    run_expect(&run, "LMPOP 2 a b RIGHT COUNT 9", "*2\r\n$1\r\nb\r\n*2\r\n$1\r\n3\r\n$1\r\n2\r\n");
    run_expect_events(&run, "l:rpop:b@0 -g:del:b@0 ");
    run_expect(&run, "LMPOP 2 a b RIGHT", "*-1\r\n");
    run_expect(&run, "LMPOP 0 a LEFT", "-ERR numkeys should be greater than 0\r\n");
    run_expect(&run, "LMPOP 2 a LEFT", SYNTAX);
    run_expect(&run, "LMPOP 1 a LEFT COUNT 0", "-ERR count should be greater than 0\r\n");
    run_expect(&run, "LMPOP 1 a LEFT COUNT", SYNTAX);
    run_expect(&run, "LMPOP 1 a LEFT COUNT 1 COUNT 1", SYNTAX);
}

Test(list_form, the_form_follows_the_setting)
{
    run.limits.list_max_listpack_size = 4;
    command_run(&run, "RPUSH l a b c d");
    run_expect(&run, "OBJECT ENCODING l", "$8\r\nlistpack\r\n");
    command_run(&run, "RPUSH l e");
    run_expect(&run, "OBJECT ENCODING l", "$9\r\nquicklist\r\n");
    /* Not before it is down to half, and in one node, does it go back. */
    command_run(&run, "RPOP l");
    cr_assert_not(is_small("l"));
    command_run(&run, "LTRIM l 0 1");
    cr_assert(is_small("l"));
    run_expect(&run, "LRANGE l 0 -1", "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

Test(list_form, a_list_that_lset_makes_small_goes_back)
{
    char line[9000];
    run.limits.list_max_listpack_size = -1; /* 4 KB */
    snprintf(line, sizeof line, "RPUSH l %0*d", 5000, 7);
    command_run(&run, line);
    cr_assert_not(is_small("l"));
    snprintf(line, sizeof line, "LSET l 0 %0*d", 5001, 8);
    run_expect(&run, line, "+OK\r\n");
    cr_assert_not(is_small("l"));
    run_expect(&run, "LSET l -1 c", "+OK\r\n");
    run_expect_events(&run, "l:lset:l@0 ");
    cr_assert(is_small("l"));
    run_expect(&run, "LRANGE l 0 -1", "*1\r\n$1\r\nc\r\n");
}

Test(list_form, every_growing_command_may_make_a_list_large)
{
    run.limits.list_max_listpack_size = 2;
    static const char *const lines[] = {"LPUSH l x", "LINSERT l AFTER a x", "LMOVE m l LEFT LEFT"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        command_run(&run, "DEL l");
        command_run(&run, "RPUSH m x");
        command_run(&run, "RPUSH l a b");
        cr_assert(is_small("l"));
        command_run(&run, lines[i]);
        cr_assert_not(is_small("l"), "%s", lines[i]);
        run_expect(&run, "LLEN l", ":3\r\n");
    }
}

Test(list_form, the_expiry_stays_when_the_form_changes)
{
    run.limits.list_max_listpack_size = 2;
    command_run(&run, "RPUSH l a b");
    command_run(&run, "PEXPIREAT l 5000000");
    command_run(&run, "RPUSH l c d");
    cr_assert_not(is_small("l"));
    run_expect(&run, "PEXPIRETIME l", ":5000000\r\n");
    command_run(&run, "LTRIM l 0 0");
    cr_assert(is_small("l"));
    run_expect(&run, "PEXPIRETIME l", ":5000000\r\n");
}

Test(list_form, large_elements_are_taken_from_the_request)
{
    struct blob *blob = blob_try(100000, 100000);
    memset(blob->data, 'x', blob->len);
    struct bytes argv[] = {bytes_of("RPUSH"), bytes_of("l"), bytes_make(blob->data, blob->len),
                           bytes_of("tail")};
    struct blob *blobs[4] = {[2] = blob};
    struct op op = {.ks = &run.ks, .db = run.ks.dbs, .command = command_find(argv[0]),
                    .argv = argv, .argc = 4, .reply = &run.reply, .limits = &run.limits,
                    .blobs = blobs};
    op.key = op_key(&op, 1);
    op_rpush(&op);
    cr_assert_null(blobs[2]);
    struct list_cursor cursor = list_seek(entry_object(entry_of("l")), 0);
    cr_assert_eq(list_get(cursor).blob, blob);

    /* The reply refers to it, and it outlives its list. */
    command_run(&run, "LPOP l");
    cr_assert_eq(run.reply.ref_count, 1);
    cr_assert_eq(run.reply.refs[0].blob, blob);
    cr_assert(blob_sole(blob));
    run_expect(&run, "LRANGE l 0 -1", "*1\r\n$4\r\ntail\r\n");
}

Test(list_form, copies_and_removals_of_large_lists)
{
    run.limits.list_max_listpack_size = 3;
    for (int i = 0; i < 500; i++) command_run(&run, "RPUSH l a b c d");
    run_expect(&run, "COPY l m", ":1\r\n");
    run_expect(&run, "LREM l 0 a", ":500\r\n");
    run_expect(&run, "LLEN m", ":2000\r\n");
    run_expect(&run, "LLEN l", ":1500\r\n");
    run_expect(&run, "UNLINK l m", ":2\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    while (keyspace_reclaim(&run.ks, 100)) continue;
}

/* Commands at random: a server whose lists are large from three elements on answers as one
 * whose lists are all small. */
Test(list_form, both_forms_answer_the_same)
{
    static const char *const shapes[] = {
        "LPUSH %s %s %d", "RPUSH %s %s %d", "LPOP %s %.0s%d", "RPOP %s %.0s%d",
        "LINSERT %s BEFORE 3 %s", "LINSERT %s AFTER 4 %s", "LSET %s %.0s%d x%d", "LREM %s %.0s%d 3",
        "LTRIM %s %.0s%d -3", "LRANGE %s %.0s%d -1", "LINDEX %s %.0s%d", "LMOVE %s %s LEFT RIGHT",
        "RPOPLPUSH %s %s", "LPOS %s 3 COUNT 0%.0s", "LREM %s %.0s-%d 4", "LPUSH %s %s %d a b 4",
        "RPUSH %s %s %d long-long-long-long 3", "RPUSH %s a b c d 3 4 %s", "LPUSH %s 3 4 %s 3 4"};
    static const char *const keys[] = {"a", "b", "3", "4"};
    struct command_run other;
    struct rng rng;
    command_run_init(&other);
    other.limits = run.limits;
    run.limits.list_max_listpack_size = 3;
    rng_init(&rng, 5);
    for (int i = 0; i < 30000; i++) {
        char line[200];
        int number = (int)rng_below(&rng, 8);
        const char *shape = shapes[rng_below(&rng, sizeof shapes / sizeof *shapes)];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(line, sizeof line, shape, keys[rng_below(&rng, 2)], keys[rng_below(&rng, 4)],
                 number, number);
#pragma GCC diagnostic pop
        cr_assert_str_eq(command_run(&run, line), command_run(&other, line), "%s: %s, %s", line,
                         run.reply.data, other.reply.data);
        cr_assert_str_eq(run.events, other.events, "%s", line);
    }
    command_run_deinit(&other);
}

static const char *const blocking[] = {
    "BLPOP a b 1.5", "BRPOP a b 1.5", "BLMOVE b a LEFT RIGHT 1.5", "BRPOPLPUSH b a 1.5",
    "BLMPOP 1.5 2 a b LEFT"};

#define BLOCKING_COUNT (sizeof blocking / sizeof *blocking)

Test(list_blocking, commands_that_find_nothing_wait)
{
    int64_t timeout_ms = -1;
    for (size_t i = 0; i < BLOCKING_COUNT; i++) {
        cr_assert(command_run_waiting(&run, blocking[i], &timeout_ms), "%s", blocking[i]);
        cr_assert_eq(timeout_ms, 1500);
        run_expect_events(&run, "");
    }
}

Test(list_blocking, commands_that_may_not_wait_answer_null)
{
    for (size_t i = 0; i < BLOCKING_COUNT; i++) run_expect(&run, blocking[i], "*-1\r\n");
    run.reply.resp = 3;
    for (size_t i = 0; i < BLOCKING_COUNT; i++) run_expect(&run, blocking[i], "_\r\n");
}

Test(list_blocking, commands_that_find_something_take_it_at_once)
{
    static const char *const replies[] = {
        "*2\r\n$1\r\nb\r\n$1\r\n1\r\n", "*2\r\n$1\r\nb\r\n$1\r\n2\r\n", "$1\r\n1\r\n",
        "$1\r\n2\r\n", "*2\r\n$1\r\nb\r\n*1\r\n$1\r\n1\r\n"};
    int64_t timeout_ms;
    for (size_t i = 0; i < BLOCKING_COUNT; i++) {
        command_run(&run, "DEL a b");
        command_run(&run, "RPUSH b 1 2");
        cr_assert_not(command_run_waiting(&run, blocking[i], &timeout_ms));
        cr_assert_str_eq(run.reply.data, replies[i], "%s: %s", blocking[i], run.reply.data);
        run_expect(&run, "LLEN b", ":1\r\n");
    }
}

Test(list_blocking, errors_are_replied_even_where_it_would_wait)
{
    int64_t timeout_ms;
    static const char *const lines[] = {"BLPOP a x", "BLPOP a -1", "BLMOVE a b LEFT UP 0",
                                        "BRPOPLPUSH a b x", "BLMPOP 0 0 a LEFT"};
    static const char *const replies[] = {
        "-ERR timeout is not a float or out of range\r\n", "-ERR timeout is negative\r\n", SYNTAX,
        "-ERR timeout is not a float or out of range\r\n",
        "-ERR numkeys should be greater than 0\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cr_assert_not(command_run_waiting(&run, lines[i], &timeout_ms), "%s", lines[i]);
        cr_assert_str_eq(run.reply.data, replies[i], "%s: %s", lines[i], run.reply.data);
    }
}

Test(list_form, what_a_trim_cuts_off_is_freed_in_slices)
{
    run.limits.list_max_listpack_size = 1;
    for (int i = 0; i < 1000; i++) command_run(&run, "RPUSH l x");
    run_expect(&run, "LTRIM l 500 501", "+OK\r\n");
    run_expect_events(&run, "l:ltrim:l@0 ");
    run_expect(&run, "LRANGE l 0 -1", "*2\r\n$1\r\nx\r\n$1\r\nx\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    int slices = 1;
    while (keyspace_reclaim(&run.ks, 100)) slices++;
    cr_assert_geq(slices, 9);
    command_run(&run, "RPUSH l y");
    run_expect(&run, "LPOP l 2", "*2\r\n$1\r\nx\r\n$1\r\nx\r\n");
    cr_assert_not(keyspace_has_garbage(&run.ks));
}
