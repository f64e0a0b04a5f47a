/*
 * Numbers from and to text: the strictness clients can see, and round trips.
 */
#include "base/bits.h"
#include "base/number.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_i64(const char *text, int64_t expected)
{
    int64_t value;

    return number_parse_i64(bytes_of(text), &value) && value == expected;
}

Test(number, canonical_integers_are_read)
{
    cr_assert(is_i64("0", 0));
    cr_assert(is_i64("-1", -1));
    cr_assert(is_i64("1234567890", 1234567890));
    cr_assert(is_i64("9223372036854775807", INT64_MAX));
    cr_assert(is_i64("-9223372036854775808", INT64_MIN));
}

Test(number, anything_but_the_canonical_form_of_an_integer_is_refused)
{
    static const char *const refused[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "01",
        "-0",
        "-01",
        "00",
        "1.0",
        "1e3",
        "0x10",
        "abc",
        "12a",
        "--1",
        "9223372036854775808",
        "1\n",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999",
        "/",
        ":",
        "123456789012345678901234567890",
        "\xb2",
    };

    for (size_t i = 0; i < countof(refused); i++) {
        int64_t value = 42;

        cr_assert_not(number_parse_i64(bytes_of(refused[i]), &value), "'%s'", refused[i]);
        cr_assert_eq(value, 42, "a refusal leaves the output alone");
    }
    int64_t value;

    cr_assert_not(number_parse_i64(bytes_make("1\0", 2), &value));
    cr_assert_not(number_parse_i64(bytes_make(NULL, 0), &value));
}

Test(number, unsigned_integers_reach_to_2_64_minus_1)
{
    uint64_t value;

    cr_assert(number_parse_u64(bytes_of("18446744073709551615"), &value));
    cr_assert_eq(value, UINT64_MAX);
    cr_assert(number_parse_u64(bytes_of("0"), &value));
    cr_assert_eq(value, 0);
    cr_assert_not(number_parse_u64(bytes_of("18446744073709551616"), &value));
    cr_assert_not(number_parse_u64(bytes_of("-1"), &value));
    cr_assert_not(number_parse_u64(bytes_of("007"), &value));
}

/* A random integer, each length in bits as likely. */
static uint64_t any_u64(struct rng *rng)
{
    return rng_next(rng) >> rng_below(rng, 64);
}

Test(number, integers_print_as_printf_does_and_read_back)
{
    struct rng rng;
    char text[NUMBER_I64_MAX], expected[32];

    rng_init(&rng, 1);
    for (int round = 0; round < 200000; round++) {
        uint64_t u = any_u64(&rng);
        int64_t i = (int64_t)(rng_below(&rng, 2) ? u : -u), back;
        size_t len;

        snprintf(expected, sizeof(expected), "%" PRIu64, u);
        len = number_format_u64(text, u);
        cr_assert_str_eq(text, expected);
        cr_assert_eq(len, strlen(expected));
        cr_assert_eq(number_digits_u64(u), len);

        snprintf(expected, sizeof(expected), "%" PRId64, i);
        len = number_format_i64(text, i);
        cr_assert_str_eq(text, expected);
        cr_assert_eq(len, strlen(expected));
        cr_assert(number_parse_i64(bytes_make(text, len), &back));
        cr_assert_eq(back, i);
    }
}

Test(number, the_number_of_digits_changes_at_each_power_of_ten)
{
    uint64_t power = 1;

    cr_assert_eq(number_digits_u64(0), 1);
    for (unsigned digits = 1; digits <= 20; digits++) {
        cr_assert_eq(number_digits_u64(power), digits);
        if (digits > 1) cr_assert_eq(number_digits_u64(power - 1), digits - 1);
        power *= 10;
    }
    cr_assert_eq(number_digits_u64(UINT64_MAX), 20);
}

Test(number, extremes_print_in_full)
{
    char text[NUMBER_I64_MAX];

    number_format_i64(text, INT64_MIN);
    cr_assert_str_eq(text, "-9223372036854775808");
    number_format_u64(text, UINT64_MAX);
    cr_assert_str_eq(text, "18446744073709551615");
}

Test(number, doubles_are_read_as_strtod_reads_them)
{
    static const char *const accepted[] = {
        "0",
        "-0",
        "1",
        "3.14",
        "-2.5e10",
        "1e308",
        ".5",
        "5.",
        "+1.5",
        "007",
        "0x10",
        "123456789012345678901",
        "0.1",
        "5e-324",
        "1.7976931348623157e308",
        "99999999999999.9",
        "0.00000000000001",
        "inf",
        "-inf",
        "+inf",
        "Infinity",
        "-INFINITY",
    };

    for (size_t i = 0; i < countof(accepted); i++) {
        double value;
        long double long_value;

        cr_assert(number_parse_double(bytes_of(accepted[i]), &value), "%s", accepted[i]);
        cr_assert_eq(value, strtod(accepted[i], NULL), "%s", accepted[i]);
        cr_assert_eq(signbit(value), signbit(strtod(accepted[i], NULL)), "%s", accepted[i]);
        cr_assert(number_parse_ldouble(bytes_of(accepted[i]), &long_value), "%s", accepted[i]);
        cr_assert(long_value == strtold(accepted[i], NULL), "%s", accepted[i]);
    }
}

