/*
 * The growable buffer.
 */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/random.h"

#include <criterion/criterion.h>

Test(buffer, a_new_buffer_is_empty_and_owns_nothing)
{
    struct buffer buf;

    buffer_init(&buf);
    cr_assert_null(buf.data);
    cr_assert_eq(buf.len, 0);
    buffer_append(&buf, NULL, 0);
    cr_assert_null(buf.data);
    buffer_deinit(&buf);
}

Test(buffer, appended_bytes_come_out_in_order)
{
    struct rng rng;
    struct buffer buf;
    static char model[200000];
    size_t len = 0;

    rng_init(&rng, 5);
    buffer_init(&buf);
    while (len < sizeof(model) - 1000) {
        size_t piece = rng_below(&rng, rng_below(&rng, 10) ? 20 : 1000);

        for (size_t i = 0; i < piece; i++)
            model[len + i] = (char)rng_next(&rng);
        buffer_append_bytes(&buf, bytes_make(model + len, piece));
        len += piece;
        model[len] = 'c';
        buffer_append_char(&buf, model[len++]);
        cr_assert_leq(buf.len, buf.cap);
    }
    cr_assert(bytes_equal(buffer_bytes(&buf), bytes_make(model, len)));
    buffer_deinit(&buf);
    cr_assert_eq(buf.cap, 0);
}

Test(buffer, formatted_text_is_appended_at_any_length)
{
    struct buffer buf;

    buffer_init(&buf);
    for (int width = 0; width < 300; width++) {
        size_t before = buf.len;

        buffer_appendf(&buf, "<%*d>", width, 7);
        cr_assert_eq(buf.len - before, (size_t)(width > 1 ? width : 1) + 2);
        cr_assert_eq(buf.data[before], '<');
        cr_assert_eq(buf.data[buf.len - 2], '7');
        cr_assert_eq(buf.data[buf.len - 1], '>');
    }
    buffer_deinit(&buf);
}

Test(buffer, clearing_keeps_the_memory)
{
    struct buffer buf;
    char *data;

    buffer_init(&buf);
    buffer_append_cstr(&buf, "hello");
    data = buf.data;
    buffer_clear(&buf);
    cr_assert_eq(buf.len, 0);
    buffer_append_cstr(&buf, "again");
    cr_assert_eq(buf.data, data);
    buffer_deinit(&buf);
}

Test(buffer, consuming_drops_the_front)
{
    struct buffer buf;

    buffer_init(&buf);
    buffer_consume(&buf, 0);
    buffer_append_cstr(&buf, "hello world");
    buffer_consume(&buf, 6);
    cr_assert(bytes_equal(buffer_bytes(&buf), bytes_of("world")));
    buffer_consume(&buf, 5);
    cr_assert_eq(buf.len, 0);
    buffer_deinit(&buf);
}

Test(buffer, taking_leaves_an_empty_buffer_and_a_terminated_string)
{
    struct buffer buf;
    char *text;
    size_t len;

    buffer_init(&buf);
    buffer_append_cstr(&buf, "mine");
    text = buffer_take(&buf, &len);
    cr_assert_eq(len, 4);
    cr_assert_str_eq(text, "mine");
    cr_assert_null(buf.data);
    alloc_free(text);
    text = buffer_take(&buf, NULL);
    cr_assert_str_eq(text, "");
    alloc_free(text);
}

Test(buffer, an_impossible_reservation_is_refused_and_changes_nothing)
{
    struct buffer buf;

    buffer_init(&buf);
    buffer_append_cstr(&buf, "kept");
    cr_assert_not(buffer_try_reserve(&buf, SIZE_MAX));
    cr_assert_not(buffer_try_reserve(&buf, SIZE_MAX - 4));
    cr_assert_not(buffer_try_reserve(&buf, SIZE_MAX / 2));
    cr_assert(bytes_equal(buffer_bytes(&buf), bytes_of("kept")));
    cr_assert(buffer_try_reserve(&buf, 1000));
    cr_assert_geq(buf.cap - buf.len, 1000);
    buffer_deinit(&buf);
}
