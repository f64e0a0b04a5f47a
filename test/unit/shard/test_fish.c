/* The picture of LOLWUT: size, characters, and the same for the same seed. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/buffer.h"
#include "shard/admin/fish.h"

static struct buffer drawn(unsigned columns, unsigned rows, uint64_t seed)
{
    struct buffer out;
    buffer_init(&out);
    fish_draw(&out, columns, rows, seed);
    return out;
}

static void assert_picture(unsigned columns, unsigned rows, uint64_t seed)
{
    struct buffer out = drawn(columns, rows, seed);
    unsigned lines = 0, width = 0;

    for (size_t i = 0; i < out.len; i++) {
        char c = out.data[i];
        if (c == '\n') {
            cr_assert(width == 0 || out.data[i - 1] != ' ', "a line ends in a space");
            lines++;
            width = 0;
            continue;
        }
        cr_assert(c >= ' ' && c <= '~', "character %d", c);
        cr_assert_leq(++width, columns);
    }
    cr_assert_eq(lines, rows);
    cr_assert_eq(width, 0, "the last line has a newline");
    buffer_deinit(&out);
}

Test(fish, a_picture_has_the_size_asked_for)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        assert_picture(FISH_COLUMNS_MIN, FISH_ROWS_MIN, seed);
        assert_picture(FISH_COLUMNS_MAX, FISH_ROWS_MAX, seed);
        assert_picture(66, 12, seed);
    }
}

Test(fish, the_same_seed_draws_the_same)
{
    struct buffer a = drawn(66, 12, 7), b = drawn(66, 12, 7), c = drawn(66, 12, 8);

    cr_assert(bytes_equal(buffer_bytes(&a), buffer_bytes(&b)));
    cr_assert(!bytes_equal(buffer_bytes(&a), buffer_bytes(&c)));
    buffer_deinit(&a);
    buffer_deinit(&b);
    buffer_deinit(&c);
}

Test(fish, a_large_picture_has_fish_in_it)
{
    struct buffer out = drawn(FISH_COLUMNS_MAX, FISH_ROWS_MAX, 1);

    buffer_append_char(&out, '\0');
    cr_assert(strstr(out.data, "><>") != NULL || strstr(out.data, "<><") != NULL);
    buffer_deinit(&out);
}
