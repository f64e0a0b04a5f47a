/* HyperLogLogs: the structure against an array of registers, the commands byte for byte. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "engine/types/hll.h"
#include "engine/types/hll_selftest.h"
#include "engine/types/hll_sparse.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define NOT_HLL "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n"
#define DAMAGED "-INVALIDOBJ Corrupted HLL object detected\r\n"

static struct command_run run;
static struct rng rng;

static void setup(void)
{
    command_run_init(&run);
    run.limits.bulk_max = 512u << 20;
    run.limits.hll_sparse_max_bytes = 3000;
    rng_init(&rng, 42);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(hll, .init = setup, .fini = teardown);

/* A value in memory of exactly its size, so that reading past its end is noticed. */
static struct bytes exact(const char *data, size_t len)
{
    char *copy = alloc_get(len);
    memcpy(copy, data, len);
    return bytes_make(copy, len);
}

static struct bytes value_at(const char *key)
{
    static char scratch[NUMBER_I64_MAX];
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    struct entry *e = keyspace_find(&run.ks, &run.ks.dbs[0], &name).entry;
    cr_assert_not_null(e);
    return entry_string(e, scratch);
}

static void set_bytes(const char *key, const void *data, size_t len)
{
    struct bytes argv[] = {bytes_of("SET"), bytes_of(key), bytes_make(data, len)};
    command_run_args(&run, 3, argv);
}

/* Adds the numbers from `from` to `until` - 1. */
static void add_numbers(const char *key, int from, int until)
{
    for (int i = from; i < until; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        struct bytes argv[] = {bytes_of("PFADD"), bytes_of(key), bytes_of(number)};
        command_run_args(&run, 3, argv);
    }
}

static void assert_registers(struct bytes value, const uint8_t *expected)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    cr_assert(hll_validate(value));
    cr_assert(hll_merge(value, registers));
    cr_assert_arr_eq(registers, expected, sizeof registers);
}

/* ---- Structure. ---- */

Test(hll, marks_are_those_of_redis)
{
    static const struct {
        const char *element;
        struct hll_mark mark;
    } known[] = {
        {"", {5938, 2}},
        {"foo", {7348, 5}},
        {"12345678", {10579, 3}},
        {"123456789abcdefg!", {3632, 2}},
    };
    for (size_t i = 0; i < countof(known); i++) {
        struct bytes element = bytes_of(known[i].element);
        struct bytes copy = exact(element.data, element.len);
        struct hll_mark mark = hll_mark_of(copy);
        cr_assert_eq(mark.index, known[i].mark.index, "%s: %u", known[i].element, mark.index);
        cr_assert_eq(mark.value, known[i].mark.value, "%s: %u", known[i].element, mark.value);
        alloc_free((void *)copy.data);
    }
}

Test(hll, dense_registers_are_what_was_set_and_disturb_no_other)
{
    uint8_t model[HLL_REGISTERS] = {0};
    char made[HLL_EMPTY_BYTES];
    char *dense = alloc_get(HLL_DENSE_BYTES), *packed = alloc_get(HLL_DENSE_BYTES);
    hll_make(made);
    hll_make_dense(dense, made, model);
    for (int i = 0; i < 50000; i++) {
        uint32_t index = rng_next(&rng) % HLL_REGISTERS;
        if (i < 4) index = HLL_REGISTERS - 1 - (uint32_t)i;
        model[index] = rng_next(&rng) & HLL_REGISTER_MAX;
        hll_dense_set(dense, index, model[index]);
        cr_assert_eq(hll_dense_get(dense, index), model[index]);
    }
    assert_registers(bytes_make(dense, HLL_DENSE_BYTES), model);
    hll_make_dense(packed, made, model);
    cr_assert_arr_eq(packed, dense, HLL_DENSE_BYTES);
    uint64_t one, other;
    cr_assert(hll_count(bytes_make(dense, HLL_DENSE_BYTES), &one));
    other = hll_count_registers(model);
    cr_assert_eq(one, other);
    alloc_free(dense);
    alloc_free(packed);
}

/* Few different values, so that runs are joined a lot. */
static struct hll_mark random_mark(uint32_t range)
{
    uint64_t bits = rng_next(&rng);
    uint8_t value = bits % 8 == 0 ? 1 + bits / 8 % HLL_SPARSE_VALUE_MAX : 1 + bits / 8 % 2;
    return (struct hll_mark){.index = (uint32_t)(bits >> 32) % range, .value = value};
}

