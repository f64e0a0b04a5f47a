/* SORT: the sorting against the C library's, the patterns, and the keys it reaches. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/sort_keys.h"
#include "engine/commands/sort_order.h"
#include "test/unit/engine/command_run.h"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.bulk_max = 512u << 20;
    run.limits.list_max_listpack_size = -2;
    run.limits.set_max_intset_entries = 512;
    run.limits.set_max_listpack_entries = 128;
    run.limits.set_max_listpack_value = 64;
    run.limits.zset_max_listpack_entries = 128;
    run.limits.zset_max_listpack_value = 64;
    run.limits.hash_max_listpack_entries = 128;
    run.limits.hash_max_listpack_value = 64;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(sort, .init = setup, .fini = teardown);

/* --- sort_order(): items are sorted by the digits of a pair of numbers. */

struct pair {
    uint64_t high, low;
};

static bool next_keys(const void *ctx, unsigned level, struct sort_item *items, size_t n)
{
    if (level > 1) return false;
    for (size_t i = 0; i < n; i++) items[i].key = ((const struct pair *)items[i].what)->low;
    return true;
}

static int compare_pairs(const void *ctx, const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->high != y->high) return x->high < y->high ? -1 : 1;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return (a > b) - (a < b);
}

static int compare_places(const void *a, const void *b)
{
    return compare_pairs(NULL, *(const struct pair *const *)a, *(const struct pair *const *)b);
}

/* Sorts n pairs whose parts are below these bounds and looks at [from, past). */
static void sorted_as_by_qsort(struct rng *rng, size_t n, uint64_t high, uint64_t low, size_t from,
                               size_t past)
{
    struct sort_order order = {next_keys, compare_pairs, NULL, rng};
    struct pair *pairs = alloc_zeroed((n + 1) * sizeof *pairs);
    const struct pair **want = alloc_zeroed((n + 1) * sizeof *want);
    struct sort_item *items = alloc_zeroed((n + 1) * sizeof *items);
    struct sort_item *scratch = alloc_zeroed((n + 1) * sizeof *scratch);
    for (size_t i = 0; i < n; i++) {
        /* Spread over the whole word, so that every byte of it counts. */
        pairs[i].high = rng_below(rng, high) * UINT64_C(0x9e3779b97f4a7c15);
        pairs[i].low = rng_below(rng, low) << 56;
        want[i] = &pairs[i];
        items[i] = (struct sort_item){pairs[i].high, &pairs[i]};
    }
    sort_order(&order, items, scratch, n, from, past);
    qsort(want, n, sizeof *want, compare_places);
    for (size_t i = from; i < past; i++)
        cr_assert_eq(items[i].what, want[i], "%zu of %zu, wanted [%zu, %zu)", i, n, from, past);
    alloc_free(pairs);
    alloc_free(want);
    alloc_free(items);
    alloc_free(scratch);
}

Test(sort, items_come_in_order_as_by_qsort)
{
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 33, 511, 512, 513, 5000, 40000};
    static const uint64_t bounds[] = {1, 2, 30, 3000, UINT64_MAX};
    struct rng rng;
    rng_init(&rng, 3);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t high = 0; high < 5; high++) {
            size_t n = sizes[s];
            uint64_t low = bounds[rng_below(&rng, 4)];
            sorted_as_by_qsort(&rng, n, bounds[high], low, 0, n);
            for (int i = 0; i < 8; i++) {
                size_t from = rng_below(&rng, n + 1);
                size_t past = from + rng_below(&rng, bits_min(n - from, i < 6 ? 40 : n) + 1);
                sorted_as_by_qsort(&rng, n, bounds[high], low, from, past);
            }
        }
}

/* --- Texts. */

