/* Commands on whole keys and whole databases, and on how values are stored: replies byte for
 * byte, and the events that observers hear. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "test/unit/engine/command_run.h"

#define NONE ENTRY_NO_EXPIRY
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define NOT_31_BITS                                                                                \
    "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n"
#define NO_SUCH_DB "-ERR DB index is out of range\r\n"
#define SAME_OBJECT "-ERR source and destination objects are the same\r\n"

static struct command_run run;
static char scratch[256];

static void setup(void)
{
    command_run_init(&run);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(keys, .init = setup, .fini = teardown);
TestSuite(copies, .init = setup, .fini = teardown);
TestSuite(databases, .init = setup, .fini = teardown);
TestSuite(object, .init = setup, .fini = teardown);

static void set(const char *key, const char *value)
{
    command_run_set(&run, key, value, NONE);
}

static void set_expiring(const char *key, const char *value, int64_t in_ms)
{
    command_run_set(&run, key, value, run.ks.now_ms + in_ms);
}

static void expect_value(const char *key, const char *value)
{
    const char *found = command_run_get(&run, key, scratch);
    cr_assert_not_null(found, "%s does not exist", key);
    cr_assert_str_eq(found, value);
}

Test(keys, del_counts_the_keys_it_deleted)
{
    set("a", "1");
    set("b", "2");
    run_expect(&run, "DEL a nothing b a", ":2\r\n");
    run_expect_events(&run, "-g:del:a@0 -g:del:b@0 ");
    run_expect(&run, "DBSIZE", ":0\r\n");
    run_expect(&run, "DEL a", ":0\r\n");
    run_expect_events(&run, "");
}

Test(keys, unlink_reports_del_too)
{
    set("a", "1");
    run_expect(&run, "UNLINK a b", ":1\r\n");
    run_expect_events(&run, "-g:del:a@0 ");
}

Test(keys, del_does_not_count_a_key_that_has_expired)
{
    set_expiring("a", "1", 10);
    run.ks.now_ms += 11;
    run_expect(&run, "DEL a", ":0\r\n");
    run_expect_events(&run, "x:expired:a@0 ");
}

Test(keys, commands_of_very_many_keys_act_on_each_of_them)
{
    char names[50][16], line[1024] = "";
    for (int i = 0; i < 50; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i);
        set(names[i], "v");
        snprintf(line + strlen(line), sizeof line - strlen(line), " %s", names[i]);
    }
    char exists[1100], del[1100];
    snprintf(exists, sizeof exists, "EXISTS%s", line);
    snprintf(del, sizeof del, "DEL%s", line);
    run_expect(&run, exists, ":50\r\n");
    run_expect(&run, del, ":50\r\n");
    run_expect(&run, exists, ":0\r\n");
}

Test(keys, exists_counts_a_key_as_often_as_it_is_named)
{
    set("a", "1");
    run_expect(&run, "EXISTS a b a", ":2\r\n");
    cr_assert_eq(run.ks.counters.hits, 2);
    cr_assert_eq(run.ks.counters.misses, 1);
}

Test(keys, touch_counts_as_a_use_and_exists_does_not)
{
    set("a", "1");
    run.ks.access_now += 50;
    run_expect(&run, "EXISTS a", ":1\r\n");
    run_expect(&run, "TYPE a", "+string\r\n");
    run_expect(&run, "TTL a", ":-1\r\n");
    run_expect(&run, "OBJECT IDLETIME a", ":50\r\n");
    run_expect(&run, "TOUCH a b a", ":2\r\n");
    run_expect(&run, "OBJECT IDLETIME a", ":0\r\n");
    run_expect_events(&run, "");
}

Test(keys, type_of_a_missing_key_is_none)
{
    set("a", "1");
    run_expect(&run, "TYPE a", "+string\r\n");
    run_expect(&run, "TYPE b", "+none\r\n");
}

Test(keys, rename_moves_value_and_expiry_and_reports_both_keys)
{
    set_expiring("a", "value", 5000);
    set("b", "old");
    run_expect(&run, "RENAME a b", "+OK\r\n");
    run_expect_events(&run, "-g:rename_from:a@0 g:rename_to:b@0 ");
    expect_value("b", "value");
    cr_assert_null(command_run_get(&run, "a", scratch));
    run_expect(&run, "PTTL b", ":5000\r\n");
    cr_assert_eq(run.ks.dbs[0].keys, 1);
    cr_assert_eq(run.ks.dbs[0].expiring, 1);
}

Test(keys, rename_takes_away_the_expiry_of_what_it_replaces)
{
    set("a", "value");
    set_expiring("b", "old", 5000);
    run_expect(&run, "RENAME a b", "+OK\r\n");
    run_expect(&run, "TTL b", ":-1\r\n");
}

Test(keys, rename_keeps_the_time_of_the_last_use_but_counts_as_one)
{
    set("a", "value");
    run.ks.access_now += 30;
    run_expect(&run, "RENAME a b", "+OK\r\n");
    run.ks.access_now += 5;
    run_expect(&run, "OBJECT IDLETIME b", ":5\r\n");
}

Test(keys, rename_within_one_slot_works_while_its_table_changes)
{
    char line[64], name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "{s}%d", i);
        set(name, "x");
    }
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "RENAME {s}%d {s}%d", i, i % 2 ? i + 1 : i + 1000);
        run_expect(&run, line, "+OK\r\n");
    }
    run_expect(&run, "DBSIZE", ":51\r\n");
}

Test(keys, rename_moves_values_of_every_size)
{
    static const size_t sizes[] = {0, 1, 44, 45, 2048, 2049, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *value = alloc_get(sizes[i] + 1);
        memset(value, 'v', sizes[i]);
        value[sizes[i]] = '\0';
        set("a", value);
        run_expect(&run, "RENAME a b", "+OK\r\n");
        struct key key = keyspace_key(run.ks.seed, bytes_of("b"));
        char digits[NUMBER_I64_MAX];
        const struct entry *e = keyspace_find(&run.ks, &run.ks.dbs[0], &key).entry;
        cr_assert(bytes_equal(entry_string(e, digits), bytes_of(value)));
        alloc_free(value);
    }
}

Test(keys, rename_of_a_missing_key_is_an_error_even_to_itself)
{
    run_expect(&run, "RENAME a b", "-ERR no such key\r\n");
    run_expect(&run, "RENAME a a", "-ERR no such key\r\n");
    run_expect(&run, "RENAMENX a b", "-ERR no such key\r\n");
}

Test(keys, rename_to_itself_changes_nothing)
{
    set("a", "1");
    run_expect(&run, "RENAME a a", "+OK\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "RENAMENX a a", ":0\r\n");
    run_expect_events(&run, "");
    expect_value("a", "1");
}

Test(keys, renamenx_renames_to_a_free_name_only)
{
    set("a", "1");
    set("b", "2");
    run_expect(&run, "RENAMENX a b", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "RENAMENX a c", ":1\r\n");
    run_expect_events(&run, "-g:rename_from:a@0 g:rename_to:c@0 ");
    expect_value("b", "2");
    expect_value("c", "1");
}

Test(keys, renamenx_takes_the_name_of_a_key_that_has_expired)
{
    set("{s}a", "1");
    set_expiring("{s}b", "2", 10);
    run.ks.now_ms += 20;
    run_expect(&run, "RENAMENX {s}a {s}b", ":1\r\n");
    expect_value("{s}b", "1");
}

Test(keys, move_takes_a_key_with_its_expiry_to_another_database)
{
    set_expiring("a", "1", 9000);
    run_expect(&run, "MOVE a 5", ":1\r\n");
    run_expect_events(&run, "-g:move_from:a@0 g:move_to:a@5 ");
    run_expect(&run, "EXISTS a", ":0\r\n");
    run.db = 5;
    run_expect(&run, "PTTL a", ":9000\r\n");
    expect_value("a", "1");
}

Test(keys, move_leaves_a_key_that_exists_over_there)
{
    set("a", "here");
    run.db = 1;
    set("a", "there");
    run.db = 0;
    run_expect(&run, "MOVE a 1", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "MOVE b 1", ":0\r\n");
    expect_value("a", "here");
}

Test(keys, move_checks_the_database_before_the_key)
{
    run_expect(&run, "MOVE a x", NOT_INT);
    run_expect(&run, "MOVE a 99999999999", NOT_31_BITS);
    run_expect(&run, "MOVE a 16", NO_SUCH_DB);
    run_expect(&run, "MOVE a -1", NO_SUCH_DB);
    run_expect(&run, "MOVE a 0", SAME_OBJECT);
}

Test(copies, copy_leaves_the_source_and_takes_the_expiry)
{
    set_expiring("a", "value", 700);
    run_expect(&run, "COPY a b", ":1\r\n");
    run_expect_events(&run, "g:copy_to:b@0 ");
    expect_value("a", "value");
    expect_value("b", "value");
    run_expect(&run, "PTTL a", ":700\r\n");
    run_expect(&run, "PTTL b", ":700\r\n");
}

Test(copies, copy_replaces_only_when_told_to)
{
    set("a", "new");
    set_expiring("b", "old", 5000);
    run_expect(&run, "COPY a b", ":0\r\n");
    run_expect_events(&run, "");
    expect_value("b", "old");
    run_expect(&run, "COPY a b REPLACE", ":1\r\n");
    expect_value("b", "new");
    run_expect(&run, "TTL b", ":-1\r\n");
    run_expect(&run, "COPY missing b replace", ":0\r\n");
    expect_value("b", "new");
}

Test(copies, copy_may_go_to_another_database)
{
    set("a", "1");
    run_expect(&run, "COPY a a DB 3", ":1\r\n");
    run_expect_events(&run, "g:copy_to:a@3 ");
    run_expect(&run, "COPY a a db 2 DB 3", ":0\r\n"); /* the last one counts */
    run.db = 3;
    expect_value("a", "1");
}

