/*
 * Number: see the header for what each form accepts and promises.
 *
 * The common cases (short integers, short decimals) take paths without libc. Floating-point text
 * with at most 15 (double) or 19 (long double) digits is one exact integer divided by one exact
 * power of ten, and IEEE division rounds once, so that the result is the nearest value: Clinger,
 * "How to read floating point numbers accurately", PLDI 1990. The rest goes to strtod().
 */
#include "base/number.h"

#include "base/alloc.h"
#include "base/bits.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SAFE_DIGITS = 18,    /* any 18 digits fit 63 bits: no overflow check below */
    DOUBLE_DIGITS = 15,  /* any 15 digits fit the 53 bits of a double, and name one double each */
    LDOUBLE_DIGITS = 18, /* any 18 digits fit the 64 bits of an x87 long double */
    DOUBLE_TEXT_MAX = 256
};

static const char two_digits[201] = "00010203040506070809101112131415161718192021222324"
                                    "25262728293031323334353637383940414243444546474849"
                                    "50515253545556575859606162636465666768697071727374"
                                    "75767778798081828384858687888990919293949596979899";

static const uint64_t power_of_ten[20] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

bool number_parse_u64(struct bytes text, uint64_t *value)
{
    size_t i, safe = bits_min(text.len, SAFE_DIGITS);
    uint64_t v = 0;

    if (text.len == 0 || text.len > 20) return false;
    if (text.data[0] == '0' && text.len > 1) return false;
    for (i = 0; i < safe; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (unlikely(digit > 9)) return false;
        v = v * 10 + digit;
    }
    for (; i < text.len; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
            __builtin_add_overflow(v, (uint64_t)digit, &v))
            return false;
    }
    *value = v;
    return true;
}

bool number_parse_i64(struct bytes text, int64_t *value)
{
    uint64_t magnitude;
    bool negative = text.len > 0 && text.data[0] == '-';

    if (!number_parse_u64(bytes_make(text.data + negative, text.len - negative), &magnitude))
        return false;
    if (negative) {
        if (magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1) return false;
        *value = (int64_t)-magnitude;
    } else {
        if (magnitude > (uint64_t)INT64_MAX) return false;
        *value = (int64_t)magnitude;
    }
    return true;
}

unsigned number_digits_u64(uint64_t value)
{
    /* log10(2) is about 1233 / 4096; the guess is right or one too many. */
    unsigned guess = ((64 - (unsigned)__builtin_clzll(value | 1)) * 1233) >> 12;

    return guess + (guess == 0 || value >= power_of_ten[guess]);
}

size_t number_format_u64(char out[static NUMBER_I64_MAX], uint64_t value)
{
    size_t len = number_digits_u64(value);
    char *p = out + len;

    *p = '\0';
    while (value >= 100) {
        p -= 2;
        memcpy(p, two_digits + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10)
        memcpy(p - 2, two_digits + value * 2, 2);
    else
        p[-1] = (char)('0' + value);
    return len;
}

size_t number_format_i64(char out[static NUMBER_I64_MAX], int64_t value)
{
    if (value >= 0) return number_format_u64(out, (uint64_t)value);

    /* A minus and at most 19 digits: number_format_u64() never writes its twenty-first byte here.
     */
    char digits[NUMBER_I64_MAX];
    size_t len = number_format_u64(digits, -(uint64_t)value);

    out[0] = '-';
    memcpy(out + 1, digits, len + 1);
    return len + 1;
}

/* A decimal number as it is written: (negative ? -1 : 1) * digits / 10^scale. */
struct plain_decimal {
    uint64_t digits;
    unsigned scale;
    bool negative;
};

/* Reads "-123.45" and the like with at most `max_digits` digits; false sends others elsewhere. */
static bool read_plain_decimal(struct bytes text, unsigned max_digits, struct plain_decimal *out)
{
    size_t i = 0, first, point = SIZE_MAX;
    uint64_t digits = 0;

    out->negative = text.len > 0 && text.data[0] == '-';
    i = first = out->negative;
    if (text.len - first > max_digits + 1u) return false;
    for (; i < text.len; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit <= 9)
            digits = digits * 10 + digit;
        else if (text.data[i] == '.' && point == SIZE_MAX)
            point = i;
        else
            return false;
    }
    size_t count = text.len - first - (point != SIZE_MAX);
    if (count == 0 || count > max_digits) return false;
    out->digits = digits;
    out->scale = point == SIZE_MAX ? 0 : (unsigned)(text.len - point - 1);
    return true;
}

