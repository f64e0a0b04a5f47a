/* Sets: the structure in its three forms against a set that is as simple as can be, choices at
 * random, and the commands, replies byte for byte and events. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/types/set.h"
#include "engine/types/set_edit.h"
#include "engine/types/set_sample.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE                                                                                 \
    "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define UNIVERSE 3000 /* members there may be in the random tests */

static struct command_run run;
static struct rng rng;

static void setup(void)
{
    command_run_init(&run);
    run.limits.set_max_intset_entries = 512;
    run.limits.set_max_listpack_entries = 128;
    run.limits.set_max_listpack_value = 64;
    rng_init(&rng, 42);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(set, .init = setup, .fini = teardown);
TestSuite(sets, .init = setup, .fini = teardown);

/* The set of a key, validated. */
static struct set_view view_of(const char *name)
{
    struct key key = keyspace_key(run.ks.seed, bytes_of(name));
    struct set_view view = set_view(keyspace_find(&run.ks, &run.ks.dbs[run.db], &key).entry);
    set_validate(view);
    return view;
}

static void expect_form(const char *name, enum set_form form)
{
    cr_assert_eq(view_of(name).form, form, "%s has form %d", name, view_of(name).form);
}

/* ---- The structure against a model. ---- */

/* Member i: an integer, a word, or one too long for a listpack and for a length byte. */
static struct bytes member_text(unsigned i, char text[static 400])
{
    int len;
    if (i % 3 == 0)
        len = snprintf(text, 400, "%d", (int)(i * i) - 1000);
    else if (i % 97 == 1)
        len = snprintf(text, 400, "%0*u", 200 + (int)(i % 150), i);
    else
        len = snprintf(text, 400, "word:%u", i);
    return bytes_make(text, (size_t)len);
}

struct seen {
    unsigned times[UNIVERSE];
    size_t count;
};

static bool see(void *ctx, struct set_member *member)
{
    struct seen *seen = ctx;
    char text[400];
    for (unsigned i = 0; i < UNIVERSE; i++) {
        if (!bytes_equal(set_member_text(member), member_text(i, text))) continue;
        seen->times[i]++;
        seen->count++;
        return true;
    }
    cr_assert_fail("no member of the model");
    return false;
}

static void expect_model(const bool *model, size_t count)
{
    struct seen *seen = calloc(1, sizeof *seen);
    struct set_view view = view_of("k");
    cr_assert_eq(set_count(view), count);
    set_each(view, see, seen);
    cr_assert_eq(seen->count, count);
    for (unsigned i = 0; i < UNIVERSE; i++) {
        char text[400];
        struct set_member member;
        cr_assert_eq(seen->times[i], model[i]);
        set_member_init(&member, member_text(i, text));
        cr_assert_eq(set_has(view, &member), model[i]);
    }
    free(seen);
}

/* Adds and removes members by the commands, of a set that has about `most` of them. */
static void run_against_model(unsigned most, unsigned step, int rounds)
{
    bool *model = calloc(UNIVERSE, sizeof *model);
    size_t count = 0;
    for (int round = 0; round < rounds; round++) {
        unsigned i = (unsigned)rng_below(&rng, most) * step % UNIVERSE;
        char text[400];
        bool add = rng_below(&rng, 100) < (round / 1000 % 2 == 0 ? 80u : 20u);
        struct bytes argv[3] = {bytes_of(add ? "SADD" : "SREM"), bytes_of("k"),
                                member_text(i, text)};
        cr_assert_str_eq(command_run_args(&run, 3, argv), add != model[i] ? ":1\r\n" : ":0\r\n");
        count += add && !model[i] ? 1 : 0;
        count -= !add && model[i] ? 1 : 0;
        model[i] = add;
        if (round % 500 == 0) expect_model(model, count);
    }
    expect_model(model, count);
    free(model);
}

/* A text of that length, one of a few. */
static struct bytes text_of_len(size_t len, unsigned which, char text[static 400])
{
    memset(text, 'a' + (int)which, 400);
    return bytes_make(text, len);
}

static bool add_to(void *ctx, struct set_member *member)
{
    cr_assert(set_add(ctx, member));
    return true;
}

static void expect_all_lengths(struct set *set)
{
    struct set_view view = {.form = SET_TABLE, .large = set};
    set_validate(view);
    cr_assert_eq(set_count(view), 1 + 299 * 3);
    for (size_t len = 0; len < 300; len++) {
        for (unsigned which = 0; which < 4; which++) {
            char text[400];
            struct set_member member;
            set_member_init(&member, text_of_len(len, which, text));
            cr_assert_eq(set_has(view, &member), len == 0 || which < 3, "length %zu", len);
        }
    }
}

Test(set, a_table_holds_members_of_any_length)
{
    struct set *set = set_new(7), *other = set_new(8);
    struct set_member member;
    char text[400];
    for (size_t len = 0; len < 300; len++) {
        for (unsigned which = 0; which < 3; which++) {
            set_member_init(&member, text_of_len(len, which, text));
            cr_assert_eq(set_add(set, &member), len > 0 || which == 0);
        }
    }
    expect_all_lengths(set);
    struct set *copy = set_object.copy(set, 9);
    expect_all_lengths(copy);
    set_each((struct set_view){.form = SET_TABLE, .large = set}, add_to, other);
    expect_all_lengths(other);
    for (size_t len = 0; len < 300; len++) {
        for (unsigned which = 0; which < 3; which++) {
            set_member_init(&member, text_of_len(len, which, text));
            cr_assert_eq(set_remove(set, &member), len > 0 || which == 0);
        }
    }
    cr_assert_eq(set_count((struct set_view){.form = SET_TABLE, .large = set}), 0);
    cr_assert(set_object.free_some(set, SIZE_MAX));
    cr_assert(set_object.free_some(copy, SIZE_MAX));
    cr_assert(set_object.free_some(other, SIZE_MAX));
}

Test(set, members_that_fill_a_block_take_no_more_than_that)
{
    static const size_t lens[] = {8, 16, 32, 48, 64, 80, 128};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct set *set = set_new(7);
        for (unsigned n = 0; n < 1000; n++) {
            char text[200];
            struct set_member member;
            snprintf(text, sizeof text, "%0*u", (int)lens[i], n);
            set_member_init(&member, bytes_make(text, lens[i]));
            cr_assert(set_add(set, &member));
        }
        size_t members = set_object.bytes(set, 0) - table_bytes(&set->table) - alloc_usable(set);
        cr_assert_eq(members, 1000 * lens[i], "%zu for a member of %zu", members / 1000, lens[i]);
        cr_assert(set_object.free_some(set, SIZE_MAX));
    }
}