Test(number, text_that_is_no_number_is_no_double)
{
    static const char *const refused[] = {
        "",  " ",  " 1", "1 ",  "\t1",   "1\n", "nan", "-nan", "NaN",    "nan(123)", ".",
        "-", "-.", "+",  "1,5", "1.2.3", "abc", "1e",  "0x",   "1.5abc", "infin",    "--1",
    };
    double value = 42;
    long double long_value = 42;

    for (size_t i = 0; i < countof(refused); i++) {
        cr_assert_not(number_parse_double(bytes_of(refused[i]), &value), "'%s'", refused[i]);
        cr_assert_not(number_parse_ldouble(bytes_of(refused[i]), &long_value), "'%s'", refused[i]);
    }
    cr_assert_not(number_parse_double(bytes_make("1\0", 2), &value));
    cr_assert_not(number_parse_ldouble(bytes_make("1.5\0x", 5), &long_value));
    cr_assert_eq(value, 42);
    cr_assert(long_value == 42);
}

Test(number, doubles_out_of_range_are_refused_but_subnormal_ones_are_not)
{
    double value;
    long double long_value;

    cr_assert_not(number_parse_double(bytes_of("1e309"), &value));
    cr_assert_not(number_parse_double(bytes_of("-1e309"), &value));
    cr_assert_not(number_parse_double(bytes_of("1e-400"), &value));
    cr_assert(number_parse_double(bytes_of("1e-310"), &value));
    cr_assert_eq(value, 1e-310);
    cr_assert_not(number_parse_ldouble(bytes_of("1e5000"), &long_value));
    cr_assert_not(number_parse_ldouble(bytes_of("1e-5000"), &long_value));
}

Test(number, long_text_is_a_double_but_too_long_text_is_no_long_double)
{
    char text[NUMBER_LDOUBLE_MAX + 8];
    double value;
    long double long_value;

    memset(text, '0', sizeof(text));
    text[sizeof(text) - 1] = '7';
    cr_assert(number_parse_double(bytes_make(text, sizeof(text)), &value));
    cr_assert_eq(value, 7);
    cr_assert_not(number_parse_ldouble(bytes_make(text, NUMBER_LDOUBLE_MAX), &long_value));
    cr_assert(number_parse_ldouble(bytes_make(text + 9, NUMBER_LDOUBLE_MAX - 1), &long_value));
    cr_assert(long_value == 7);
}

Test(number, short_decimals_are_rounded_as_strtod_rounds_them)
{
    struct rng rng;

    rng_init(&rng, 2);
    for (int round = 0; round < 100000; round++) {
        char text[40];
        double value;
        long double long_value;

        snprintf(text, sizeof(text), "%s%" PRIu64 ".%0*" PRIu64, rng_below(&rng, 2) ? "-" : "",
                 any_u64(&rng) % 1000000000, (int)rng_below(&rng, 8) + 1,
                 any_u64(&rng) % 1000000000);
        cr_assert(number_parse_double(bytes_of(text), &value));
        cr_assert_eq(value, strtod(text, NULL), "%s", text);
        cr_assert(number_parse_ldouble(bytes_of(text), &long_value));
        cr_assert(long_value == strtold(text, NULL), "%s", text);
    }
}

static const char *human(long double value)
{
    static char text[NUMBER_LDOUBLE_MAX];
    size_t len = number_format_ldouble_human(text, sizeof(text), value);

    cr_assert_eq(len, strlen(text));
    return text;
}

Test(number, the_human_form_has_no_exponent_and_no_trailing_zeros)
{
    cr_assert_str_eq(human(3200.0L), "3200");
    cr_assert_str_eq(human(10.5L), "10.5");
    cr_assert_str_eq(human(0.1L), "0.1");
    cr_assert_str_eq(human(-0.0L), "0");
    cr_assert_str_eq(human(0.0L), "0");
    cr_assert_str_eq(human(-1e-30L), "0");
    cr_assert_str_eq(human(-21.0L), "-21");
    cr_assert_str_eq(human(100.0L), "100");
    cr_assert_str_eq(human(1e20L), "100000000000000000000");
    cr_assert_str_eq(human(INFINITY), "inf");
    cr_assert_str_eq(human(-INFINITY), "-inf");
    cr_assert_str_eq(human(NAN), "nan");
    cr_assert_gt(strlen(human(LDBL_MAX)), 4900);
}

