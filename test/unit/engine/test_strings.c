/* Strings, parts of strings, counters and LCS: replies byte for byte, the events observers hear,
 * and where the bytes of a value lie. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "test/unit/engine/command_run.h"

#define NONE ENTRY_NO_EXPIRY
#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define NOT_FLOAT "-ERR value is not a valid float\r\n"
#define TOO_LONG "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.bulk_max = 512u << 20;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(strings, .init = setup, .fini = teardown);
TestSuite(string_edit, .init = setup, .fini = teardown);
TestSuite(counters, .init = setup, .fini = teardown);
TestSuite(lcs, .init = setup, .fini = teardown);
TestSuite(prefetch, .init = setup, .fini = teardown);

static struct entry *entry_of(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    return keyspace_find(&run.ks, &run.ks.dbs[0], &name).entry;
}

/* A key of another type. */
static void put_list(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    struct found found = keyspace_write(&run.ks, &run.ks.dbs[0], &name);
    struct value list = {.type = TYPE_LIST, .encoding = ENCODING_EMBEDDED,
                         .embedded = bytes_of("x")};
    keyspace_put(&run.ks, &run.ks.dbs[0], &name, &found, list, NONE);
}

/* Runs a command of three arguments at most, the last one being `len` times a byte. */
static void run_long(const char *command, const char *key, const char *middle, char byte,
                     size_t len)
{
    char *text = alloc_get(len);
    memset(text, byte, len);
    struct bytes argv[4] = {bytes_of(command), bytes_of(key)};
    int argc = 2;
    if (middle != NULL)
        argv[argc++] = bytes_of(middle);
    argv[argc++] = bytes_make(text, len);
    command_run_args(&run, argc, argv);
    alloc_free(text);
}

Test(strings, what_was_set_is_got)
{
    run_expect(&run, "GET a", "$-1\r\n");
    run_expect(&run, "SET a value", "+OK\r\n");
    run_expect_events(&run, "$:set:a@0 ");
    run_expect(&run, "GET a", "$5\r\nvalue\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SET a ''", "+OK\r\n");
    run_expect(&run, "GET a", "$0\r\n\r\n");
    run_expect(&run, "STRLEN a", ":0\r\n");
    run_expect(&run, "STRLEN none", ":0\r\n");
    run.reply.resp = 3;
    run_expect(&run, "GET none", "_\r\n");
}

Test(strings, integers_are_kept_as_numbers_only_if_they_read_back_the_same)
{
    command_run(&run, "SET a -12");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_INT);
    run_expect(&run, "STRLEN a", ":3\r\n");
    run_expect(&run, "GET a", "$3\r\n-12\r\n");
    command_run(&run, "SET a 012");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_EMBEDDED);
}

Test(strings, other_types_are_refused)
{
    put_list("l");
    run_expect(&run, "GET l", WRONG_TYPE);
    run_expect(&run, "GETSET l x", WRONG_TYPE);
    run_expect(&run, "GETDEL l", WRONG_TYPE);
    run_expect(&run, "GETEX l PERSIST", WRONG_TYPE);
    run_expect(&run, "STRLEN l", WRONG_TYPE);
    run_expect(&run, "SET l x GET", WRONG_TYPE);
    run_expect_events(&run, "");
    run_expect(&run, "MGET l l", "*2\r\n$-1\r\n$-1\r\n");
    run_expect(&run, "SET l x", "+OK\r\n");
    run_expect(&run, "GET l", "$1\r\nx\r\n");
}

Test(strings, set_obeys_nx_and_xx)
{
    run_expect(&run, "SET a 1 XX", "$-1\r\n");
    run_expect(&run, "SET a 1 nx", "+OK\r\n");
    run_expect(&run, "SET a 2 NX", "$-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SET a 3 XX", "+OK\r\n");
    run_expect(&run, "SET a 4 NX XX", SYNTAX);
    run_expect(&run, "SETNX a 5", ":0\r\n");
    run_expect(&run, "SETNX b 5", ":1\r\n");
    run_expect_events(&run, "$:set:b@0 ");
    run_expect(&run, "GET a", "$1\r\n3\r\n");
}

Test(strings, set_get_answers_the_old_value_with_nx_too)
{
    run_expect(&run, "SET a 1 GET", "$-1\r\n");
    run_expect_events(&run, "$:set:a@0 ");
    run_expect(&run, "SET a 2 NX GET", "$1\r\n1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SET a 2 XX GET", "$1\r\n1\r\n");
    run_expect(&run, "SET b 2 XX GET", "$-1\r\n");
    run_expect(&run, "GETSET a 9", "$1\r\n2\r\n");
    run_expect(&run, "GET a", "$1\r\n9\r\n");
}