Test(set, an_intset_agrees_with_the_model)
{
    run_against_model(300, 3, 4000);
    expect_form("k", SET_INTSET);
}

Test(set, a_listpack_agrees_with_the_model)
{
    run_against_model(90, 1, 4000);
    cr_assert_neq(view_of("k").form, SET_INTSET);
}

Test(set, a_table_agrees_with_the_model)
{
    run_against_model(UNIVERSE, 1, 8000);
    expect_form("k", SET_TABLE);
}

Test(set, limits_of_one_agree_with_the_model)
{
    run.limits.set_max_intset_entries = 1;
    run.limits.set_max_listpack_entries = 2;
    run.limits.set_max_listpack_value = 6;
    run_against_model(6, 1, 5000);
}

static void add_numbered(const char *key, const char *prefix, int from, int to)
{
    char line[100];
    for (int i = from; i < to; i++) {
        snprintf(line, sizeof line, "SADD %s %s%d", key, prefix, i);
        run_expect(&run, line, ":1\r\n");
    }
}

Test(set, forms_change_where_the_settings_say)
{
    add_numbered("n", "", 0, 512);
    expect_form("n", SET_INTSET);
    add_numbered("n", "", 512, 513);
    expect_form("n", SET_TABLE);
    add_numbered("w", "w", 0, 128);
    expect_form("w", SET_LISTPACK);
    add_numbered("w", "w", 128, 129);
    expect_form("w", SET_TABLE);
    run_expect(&run, "SREM w w0 w1 w2 w3 w4 w5", ":6\r\n");
    expect_form("w", SET_TABLE);
}

Test(set, an_intset_becomes_a_listpack_if_it_is_short_enough)
{
    add_numbered("k", "", 0, 127);
    run_expect(&run, "SADD k x", ":1\r\n");
    expect_form("k", SET_LISTPACK);
    run_expect(&run, "OBJECT ENCODING k", "$8\r\nlistpack\r\n");
    add_numbered("m", "", 0, 128);
    run_expect(&run, "SADD m x", ":1\r\n");
    expect_form("m", SET_TABLE);
    run_expect(&run, "SCARD m", ":129\r\n");
}

