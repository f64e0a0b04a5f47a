/*
 * Bytes: a view of somebody else's memory, with its length.
 *
 * A view owns nothing and may hold any byte, NUL included. `data` may be NULL only when `len` is 0.
 * "nocase" means ASCII: letters of other alphabets compare as the bytes they are, whatever the
 * locale.
 */
#ifndef SHOAL_BASE_BYTES_H
#define SHOAL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const char *data;
    size_t len;
};

/* A view of a NUL-terminated string, without its NUL. */
static inline struct bytes bytes_of(const char *cstr)
{
    return (struct bytes){cstr, strlen(cstr)};
}

static inline struct bytes bytes_make(const void *data, size_t len)
{
    return (struct bytes){(const char *)data, len};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline char bytes_lower(char c)
{
    return (unsigned char)(c - 'A') < 26 ? (char)(c + ('a' - 'A')) : c;
}

/* bytes_lower() on each of the eight bytes of a word. */
static inline uint64_t bytes_lower_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t high = ones * 0x80;
    uint64_t low7 = word & ~high;
    uint64_t from_a = low7 + ones * (0x80 - 'A');
    uint64_t past_z = low7 + ones * (0x7f - 'Z');
    uint64_t upper = (from_a ^ past_z) & ~word & high;

    return word | upper >> 2;
}

/* Whether `a` in lower case is the `len` bytes at `lower`, which hold no upper-case letter. */
static inline bool bytes_equal_lowered(const char *a, const char *lower, size_t len)
{
    for (; len >= 8; len -= 8, a += 8, lower += 8) {
        uint64_t x, y;

        memcpy(&x, a, 8);
        memcpy(&y, lower, 8);
        if (bytes_lower_word(x) != y) return false;
    }
    for (; len > 0; len--)
        if (bytes_lower(*a++) != *lower++) return false;
    return true;
}

/* Whether `a` is `lower_literal` in any case. The literal is written in lower case. */
static inline bool bytes_equal_nocase(struct bytes a, const char *lower_literal)
{
    size_t len = strlen(lower_literal);

    return a.len == len && bytes_equal_lowered(a.data, lower_literal, len);
}

/* Whether two views are equal but for the case of ASCII letters. */
static inline bool bytes_equal_nocase_bytes(struct bytes a, struct bytes b)
{
    size_t i = 0;

    if (a.len != b.len) return false;
    for (; i + 8 <= a.len; i += 8) {
        uint64_t x, y;

        memcpy(&x, a.data + i, 8);
        memcpy(&y, b.data + i, 8);
        if (bytes_lower_word(x) != bytes_lower_word(y)) return false;
    }
    for (; i < a.len; i++)
        if (bytes_lower(a.data[i]) != bytes_lower(b.data[i])) return false;
    return true;
}

/* Order by unsigned byte value, a prefix before what it begins: negative, 0 or positive. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

#endif