static void raise_at(char *data, size_t *len, struct hll_spot *from, struct hll_mark mark,
                     enum hll_look expected)
{
    struct hll_edit edit;
    enum hll_look look = hll_sparse_look(bytes_make(data, *len), *from, mark, &edit);
    cr_assert_eq(look, expected);
    *from = edit.next;
    if (look != HLL_EDIT) return;
    cr_assert_leq(hll_sparse_growth(&edit), HLL_SPARSE_GROWTH_MAX);
    size_t before = *len;
    *len = hll_sparse_apply(data, *len, &edit);
    cr_assert_leq(*len, before + HLL_SPARSE_GROWTH_MAX);
}

Test(hll, sparse_registers_agree_with_an_array)
{
    static const uint32_t ranges[] = {8, 70, 400, HLL_REGISTERS};
    char *data = alloc_get(HLL_SPARSE_BYTES_MAX + HLL_SPARSE_GROWTH_MAX);
    for (size_t r = 0; r < countof(ranges); r++) {
        uint8_t model[HLL_REGISTERS] = {0};
        size_t len = HLL_EMPTY_BYTES;
        hll_make(data);
        for (int i = 0; i < 1500; i++) {
            struct hll_mark mark = random_mark(ranges[r]);
            struct hll_spot start = HLL_SPARSE_START;
            raise_at(data, &len, &start, mark,
                     model[mark.index] < mark.value ? HLL_EDIT : HLL_ENOUGH);
            if (model[mark.index] < mark.value) model[mark.index] = mark.value;
            if (i % 10 == 0) assert_registers(bytes_make(data, len), model);
        }
        assert_registers(bytes_make(data, len), model);
        uint64_t estimate, expected = hll_count_registers(model);
        cr_assert(hll_count(bytes_make(data, len), &estimate));
        cr_assert_eq(estimate, expected);
    }
    alloc_free(data);
}

Test(hll, going_on_from_the_last_edit_gives_the_same_bytes_as_starting_over)
{
    char *one = alloc_get(HLL_SPARSE_BYTES_MAX + HLL_SPARSE_GROWTH_MAX);
    char *other = alloc_get(HLL_SPARSE_BYTES_MAX + HLL_SPARSE_GROWTH_MAX);
    for (int round = 0; round < 300; round++) {
        uint8_t model[HLL_REGISTERS] = {0};
        size_t one_len = HLL_EMPTY_BYTES, other_len;
        hll_make(one);
        for (int i = 0; i < 60; i++) { /* runs of every kind to begin with */
            struct hll_spot start = HLL_SPARSE_START;
            struct hll_mark mark = random_mark(100);
            raise_at(one, &one_len, &start, mark,
                     model[mark.index] < mark.value ? HLL_EDIT : HLL_ENOUGH);
            if (model[mark.index] < mark.value) model[mark.index] = mark.value;
        }
        memcpy(other, one, one_len);
        other_len = one_len;
        struct hll_spot from = HLL_SPARSE_START;
        for (uint32_t index = 0; index < 100; index++) {
            struct hll_mark mark = {index, 1 + rng_next(&rng) % 3};
            struct hll_spot start = HLL_SPARSE_START;
            enum hll_look expected = model[index] < mark.value ? HLL_EDIT : HLL_ENOUGH;
            if (rng_next(&rng) % 4 == 0) continue;
            raise_at(one, &one_len, &from, mark, expected);
            raise_at(other, &other_len, &start, mark, expected);
            cr_assert_eq(one_len, other_len);
            cr_assert_arr_eq(one, other, one_len);
        }
    }
    alloc_free(one);
    alloc_free(other);
}

Test(hll, whatever_bytes_are_given_nothing_is_read_past_their_end)
{
    uint8_t registers[HLL_REGISTERS];
    char data[600];
    for (int i = 0; i < 20000; i++) {
        size_t len = rng_next(&rng) % (sizeof data - HLL_SPARSE_GROWTH_MAX);
        for (size_t k = 0; k < len; k++) /* long runs of zeroes, so that some totals are right */
            data[k] = (char)(rng_next(&rng) % 3 == 0 ? 0x7f : (int)(rng_next(&rng) & 0xff));
        memcpy(data, "HYLL\1", bits_min(len, 5));
        struct bytes value = exact(data, len);
        uint64_t estimate;
        bool valid = hll_validate(value);
        if (hll_recognized(value)) {
            cr_assert_eq(hll_merge(value, memset(registers, 0, sizeof registers)), valid);
            cr_assert_eq(hll_count(value, &estimate), valid);
            struct hll_edit edit;
            struct hll_mark mark = random_mark(HLL_REGISTERS);
            if (hll_sparse_look(value, HLL_SPARSE_START, mark, &edit) == HLL_EDIT) {
                size_t more = len + HLL_SPARSE_GROWTH_MAX;
                char *room = alloc_get(more);
                memcpy(room, value.data, len);
                cr_assert_leq(hll_sparse_apply(room, len, &edit), more);
                alloc_free(room);
            }
        }
        alloc_free((void *)value.data);
    }
}