Test(copies, a_copy_of_a_large_value_has_memory_of_its_own)
{
    char value[3001];
    memset(value, 'x', 3000);
    value[3000] = '\0';
    set("a", value);
    run_expect(&run, "COPY a b", ":1\r\n");
    run_expect(&run, "DEL a", ":1\r\n");
    struct key key = keyspace_key(run.ks.seed, bytes_of("b"));
    char digits[NUMBER_I64_MAX];
    const struct entry *e = keyspace_find(&run.ks, &run.ks.dbs[0], &key).entry;
    cr_assert(bytes_equal(entry_string(e, digits), bytes_of(value)));
}

Test(copies, copy_within_one_slot_works_when_the_target_has_expired)
{
    set("{s}a", "value");
    set_expiring("{s}b", "old", 10);
    run.ks.now_ms += 11;
    run_expect(&run, "COPY {s}a {s}b", ":1\r\n");
    expect_value("{s}b", "value");
    expect_value("{s}a", "value");
}

Test(copies, copy_checks_its_options_before_the_keys)
{
    run_expect(&run, "COPY a a", SAME_OBJECT);
    run_expect(&run, "COPY a a DB 0", SAME_OBJECT);
    run_expect(&run, "COPY a b DB", SYNTAX);
    run_expect(&run, "COPY a b NOPE", SYNTAX);
    run_expect(&run, "COPY a b DB x NOPE", NOT_INT);
    run_expect(&run, "COPY a b DB 16 NOPE", NO_SUCH_DB);
    run_expect(&run, "COPY a b DB -2147483649", NOT_31_BITS);
    run_expect(&run, "COPY a b", ":0\r\n");
}

