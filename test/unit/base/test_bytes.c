/*
 * Views of memory: equality, ASCII case and order.
 */
#include "base/bits.h"
#include "base/bytes.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <ctype.h>

Test(bytes, equal_views_have_equal_length_and_content)
{
    cr_assert(bytes_equal(bytes_of("abc"), bytes_make("abcd", 3)));
    cr_assert_not(bytes_equal(bytes_of("abc"), bytes_of("abd")));
    cr_assert_not(bytes_equal(bytes_of("abc"), bytes_of("abcd")));
    cr_assert(bytes_equal(bytes_make(NULL, 0), bytes_of("")));
    cr_assert_not(bytes_equal(bytes_make("a\0b", 3), bytes_make("a\0c", 3)));
}

Test(bytes, a_literal_matches_in_any_case_at_any_length)
{
    cr_assert(bytes_equal_nocase(bytes_of("GeT"), "get"));
    cr_assert(bytes_equal_nocase(bytes_of("ZRangeByScore"), "zrangebyscore"));
    cr_assert(bytes_equal_nocase(bytes_of(""), ""));
    cr_assert_not(bytes_equal_nocase(bytes_of("GETS"), "get"));
    cr_assert_not(bytes_equal_nocase(bytes_of("zrangebyscorE"), "zrangebyscora"));
}

Test(bytes, only_ascii_letters_have_a_case)
{
    for (int c = 0; c < 256; c++) {
        char word[8];
        uint64_t packed, lowered;
        char expected = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;

        memset(word, c, sizeof(word));
        memcpy(&packed, word, sizeof(word));
        lowered = bytes_lower_word(packed);
        memcpy(word, &lowered, sizeof(word));
        cr_assert_eq(bytes_lower((char)c), expected);
        for (size_t i = 0; i < sizeof(word); i++)
            cr_assert_eq(word[i], expected, "byte %d", c);
    }
}

Test(bytes, ignoring_case_agrees_with_lowering_each_byte)
{
    struct rng rng;

    rng_init(&rng, 7);
    for (int round = 0; round < 20000; round++) {
        char a[24], b[24];
        size_t len = rng_below(&rng, sizeof(a) + 1);
        bool same = true;

        for (size_t i = 0; i < len; i++) {
            a[i] = (char)rng_below(&rng, 256);
            b[i] = rng_below(&rng, 40) ? (char)(isalpha((unsigned char)a[i]) ? a[i] ^ 32 : a[i])
                                       : (char)(a[i] ^ 32);
            same &= bytes_lower(a[i]) == bytes_lower(b[i]);
        }
        cr_assert_eq(bytes_equal_nocase_bytes(bytes_make(a, len), bytes_make(b, len)), same);
    }
}

Test(bytes, order_is_by_unsigned_byte_then_by_length)
{
    cr_assert_lt(bytes_compare(bytes_of("a"), bytes_of("b")), 0);
    cr_assert_lt(bytes_compare(bytes_of("a"), bytes_of("ab")), 0);
    cr_assert_gt(bytes_compare(bytes_of("\xff"), bytes_of("a")), 0);
    cr_assert_gt(bytes_compare(bytes_of("b"), bytes_of("ab")), 0);
    cr_assert_eq(bytes_compare(bytes_of("ab"), bytes_of("ab")), 0);
    cr_assert_lt(bytes_compare(bytes_make(NULL, 0), bytes_of("a")), 0);
    cr_assert_eq(bytes_compare(bytes_make(NULL, 0), bytes_of("")), 0);
}