static int compare_texts(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Texts that share beginnings of any length, with zero bytes at the places where keys end. */
Test(sort, alpha_is_the_order_of_bytes_however_alike_the_texts_are)
{
    enum { COUNT = 3000, LONGEST = 40 };
    static char texts[COUNT][LONGEST];
    static struct bytes argv[COUNT + 2];
    struct rng rng;
    rng_init(&rng, 9);
    for (int spread = 1; spread < 4; spread++) {
        argv[0] = bytes_of("RPUSH");
        argv[1] = bytes_of("l");
        command_run(&run, "DEL l");
        for (int i = 0; i < COUNT; i++) {
            size_t len = rng_below(&rng, LONGEST);
            for (size_t at = 0; at < len; at++)
                texts[i][at] = (char)(rng_below(&rng, 40) < 39 ? 0 : rng_below(&rng, spread));
            argv[i + 2] = bytes_make(texts[i], len);
        }
        command_run_args(&run, COUNT + 2, argv);
        qsort(argv + 2, COUNT, sizeof *argv, compare_texts);
        struct reply want = {.resp = 2};
        reply_array(&want, COUNT);
        for (int i = 0; i < COUNT; i++) reply_bulk(&want, argv[i + 2]);
        command_run(&run, "SORT l ALPHA");
        cr_assert_eq(run.reply.len, want.len + 1);
        cr_assert_arr_eq(run.reply.data, want.data, want.len);
        reply_deinit(&want);
    }
}

Test(sort, numbers_are_what_strtod_takes)
{
    run_expect(&run, "RPUSH l 10 9.5 0x10 1e1 -inf", ":5\r\n");
    run_expect(&run, "SORT l", "*5\r\n$4\r\n-inf\r\n$3\r\n9.5\r\n$2\r\n10\r\n$3\r\n1e1\r\n"
                               "$4\r\n0x10\r\n");
    command_run(&run, "RPUSH e ''");
    run_expect(&run, "SORT e", "*1\r\n$0\r\n\r\n");
    static const char *const wrong[] = {"1x", "nan", "1e999", "1e-400", "4e-320", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[40];
        snprintf(line, sizeof line, "RPUSH w%zu 1 %s", i, wrong[i]);
        command_run(&run, line);
        snprintf(line, sizeof line, "SORT w%zu", i);
        run_expect(&run, line, "-ERR One or more scores can't be converted into double\r\n");
    }
    struct bytes argv[] = {bytes_of("RPUSH"), bytes_of("z"), bytes_of(" 2"), bytes_make("1\0x", 3)};
    command_run_args(&run, 4, argv);
    run_expect(&run, "SORT z LIMIT 1 1", "*1\r\n$2\r\n 2\r\n");
}

Test(sort, equal_scores_are_in_order_of_their_bytes)
{
    command_run(&run, "RPUSH l 1.0 1 01 -0 0 1.00");
    run_expect(&run, "SORT l", "*6\r\n$2\r\n-0\r\n$1\r\n0\r\n$2\r\n01\r\n$1\r\n1\r\n$3\r\n1.0\r\n"
                               "$4\r\n1.00\r\n");
    run_expect(&run, "SORT l DESC LIMIT 0 2", "*2\r\n$4\r\n1.00\r\n$3\r\n1.0\r\n");
}

Test(sort, alpha_by_keeps_places_where_texts_are_the_same)
{
    command_run(&run, "RPUSH l c b a d");
    command_run(&run, "MSET wc x wb x wd 5");
    run_expect(&run, "SORT l BY w* ALPHA",
               "*4\r\n$1\r\na\r\n$1\r\nd\r\n$1\r\nc\r\n$1\r\nb\r\n");
    run_expect(&run, "SORT l BY w* ALPHA DESC",
               "*4\r\n$1\r\nc\r\n$1\r\nb\r\n$1\r\nd\r\n$1\r\na\r\n");
}

Test(sort, store_tells_observers_once_for_the_destination)
{
    command_run(&run, "RPUSH l 2 1");
    run_expect(&run, "SORT l STORE d", ":2\r\n");
    run_expect_events(&run, "l:sortstore:d@0 ");
    run_expect(&run, "SORT l", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SORT none STORE d", ":0\r\n");
    run_expect_events(&run, "-g:del:d@0 ");
    run_expect(&run, "SORT none STORE d", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SORT l DESC STORE l", ":2\r\n");
    run_expect_events(&run, "l:sortstore:l@0 ");
    run_expect(&run, "OBJECT ENCODING l", "$8\r\nlistpack\r\n");
}

Test(sort, what_is_missing_is_null)
{
    command_run(&run, "RPUSH l 1");
    run_expect(&run, "SORT l GET x* GET #", "*2\r\n$-1\r\n$1\r\n1\r\n");
    run.reply.resp = 3;
    run_expect(&run, "SORT l GET x*->f GET x", "*2\r\n_\r\n_\r\n");
}

/* --- Keys reached. */

static bool reaches(const char *line)
{
    char text[100];
    struct bytes argv[20];
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = bytes_of(word);
    return sort_reaches_out(argc, argv);
}

Test(sort, only_patterns_with_a_star_reach_out)
{
    cr_assert_not(reaches("SORT l"));
    cr_assert_not(reaches("SORT l GET # GET x BY nosort STORE d*"));
    cr_assert_not(reaches("SORT l* LIMIT 0 1"));
    cr_assert_not(reaches("SORT l BY w_* BY nosort"));
    cr_assert_not(reaches("SORT l GET x* BOGUS"));
    cr_assert(reaches("SORT l BY w_*"));
    cr_assert(reaches("sort_ro l get # get x->*"));
    cr_assert(reaches("SORT l BY nosort GET h_*->f"));
}

static char names[1000];

static void note_name(void *ctx, struct bytes name)
{
    size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%.*s ", (int)name.len, name.data);
}

static const char *pattern_keys(const char *line)
{
    char text[100];
    struct bytes argv[20];
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = bytes_of(word);
    struct op op = {.ks = &run.ks, .db = run.ks.dbs, .argv = argv, .argc = argc,
                    .limits = &run.limits};
    names[0] = '\0';
    sort_pattern_keys(&op, note_name, NULL);
    return names;
}

Test(sort, the_keys_of_patterns_are_named)
{
    command_run(&run, "RPUSH l 3 1 2");
    command_run(&run, "SET s x");
    cr_assert_str_eq(pattern_keys("SORT l BY w_*"), "w_3 w_1 w_2 ");
    cr_assert_str_eq(pattern_keys("SORT l BY w_*x->f GET # GET *->g LIMIT 0 1"),
                     "w_3x 3 w_1x 1 w_2x 2 ");
    cr_assert_str_eq(pattern_keys("SORT l GET a* GET b*"), "a1 b1 a2 b2 a3 b3 ");
    cr_assert_str_eq(pattern_keys("SORT l GET a* DESC LIMIT 0 1 STORE d"), "a3 ");
    cr_assert_str_eq(pattern_keys("SORT l BY x GET a* LIMIT 1 1"), "a1 ");
    cr_assert_str_eq(pattern_keys("SORT s GET a*"), "");
    cr_assert_str_eq(pattern_keys("SORT none GET a*"), "");
    cr_assert_str_eq(pattern_keys("SORT l GET a* LIMIT x 1"), "");
}
