/* SCAN, KEYS and RANDOMKEY: replies byte for byte, and the guarantees of a scan. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/commands/scan.h"
#include "test/unit/engine/command_run.h"

#define SYNTAX "-ERR syntax error\r\n"
#define BAD_CURSOR "-ERR invalid cursor\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(scan, .init = setup, .fini = teardown);

static void set(const char *key)
{
    command_run_set(&run, key, "v", ENTRY_NO_EXPIRY);
}

static void set_numbered(const char *format, int from, int to)
{
    char name[32];
    for (int i = from; i < to; i++) {
        snprintf(name, sizeof name, format, i);
        set(name);
    }
}

#define expect_scan(line, expected) do { \
    const char *reply = command_run_op(&run, op_scan, (line)); \
    cr_assert_str_eq(reply, (expected), "%s replied %s", (line), reply); \
} while (0)

/* A page: its cursor, and how many of the keys key:0 to key:9999 it held how often. */
struct pages {
    char cursor[32];
    unsigned pages, keys;
    unsigned seen[10000];
};

/* The next page of a scan with these options. */
static void next_page(struct pages *pages, const char *options)
{
    char line[128];
    snprintf(line, sizeof line, "SCAN %s%s", pages->cursor, options);
    const char *reply = command_run_op(&run, op_scan, line);
    int used = 0;
    unsigned count;
    cr_assert_eq(sscanf(reply, "*2\r\n$%*u\r\n%31[0-9]\r\n*%u\r\n%n", pages->cursor, &count, &used),
                 2, "%s", reply);
    cr_assert_gt(used, 0);
    reply += used;
    for (unsigned i = 0; i < count; i++) {
        unsigned len;
        cr_assert_eq(sscanf(reply, "$%u\r\n%n", &len, &used), 1);
        reply += used;
        if (strncmp(reply, "key:", 4) == 0) pages->seen[atoi(reply + 4)]++;
        reply += len + 2;
    }
    cr_assert_eq(*reply, '\0');
    pages->pages++;
    pages->keys += count;
}

static struct pages *pages_new(void)
{
    struct pages *pages = calloc(1, sizeof *pages);
    cr_assert_not_null(pages);
    strcpy(pages->cursor, "0");
    return pages;
}

static bool at_end(const struct pages *pages)
{
    return strcmp(pages->cursor, "0") == 0;
}

/* All pages. */
static struct pages *scan_all(const char *options)
{
    struct pages *pages = pages_new();
    do
        next_page(pages, options);
    while (!at_end(pages));
    return pages;
}

Test(scan, an_empty_database_is_one_empty_page)
{
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n");
    set("a");
    command_run(&run, "DEL a");
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n");
}

Test(scan, a_few_keys_in_many_slots_are_one_page)
{
    set("a");
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
    set_numbered("key:%d", 0, 9);
    struct pages *pages = scan_all(" COUNT 100");
    cr_assert_eq(pages->pages, 1);
    cr_assert_eq(pages->keys, 10);
    free(pages);
}

Test(scan, a_page_holds_about_as_many_keys_as_asked_for)
{
    set_numbered("key:%d", 0, 1000);
    struct pages *pages = scan_all("");
    cr_assert(pages->pages >= 60 && pages->pages <= 101, "%u pages", pages->pages);
    cr_assert_eq(pages->keys, 1000);
    free(pages);
    pages = scan_all(" COUNT 500");
    cr_assert(pages->pages == 2 || pages->pages == 3, "%u pages", pages->pages);
    free(pages);
}

Test(scan, the_cursor_is_slot_and_position)
{
    set("foo"); /* slot 12182 */
    set("bar"); /* slot 5061 */
    expect_scan("SCAN 0 COUNT 1", "*2\r\n$14\r\n21741124452352\r\n*1\r\n$3\r\nbar\r\n");
    expect_scan("SCAN 21741124452352 COUNT 1",
                "*2\r\n$14\r\n52325586567168\r\n*1\r\n$3\r\nfoo\r\n");
    expect_scan("SCAN 52325586567168 COUNT 1", "*2\r\n$1\r\n0\r\n*0\r\n");
}

Test(scan, the_page_that_reaches_the_last_slot_ends_the_scan)
{
    set("foo");
    expect_scan("SCAN 0 COUNT 2", "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nfoo\r\n");
}