Test(strings, set_takes_each_kind_of_expiry)
{
    run_expect(&run, "SET a x EX 10", "+OK\r\n");
    run_expect_events(&run, "$:set:a@0 g:expire:a@0 ");
    cr_assert_eq(entry_expiry(entry_of("a")), 1010000);
    run_expect(&run, "SET a x px 10", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 1000010);
    run_expect(&run, "SET a x EXAT 2000", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 2000000);
    run_expect(&run, "SET a x PXAT 2000001", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 2000001);
    run_expect(&run, "SET a y KEEPTTL", "+OK\r\n");
    run_expect_events(&run, "$:set:a@0 ");
    cr_assert_eq(entry_expiry(entry_of("a")), 2000001);
    run_expect(&run, "SET a y", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), NONE);
    run_expect(&run, "SETEX a 7 x", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 1007000);
    run_expect(&run, "PSETEX a 7 x", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 1000007);
}

Test(strings, set_with_an_expiry_that_has_passed_leaves_no_key)
{
    run_expect(&run, "SET a x EXAT 1", "+OK\r\n");
    run_expect_events(&run, "$:set:a@0 g:expire:a@0 ");
    run_expect(&run, "GET a", "$-1\r\n");
    run_expect_events(&run, "x:expired:a@0 ");
}

Test(strings, bad_options_of_set_are_refused)
{
    run_expect(&run, "SET a x EX", SYNTAX);
    run_expect(&run, "SET a x EX 1 PX 1", SYNTAX);
    run_expect(&run, "SET a x KEEPTTL EX 1", SYNTAX);
    run_expect(&run, "SET a x EX 1 KEEPTTL", SYNTAX);
    run_expect(&run, "SET a x PERSIST", SYNTAX);
    run_expect(&run, "SET a x FOO", SYNTAX);
    run_expect(&run, "SET a x EX z", NOT_INT);
    run_expect(&run, "SET a x EX 0", "-ERR invalid expire time in 'set' command\r\n");
    run_expect(&run, "SET a x EX 9223372036854775807",
               "-ERR invalid expire time in 'set' command\r\n");
    run_expect(&run, "SET a x PX 9223372036854775807",
               "-ERR invalid expire time in 'set' command\r\n");
    run_expect(&run, "SETEX a -1 x", "-ERR invalid expire time in 'setex' command\r\n");
    run_expect(&run, "PSETEX a 0 x", "-ERR invalid expire time in 'psetex' command\r\n");
    run_expect(&run, "SET a x EX 1 EX 2", "+OK\r\n");
    cr_assert_eq(entry_expiry(entry_of("a")), 1002000);
}

Test(strings, getdel_deletes_what_it_answers)
{
    command_run(&run, "SET a x");
    run_expect(&run, "GETDEL a", "$1\r\nx\r\n");
    run_expect_events(&run, "-g:del:a@0 ");
    run_expect(&run, "GETDEL a", "$-1\r\n");
    run_expect_events(&run, "");
}