static const char *plain(double value)
{
    static char text[NUMBER_DOUBLE_MAX];

    cr_assert_eq(number_format_double(text, sizeof(text), value), strlen(text));
    return text;
}

static const char *shortest(double value)
{
    static char text[NUMBER_DOUBLE_MAX];

    cr_assert_eq(number_format_double_shortest(text, sizeof(text), value), strlen(text));
    return text;
}

Test(number, both_double_forms_agree_on_whole_and_special_values)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {3, "3"},
        {-3, "-3"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {1.5, "1.5"},
        {1e17, "100000000000000000"},
        {0.5, "0.5"},
        {-2.25, "-2.25"},
        {0x1p62, "4611686018427387904"},
        {1e300, "1.0000000000000001e+300"},
    };

    for (size_t i = 0; i < countof(cases); i++)
        cr_assert_str_eq(plain(cases[i].value), cases[i].text);
    for (size_t i = 0; i + 1 < countof(cases); i++)
        cr_assert_str_eq(shortest(cases[i].value), cases[i].text);
}

Test(number, the_plain_form_has_17_digits_and_the_shortest_as_few_as_will_do)
{
    static const struct {
        double value;
        const char *plain, *shortest;
    } cases[] = {
        {0.1, "0.10000000000000001", "0.1"},
        {3.14, "3.1400000000000001", "3.14"},
        {1.0 / 3, "0.33333333333333331", "0.3333333333333333"},
        {5e-324, "4.9406564584124654e-324", "5e-324"},
        {12345.6789012, "12345.678901200001", "1.23456789012e+4"},
        {1234.56789012, "1234.5678901199999", "1234.56789012"},
        {1e300, "1.0000000000000001e+300", "1e+300"},
        {1e-7, "9.9999999999999995e-08", "1e-7"},
        {0.000001, "9.9999999999999995e-07", "0.000001"},
        {-1.5e20, "-1.5e+20", "-1.5e+20"},
        {1.2345678901234567e20, "1.2345678901234567e+20", "123456789012345670000"},
        {DBL_MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        cr_assert_str_eq(plain(cases[i].value), cases[i].plain);
        cr_assert_str_eq(shortest(cases[i].value), cases[i].shortest);
    }
}

Test(number, every_double_survives_being_printed_and_read)
{
    struct rng rng;

    rng_init(&rng, 3);
    for (int round = 0; round < 60000; round++) {
        uint64_t bits = rng_next(&rng);
        double value, back;

        memcpy(&value, &bits, sizeof(value));
        if (round % 2) value = (double)(int64_t)(bits >> 24) / 1000;
        if (!isfinite(value)) continue;
        cr_assert(number_parse_double(bytes_of(plain(value)), &back));
        cr_assert_eq(back, value, "%a", value);
        cr_assert(number_parse_double(bytes_of(shortest(value)), &back));
        cr_assert_eq(back, value, "%a as %s", value, shortest(value));
    }
}

Test(number, text_that_does_not_fit_is_not_written)
{
    char text[4] = "xyz";

    cr_assert_eq(number_format_double(text, 3, 1.25), 0);
    cr_assert_str_eq(text, "");
    cr_assert_eq(number_format_double_shortest(text, 4, 1.25), 0);
    cr_assert_eq(number_format_double(text, 4, 1.5), 3);
    cr_assert_str_eq(text, "1.5");
    cr_assert_eq(number_format_ldouble_human(text, 3, 1.5L), 0);
    cr_assert_eq(number_format_ldouble_human(text, 0, 1.5L), 0);
}

Test(number, memory_sizes_take_the_units_of_the_configuration_file)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"0", 0},
        {"100", 100},
        {"100b", 100},
        {"1k", 1000},
        {"1kb", 1024},
        {"2M", 2000000},
        {"2mB", 2 * 1048576},
        {"1G", 1000000000},
        {"1GB", 1u << 30},
        {"007k", 7000},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const refused[] = {
        "",
        "k",
        "-1",
        "+1",
        " 1",
        "1 kb",
        "1kbb",
        "1t",
        "1.5g",
        "18446744073709551616",
        "18446744073709551615k",
    };
    uint64_t value;

    for (size_t i = 0; i < countof(cases); i++) {
        cr_assert(number_parse_memory(bytes_of(cases[i].text), &value), "%s", cases[i].text);
        cr_assert_eq(value, cases[i].bytes, "%s", cases[i].text);
    }
    for (size_t i = 0; i < countof(refused); i++)
        cr_assert_not(number_parse_memory(bytes_of(refused[i]), &value), "'%s'", refused[i]);
}
