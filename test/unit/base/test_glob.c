/*
 * Patterns: a table of cases, a recursive model, and hostile patterns.
 */
#include "base/bits.h"
#include "base/clock.h"
#include "base/glob.h"
#include "base/random.h"

#include <criterion/criterion.h>

static bool matches(const char *pattern, const char *text)
{
    return glob_match(bytes_of(pattern), bytes_of(text), false);
}

static bool matches_nocase(const char *pattern, const char *text)
{
    return glob_match(bytes_of(pattern), bytes_of(text), true);
}

Test(glob, plain_characters_match_themselves)
{
    cr_assert(matches("hello", "hello"));
    cr_assert_not(matches("hello", "hell"));
    cr_assert_not(matches("hello", "hellos"));
    cr_assert_not(matches("hello", "Hello"));
    cr_assert_not(matches("", "a"));
}

Test(glob, a_star_takes_any_text)
{
    cr_assert(matches("*", "anything"));
    cr_assert(matches("h*o", "ho"));
    cr_assert(matches("h*o", "hello"));
    cr_assert(matches("a*", "a"));
    cr_assert(matches("a**", "a"));
    cr_assert(matches("*a*b*", "xxaxxbxx"));
    cr_assert(matches("*ab", "aab"));
    cr_assert(matches("a*bc*bd", "abcbcbd"));
    cr_assert_not(matches("h*o", "hellow"));
    cr_assert_not(matches("*a*b*", "xxbxxaxx"));
}

Test(glob, a_question_mark_takes_one_byte)
{
    cr_assert(matches("h?llo", "hallo"));
    cr_assert(matches("???", "abc"));
    cr_assert_not(matches("???", "ab"));
    cr_assert_not(matches("h?llo", "hllo"));
    cr_assert(matches("?*?", "ab"));
    cr_assert_not(matches("?*?", "a"));
}

Test(glob, an_empty_text_matches_only_the_empty_pattern)
{
    cr_assert(matches("", ""));
    cr_assert_not(matches("*", ""));
    cr_assert_not(matches("?", ""));
    cr_assert_not(matches("[^a]", ""));
}

Test(glob, brackets_take_one_of_their_bytes)
{
    cr_assert(matches("h[ae]llo", "hello"));
    cr_assert_not(matches("h[ae]llo", "hillo"));
    cr_assert(matches("h[^e]llo", "hallo"));
    cr_assert_not(matches("h[^e]llo", "hello"));
    cr_assert(matches("[a-c]x", "bx"));
    cr_assert(matches("[c-a]x", "bx"));
    cr_assert_not(matches("[a-c]x", "dx"));
    cr_assert(matches("[a-cx-z]", "y"));
    cr_assert(matches("[\\]]", "]"));
    cr_assert(matches("[\\-]", "-"));
    cr_assert(matches("[*]", "*"));
    cr_assert_not(matches("[]a]", "a"));
    cr_assert(matches("[^]", "q"));
}

Test(glob, brackets_left_open_end_with_the_pattern)
{
    cr_assert(matches("[abc", "b"));
    cr_assert(matches("[^abc", "x"));
    cr_assert(matches("[^", "x"));
    cr_assert_not(matches("[", "["));
    cr_assert(matches("[a-", "a"));
    cr_assert(matches("h[a-]", "h]"));
    cr_assert(matches("[\\", "\\"));
}

Test(glob, a_backslash_takes_the_next_byte_as_it_is)
{
    cr_assert(matches("h\\*llo", "h*llo"));
    cr_assert_not(matches("h\\*llo", "hello"));
    cr_assert(matches("a\\", "a\\"));
    cr_assert(matches("\\\\", "\\"));
    cr_assert(matches("a\\?*", "a?b"));
}

Test(glob, case_may_be_ignored)
{
    cr_assert(matches_nocase("HeLLo*", "hEllO World"));
    cr_assert(matches_nocase("[A-C]", "b"));
    cr_assert(matches_nocase("[abc]", "B"));
    cr_assert(matches_nocase("\\a", "A"));
    cr_assert_not(matches_nocase("[\\a]", "A"), "escaped inside brackets, case counts");
}

Test(glob, any_byte_may_stand_in_pattern_and_text)
{
    cr_assert(glob_match(bytes_make("a\0*", 3), bytes_make("a\0b\0", 4), false));
    cr_assert_not(glob_match(bytes_make("a\0c", 3), bytes_make("a\0b", 3), false));
    cr_assert(matches("[\x80-\xff]", "\xc3"));
    cr_assert(glob_match(bytes_make(NULL, 0), bytes_make(NULL, 0), false));
}

/* The definition, for patterns of letters, '?' and '*', on text that is not empty. */
static bool model(const char *pattern, const char *text)
{
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return model(pattern + 1, text) || (*text && model(pattern, text + 1));
    return *text && (*pattern == '?' || *pattern == *text) && model(pattern + 1, text + 1);
}

Test(glob, random_patterns_agree_with_the_definition)
{
    struct rng rng;
    unsigned matched = 0;

    rng_init(&rng, 11);
    for (int round = 0; round < 100000; round++) {
        char pattern[9] = "", text[10] = "";
        size_t pattern_len = rng_below(&rng, sizeof(pattern));
        size_t text_len = 1 + rng_below(&rng, sizeof(text) - 1);

        for (size_t i = 0; i < pattern_len; i++)
            pattern[i] = "ab*?*"[rng_below(&rng, 5)];
        for (size_t i = 0; i < text_len; i++)
            text[i] = "ab"[rng_below(&rng, 2)];
        cr_assert_eq(matches(pattern, text), model(pattern, text), "%s ~ %s", pattern, text);
        matched += matches(pattern, text);
    }
    cr_assert_gt(matched, 10000);
}

Test(glob, no_pattern_reads_outside_of_its_bytes)
{
    struct rng rng;

    rng_init(&rng, 12);
    for (int round = 0; round < 100000; round++) {
        size_t pattern_len = rng_below(&rng, 8), text_len = rng_below(&rng, 6);
        char *pattern = malloc(pattern_len + 1), *text = malloc(text_len + 1);

        for (size_t i = 0; i < pattern_len; i++)
            pattern[i + 1] = "ab[]^-\\*?z"[rng_below(&rng, 10)];
        for (size_t i = 0; i < text_len; i++)
            text[i + 1] = "ab]-\\"[rng_below(&rng, 5)];
        struct bytes p = bytes_make(pattern + 1, pattern_len), t = bytes_make(text + 1, text_len);

        if (glob_match(p, t, false) && text_len > 0)
            cr_assert_gt(pattern_len, 0, "text was matched by nothing");
        free(pattern);
        free(text);
    }
}

Test(glob, many_stars_cost_no_more_than_length_times_length)
{
    char pattern[4001], text[20001];
    uint64_t start = clock_monotonic_ns();

    for (size_t i = 0; i < sizeof(pattern) - 1; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[sizeof(pattern) - 1] = 'b';
    memset(text, 'a', sizeof(text));
    cr_assert_not(
        glob_match(bytes_make(pattern, sizeof(pattern)), bytes_make(text, sizeof(text)), false));
    cr_assert_lt(clock_monotonic_ns() - start, UINT64_C(10000000000));
}