Test(strings, getex_changes_the_expiry_it_is_told_to)
{
    command_run(&run, "SET a x");
    run_expect(&run, "GETEX a", "$1\r\nx\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "GETEX a EX 10", "$1\r\nx\r\n");
    run_expect_events(&run, "g:expire:a@0 ");
    cr_assert_eq(entry_expiry(entry_of("a")), 1010000);
    run_expect(&run, "GETEX a PERSIST", "$1\r\nx\r\n");
    run_expect_events(&run, "g:persist:a@0 ");
    cr_assert_eq(entry_expiry(entry_of("a")), NONE);
    run_expect(&run, "GETEX a PERSIST", "$1\r\nx\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "GETEX a PERSIST EX 1", SYNTAX);
    run_expect(&run, "GETEX a NX", SYNTAX);
    run_expect(&run, "GETEX a EX 0", "-ERR invalid expire time in 'getex' command\r\n");
    run_expect(&run, "GETEX none EX 0", "$-1\r\n");
    run_expect(&run, "GETEX a PXAT 1", "$1\r\nx\r\n");
    run_expect_events(&run, "-g:del:a@0 ");
}

Test(strings, mset_and_mget_take_many_keys)
{
    run_expect(&run, "MSET a 1 b two a 3", "+OK\r\n");
    run_expect_events(&run, "$:set:a@0 $:set:b@0 $:set:a@0 ");
    run_expect(&run, "MGET a none b", "*3\r\n$1\r\n3\r\n$-1\r\n$3\r\ntwo\r\n");
    run_expect(&run, "MSET a 1 b", "-ERR wrong number of arguments for 'mset' command\r\n");
    run_expect(&run, "MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command\r\n");
    run_expect(&run, "MSETNX c 1 a 2", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "MSETNX c 1 d 2", ":1\r\n");
    run_expect_events(&run, "$:set:c@0 $:set:d@0 ");
    run.reply.resp = 3;
    run_expect(&run, "MGET none", "*1\r\n_\r\n");
}

Test(strings, mget_marks_the_end_of_each_element)
{
    enum { KEYS = 40 };
    static char names[KEYS][16];
    struct bytes argv[KEYS + 1] = {bytes_of("MGET")};
    struct reply_mark marks[KEYS];
    for (int i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof names[i], "key%02d", i);
        argv[i + 1] = bytes_of(names[i]);
        if (i % 2 == 0)
            command_run_set(&run, names[i], "xy", NONE);
    }
    reply_clear(&run.reply, 1024);
    struct op op = {.ks = &run.ks, .db = run.ks.dbs, .command = command_find(argv[0]),
                    .argv = argv, .argc = KEYS + 1, .reply = &run.reply,
                    .limits = &run.limits, .marks = marks};
    op.command->op(&op);
    size_t at = strlen("*40\r\n");
    for (int i = 0; i < KEYS; i++) {
        at += strlen(i % 2 == 0 ? "$2\r\nxy\r\n" : "$-1\r\n");
        cr_assert_eq(marks[i].len, at);
        cr_assert_eq(marks[i].refs, 0);
    }
    cr_assert_eq(run.reply.len, at);
}

Test(strings, a_long_value_is_taken_over_from_the_request_and_answered_from_where_it_lies)
{
    struct blob *blob = blob_try(10000, 10000);
    memset(blob->data, 'x', 10000);
    struct bytes argv[] = {bytes_of("SET"), bytes_of("a"), {blob->data, blob->len}};
    struct blob *blobs[] = {NULL, NULL, blob};
    struct op op = {.ks = &run.ks, .db = run.ks.dbs, .command = command_find(argv[0]),
                    .argv = argv, .argc = 3, .reply = &run.reply, .limits = &run.limits,
                    .blobs = blobs};
    op.key = op_key(&op, 1);
    op.command->op(&op);
    cr_assert_null(blobs[2]);
    cr_assert_eq(entry_blob(entry_of("a")), blob);
    command_run(&run, "GET a");
    cr_assert_eq(run.reply.ref_count, 1);
    cr_assert_eq(run.reply.refs[0].blob, blob);
    cr_assert_not(blob_sole(blob));
}

Test(string_edit, append_makes_and_extends)
{
    run_expect(&run, "APPEND a 12", ":2\r\n");
    run_expect_events(&run, "$:append:a@0 ");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_INT);
    run_expect(&run, "APPEND a 3x", ":4\r\n");
    run_expect(&run, "GET a", "$4\r\n123x\r\n");
    cr_assert(entry_of("a")->flags & ENTRY_EDITED);
    run_expect(&run, "APPEND a ''", ":4\r\n");
    run_expect_events(&run, "$:append:a@0 ");
    put_list("l");
    run_expect(&run, "APPEND l x", WRONG_TYPE);
}

Test(string_edit, a_string_keeps_its_expiry_when_edited)
{
    command_run(&run, "SET a 1 PX 50");
    command_run(&run, "APPEND a x");
    command_run(&run, "SETRANGE a 3000 y");
    cr_assert_eq(entry_expiry(entry_of("a")), 1000050);
}

Test(string_edit, many_appends_give_the_bytes_in_order_across_all_encodings)
{
    char expected[6000];
    for (size_t i = 0; i < sizeof expected; i++) {
        expected[i] = (char)('a' + i % 26);
        struct bytes argv[] = {bytes_of("APPEND"), bytes_of("a"), {&expected[i], 1}};
        command_run_args(&run, 3, argv);
    }
    struct blob *blob = entry_blob(entry_of("a"));
    cr_assert_eq(blob->len, sizeof expected);
    cr_assert_eq(memcmp(blob->data, expected, sizeof expected), 0);
    cr_assert_gt(blob->cap, blob->len);
}

