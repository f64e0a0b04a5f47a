/* Bitmaps and bit fields: replies byte for byte, events, and agreement with a reckoning bit by
 * bit. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define BAD_OFFSET "-ERR bit offset is not an integer or out of range\r\n"
#define BAD_BIT "-ERR bit is not an integer or out of range\r\n"
#define BAD_TYPE                                                                                   \
    "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "   \
    "i64 is.\r\n"

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

TestSuite(bitmaps, .init = setup, .fini = teardown);
TestSuite(bitop, .init = setup, .fini = teardown);
TestSuite(bitfield, .init = setup, .fini = teardown);

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
    keyspace_put(&run.ks, &run.ks.dbs[0], &name, &found, list, ENTRY_NO_EXPIRY);
}

static void set_bytes(const char *key, const void *data, size_t len)
{
    struct bytes argv[] = {bytes_of("SET"), bytes_of(key), bytes_make(data, len)};
    command_run_args(&run, 3, argv);
}

static struct bytes bytes_at(const char *key)
{
    static char scratch[NUMBER_I64_MAX];
    return entry_string(entry_of(key), scratch);
}

static bool bit_of(const unsigned char *data, size_t at)
{
    return data[at / 8] >> (7 - at % 8) & 1;
}

Test(bitmaps, setbit_answers_what_the_bit_was)
{
    run_expect(&run, "SETBIT a 7 1", ":0\r\n");
    run_expect_events(&run, "$:setbit:a@0 ");
    run_expect(&run, "SETBIT a 7 1", ":1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "SETBIT a 7 0", ":1\r\n");
    run_expect(&run, "SETBIT a 17 0", ":0\r\n");
    run_expect_events(&run, "$:setbit:a@0 ");
    run_expect(&run, "STRLEN a", ":3\r\n");
    run_expect(&run, "SETBIT a 100000 1", ":0\r\n");
    run_expect(&run, "STRLEN a", ":12501\r\n");
    run_expect(&run, "BITCOUNT a", ":1\r\n");
}

Test(bitmaps, setbit_makes_a_value_raw_also_where_the_bit_was_like_that)
{
    command_run(&run, "SET a 1");
    run_expect(&run, "SETBIT a 0 0", ":0\r\n");
    run_expect(&run, "OBJECT ENCODING a", "$3\r\nraw\r\n");
    run_expect(&run, "GET a", "$1\r\n1\r\n");
}

Test(bitmaps, setbit_turns_a_number_into_text)
{
    command_run(&run, "SET a 1");
    run_expect(&run, "SETBIT a 6 1", ":0\r\n");
    run_expect(&run, "GET a", "$1\r\n3\r\n");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_EMBEDDED);
}

Test(bitmaps, the_last_bit_that_is_allowed_can_be_set)
{
    run_expect(&run, "SETBIT a 4294967295 1", ":0\r\n");
    run_expect(&run, "STRLEN a", ":536870912\r\n");
    run_expect(&run, "GETBIT a 4294967295", ":1\r\n");
    run_expect(&run, "SETBIT a 4294967296 1", BAD_OFFSET);
}

Test(bitmaps, bad_bits_offsets_and_types_are_refused)
{
    put_list("l");
    run_expect(&run, "SETBIT l 0 1", WRONG_TYPE);
    run_expect(&run, "GETBIT l 0", WRONG_TYPE);
    run_expect(&run, "BITCOUNT l", WRONG_TYPE);
    run_expect(&run, "BITPOS l 1", WRONG_TYPE);
    run_expect(&run, "SETBIT a -1 1", BAD_OFFSET);
    run_expect(&run, "SETBIT a #1 1", BAD_OFFSET);
    run_expect(&run, "SETBIT a x 2", BAD_OFFSET);
    run_expect(&run, "SETBIT a 0 2", BAD_BIT);
    run_expect(&run, "SETBIT a 0 x", BAD_BIT);
    run_expect(&run, "GETBIT a 4294967296", BAD_OFFSET);
    cr_assert_null(entry_of("a"));
}

Test(bitmaps, getbit_reads_numbers_and_past_the_end)
{
    command_run(&run, "SET a 1");
    run_expect(&run, "GETBIT a 2", ":1\r\n");
    run_expect(&run, "GETBIT a 6", ":0\r\n");
    run_expect(&run, "GETBIT a 8", ":0\r\n");
    run_expect(&run, "GETBIT none 0", ":0\r\n");
}

Test(bitmaps, bitcount_takes_bytes_and_bits)
{
    command_run(&run, "SET a foobar");
    run_expect(&run, "BITCOUNT a", ":26\r\n");
    run_expect(&run, "BITCOUNT a 0 0", ":4\r\n");
    run_expect(&run, "BITCOUNT a 1 1 BYTE", ":6\r\n");
    run_expect(&run, "BITCOUNT a 5 30 bit", ":17\r\n");
    run_expect(&run, "BITCOUNT a -2 -1", ":7\r\n");
    run_expect(&run, "BITCOUNT a -1 -2", ":0\r\n");
    run_expect(&run, "BITCOUNT a 3 2", ":0\r\n");
    run_expect(&run, "BITCOUNT a 0", SYNTAX);
    run_expect(&run, "BITCOUNT a 0 1 BITS", SYNTAX);
    run_expect(&run, "BITCOUNT a -1 -2 BITS", ":0\r\n");
    run_expect(&run, "BITCOUNT a 0 x", NOT_INT);
    run_expect(&run, "BITCOUNT none x", ":0\r\n");
}

Test(bitmaps, bitpos_finds_set_and_clear_bits)
{
    set_bytes("a", "\xff\xf0\x00", 3);
    run_expect(&run, "BITPOS a 0", ":12\r\n");
    run_expect(&run, "BITPOS a 1 2", ":-1\r\n");
    set_bytes("a", "\x00\xff\xf0", 3);
    run_expect(&run, "BITPOS a 1", ":8\r\n");
    run_expect(&run, "BITPOS a 1 2", ":16\r\n");
    run_expect(&run, "BITPOS a 1 7 15 BIT", ":8\r\n");
    run_expect(&run, "BITPOS a 0 8 19 BIT", ":-1\r\n");
    run_expect(&run, "BITPOS a 0 8 20 BIT", ":20\r\n");
    run_expect(&run, "BITPOS none 1", ":-1\r\n");
    run_expect(&run, "BITPOS none 0", ":0\r\n");
    run_expect(&run, "BITPOS a 2", "-ERR The bit argument must be 1 or 0.\r\n");
    run_expect(&run, "BITPOS a x", NOT_INT);
    run_expect(&run, "BITPOS a 1 0 1 BITS", SYNTAX);
    run_expect(&run, "BITPOS a 1 0 1 BIT x", SYNTAX);
    run_expect(&run, "BITPOS a 1 0 x", NOT_INT);
}

Test(bitmaps, a_string_goes_on_with_zeroes_unless_an_end_was_given)
{
    set_bytes("a", "\xff\xff\xff", 3);
    run_expect(&run, "BITPOS a 0", ":24\r\n");
    run_expect(&run, "BITPOS a 0 1", ":24\r\n");
    run_expect(&run, "BITPOS a 0 0 -1", ":-1\r\n");
    run_expect(&run, "BITPOS a 0 3", ":-1\r\n");
    command_run(&run, "SET a ''");
    run_expect(&run, "BITPOS a 0", ":-1\r\n");
}

Test(bitmaps, any_range_agrees_with_counting_bit_by_bit)
{
    unsigned char data[300];
    struct rng rng;
    rng_init(&rng, 1);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i / 40 % 3 == 0 ? 0 : i / 40 % 3 == 1 ? 0xff : rng_next(&rng));
    set_bytes("a", data, sizeof data);
    for (int round = 0; round < 2000; round++) {
        size_t from = rng_below(&rng, sizeof data * 8);
        size_t to = from + rng_below(&rng, sizeof data * 8 - from);
        long long count = 0, first[2] = {-1, -1};
        for (size_t at = from; at <= to; at++) {
            int bit = bit_of(data, at);
            count += bit;
            if (first[bit] < 0)
                first[bit] = (long long)at;
        }
        char line[80], expected[32];
        snprintf(line, sizeof line, "BITCOUNT a %zu %zu BIT", from, to);
        snprintf(expected, sizeof expected, ":%lld\r\n", count);
        run_expect(&run, line, expected);
        for (int bit = 0; bit < 2; bit++) {
            snprintf(line, sizeof line, "BITPOS a %d %zu %zu BIT", bit, from, to);
            snprintf(expected, sizeof expected, ":%lld\r\n", first[bit]);
            run_expect(&run, line, expected);
        }
    }
}

Test(bitop, shorter_strings_end_in_zeroes)
{
    set_bytes("a", "\xff\x0f\x33", 3);
    set_bytes("b", "\x0f", 1);
    run_expect(&run, "BITOP AND d a b", ":3\r\n");
    run_expect_events(&run, "$:set:d@0 ");
    cr_assert(bytes_equal(bytes_at("d"), bytes_make("\x0f\0\0", 3)));
    run_expect(&run, "BITOP or d b a", ":3\r\n");
    cr_assert(bytes_equal(bytes_at("d"), bytes_make("\xff\x0f\x33", 3)));
    run_expect(&run, "BITOP XOR d a b none", ":3\r\n");
    cr_assert(bytes_equal(bytes_at("d"), bytes_make("\xf0\x0f\x33", 3)));
    run_expect(&run, "BITOP NOT d b", ":1\r\n");
    cr_assert(bytes_equal(bytes_at("d"), bytes_make("\xf0", 1)));
    run_expect(&run, "BITOP AND d a none", ":3\r\n");
    cr_assert(bytes_equal(bytes_at("d"), bytes_make("\0\0\0", 3)));
}

Test(bitop, the_destination_may_be_a_source_or_of_another_type)
{
    command_run(&run, "SET a 12");
    run_expect(&run, "BITOP NOT a a", ":2\r\n");
    cr_assert(bytes_equal(bytes_at("a"), bytes_make("\xce\xcd", 2)));
    put_list("l");
    run_expect(&run, "BITOP OR l a", ":2\r\n");
    cr_assert_eq(entry_of("l")->type, TYPE_STRING);
}

Test(bitop, nothing_to_combine_deletes_the_destination)
{
    command_run(&run, "SET d x");
    run_expect(&run, "BITOP AND d none", ":0\r\n");
    run_expect_events(&run, "-g:del:d@0 ");
    run_expect(&run, "BITOP AND d none", ":0\r\n");
    run_expect_events(&run, "");
}

Test(bitop, bad_operations_and_types_are_refused)
{
    put_list("l");
    run_expect(&run, "BITOP NAND d a", SYNTAX);
    run_expect(&run, "BITOP NOT d a b",
               "-ERR BITOP NOT must be called with a single source key.\r\n");
    run_expect(&run, "BITOP OR d a l", WRONG_TYPE);
    cr_assert_null(entry_of("d"));
}

Test(bitop, long_strings_agree_with_combining_byte_by_byte)
{
    enum { LEN = 50001, SHORT = 20003 };
    static unsigned char a[LEN], b[SHORT];
    struct rng rng;
    rng_init(&rng, 2);
    for (size_t i = 0; i < LEN; i++)
        a[i] = (unsigned char)rng_next(&rng);
    for (size_t i = 0; i < SHORT; i++)
        b[i] = (unsigned char)rng_next(&rng);
    set_bytes("a", a, LEN);
    set_bytes("b", b, SHORT);
    command_run(&run, "BITOP AND and a b");
    command_run(&run, "BITOP OR or b a");
    command_run(&run, "BITOP XOR xor a b");
    command_run(&run, "BITOP NOT not a");
    for (size_t i = 0; i < LEN; i++) {
        unsigned char other = i < SHORT ? b[i] : 0;
        cr_assert_eq((unsigned char)bytes_at("and").data[i], (a[i] & other));
        cr_assert_eq((unsigned char)bytes_at("or").data[i], (a[i] | other));
        cr_assert_eq((unsigned char)bytes_at("xor").data[i], (a[i] ^ other));
        cr_assert_eq((unsigned char)bytes_at("not").data[i], (unsigned char)~a[i]);
    }
}

Test(bitfield, integers_are_read_and_written_at_any_bit)
{
    run_expect(&run, "BITFIELD a SET u8 0 255 GET i8 0 GET u4 6", "*3\r\n:0\r\n:-1\r\n:12\r\n");
    run_expect_events(&run, "$:setbit:a@0 ");
    run_expect(&run, "BITFIELD a INCRBY u2 100 1 GET u4 0", "*2\r\n:1\r\n:15\r\n");
    run_expect(&run, "STRLEN a", ":13\r\n");
    run_expect(&run, "BITFIELD a SET i64 3 -2 GET i64 3", "*2\r\n:-576460752303423488\r\n:-2\r\n");
    run_expect(&run, "BITFIELD a SET u8 #2 7 GET u8 16", "*2\r\n:255\r\n:7\r\n");
    run_expect(&run, "BITFIELD none GET u8 0", "*1\r\n:0\r\n");
    cr_assert_null(entry_of("none"));
    run_expect(&run, "BITFIELD none", "*0\r\n");
}

Test(bitfield, overflow_wraps_saturates_or_fails)
{
    run_expect(&run, "BITFIELD a SET u8 0 255 INCRBY u8 0 1", "*2\r\n:0\r\n:0\r\n");
    run_expect(&run, "BITFIELD a SET i8 0 127 INCRBY i8 0 1", "*2\r\n:0\r\n:-128\r\n");
    run_expect(&run, "BITFIELD a OVERFLOW SAT INCRBY i8 0 -1 INCRBY u8 8 300",
               "*2\r\n:-128\r\n:255\r\n");
    run_expect(&run, "BITFIELD a OVERFLOW FAIL INCRBY i8 0 -1 SET u8 8 256",
               "*2\r\n$-1\r\n$-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "BITFIELD a OVERFLOW SAT SET u8 8 -1 SET i8 8 -1000",
               "*2\r\n:255\r\n:-1\r\n");
    run_expect(&run, "BITFIELD b SET i64 0 9223372036854775807 INCRBY i64 0 1",
               "*2\r\n:0\r\n:-9223372036854775808\r\n");
    run_expect(&run, "BITFIELD b OVERFLOW SAT INCRBY i64 0 -1", "*1\r\n:-9223372036854775808\r\n");
    run.reply.resp = 3;
    run_expect(&run, "BITFIELD b OVERFLOW FAIL INCRBY i64 0 -1", "*1\r\n_\r\n");
}

Test(bitfield, a_mistake_leaves_the_key_as_it_was)
{
    run_expect(&run, "BITFIELD a SET u8 0 1 GET u64 0", BAD_TYPE);
    run_expect(&run, "BITFIELD a GET i65 0", BAD_TYPE);
    run_expect(&run, "BITFIELD a GET u0 0", BAD_TYPE);
    run_expect(&run, "BITFIELD a GET x8 0", BAD_TYPE);
    run_expect(&run, "BITFIELD a GET u8 -1", BAD_OFFSET);
    run_expect(&run, "BITFIELD a GET u8 #9223372036854775807", BAD_OFFSET);
    run_expect(&run, "BITFIELD a GET u8", SYNTAX);
    run_expect(&run, "BITFIELD a SET u8 0", SYNTAX);
    run_expect(&run, "BITFIELD a SET u8 0 x", NOT_INT);
    run_expect(&run, "BITFIELD a OVERFLOW MAYBE", "-ERR Invalid OVERFLOW type specified\r\n");
    cr_assert_null(entry_of("a"));
    put_list("l");
    run_expect(&run, "BITFIELD l GET u8 0", WRONG_TYPE);
    run_expect(&run, "BITFIELD l SET u8 0 1", WRONG_TYPE);
}

Test(bitfield, the_reading_form_only_reads)
{
    command_run(&run, "SET a 1");
    run_expect(&run, "BITFIELD_RO a GET u8 0 GET u8 4", "*2\r\n:49\r\n:16\r\n");
    run_expect(&run, "BITFIELD_RO a SET u8 0 1",
               "-ERR BITFIELD_RO only supports the GET subcommand\r\n");
    cr_assert_eq(entry_of("a")->encoding, ENCODING_INT);
}

Test(bitfield, every_width_and_offset_agrees_with_single_bits)
{
    static const unsigned widths[] = {1, 5, 8, 13, 31, 32, 33, 57, 62, 63};
    struct rng rng;
    rng_init(&rng, 3);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (unsigned offset = 0; offset < 20; offset++) {
            uint64_t value = rng_next(&rng) >> (64 - widths[w]);
            char line[100];
            command_run(&run, "SETRANGE a 0 abcdefghijklmnop");
            snprintf(line, sizeof line, "BITFIELD a SET u%u %u %llu", widths[w], offset,
                     (unsigned long long)value);
            command_run(&run, line);
            const unsigned char *data = (const unsigned char *)bytes_at("a").data;
            for (unsigned i = 0; i < 128; i++) {
                bool inside = i >= offset && i < offset + widths[w];
                bool expected = inside ? value >> (widths[w] - 1 - (i - offset)) & 1
                                       : bit_of((const unsigned char *)"abcdefghijklmnop", i);
                cr_assert_eq(bit_of(data, i), expected, "%s: bit %u", line, i);
            }
        }
    }
}