/* Whether strtod() consumed all of the text and its result is a number in range. */
static bool is_whole_number_text(struct bytes text, const char *copy, const char *end, int error,
                                 bool is_extreme, bool is_nan)
{
    return !isspace((unsigned char)copy[0]) && (size_t)(end - copy) == text.len &&
           !(error == ERANGE && is_extreme) && error != EINVAL && !is_nan;
}

static bool parse_double_slowly(struct bytes text, double *value)
{
    char small[DOUBLE_TEXT_MAX], *end;
    char *copy = text.len < sizeof(small) ? small : alloc_try(text.len + 1);
    double result;
    bool ok;

    if (!copy) return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    result = strtod(copy, &end);
    ok = is_whole_number_text(text, copy, end, errno, isinf(result) || result == 0, isnan(result));
    if (copy != small) alloc_free(copy);
    if (ok) *value = result;
    return ok;
}

bool number_parse_double(struct bytes text, double *value)
{
    struct plain_decimal decimal;

    if (text.len == 0) return false;
    if (FLT_EVAL_METHOD == 0 && read_plain_decimal(text, DOUBLE_DIGITS, &decimal)) {
        double result = (double)decimal.digits / (double)power_of_ten[decimal.scale];

        *value = decimal.negative ? -result : result;
        return true;
    }
    return parse_double_slowly(text, value);
}

