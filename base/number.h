/*
 * Number: integers, floating-point numbers and memory sizes from and to text.
 *
 * The parsers accept exactly what Redis accepts in the same place and nothing else; on false the
 * output is untouched. The formatters end with a NUL and return the length without it. None of
 * them depends on the locale as long as the process keeps LC_NUMERIC at "C".
 */
#ifndef SHOAL_BASE_NUMBER_H
#define SHOAL_BASE_NUMBER_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NUMBER_I64_MAX = 21,      /* sign, 19 digits, NUL: enough for any 64-bit integer */
    NUMBER_DOUBLE_MAX = 32,   /* enough for either form of a double, with NUL */
    NUMBER_LDOUBLE_MAX = 5120 /* enough for any long double written out, with NUL */
};

/*
 * An integer in its only canonical form: no space, no '+', no leading zero, no "-0", in range.
 * Text that passes can be stored as an integer and printed back byte for byte.
 */
bool number_parse_i64(struct bytes text, int64_t *value);

/* As number_parse_i64(), for 0 to 2^64 - 1. */
bool number_parse_u64(struct bytes text, uint64_t *value);

/* Writes a decimal integer; returns its length, 1 to 20. */
size_t number_format_i64(char out[static NUMBER_I64_MAX], int64_t value);
size_t number_format_u64(char out[static NUMBER_I64_MAX], uint64_t value);

/* Decimal digits of a value, 1 to 20. */
unsigned number_digits_u64(uint64_t value);

/*
 * A floating-point number as C writes them (hexadecimal and "inf" too), all of the text, without
 * space at either end. False for NaN, and when the value is too large or so small that it becomes
 * 0. The long double form takes at most NUMBER_LDOUBLE_MAX - 1 bytes, as Redis does.
 */
bool number_parse_double(struct bytes text, double *value);
bool number_parse_ldouble(struct bytes text, long double *value);

/*
 * The form INCRBYFLOAT answers: no exponent, at most 17 digits after the point, no zeros at the
 * end, "0" and not "-0", "inf", "-inf", "nan". Returns the length, or 0 (and an empty string) when
 * it does not fit `cap` bytes with its NUL; NUMBER_LDOUBLE_MAX always does.
 */
size_t number_format_ldouble_human(char *out, size_t cap, long double value);

/*
 * The form of Redis up to 7.0: whole numbers up to 2^62 in size without exponent, others as "%.17g"
 * ("0.10000000000000001"), "-0", "inf", "-inf", "nan". Returns the length, or 0 (and an empty
 * string) when it does not fit `cap` bytes with its NUL; NUMBER_DOUBLE_MAX always does.
 */
size_t number_format_double(char *out, size_t cap, double value);

/*
 * The form of Redis 7.2: the fewest digits that read back as the same double ("0.1"), otherwise as
 * number_format_double() and with the same return. An exponent ("1e-7") appears when more than 7
 * zeros would follow the digits, or with 7 decimals and more unless the first digit is near the
 * point. Redis finds its digits by Grisu2, which now and then (one random double in 1500) gives one
 * digit more, or another last one, that reads back the same.
 */
size_t number_format_double_shortest(char *out, size_t cap, double value);

/*
 * A size as redis.conf writes it: digits, then nothing or one unit in any case: b, k (1000),
 * kb (1024), m, mb, g, gb. False for a sign, a space, another unit or more than 2^64 - 1 bytes.
 */
bool number_parse_memory(struct bytes text, uint64_t *value);

#endif