Test(set, a_long_member_makes_a_table)
{
    char line[200];
    snprintf(line, sizeof line, "SADD a %064d", 0);
    run_expect(&run, line, ":1\r\n");
    expect_form("a", SET_LISTPACK);
    snprintf(line, sizeof line, "SADD a %065d", 0);
    run_expect(&run, line, ":1\r\n");
    expect_form("a", SET_TABLE);
    snprintf(line, sizeof line, "SADD n 1 %065d", 0);
    run_expect(&run, line, ":2\r\n");
    expect_form("n", SET_TABLE);
    run_expect(&run, "OBJECT ENCODING n", "$9\r\nhashtable\r\n");
}

Test(set, the_form_of_a_new_set_follows_its_arguments)
{
    run.limits.set_max_intset_entries = 2;
    run.limits.set_max_listpack_entries = 3;
    run_expect(&run, "SADD a 1 2", ":2\r\n");
    expect_form("a", SET_INTSET);
    run_expect(&run, "SADD b 1 2 2", ":2\r\n");
    expect_form("b", SET_LISTPACK);
    run_expect(&run, "SADD c 1 2 2 1", ":2\r\n");
    expect_form("c", SET_TABLE);
    run_expect(&run, "SADD a 1 2 2", ":0\r\n");
    expect_form("a", SET_TABLE);
    run_expect(&run, "SCARD a", ":2\r\n");
}

Test(set, a_key_keeps_its_expiry_through_all_forms)
{
    run_expect(&run, "SADD k 1", ":1\r\n");
    run_expect(&run, "PEXPIREAT k 2000000", ":1\r\n");
    add_numbered("k", "w", 0, 200);
    expect_form("k", SET_TABLE);
    run_expect(&run, "PEXPIRETIME k", ":2000000\r\n");
}