Test(databases, dbsize_counts_the_keys_of_one_database)
{
    run_expect(&run, "DBSIZE", ":0\r\n");
    set("a", "1");
    set("b", "1");
    run_expect(&run, "DBSIZE", ":2\r\n");
    run.db = 1;
    run_expect(&run, "DBSIZE", ":0\r\n");
}

Test(databases, flushdb_empties_one_database_and_flushall_every_one)
{
    for (run.db = 0; run.db < 3; run.db++)
        set("a", "1");
    run.db = 1;
    run_expect(&run, "FLUSHDB", "+OK\r\n");
    cr_assert_eq(run.ks.dbs[0].keys + run.ks.dbs[1].keys + run.ks.dbs[2].keys, 2);
    cr_assert_eq(run.ks.dbs[1].keys, 0);
    run_expect(&run, "FLUSHALL", "+OK\r\n");
    run_expect_events(&run, "!g:flushdb:@0 !g:flushdb:@2 ");
    cr_assert_eq(run.ks.dbs[0].keys + run.ks.dbs[2].keys, 0);
}

Test(databases, flushing_takes_async_or_sync_and_nothing_else)
{
    run_expect(&run, "FLUSHDB ASYNC", "+OK\r\n");
    run_expect(&run, "FLUSHDB sync", "+OK\r\n");
    run_expect(&run, "FLUSHALL Async", "+OK\r\n");
    run_expect(&run, "FLUSHALL SYNC", "+OK\r\n");
    set("a", "1");
    run_expect(&run, "FLUSHDB NOW", SYNTAX);
    run_expect(&run, "FLUSHALL ASYNC SYNC", SYNTAX);
    run_expect(&run, "DBSIZE", ":1\r\n");
}

Test(databases, swapdb_exchanges_two_databases)
{
    set("a", "1");
    run_expect(&run, "SWAPDB 0 7", "+OK\r\n");
    run_expect(&run, "EXISTS a", ":0\r\n");
    run.db = 7;
    run_expect(&run, "EXISTS a", ":1\r\n");
    run_expect(&run, "SWAPDB 7 7", "+OK\r\n");
    run_expect(&run, "EXISTS a", ":1\r\n");
}

Test(databases, swapdb_names_the_index_that_is_wrong)
{
    run_expect(&run, "SWAPDB x y", "-ERR invalid first DB index\r\n");
    run_expect(&run, "SWAPDB 99 y", "-ERR invalid second DB index\r\n");
    run_expect(&run, "SWAPDB 99999999999 0", "-ERR invalid first DB index\r\n");
    run_expect(&run, "SWAPDB 0 16", NO_SUCH_DB);
    run_expect(&run, "SWAPDB -1 0", NO_SUCH_DB);
}

