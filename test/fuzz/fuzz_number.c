/*
 * Fuzzer of the reading and writing of numbers, against the C library.
 *
 * Input: the text of a number; its first eight bytes are also taken for a double.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

#define TEXT_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* The text is a signed integer just if the library writes it the same way. */
static void integers(struct bytes text, const char *terminated)
{
    char out[NUMBER_I64_MAX], expected[32];
    int64_t value;
    uint64_t positive;
    errno = 0;
    long long known = strtoll(terminated, NULL, 10);
    bool fits = errno == 0;
    snprintf(expected, sizeof expected, "%lld", known);
    bool canonical = fits && bytes_equal(text, bytes_of(expected));
    check(number_parse_i64(text, &value) == canonical, "canonical integers are taken");
    check(!canonical || value == known, "they have their value");
    if (canonical)
        check(bytes_equal(bytes_make(out, number_format_i64(out, value)), text),
              "they are written as they were read");
    errno = 0;
    unsigned long long unsigned_known = strtoull(terminated, NULL, 10);
    fits = errno == 0;
    snprintf(expected, sizeof expected, "%llu", unsigned_known);
    canonical = fits && bytes_equal(text, bytes_of(expected));
    check(number_parse_u64(text, &positive) == canonical, "canonical unsigned ones too");
    check(!canonical || positive == unsigned_known, "they have their value");
    check(!canonical || number_format_u64(out, positive) == text.len, "and their length");
}

/* What the library reads to the end; false where it gives a value no command takes. */
static void fractions(struct bytes text, const char *terminated)
{
    double value;
    long double long_value;
    if (number_parse_double(text, &value))
        check(strlen(terminated) == text.len && strtod(terminated, NULL) == value,
              "a double is what the library reads");
    if (number_parse_ldouble(text, &long_value)) {
        char human[NUMBER_LDOUBLE_MAX];
        check(strtold(terminated, NULL) == long_value, "so is a long double");
        check(number_format_ldouble_human(human, sizeof human, long_value) > 0,
              "and it can be written");
    }
    uint64_t bytes;
    if (number_parse_memory(text, &bytes))
        check(text.data[0] >= '0' && text.data[0] <= '9', "a size begins with a digit");
}

/* Both forms of a double read back as it. */
static void doubles(const uint8_t *data)
{
    double value, back;
    char out[NUMBER_DOUBLE_MAX];
    memcpy(&value, data, sizeof value);
    size_t len = number_format_double(out, sizeof out, value);
    check(len > 0 && len < sizeof out && out[len] == 0, "a double fits its room");
    if (isfinite(value))
        check(strtod(out, NULL) == value, "17 digits tell a double");
    len = number_format_double_shortest(out, sizeof out, value);
    check(len > 0 && len < sizeof out && out[len] == 0, "its shortest form fits its room");
    if (isfinite(value) && fpclassify(value) == FP_NORMAL)
        check(number_parse_double(bytes_make(out, len), &back) && back == value,
              "the shortest form reads back as the double");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX)
        return 0;
    char terminated[TEXT_MAX + 1], *exact = alloc_get(size);
    if (size > 0)
        memcpy(exact, data, size);
    memcpy(terminated, exact, size);
    terminated[size] = 0;
    integers(bytes_make(exact, size), terminated);
    fractions(bytes_make(exact, size), terminated);
    if (size >= 8)
        doubles(data);
    alloc_free(exact);
    return 0;
}