Test(scan, a_page_ends_where_slots_of_another_shard_begin)
{
    uint64_t owned[SLOT_COUNT / 64] = {0};
    set("bar");
    set("foo");
    for (uint32_t slot = 0; slot < 6000; slot++)
        owned[slot / 64] |= UINT64_C(1) << (slot % 64);
    run.ks.owned = owned;
    expect_scan("SCAN 0", "*2\r\n$14\r\n25769803776000\r\n*1\r\n$3\r\nbar\r\n"); /* slot 6000 */
}

Test(scan, cursors_are_read_as_strtoul_reads_numbers)
{
    set("a");
    expect_scan("SCAN ''", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
    expect_scan("SCAN +000", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
    expect_scan("SCAN -1", "*2\r\n$1\r\n0\r\n*0\r\n");
    expect_scan("SCAN 18446744073709551615", "*2\r\n$1\r\n0\r\n*0\r\n");
    expect_scan("SCAN 70368744177664", "*2\r\n$1\r\n0\r\n*0\r\n"); /* the end, slot 16384 */
    expect_scan("SCAN 18446744073709551616", BAD_CURSOR);
    expect_scan("SCAN x", BAD_CURSOR);
    expect_scan("SCAN 1x", BAD_CURSOR);
    expect_scan("SCAN -", BAD_CURSOR);
    expect_scan("SCAN 1.0", BAD_CURSOR);
}

Test(scan, the_cursor_is_checked_before_the_options)
{
    expect_scan("SCAN x COUNT 0", BAD_CURSOR);
    expect_scan("SCAN 0 COUNT 0", SYNTAX);
    expect_scan("SCAN 0 COUNT -1", SYNTAX);
    expect_scan("SCAN 0 COUNT x", "-ERR value is not an integer or out of range\r\n");
    expect_scan("SCAN 0 COUNT", SYNTAX);
    expect_scan("SCAN 0 MATCH", SYNTAX);
    expect_scan("SCAN 0 TYPE", SYNTAX);
    expect_scan("SCAN 0 NOVALUES x", SYNTAX);
}

Test(scan, match_and_type_choose_among_the_keys)
{
    set_numbered("key:%d", 0, 100);
    set_numbered("other:%d", 0, 100);
    struct pages *pages = scan_all(" MATCH key:*");
    cr_assert_eq(pages->keys, 100);
    free(pages);
    pages = scan_all(" match * type STRING count 7");
    cr_assert_eq(pages->keys, 200);
    free(pages);
    pages = scan_all(" TYPE hash MATCH key:*");
    cr_assert_eq(pages->keys, 0);
    free(pages);
}

Test(scan, an_unknown_type_matches_nothing)
{
    set("a");
    expect_scan("SCAN 0 TYPE nonsense", "*2\r\n$1\r\n0\r\n*0\r\n");
    expect_scan("SCAN 0 TYPE none", "*2\r\n$1\r\n0\r\n*0\r\n");
    expect_scan("SCAN 0 TYPE nonsense TYPE string", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
}

Test(scan, keys_that_have_expired_are_left_out)
{
    set("a");
    command_run_set(&run, "b", "v", run.ks.now_ms + 10);
    run.ks.now_ms += 11;
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
    run_expect(&run, "KEYS *", "*1\r\n$1\r\na\r\n");
}

Test(scan, scan_deletes_the_expired_keys_it_meets_and_keys_does_not)
{
    set("a");
    command_run_set(&run, "b", "v", run.ks.now_ms + 10);
    run.ks.now_ms += 11;
    run_expect(&run, "KEYS *", "*1\r\n$1\r\na\r\n");
    cr_assert_eq(run.ks.dbs[0].keys, 2);
    expect_scan("SCAN 0 TYPE hash", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect_events(&run, "x:expired:b@0 ");
    cr_assert_eq(run.ks.dbs[0].keys, 1);
    cr_assert_eq(run.ks.counters.expired, 1);
}

Test(scan, scan_keeps_expired_keys_while_nothing_is_to_expire)
{
    command_run_set(&run, "b", "v", run.ks.now_ms + 10);
    run.ks.now_ms += 11;
    run.ks.keep_expired = true;
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n");
    cr_assert_eq(run.ks.dbs[0].keys, 1);
}

/* The slot's table shrinks under the scan, to nothing in the end. */
Test(scan, a_scan_deletes_all_of_many_expired_keys_and_sees_the_others)
{
    char name[32];
    set_numbered("key:%d{t}", 0, 100);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "gone:%d{t}", i);
        command_run_set(&run, name, "v", run.ks.now_ms + 10);
        snprintf(name, sizeof name, "gone:%d{u}", i);
        command_run_set(&run, name, "v", run.ks.now_ms + 10);
    }
    run.ks.now_ms += 11;
    struct pages *pages = scan_all(" COUNT 7");
    cr_assert_eq(run.ks.dbs[0].keys, 100);
    for (int i = 0; i < 100; i++)
        cr_assert_geq(pages->seen[i], 1, "key:%d was not seen", i);
    free(pages);
}

Test(scan, a_still_database_is_seen_once_and_whole)
{
    set_numbered("key:%d", 0, 5000);
    struct pages *pages = scan_all(" COUNT 3");
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(pages->seen[i], 1, "key:%d seen %u times", i, pages->seen[i]);
    free(pages);
}

/* Keys of one tag share a slot, whose table grows and shrinks between the pages. */
Test(scan, keys_that_stay_are_seen_while_others_come_and_go)
{
    char line[64];
    set_numbered("key:%d{t}", 0, 2000);
    struct pages *pages = pages_new();
    struct rng rng;
    rng_init(&rng, 3);
    int extra = 0;
    do {
        next_page(pages, " COUNT 5");
        bool grow = pages->pages % 100 < 60;
        for (int i = 0; i < 100; i++) {
            snprintf(line, sizeof line, "DEL x:%d{t}", extra);
            if (grow)
                set_numbered("x:%d{t}", extra, extra + 1);
            else
                command_run(&run, line);
            extra += grow ? 1 : extra > 0 ? -1 : 0;
        }
        cr_assert_lt(pages->pages, 20000);
    } while (!at_end(pages));
    cr_assert_gt(pages->pages, 200);
    for (int i = 0; i < 2000; i++)
        cr_assert_geq(pages->seen[i], 1, "key:%d was passed over", i);
    free(pages);
}

Test(scan, keys_lists_what_matches)
{
    run_expect(&run, "KEYS *", "*0\r\n");
    set("hello");
    run_expect(&run, "KEYS *", "*1\r\n$5\r\nhello\r\n");
    run_expect(&run, "KEYS h[a-f]llo", "*1\r\n$5\r\nhello\r\n");
    run_expect(&run, "KEYS h?ll", "*0\r\n");
    run_expect(&run, "KEYS ''", "*0\r\n");
    set_numbered("key:%d", 0, 50);
    cr_assert_eq(strncmp(command_run(&run, "KEYS *"), "*51\r\n", 5), 0);
    cr_assert_eq(strncmp(command_run(&run, "KEYS key:1*"), "*11\r\n", 5), 0);
}

Test(scan, the_empty_name_is_a_key_like_any_other)
{
    set("");
    run_expect(&run, "KEYS *", "*1\r\n$0\r\n\r\n");
    run_expect(&run, "KEYS ''", "*1\r\n$0\r\n\r\n");
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*1\r\n$0\r\n\r\n");
    expect_scan("SCAN 0 MATCH *", "*2\r\n$1\r\n0\r\n*1\r\n$0\r\n\r\n");
}

Test(scan, randomkey_answers_a_shards_keys_and_one_of_them)
{
    cr_assert_str_eq(command_run_op(&run, op_randomkey, "RANDOMKEY"), "*2\r\n:0\r\n$-1\r\n");
    set("a");
    cr_assert_str_eq(command_run_op(&run, op_randomkey, "RANDOMKEY"), "*2\r\n:1\r\n$1\r\na\r\n");
    command_run(&run, "PEXPIRE a 1");
    run.ks.now_ms += 5;
    run.reply.resp = 3;
    cr_assert_str_eq(command_run_op(&run, op_randomkey, "RANDOMKEY"), "*2\r\n:0\r\n_\r\n");
}

/* Slots below 8192 are ours; the others are known to be empty in database 1 only. */
static bool vacant_in_one(const void *ctx, uint32_t slot, uint16_t db)
{
    cr_assert_geq(slot, 8192);
    return db == 1;
}

Test(scan, a_walk_passes_over_slots_of_others_that_are_known_to_be_empty)
{
    static const uint64_t lower_half[SLOT_COUNT / 64] = {[0 ... 127] = ~UINT64_C(0)};
    run.ks.owned = lower_half;
    run.ks.vacant = vacant_in_one;
    expect_scan("SCAN 0", "*2\r\n$14\r\n35184372088832\r\n*0\r\n");
    run.db = 1;
    expect_scan("SCAN 0", "*2\r\n$1\r\n0\r\n*0\r\n");
}