Test(set, copies_share_nothing)
{
    add_numbered("k", "w", 0, 300);
    run_expect(&run, "COPY k c", ":1\r\n");
    run_expect(&run, "SREM k w0", ":1\r\n");
    run_expect(&run, "SISMEMBER c w0", ":1\r\n");
    run_expect(&run, "SCARD c", ":300\r\n");
    run_expect(&run, "DEL k", ":1\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    while (keyspace_reclaim(&run.ks, 10))
        ;
    view_of("c");
}

Test(set, what_a_set_takes_is_counted)
{
    add_numbered("k", "some-member-of-a-set:", 0, 1000);
    struct set_view view = view_of("k");
    size_t all = set_object.bytes(view.large, 0), some = set_object.bytes(view.large, 5);
    cr_assert_gt(all, 1000 * 24);
    cr_assert_gt(some, all / 2);
    cr_assert_lt(some, all * 2);
    cr_assert_eq(set_object.count(view.large), 1000);
}

/* ---- Choices at random. ---- */

/* Draws from 200 members of a set, so often, and compares with what is fair: chi-square
 * with 199 degrees of freedom is above 290 once in ten thousand fair draws. */
static void expect_fair(const unsigned *times, unsigned draws)
{
    double expected = draws / 200.0, sum = 0;
    for (int i = 0; i < 200; i++) {
        double off = times[i] - expected;
        sum += off * off / expected;
    }
    cr_assert_lt(sum, 290, "chi-square %.0f", sum);
}

static bool count_choice(void *ctx, struct set_member *member)
{
    struct bytes text = set_member_text(member);
    int64_t number;
    size_t word = *text.data == 'w';
    cr_assert(number_parse_i64(bytes_make(text.data + word, text.len - word), &number));
    cr_assert(number >= 0 && number < 200);
    ((unsigned *)ctx)[number]++;
    return true;
}

static void draw_and_sample(void)
{
    unsigned times[200] = {0}, sampled[200] = {0};
    struct set_view view = view_of("k");
    struct set_member member;
    for (int i = 0; i < 100000; i++) {
        set_random(view, &rng, &member);
        count_choice(times, &member);
    }
    expect_fair(times, 100000);
    for (int i = 0; i < 10000; i++) set_sample(view, &rng, 10, count_choice, sampled);
    expect_fair(sampled, 100000);
    memset(sampled, 0, sizeof sampled);
    set_sample(view, &rng, 180, count_choice, sampled);
    for (int i = 0; i < 200; i++) cr_assert_leq(sampled[i], 1);
}

Test(set, each_member_of_an_intset_is_as_likely)
{
    add_numbered("k", "", 0, 200);
    expect_form("k", SET_INTSET);
    draw_and_sample();
}

Test(set, each_member_of_a_listpack_is_as_likely)
{
    run.limits.set_max_listpack_entries = 200;
    add_numbered("k", "w", 0, 200);
    expect_form("k", SET_LISTPACK);
    draw_and_sample();
}

Test(set, each_member_of_a_table_is_as_likely)
{
    add_numbered("k", "w", 0, 200);
    expect_form("k", SET_TABLE);
    draw_and_sample();
}

Test(set, what_is_popped_is_fair_too)
{
    unsigned times[200] = {0};
    for (int form = 0; form < 3; form++) {
        run.limits.set_max_listpack_entries = form == 1 ? 200 : 128;
        memset(times, 0, sizeof times);
        for (int round = 0; round < 500; round++) {
            add_numbered("k", form == 0 ? "" : "w", 0, 200);
            const char *reply = command_run(&run, "SPOP k 100");
            cr_assert_str_eq(strtok((char *)reply, "\r\n"), "*100");
            for (int i = 0; i < 100; i++) {
                strtok(NULL, "\r\n");
                const char *text = strtok(NULL, "\r\n");
                times[atoi(text + (*text == 'w'))]++;
            }
            cr_assert_eq(set_count(view_of("k")), 100);
            run_expect(&run, "DEL k", ":1\r\n");
        }
        expect_fair(times, 500 * 100);
    }
}

/* ---- Commands. ---- */

Test(sets, sadd_and_srem_count_what_they_changed)
{
    run_expect(&run, "SADD k 2 1 2 x", ":3\r\n");
    run_expect_events(&run, "s:sadd:k@0 ");
    run_expect(&run, "SADD k 1 x", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SREM k y z", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SREM k 1 1 y", ":1\r\n");
    run_expect_events(&run, "s:srem:k@0 ");
    run_expect(&run, "SREM k x 2", ":2\r\n");
    run_expect_events(&run, "s:srem:k@0 -g:del:k@0 ");
    run_expect(&run, "EXISTS k", ":0\r\n");
    run_expect(&run, "SREM k x", ":0\r\n");
}

Test(sets, members_are_told_apart_by_their_bytes)
{
    run_expect(&run, "SADD k 1 01 +1 '' 1.0", ":5\r\n");
    run_expect(&run, "SMISMEMBER k 1 01 001 '' 1.0 +1",
               "*6\r\n:1\r\n:1\r\n:0\r\n:1\r\n:1\r\n:1\r\n");
    run_expect(&run, "SISMEMBER k 1", ":1\r\n");
    run_expect(&run, "SISMEMBER nothing 1", ":0\r\n");
    run_expect(&run, "SMISMEMBER nothing 1 2", "*2\r\n:0\r\n:0\r\n");
}

Test(sets, smembers_is_a_set_in_resp3)
{
    run_expect(&run, "SADD k 3 -1 70000", ":3\r\n");
    run_expect(&run, "SMEMBERS k", "*3\r\n$2\r\n-1\r\n$1\r\n3\r\n$5\r\n70000\r\n");
    run_expect(&run, "SMEMBERS nothing", "*0\r\n");
    run.reply.resp = 3;
    run_expect(&run, "SMEMBERS k", "~3\r\n$2\r\n-1\r\n$1\r\n3\r\n$5\r\n70000\r\n");
    run_expect(&run, "SMEMBERS nothing", "~0\r\n");
    run_expect(&run, "SPOP nothing", "_\r\n");
    run_expect(&run, "SPOP nothing 3", "~0\r\n");
    run_expect(&run, "SRANDMEMBER nothing 3", "*0\r\n");
    run_expect(&run, "SRANDMEMBER nothing", "_\r\n");
    run_expect(&run, "SINTER k k", "~3\r\n$2\r\n-1\r\n$1\r\n3\r\n$5\r\n70000\r\n");
    run_expect(&run, "SDIFF k k", "~0\r\n");
}

Test(sets, smove_moves_and_tells_of_both)
{
    run_expect(&run, "SADD a 1 x", ":2\r\n");
    run_expect(&run, "SMOVE a b x", ":1\r\n");
    run_expect_events(&run, "s:srem:a@0 s:sadd:b@0 ");
    run_expect(&run, "SMOVE a b y", ":0\r\n");
    run_expect(&run, "SMOVE a a 1", ":1\r\n");
    run_expect(&run, "SMOVE a a 2", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SADD b 1", ":1\r\n");
    run_expect(&run, "SMOVE a b 1", ":1\r\n");
    run_expect_events(&run, "s:srem:a@0 -g:del:a@0 ");
    run_expect(&run, "SCARD b", ":2\r\n");
    command_run_set(&run, "s", "v", ENTRY_NO_EXPIRY);
    run_expect(&run, "SMOVE nothing s 1", ":0\r\n");
    run_expect(&run, "SMOVE b s 1", WRONG_TYPE);
    run_expect(&run, "SMOVE s b 1", WRONG_TYPE);
}

Test(sets, spop_of_the_last_member_deletes_the_key)
{
    run_expect(&run, "SADD k x", ":1\r\n");
    run_expect(&run, "SPOP k", "$1\r\nx\r\n");
    run_expect_events(&run, "s:spop:k@0 -g:del:k@0 ");
    run_expect(&run, "SPOP k", "$-1\r\n");
    run_expect(&run, "SADD k 1 2", ":2\r\n");
    run_expect(&run, "SPOP k 0", "*0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SPOP k 5", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    run_expect_events(&run, "s:spop:k@0 -g:del:k@0 ");
    run_expect(&run, "SPOP k -1", "-ERR value is out of range, must be positive\r\n");
    run_expect(&run, "SPOP k 1 1", "-ERR syntax error\r\n");
    run_expect(&run, "SRANDMEMBER k 1 1", "-ERR syntax error\r\n");
    run_expect(&run, "SRANDMEMBER k x", "-ERR value is not an integer or out of range\r\n");
}

Test(sets, a_negative_count_repeats_members)
{
    run_expect(&run, "SADD k x", ":1\r\n");
    run_expect(&run, "SRANDMEMBER k -3", "*3\r\n$1\r\nx\r\n$1\r\nx\r\n$1\r\nx\r\n");
    run_expect(&run, "SRANDMEMBER k 3", "*1\r\n$1\r\nx\r\n");
    run_expect(&run, "SRANDMEMBER k", "$1\r\nx\r\n");
}

Test(sets, combinations_of_different_forms)
{
    run_expect(&run, "SADD n 1 2 3 4", ":4\r\n");
    run_expect(&run, "SADD w 3 4 x", ":3\r\n");
    add_numbered("t", "", 2, 800);
    run_expect(&run, "SINTER n w t", "*2\r\n$1\r\n3\r\n$1\r\n4\r\n");
    run_expect(&run, "SDIFF n w", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    run_expect(&run, "SDIFF n t nothing w", "*1\r\n$1\r\n1\r\n");
    run_expect(&run, "SUNION n w",
               "*5\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\nx\r\n");
    run_expect(&run, "SINTER n nothing", "*0\r\n");
    run_expect(&run, "SUNIONSTORE d t w n w", ":800\r\n");
    run_expect_events(&run, "s:sunionstore:d@0 ");
    expect_form("d", SET_TABLE);
    run_expect(&run, "SDIFFSTORE d d n w nothing", ":795\r\n");
    run_expect_events(&run, "s:sdiffstore:d@0 ");
    run_expect(&run, "SINTERSTORE d n t", ":3\r\n");
    run_expect_events(&run, "s:sinterstore:d@0 ");
    expect_form("d", SET_INTSET);
    run_expect(&run, "SINTERSTORE d n nothing", ":0\r\n");
    run_expect_events(&run, "-g:del:d@0 ");
    run_expect(&run, "SINTERSTORE d n nothing", ":0\r\n");
    run_expect_events(&run, "");
}

Test(sets, a_union_of_many_sets_has_each_member_once)
{
    run_expect(&run, "SADD a 1 2", ":2\r\n");
    run_expect(&run, "SADD b 2 3", ":2\r\n");
    run_expect(&run, "SUNION a b a b a nothing", "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n");
}

Test(sets, a_large_set_less_many_small_ones)
{
    add_numbered("t", "", 0, 700);
    run_expect(&run, "SADD a 1 2 x", ":3\r\n");
    run_expect(&run, "SADD b 2 3", ":2\r\n");
    run_expect(&run, "SDIFFSTORE d t a b", ":697\r\n");
    run_expect(&run, "SMISMEMBER d 0 1 2 3 4 x",
               "*6\r\n:1\r\n:0\r\n:0\r\n:0\r\n:1\r\n:0\r\n");
}

Test(sets, a_key_of_another_type_is_an_error_even_after_a_missing_one)
{
    command_run_set(&run, "s", "v", ENTRY_NO_EXPIRY);
    run_expect(&run, "SADD s 1", WRONG_TYPE);
    run_expect(&run, "SPOP s", WRONG_TYPE);
    run_expect(&run, "SSCAN s 0", WRONG_TYPE);
    run_expect(&run, "SINTER nothing s", WRONG_TYPE);
    run_expect(&run, "SDIFF nothing s", WRONG_TYPE);
    run_expect(&run, "SUNIONSTORE s nothing s", WRONG_TYPE);
    run_expect(&run, "SADD k 1", ":1\r\n");
    run_expect(&run, "SUNIONSTORE s k", ":1\r\n");
    run_expect(&run, "TYPE s", "+set\r\n");
}

Test(sets, sintercard_counts_up_to_its_limit)
{
    run_expect(&run, "SADD a 1 2 3", ":3\r\n");
    run_expect(&run, "SADD b 1 2 3 4", ":4\r\n");
    run_expect(&run, "SINTERCARD 2 a b", ":3\r\n");
    run_expect(&run, "SINTERCARD 2 a b LIMIT 2", ":2\r\n");
    run_expect(&run, "SINTERCARD 2 a b limit 0", ":3\r\n");
    run_expect(&run, "SINTERCARD 2 a nothing", ":0\r\n");
    run_expect(&run, "SINTERCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative\r\n");
    run_expect(&run, "SINTERCARD 2 a b LIMIT", "-ERR syntax error\r\n");
    run_expect(&run, "SINTERCARD 0 a", "-ERR numkeys should be greater than 0\r\n");
    run_expect(&run, "SINTERCARD x a", "-ERR numkeys should be greater than 0\r\n");
    run_expect(&run, "SINTERCARD 3 a b",
               "-ERR Number of keys can't be greater than number of args\r\n");
}

/* ---- SSCAN. ---- */

Test(sets, sscan_answers_a_small_set_on_one_page)
{
    run_expect(&run, "SADD k 1 2 12", ":3\r\n");
    run_expect(&run, "SSCAN k 0 COUNT 1",
               "*2\r\n$1\r\n0\r\n*3\r\n$1\r\n1\r\n$1\r\n2\r\n$2\r\n12\r\n");
    run_expect(&run, "SSCAN k 0 MATCH 1*", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\n1\r\n$2\r\n12\r\n");
    run_expect(&run, "SSCAN nothing 0", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect(&run, "SSCAN nothing 0 BOGUS", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect(&run, "SSCAN k 0 BOGUS 1", "-ERR syntax error\r\n");
    run_expect(&run, "SSCAN k 0 COUNT 0", "-ERR syntax error\r\n");
    run_expect(&run, "SSCAN k x", "-ERR invalid cursor\r\n");
    struct bytes nul[] = {bytes_of("SSCAN"), bytes_of("k"), bytes_make("7\0x", 3)};
    cr_assert_str_eq(command_run_args(&run, 3, nul),
                     "*2\r\n$1\r\n0\r\n*3\r\n$1\r\n1\r\n$1\r\n2\r\n$2\r\n12\r\n");
}

Test(sets, sscan_misses_no_member_that_stays_while_the_table_grows_and_shrinks)
{
    bool seen[1000] = {false};
    char cursor[32] = "0", line[100];
    int pages = 0;
    add_numbered("k", "w", 0, 1000);
    do {
        snprintf(line, sizeof line, "SSCAN k %s COUNT 5", cursor);
        const char *reply = command_run(&run, line);
        char *copy = strdup(reply), *rest = NULL;
        strtok_r(copy, "\r\n", &rest);
        strtok_r(NULL, "\r\n", &rest);
        snprintf(cursor, sizeof cursor, "%s", strtok_r(NULL, "\r\n", &rest));
        strtok_r(NULL, "\r\n", &rest);
        while (strtok_r(NULL, "\r\n", &rest) != NULL) {
            const char *text = strtok_r(NULL, "\r\n", &rest);
            if (*text == 'w') seen[atoi(text + 1)] = true;
        }
        free(copy);
        /* Up to several times the size while the walk is under way, and back. */
        if (pages < 60) add_numbered("k", "x", pages * 50, pages * 50 + 50);
        for (int i = pages >= 90 && pages < 150 ? 0 : 50; i < 50; i++) {
            snprintf(line, sizeof line, "SREM k x%d", (pages - 90) * 50 + i);
            run_expect(&run, line, ":1\r\n");
        }
        pages++;
    } while (strcmp(cursor, "0") != 0);
    for (int i = 0; i < 1000; i++) cr_assert(seen[i], "w%d was missed", i);
    cr_assert_gt(pages, 150, "%d pages", pages);
}