Test(string_edit, a_blob_is_changed_in_place_unless_somebody_else_holds_it)
{
    run_long("SET", "a", NULL, 'x', 9000);
    command_run(&run, "SETRANGE a 0 y");
    struct blob *blob = entry_blob(entry_of("a"));
    command_run(&run, "SETRANGE a 1 y");
    cr_assert_eq(entry_blob(entry_of("a")), blob);
    blob_get(blob);
    command_run(&run, "SETRANGE a 2 y");
    cr_assert_neq(entry_blob(entry_of("a")), blob);
    cr_assert_eq(memcmp(blob->data, "yyx", 3), 0);
    cr_assert_eq(memcmp(entry_blob(entry_of("a"))->data, "yyy", 3), 0);
    blob_put(blob);
}

Test(string_edit, setrange_pads_with_zeroes)
{
    char text[256];
    run_expect(&run, "SETRANGE a 3 ''", ":0\r\n");
    run_expect_events(&run, "");
    cr_assert_null(entry_of("a"));
    run_expect(&run, "SETRANGE a 2 xy", ":4\r\n");
    run_expect_events(&run, "$:setrange:a@0 ");
    command_run(&run, "GET a");
    cr_assert_eq(memcmp(run.reply.data, "$4\r\n\0\0xy\r\n", 10), 0);
    run_expect(&run, "SETRANGE a 1 ''", ":4\r\n");
    run_expect_events(&run, "");
    command_run(&run, "SET a Hello_World");
    run_expect(&run, "SETRANGE a 6 Redis", ":11\r\n");
    cr_assert_str_eq(command_run_get(&run, "a", text), "Hello_Redis");
}

Test(string_edit, bytes_between_a_string_and_a_far_offset_are_zero)
{
    static const size_t lengths[] = {10, 2000, 3000, 300000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char offset[32];
        snprintf(offset, sizeof offset, "%zu", lengths[i] - 1);
        command_run(&run, "SET a abc");
        struct bytes argv[] = {bytes_of("SETRANGE"), bytes_of("a"), bytes_of(offset),
                               bytes_of("z")};
        command_run_args(&run, 4, argv);
        char scratch[NUMBER_I64_MAX];
        struct bytes now = entry_string(entry_of("a"), scratch);
        cr_assert_eq(now.len, lengths[i]);
        cr_assert_eq(memcmp(now.data, "abc", 3), 0);
        for (size_t at = 3; at < now.len - 1; at++)
            cr_assert_eq(now.data[at], 0);
        cr_assert_eq(now.data[now.len - 1], 'z');
    }
}

Test(string_edit, bad_offsets_types_and_sizes_are_refused)
{
    run_expect(&run, "SETRANGE a -1 x", "-ERR offset is out of range\r\n");
    run_expect(&run, "SETRANGE a x x", NOT_INT);
    run_expect(&run, "SETRANGE a 536870912 x", TOO_LONG);
    run_expect(&run, "SETRANGE a 9223372036854775807 x", TOO_LONG);
    cr_assert_null(entry_of("a"));
    put_list("l");
    run_expect(&run, "SETRANGE l 0 ''", WRONG_TYPE);
    run.limits.bulk_max = 5;
    command_run(&run, "SET a abc");
    run_expect(&run, "APPEND a def", TOO_LONG);
    run_expect(&run, "APPEND a de", ":5\r\n");
}

Test(string_edit, getrange_counts_from_both_ends)
{
    command_run(&run, "SET a Hello");
    run_expect(&run, "GETRANGE a 0 -1", "$5\r\nHello\r\n");
    run_expect(&run, "GETRANGE a 1 3", "$3\r\nell\r\n");
    run_expect(&run, "SUBSTR a -3 -2", "$2\r\nll\r\n");
    run_expect(&run, "GETRANGE a -100 0", "$1\r\nH\r\n");
    run_expect(&run, "GETRANGE a -100 -200", "$0\r\n\r\n");
    run_expect(&run, "GETRANGE a -200 -100", "$1\r\nH\r\n");
    run_expect(&run, "GETRANGE a 3 100", "$2\r\nlo\r\n");
    run_expect(&run, "GETRANGE a 5 9", "$0\r\n\r\n");
    run_expect(&run, "GETRANGE none 0 -1", "$0\r\n\r\n");
    run_expect(&run, "GETRANGE a 0 x", NOT_INT);
    command_run(&run, "SET a 12345");
    run_expect(&run, "GETRANGE a 1 2", "$2\r\n23\r\n");
    put_list("l");
    run_expect(&run, "GETRANGE l 0 1", WRONG_TYPE);
}