Test(hll, a_last_run_without_its_second_byte_is_damage)
{
    char made[HLL_EMPTY_BYTES];
    hll_make(made);
    cr_assert(hll_validate(bytes_make(made, sizeof made)));
    cr_assert_not(hll_validate(bytes_make(made, sizeof made - 1)));
    cr_assert_not(hll_validate(bytes_make(made, HLL_HEADER_BYTES)));
    cr_assert_not(hll_recognized(bytes_make(made, HLL_HEADER_BYTES - 1)));
    made[4] = 2;
    cr_assert_not(hll_recognized(bytes_make(made, sizeof made)));
    made[4] = 0;
    cr_assert_not(hll_recognized(bytes_make(made, sizeof made)));
}

Test(hll, estimates_are_near_at_any_size)
{
    char *dense = alloc_get(HLL_DENSE_BYTES), made[HLL_EMPTY_BYTES];
    uint8_t nothing[HLL_REGISTERS] = {0};
    uint64_t estimate, next = 1;
    hll_make(made);
    hll_make_dense(dense, made, nothing);
    cr_assert(hll_count(bytes_make(dense, HLL_DENSE_BYTES), &estimate));
    cr_assert_eq(estimate, 0);
    for (uint64_t i = 1; i <= 300000; i++) {
        struct hll_mark mark = hll_mark_of(bytes_make(&i, sizeof i));
        if (hll_dense_get(dense, mark.index) < mark.value)
            hll_dense_set(dense, mark.index, mark.value);
        if (i < next) continue;
        next = next * 3 / 2 + 1;
        cr_assert(hll_count(bytes_make(dense, HLL_DENSE_BYTES), &estimate));
        cr_assert_leq(fabs((double)estimate - (double)i), 1 + 0.04 * (double)i, "%lu: %lu",
                      (unsigned long)i, (unsigned long)estimate);
    }
    alloc_free(dense);
}

Test(hll, the_self_test_passes)
{
    char why[128] = "";
    cr_assert(hll_selftest_run(why, sizeof why), "%s", why);
}

/* ---- Commands. ---- */

Test(hll, pfadd_tells_whether_a_register_was_raised)
{
    run_expect(&run, "PFADD h", ":1\r\n");
    run_expect_events(&run, "$:pfadd:h@0 ");
    run_expect(&run, "PFADD h", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "PFADD h a b c d e f g", ":1\r\n");
    run_expect_events(&run, "$:pfadd:h@0 ");
    run_expect(&run, "PFADD h a g c", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "PFCOUNT h", ":7\r\n");
    run_expect(&run, "PFDEBUG DECODE h",
               "$93\r\nZ:1646 v:1,1 Z:5645 v:1,1 Z:1085 v:2,1 z:57 v:1,1 "
               "Z:4274 v:2,1 Z:2445 v:1,1 Z:622 v:1,1 Z:603\r\n");
    run_expect(&run, "TYPE h", "+string\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$3\r\nraw\r\n");
}

Test(hll, a_new_one_has_the_bytes_of_redis)
{
    static const char expected[] = "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff";
    run_expect(&run, "PFADD h", ":1\r\n");
    struct bytes value = value_at("h");
    cr_assert(bytes_equal(value, bytes_make(expected, sizeof expected - 1)));
}

Test(hll, counting_one_keeps_the_estimate_in_it_and_sends_no_notification)
{
    run_expect(&run, "PFCOUNT h", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "PFADD h a b c", ":1\r\n");
    run_expect(&run, "PFCOUNT h", ":3\r\n");
    run_expect_events(&run, "-::h@0 ");
    run_expect(&run, "PFCOUNT h", ":3\r\n");
    run_expect_events(&run, "");
    uint64_t kept;
    cr_assert(hll_kept(value_at("h"), &kept));
    cr_assert_eq(kept, 3);
    run_expect(&run, "PFADD h a", ":0\r\n");
    cr_assert(hll_kept(value_at("h"), &kept));
    run_expect(&run, "PFADD h d", ":1\r\n");
    cr_assert_not(hll_kept(value_at("h"), &kept));
    /* Several are counted afresh, and left as they are. */
    run_expect(&run, "PFCOUNT h nothing h", ":4\r\n");
    run_expect_events(&run, "");
    cr_assert_not(hll_kept(value_at("h"), &kept));
}