Test(object, encoding_tells_integers_short_and_long_strings_apart)
{
    char text[46];
    memset(text, 'x', sizeof text);
    text[44] = '\0';
    set("short", text);
    text[44] = 'x';
    text[45] = '\0';
    set("long", text);
    set("int", "-9223372036854775808");
    set("digits", "92233720368547758070");
    run_expect(&run, "OBJECT ENCODING short", "$6\r\nembstr\r\n");
    run_expect(&run, "OBJECT ENCODING long", "$3\r\nraw\r\n");
    run_expect(&run, "OBJECT ENCODING int", "$3\r\nint\r\n");
    run_expect(&run, "OBJECT ENCODING digits", "$6\r\nembstr\r\n");
}

Test(object, encoding_of_a_string_changed_in_place_is_raw_also_in_copies)
{
    set("a", "x");
    struct key key = keyspace_key(run.ks.seed, bytes_of("a"));
    keyspace_find(&run.ks, &run.ks.dbs[0], &key).entry->flags |= ENTRY_EDITED;
    run_expect(&run, "OBJECT ENCODING a", "$3\r\nraw\r\n");
    run_expect(&run, "COPY a b", ":1\r\n");
    run_expect(&run, "RENAME a c", "+OK\r\n");
    run_expect(&run, "EXPIRE c 10", ":1\r\n");
    run_expect(&run, "OBJECT ENCODING b", "$3\r\nraw\r\n");
    run_expect(&run, "OBJECT ENCODING c", "$3\r\nraw\r\n");
}

Test(object, a_missing_key_is_nil_in_either_protocol)
{
    run_expect(&run, "OBJECT ENCODING a", "$-1\r\n");
    run_expect(&run, "OBJECT FREQ a", "$-1\r\n");
    run_expect(&run, "MEMORY USAGE a", "$-1\r\n");
    run.reply.resp = 3;
    run_expect(&run, "OBJECT IDLETIME a", "_\r\n");
    run_expect(&run, "OBJECT REFCOUNT a", "_\r\n");
}

Test(object, refcount_is_that_of_shared_integers_or_one)
{
    set("zero", "0");
    set("small", "9999");
    set("large", "10000");
    set("negative", "-1");
    set("text", "x");
    run_expect(&run, "OBJECT REFCOUNT zero", ":2147483647\r\n");
    run_expect(&run, "OBJECT REFCOUNT small", ":2147483647\r\n");
    run_expect(&run, "OBJECT REFCOUNT large", ":1\r\n");
    run_expect(&run, "OBJECT REFCOUNT negative", ":1\r\n");
    run_expect(&run, "OBJECT REFCOUNT text", ":1\r\n");
    run.limits.ints_unshared = true;
    run_expect(&run, "OBJECT REFCOUNT zero", ":1\r\n");
}

Test(object, frequency_and_idle_time_depend_on_the_policy)
{
    set("a", "1");
    run_expect(&run, "OBJECT FREQ a",
               "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please "
               "note that when switching between policies at runtime LRU and LFU data will take "
               "some time to adjust.\r\n");
    run.ks.access.lfu = true;
    run_expect(&run, "OBJECT IDLETIME a",
               "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that "
               "when switching between policies at runtime LRU and LFU data will take some time "
               "to adjust.\r\n");
}

static long long usage(const char *line)
{
    const char *reply = command_run(&run, line);
    cr_assert_eq(reply[0], ':', "%s", reply);
    return atoll(reply + 1);
}

Test(object, memory_usage_counts_entry_value_and_a_share_of_the_table)
{
    char value[5001];
    memset(value, 'x', 5000);
    value[5000] = '\0';
    set("small", "1");
    set("large", value);
    long long small = usage("MEMORY USAGE small");
    cr_assert(small > 16 && small < 300, "%lld", small);
    long long large = usage("MEMORY USAGE large");
    cr_assert(large > 5000 && large < 6500, "%lld", large);
    cr_assert_eq(usage("MEMORY USAGE small SAMPLES 0"), small);
    cr_assert_eq(usage("MEMORY USAGE small samples 5 SAMPLES 7"), small);
}

Test(object, memory_usage_checks_its_options_before_the_key)
{
    run_expect(&run, "MEMORY USAGE a SAMPLES", SYNTAX);
    run_expect(&run, "MEMORY USAGE a SAMPLES x", NOT_INT);
    run_expect(&run, "MEMORY USAGE a SAMPLES -1", SYNTAX);
    run_expect(&run, "MEMORY USAGE a COUNT 3", SYNTAX);
}