Test(string_edit, a_large_part_of_a_blob_is_referred_to)
{
    run_long("SET", "a", NULL, 'x', 20000);
    command_run(&run, "GETRANGE a 100 -101");
    cr_assert_eq(run.reply.ref_count, 1);
    cr_assert_eq(run.reply.refs[0].from, 100);
    cr_assert_eq(run.reply.refs[0].len, 19800);
    cr_assert_str_eq(run.reply.data, "$19800\r\n\r\n");
}

Test(counters, counting_starts_at_zero)
{
    run_expect(&run, "INCR a", ":1\r\n");
    run_expect_events(&run, "$:incrby:a@0 ");
    run_expect(&run, "INCRBY a 10", ":11\r\n");
    run_expect(&run, "DECR a", ":10\r\n");
    run_expect(&run, "DECRBY a 20", ":-10\r\n");
    run_expect(&run, "GET a", "$3\r\n-10\r\n");
}

Test(counters, counting_moves_no_entry_and_keeps_the_expiry)
{
    command_run(&run, "SET a 5 PX 50");
    struct entry *e = entry_of("a");
    run_expect(&run, "INCR a", ":6\r\n");
    cr_assert_eq(entry_of("a"), e);
    cr_assert_eq(entry_expiry(e), 1000050);
}

Test(counters, text_that_reads_as_an_integer_counts)
{
    command_run(&run, "SETRANGE a 0 41");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_EMBEDDED);
    run_expect(&run, "INCR a", ":42\r\n");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_INT);
    cr_assert_not(entry_of("a")->flags & ENTRY_EDITED);
}

Test(counters, what_is_no_integer_is_refused)
{
    command_run(&run, "SET a x");
    run_expect(&run, "INCR a", NOT_INT);
    run_expect_events(&run, "");
    command_run(&run, "SET a ''");
    run_expect(&run, "INCR a", NOT_INT);
    command_run(&run, "SET a 1");
    run_expect(&run, "INCRBY a 1.5", NOT_INT);
    run_expect(&run, "DECRBY a -9223372036854775808", "-ERR decrement would overflow\r\n");
    put_list("l");
    run_expect(&run, "INCR l", WRONG_TYPE);
    run_expect(&run, "INCRBYFLOAT l 1", WRONG_TYPE);
}