Test(hll, an_estimate_that_a_client_wrote_is_believed)
{
    set_bytes("h", "HYLL\1\0\0\0\x39\5\0\0\0\0\0\0\x7f\xff", 18);
    run_expect(&run, "PFCOUNT h", ":1337\r\n");
    run_expect_events(&run, "");
}

Test(hll, a_sparse_one_gets_dense_when_it_would_outgrow_the_limit)
{
    uint8_t before[HLL_REGISTERS] = {0};
    run.limits.hll_sparse_max_bytes = 200;
    int n = 0;
    for (; n == 0 || value_at("h").len <= 200; n++) {
        if (n > 0) {
            memset(before, 0, sizeof before);
            cr_assert(hll_merge(value_at("h"), before));
        }
        add_numbers("h", n, n + 1);
        cr_assert_lt(n, 1000);
    }
    cr_assert_gt(n, 50);
    cr_assert_eq(value_at("h").len, HLL_DENSE_BYTES);
    char number[16];
    snprintf(number, sizeof number, "%d", n - 1);
    struct hll_mark last = hll_mark_of(bytes_of(number));
    before[last.index] = last.value;
    assert_registers(value_at("h"), before);
    run_expect(&run, "PFDEBUG ENCODING h", "+dense\r\n");
    run_expect(&run, "PFDEBUG DECODE h", "-ERR HLL encoding is not sparse\r\n");
}

Test(hll, values_grow_out_of_their_entry_and_keep_their_expiry)
{
    run.limits.hll_sparse_max_bytes = 16000;
    run_expect(&run, "PFADD h a", ":1\r\n");
    run_expect(&run, "PEXPIRE h 5000", ":1\r\n");
    uint8_t model[HLL_REGISTERS] = {0};
    struct hll_mark a = hll_mark_of(bytes_of("a"));
    model[a.index] = a.value;
    for (int i = 0; i < 3000; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        struct hll_mark mark = hll_mark_of(bytes_of(number));
        if (model[mark.index] < mark.value) model[mark.index] = mark.value;
        add_numbers("h", i, i + 1);
        if (i % 100 == 0) assert_registers(value_at("h"), model);
    }
    cr_assert_gt(value_at("h").len, ENTRY_EMBED_MAX);
    run_expect(&run, "PFDEBUG ENCODING h", "+sparse\r\n");
    run_expect(&run, "PFDEBUG TODENSE h", ":1\r\n");
    run_expect_events(&run, "-::h@0 ");
    run_expect(&run, "PFDEBUG TODENSE h", ":0\r\n");
    run_expect_events(&run, "");
    assert_registers(value_at("h"), model);
    run_expect(&run, "PTTL h", ":5000\r\n");
}

Test(hll, pfmerge_makes_the_union_sparse_or_dense)
{
    add_numbers("a", 0, 100);
    add_numbers("b", 50, 150);
    run_expect(&run, "PFMERGE d a b nothing", "+OK\r\n");
    run_expect_events(&run, "$:pfadd:d@0 ");
    run_expect(&run, "PFDEBUG ENCODING d", "+sparse\r\n");
    add_numbers("expected", 0, 150);
    uint8_t registers[HLL_REGISTERS] = {0};
    cr_assert(hll_merge(value_at("expected"), registers));
    assert_registers(value_at("d"), registers);
    uint64_t kept;
    cr_assert_not(hll_kept(value_at("d"), &kept));
    run_expect(&run, "PFDEBUG TODENSE b", ":1\r\n");
    run_expect(&run, "PFMERGE e a b", "+OK\r\n");
    run_expect(&run, "PFDEBUG ENCODING e", "+dense\r\n");
    assert_registers(value_at("e"), registers);
    run_expect(&run, "PFMERGE e d", "+OK\r\n");
    assert_registers(value_at("e"), registers);
    run.limits.hll_sparse_max_bytes = 300;
    run_expect(&run, "PFMERGE f d", "+OK\r\n");
    run_expect(&run, "PFDEBUG ENCODING f", "+dense\r\n");
    assert_registers(value_at("f"), registers);
    run_expect(&run, "PFMERGE alone", "+OK\r\n");
    run_expect(&run, "STRLEN alone", ":18\r\n");
}