bool number_parse_ldouble(struct bytes text, long double *value)
{
    struct plain_decimal decimal;
    char copy[NUMBER_LDOUBLE_MAX], *end;
    long double result;

    if (text.len == 0 || text.len >= sizeof(copy)) return false;
    if (LDBL_MANT_DIG >= 64 && read_plain_decimal(text, LDOUBLE_DIGITS, &decimal)) {
        result = (long double)decimal.digits / (long double)power_of_ten[decimal.scale];
        *value = decimal.negative ? -result : result;
        return true;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    result = strtold(copy, &end);
    if (!is_whole_number_text(text, copy, end, errno, isinf(result) || result == 0, isnan(result)))
        return false;
    *value = result;
    return true;
}

/* Copies finished text to the caller's buffer, with a NUL; 0 and an empty string if too small. */
static size_t put_text(char *out, size_t cap, const char *text, size_t len)
{
    if (len >= cap) {
        if (cap > 0) out[0] = '\0';
        return 0;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

static size_t put_cstr(char *out, size_t cap, const char *text)
{
    return put_text(out, cap, text, strlen(text));
}

size_t number_format_ldouble_human(char *out, size_t cap, long double value)
{
    char text[NUMBER_LDOUBLE_MAX];
    size_t len;

    if (isnan(value)) return put_cstr(out, cap, "nan");
    if (isinf(value)) return put_cstr(out, cap, value > 0 ? "inf" : "-inf");

    len = (size_t)snprintf(text, sizeof(text), "%.17Lf", value);
    assert(len < sizeof(text));
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.') len--;
    if (len == 2 && text[0] == '-' && text[1] == '0') return put_cstr(out, cap, "0");
    return put_text(out, cap, text, len);
}

/* Writes the values that both forms of a double share; false for the others. */
static bool format_special_double(char *out, size_t cap, double value, size_t *len)
{
    const double whole_max = 0x1p62;
    char text[NUMBER_I64_MAX];

    if (isnan(value))
        *len = put_cstr(out, cap, "nan");
    else if (isinf(value))
        *len = put_cstr(out, cap, value > 0 ? "inf" : "-inf");
    else if (value == 0)
        *len = put_cstr(out, cap, signbit(value) ? "-0" : "0");
    else if (value >= -whole_max && value <= whole_max && (double)(int64_t)value == value)
        *len = put_text(out, cap, text, number_format_i64(text, (int64_t)value));
    else
        return false;
    return true;
}

size_t number_format_double(char *out, size_t cap, double value)
{
    char text[NUMBER_DOUBLE_MAX];
    size_t len;

    if (format_special_double(out, cap, value, &len)) return len;
    return put_text(out, cap, text, (size_t)snprintf(text, sizeof(text), "%.17g", value));
}

/*
 * The fewest digits, as a whole number without trailing zeros, and their power of ten, so that
 * magnitude = digits * 10^exponent. Different decimals of 15 digits are different doubles, hence
 * one of 15 digits that reads back equal is the only one; most scores have it with few decimals.
 * Below DBL_MIN doubles hold fewer digits, and the search starts at one.
 */
static uint64_t shortest_digits(double magnitude, int *exponent)
{
    char text[NUMBER_DOUBLE_MAX];
    uint64_t digits = 0;

    for (unsigned scale = 1; scale <= 6 && magnitude < 1e8; scale++) {
        double scaled = nearbyint(magnitude * (double)power_of_ten[scale]);

        if (scaled / (double)power_of_ten[scale] == magnitude) {
            *exponent = -(int)scale;
            return (uint64_t)scaled;
        }
    }
    for (int precision = magnitude < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, magnitude);
        if (precision == 16 || strtod(text, NULL) == magnitude) break;
    }
    const char *p = text;
    int point = 0;

    for (; *p != 'e'; p++)
        if (*p != '.') {
            digits = digits * 10 + (uint64_t)(*p - '0');
            point++;
        }
    *exponent = atoi(p + 1) - (point - 1);
    while (digits % 10 == 0) {
        digits /= 10;
        ++*exponent;
    }
    return digits;
}

/* Writes count digits with the point after the first `before`, which may be 0 or less. */
static size_t write_with_point(char *out, const char *digits, int count, int before)
{
    size_t zeros = before <= 0 ? (size_t)-before : 0;

    if (before <= 0) {
        memcpy(out, "0.", 2);
        memset(out + 2, '0', zeros);
        memcpy(out + 2 + zeros, digits, (size_t)count);
        return 2 + zeros + (size_t)count;
    }
    memcpy(out, digits, (size_t)before);
    out[before] = '.';
    memcpy(out + before + 1, digits + before, (size_t)(count - before));
    return (size_t)count + 1;
}

size_t number_format_double_shortest(char *out, size_t cap, double value)
{
    char text[64], digits[NUMBER_I64_MAX];
    size_t len = 0;
    int exponent;

    if (format_special_double(out, cap, value, &len)) return len;

    int count = (int)number_format_u64(digits, shortest_digits(fabs(value), &exponent));
    int leading = exponent + count - 1; /* power of ten of the first digit */

    if (value < 0) text[len++] = '-';
    if (exponent >= 0 && leading < count + 7) {
        memcpy(text + len, digits, (size_t)count);
        memset(text + len + count, '0', (size_t)exponent);
        len += (size_t)(count + exponent);
    } else if (exponent < 0 && (exponent > -7 || abs(leading) < 4)) {
        len += write_with_point(text + len, digits, count, leading + 1);
    } else {
        if (count > 1)
            len += write_with_point(text + len, digits, count, 1);
        else
            text[len++] = digits[0];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "e%+d", leading);
    }
    return put_text(out, cap, text, len);
}

bool number_parse_memory(struct bytes text, uint64_t *value)
{
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {
        {"", 1},
        {"b", 1},
        {"k", 1000},
        {"kb", UINT64_C(1) << 10},
        {"m", 1000 * 1000},
        {"mb", UINT64_C(1) << 20},
        {"g", 1000 * 1000 * 1000},
        {"gb", UINT64_C(1) << 30},
    };
    uint64_t number = 0;
    size_t digits = 0;

    for (; digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[digits] - '0'), &number))
            return false;
    if (digits == 0) return false;

    struct bytes unit = bytes_make(text.data + digits, text.len - digits);

    for (size_t i = 0; i < countof(units); i++)
        if (bytes_equal_nocase(unit, units[i].unit))
            return !__builtin_mul_overflow(number, units[i].bytes, value);
    return false;
}