Test(counters, overflow_leaves_the_number)
{
    command_run(&run, "SET a 9223372036854775807");
    run_expect(&run, "INCR a", "-ERR increment or decrement would overflow\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "GET a", "$19\r\n9223372036854775807\r\n");
    command_run(&run, "SET a -9223372036854775808");
    run_expect(&run, "DECR a", "-ERR increment or decrement would overflow\r\n");
    run_expect(&run, "DECRBY a -1", ":-9223372036854775807\r\n");
}

Test(counters, incrbyfloat_answers_without_exponent)
{
    run_expect(&run, "INCRBYFLOAT a 10.50", "$4\r\n10.5\r\n");
    run_expect_events(&run, "$:incrbyfloat:a@0 ");
    run_expect(&run, "INCRBYFLOAT a 0.1", "$4\r\n10.6\r\n");
    run_expect(&run, "INCRBYFLOAT a -5", "$3\r\n5.6\r\n");
    run_expect(&run, "INCRBYFLOAT b 5.0e3", "$4\r\n5000\r\n");
    cr_assert_eq(entry_of("b")->encoding, ENCODING_EMBEDDED);
    run_expect(&run, "INCR b", ":5001\r\n");
    run_expect(&run, "INCRBYFLOAT b x", NOT_FLOAT);
    run_expect(&run, "INCRBYFLOAT b inf", "-ERR increment would produce NaN or Infinity\r\n");
    command_run(&run, "SET a x");
    run_expect(&run, "INCRBYFLOAT a 1", NOT_FLOAT);
}

Test(counters, incrbyfloat_of_a_huge_number_writes_all_digits)
{
    run_expect(&run, "INCRBYFLOAT a 1e17", "$18\r\n100000000000000000\r\n");
    /* The nearest long double is a little less, so it has 4000 digits. */
    command_run(&run, "INCRBYFLOAT b 1e4000");
    cr_assert_eq(entry_of("b")->encoding, ENCODING_BLOB);
    run_expect(&run, "STRLEN b", ":4000\r\n");
}

Test(lcs, the_longest_common_subsequence_is_found)
{
    command_run(&run, "MSET {x}a ohmytext {x}b mynewtext {x}n 12345");
    run_expect(&run, "LCS {x}a {x}b", "$6\r\nmytext\r\n");
    run_expect(&run, "LCS {x}a {x}b LEN", ":6\r\n");
    run_expect(&run, "LCS {x}a {x}none", "$0\r\n\r\n");
    run_expect(&run, "LCS {x}n {x}n", "$5\r\n12345\r\n");
}

Test(lcs, matches_are_listed_from_the_end)
{
    command_run(&run, "MSET {x}a ohmytext {x}b mynewtext");
    run_expect(&run, "LCS {x}a {x}b IDX",
               "*4\r\n$7\r\nmatches\r\n*2\r\n"
               "*2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n"
               "*2\r\n*2\r\n:2\r\n:3\r\n*2\r\n:0\r\n:1\r\n"
               "$3\r\nlen\r\n:6\r\n");
    run.reply.resp = 3;
    run_expect(&run, "LCS {x}a {x}b IDX MINMATCHLEN 4 WITHMATCHLEN",
               "%2\r\n$7\r\nmatches\r\n*1\r\n"
               "*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n"
               "$3\r\nlen\r\n:6\r\n");
    run_expect(&run, "LCS {x}a {x}none IDX",
               "%2\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:0\r\n");
}

Test(lcs, long_strings_need_more_than_one_word_of_the_way_back)
{
    run_long("SET", "{x}a", NULL, 'x', 200);
    run_long("SET", "{x}b", NULL, 'x', 150);
    command_run(&run, "SETRANGE {x}b 100 y");
    run_expect(&run, "LCS {x}a {x}b LEN", ":149\r\n");
    run_expect(&run, "LCS {x}a {x}b IDX",
               "*4\r\n$7\r\nmatches\r\n*2\r\n"
               "*2\r\n*2\r\n:151\r\n:199\r\n*2\r\n:101\r\n:149\r\n"
               "*2\r\n*2\r\n:51\r\n:150\r\n*2\r\n:0\r\n:99\r\n"
               "$3\r\nlen\r\n:149\r\n");
}

Test(lcs, bad_arguments_are_refused)
{
    put_list("{x}l");
    command_run(&run, "SET {x}a 0123456789");
    run_expect(&run, "LCS {x}a {x}l FOO",
               "-ERR The specified keys must contain string values\r\n");
    run_expect(&run, "LCS {x}a {x}a FOO", SYNTAX);
    run_expect(&run, "LCS {x}a {x}a MINMATCHLEN", SYNTAX);
    run_expect(&run, "LCS {x}a {x}a MINMATCHLEN x", NOT_INT);
    run_expect(&run, "LCS {x}a {x}a IDX LEN",
               "-ERR If you want both the length and indexes, please just use IDX.\r\n");
    run.limits.bulk_max = 4 * 11 * 11 - 1;
    run_expect(&run, "LCS {x}a {x}a LEN",
               "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n");
}

Test(prefetch, many_keys_are_found_whether_the_database_was_used_or_not)
{
    enum { KEYS = 100 };
    static char names[KEYS][16], line[64 * 16];
    struct bytes argv[2 * KEYS + 1] = {bytes_of("MSET")};
    command_run(&run, "MGET a b c");
    cr_assert_null(run.ks.dbs[0].slots);
    for (int i = 0; i < KEYS; i++) {
        /* One hash tag: the keys share a table, and some of them a fingerprint. */
        snprintf(names[i], sizeof names[i], "{t}%d", i);
        argv[1 + 2 * i] = argv[2 + 2 * i] = bytes_of(names[i]);
    }
    cr_assert_str_eq(command_run_args(&run, 2 * KEYS + 1, argv), "+OK\r\n");
    argv[0] = bytes_of("MGET");
    for (int i = 0; i < KEYS; i++)
        argv[1 + i] = bytes_of(names[i]);
    const char *at = command_run_args(&run, KEYS + 1, argv) + strlen("*100\r\n");
    for (int i = 0; i < KEYS; i++) {
        int len = snprintf(line, sizeof line, "$%zu\r\n%s\r\n", strlen(names[i]), names[i]);
        cr_assert_eq(memcmp(at, line, (size_t)len), 0);
        at += len;
    }
}