Test(hll, what_is_no_hyperloglog_is_refused)
{
    static const char *const lines[] = {"PFADD s x", "PFADD s", "PFCOUNT s", "PFCOUNT s s",
                                        "PFMERGE s", "PFMERGE d s", "PFDEBUG ENCODING s"};
    char dense[HLL_DENSE_BYTES + 1] = "HYLL";
    for (size_t i = 0; i < countof(lines); i++) {
        set_bytes("s", "text", 4);
        run_expect(&run, lines[i], NOT_HLL);
        set_bytes("s", "12345678901234567", 17);
        run_expect(&run, lines[i], NOT_HLL);
        set_bytes("s", "HYLL\2\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18);
        run_expect(&run, lines[i], NOT_HLL);
        set_bytes("s", dense, sizeof dense);
        run_expect(&run, lines[i], NOT_HLL);
        run_expect_events(&run, "");
    }
    run_expect(&run, "EXISTS d", ":0\r\n");
    run_expect(&run, "PFDEBUG ENCODING nothing", "-ERR The specified key does not exist\r\n");
    run_expect(&run, "PFADD h a", ":1\r\n");
    run_expect(&run, "PFDEBUG BOGUS h", "-ERR Unknown PFDEBUG subcommand 'BOGUS'\r\n");
}

Test(hll, damage_is_told_where_it_is_noticed)
{
    char scratch[256];
    /* 16383 registers, the estimate out of date; those there are can be raised. */
    set_bytes("s", "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xfe", 18);
    run_expect(&run, "PFCOUNT s", DAMAGED);
    run_expect(&run, "PFCOUNT s s", DAMAGED);
    run_expect(&run, "PFMERGE s", DAMAGED);
    run_expect(&run, "PFMERGE d s", DAMAGED);
    run_expect(&run, "PFDEBUG TODENSE s", DAMAGED);
    run_expect(&run, "PFDEBUG GETREG s", DAMAGED);
    run_expect_events(&run, "");
    run_expect(&run, "PFDEBUG DECODE s", "$7\r\nZ:16383\r\n");
    run_expect(&run, "PFADD s a", ":1\r\n");
    set_bytes("s", "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80", 16);
    run_expect(&run, "PFADD s a", DAMAGED);
    run_expect(&run, "PFDEBUG DECODE s", "$0\r\n\r\n");
    set_bytes("s", "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f", 17);
    run_expect(&run, "PFADD s a", DAMAGED);
    run_expect(&run, "PFMERGE s", DAMAGED);
    run_expect_events(&run, "");
    cr_assert_str_eq(command_run_get(&run, "s", scratch), "HYLL\1");
    run_expect(&run, "EXISTS d", ":0\r\n");
}

Test(hll, the_elements_before_the_damage_stay_and_observers_hear_of_them)
{
    /* The first 14000 registers are there. */
    set_bytes("s", "HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x76\xaf", 18);
    int low = -1, high = -1;
    for (int i = 0; low < 0 || high < 0; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        if (hll_mark_of(bytes_of(number)).index < 14000)
            low = i;
        else
            high = i;
    }
    char line[64];
    snprintf(line, sizeof line, "PFADD s %d %d", low, high);
    run_expect(&run, line, DAMAGED);
    run_expect_events(&run, "-::s@0 ");
    snprintf(line, sizeof line, "PFADD s %d", low);
    run_expect(&run, line, ":0\r\n");
}

Test(hll, getreg_makes_it_dense_and_lists_all_registers)
{
    run_expect(&run, "PFADD h a", ":1\r\n");
    const char *reply = command_run(&run, "PFDEBUG GETREG h");
    cr_assert_eq(strncmp(reply, "*16384\r\n:0\r\n", 12), 0);
    cr_assert_eq(strlen(reply), 8 + 4 * HLL_REGISTERS);
    run_expect(&run, "PFDEBUG ENCODING h", "+dense\r\n");
}

Test(hll, another_type_is_the_wrong_type)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of("l"));
    struct found found = keyspace_write(&run.ks, &run.ks.dbs[0], &name);
    struct value list = {.type = TYPE_LIST, .encoding = ENCODING_EMBEDDED,
                         .embedded = bytes_of("x")};
    keyspace_put(&run.ks, &run.ks.dbs[0], &name, &found, list, ENTRY_NO_EXPIRY);
    run_expect(&run, "PFADD l a", WRONG_TYPE);
    run_expect(&run, "PFCOUNT l", WRONG_TYPE);
    run_expect(&run, "PFCOUNT x l", WRONG_TYPE);
    run_expect(&run, "PFMERGE x l", WRONG_TYPE);
    run_expect(&run, "PFMERGE l x", WRONG_TYPE);
    run_expect(&run, "PFDEBUG GETREG l", WRONG_TYPE);
}
