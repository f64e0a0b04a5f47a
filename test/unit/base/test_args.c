/*
 * Splitting lines and quoting bytes.
 */
#include "base/alloc.h"
#include "base/args.h"
#include "base/bits.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Checks the arguments of a line against a list that ends with NULL. */
static void expect(const char *line, const char *const expected[])
{
    struct bytes_list list;
    size_t count = 0;

    cr_assert_eq(args_split(bytes_of(line), &list), 0, "%s", line);
    for (; expected[count]; count++) {
        cr_assert_lt(count, list.count, "%s", line);
        cr_assert(bytes_equal(list.items[count], bytes_of(expected[count])), "%s", line);
        cr_assert_eq(list.items[count].data[list.items[count].len], '\0');
    }
    cr_assert_eq(list.count, count, "%s", line);
    args_deinit(&list);
}

#define EXPECT(line, ...) expect(line, (const char *const[]){__VA_ARGS__, NULL})

Test(args, white_space_separates)
{
    EXPECT("set key value", "set", "key", "value");
    EXPECT("  set\tkey \r\n", "set", "key");
    EXPECT("\v\f one \f two", "one", "two");
    EXPECT("a\vb c", "a\vb", "c");
}

Test(args, a_blank_line_has_no_arguments)
{
    expect("", (const char *const[]){NULL});
    expect(" \t\r\n", (const char *const[]){NULL});
}

Test(args, double_quotes_know_escapes)
{
    EXPECT("set \"a b\" \"\"", "set", "a b", "");
    EXPECT("\"\\n\\r\\t\\b\\a\"", "\n\r\t\b\a");
    EXPECT("\"\\x41\\x7a\\xfF\"", "Az\xff");
    EXPECT("\"\\xg1\\x4\"", "xg1x4");
    EXPECT("\"\\\"\\\\\\q\"", "\"\\q");
    EXPECT("\"it's\"", "it's");
}

Test(args, single_quotes_know_only_themselves)
{
    EXPECT("'a b' ''", "a b", "");
    EXPECT("'\\n\\x41'", "\\n\\x41");
    EXPECT("'it\\'s'", "it's");
    EXPECT("'say \"x\"'", "say \"x\"");
}

Test(args, quotes_may_open_in_the_middle_of_an_argument)
{
    EXPECT("ab\"c d\" e", "abc d", "e");
    EXPECT("ab'c d'", "abc d");
    EXPECT("a\\nb", "a\\nb");
}

Test(args, an_escape_may_give_a_zero_byte)
{
    struct bytes_list list;

    cr_assert_eq(args_split(bytes_of("\"a\\x00b\""), &list), 0);
    cr_assert(bytes_equal(list.items[0], bytes_make("a\0b", 3)));
    args_deinit(&list);
}

Test(args, unbalanced_quotes_are_an_error)
{
    static const char *const bad[] = {
        "\"abc",   "'abc", "\"a\"b", "'a'b", "\"a\"'b'", "\"abc\\\"",
        "'abc\\'", "\"",   "'",      "x \"", "\"abc\\",
    };

    for (size_t i = 0; i < countof(bad); i++) {
        struct bytes_list list;

        cr_assert_eq(args_split(bytes_of(bad[i]), &list), -1, "%s", bad[i]);
        cr_assert_eq(list.count, 0);
        cr_assert_null(list.items);
        cr_assert_null(list.storage);
    }
}

Test(args, a_line_ends_at_its_first_zero_byte)
{
    struct bytes_list list;

    cr_assert_eq(args_split(bytes_make("a b\0c d", 7), &list), 0);
    cr_assert_eq(list.count, 2);
    args_deinit(&list);
    cr_assert_eq(args_split(bytes_make("\"a\0\"", 4), &list), -1);
    cr_assert_eq(args_split(bytes_make(NULL, 0), &list), 0);
    args_deinit(&list);
}

static char *quoted(struct bytes text)
{
    struct buffer buf;

    buffer_init(&buf);
    args_quote(&buf, text);
    return buffer_take(&buf, NULL);
}

Test(args, quoting_makes_bytes_printable)
{
    char *text = quoted(bytes_make("a\"\\\n\r\t\a\b\0\x7f\xe9z ~", 14));

    cr_assert_str_eq(text, "\"a\\\"\\\\\\n\\r\\t\\a\\b\\x00\\x7f\\xe9z ~\"");
    alloc_free(text);
    text = quoted(bytes_make(NULL, 0));
    cr_assert_str_eq(text, "\"\"");
    alloc_free(text);
}

Test(args, what_was_quoted_splits_into_the_same_bytes)
{
    struct rng rng;

    rng_init(&rng, 31);
    for (int round = 0; round < 3000; round++) {
        char originals[5][20];
        size_t lens[5], count = 1 + rng_below(&rng, 5);
        struct buffer line;
        struct bytes_list list;

        buffer_init(&line);
        for (size_t i = 0; i < count; i++) {
            lens[i] = rng_below(&rng, sizeof(originals[i]));
            for (size_t k = 0; k < lens[i]; k++)
                originals[i][k] = (char)rng_next(&rng);
            args_quote(&line, bytes_make(originals[i], lens[i]));
            buffer_append_char(&line, ' ');
        }
        cr_assert_eq(args_split(buffer_bytes(&line), &list), 0);
        cr_assert_eq(list.count, count);
        for (size_t i = 0; i < count; i++)
            cr_assert(bytes_equal(list.items[i], bytes_make(originals[i], lens[i])));
        args_deinit(&list);
        buffer_deinit(&line);
    }
}

/* Exact heap copies, so that AddressSanitizer sees a step outside. */
Test(args, any_line_is_split_or_refused_within_its_bytes)
{
    struct rng rng;
    int splits = 0;

    rng_init(&rng, 32);
    for (int round = 0; round < 50000; round++) {
        size_t len = rng_below(&rng, 12);
        char *line = malloc(len ? len : 1);
        struct bytes_list list;

        for (size_t i = 0; i < len; i++)
            line[i] = "a \"'\\x4\nb"[rng_below(&rng, 9)];
        if (args_split(bytes_make(line, len), &list) == 0) {
            size_t total = 0;

            for (size_t i = 0; i < list.count; i++)
                total += list.items[i].len;
            cr_assert_leq(total, len);
            splits++;
        }
        args_deinit(&list);
        free(line);
    }
    cr_assert_gt(splits, 5000);
}
