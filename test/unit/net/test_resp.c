/* The RESP parser: commands whole and in pieces, large arguments, and what is held when. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "net/resp.h"

#define ARGV_CAP 8

static struct resp_parser parser;
static struct resp_limits limits;
static struct bytes argv[ARGV_CAP];

static void setup(void)
{
    resp_init(&parser);
    limits = (struct resp_limits){.bulk_max = 1 << 20};
}

static void teardown(void)
{
    resp_deinit(&parser);
}

TestSuite(resp, .init = setup, .fini = teardown);

static enum resp_result parse(const char *data, size_t len)
{
    return resp_parse(&parser, &limits, data, len, argv, ARGV_CAP);
}

static enum resp_result parse_text(const char *text)
{
    return parse(text, strlen(text));
}

static void expect_argument(size_t i, const char *text)
{
    cr_assert_lt(i, parser.argc);
    cr_assert(bytes_equal(parser.argv[i], bytes_of(text)), "argument %zu is %.*s", i,
              (int)parser.argv[i].len, parser.argv[i].data);
}

static void expect_bad(const char *text, const char *error)
{
    resp_deinit(&parser);
    cr_assert_eq(parse_text(text), RESP_BAD, "%s", text);
    cr_assert_str_eq(parser.error, error);
}

Test(resp, a_whole_command_points_into_the_data)
{
    const char *data = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n";
    cr_assert_eq(parse_text(data), RESP_COMMAND);
    cr_assert_eq(parser.argc, 2);
    cr_assert_eq(parser.argv, argv);
    cr_assert(!resp_is_slow(&parser));
    cr_assert_eq(parser.argv[0].data, data + 8);
    expect_argument(1, "k");
    cr_assert_eq(parse_text(data + parser.used), RESP_COMMAND);
    expect_argument(0, "PING");
    cr_assert_eq(resp_memory(&parser), 0);
}

Test(resp, a_command_cut_anywhere_is_the_same_command)
{
    const char *data = "*3\r\n$3\r\nSET\r\n$2\r\nab\r\n$5\r\nv\r\nw\n\r\n";
    size_t len = strlen(data);
    for (size_t cut = 0; cut < len; cut++) {
        char *half = alloc_get(cut);
        memcpy(half, data, cut);
        cr_assert_eq(parse(half, cut), RESP_MORE, "cut at %zu", cut);
        alloc_free(half);
        cr_assert_eq(parse(data, len), RESP_COMMAND, "cut at %zu", cut);
        cr_assert_eq(parser.used, len);
        expect_argument(0, "SET");
        expect_argument(1, "ab");
        expect_argument(2, "v\r\nw\n");
        resp_release(&parser);
    }
}

Test(resp, more_arguments_than_there_is_room_for_lie_in_the_parser)
{
    const char *data = "*9\r\n$1\r\n0\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n"
                       "$1\r\n5\r\n$1\r\n6\r\n$1\r\n7\r\n$1\r\n8\r\n";
    cr_assert_eq(parse_text(data), RESP_COMMAND);
    cr_assert(resp_is_slow(&parser));
    cr_assert_eq(parser.argc, 9);
    expect_argument(8, "8");
    cr_assert_gt(resp_memory(&parser), 0);
    resp_release(&parser);
    cr_assert_eq(resp_memory(&parser), 0);
}

Test(resp, a_line_is_a_command_and_a_blank_one_nothing)
{
    cr_assert_eq(parse_text("set \"a b\" 'c'\r\n"), RESP_COMMAND);
    cr_assert(parser.inline_form);
    cr_assert_eq(parser.argc, 3);
    expect_argument(1, "a b");
    cr_assert_eq(parse_text("\r\n"), RESP_EMPTY);
    cr_assert_eq(parser.used, 2);
    resp_release(&parser);
    cr_assert_null(parser.line.storage, "a blank line leaves nothing behind");
    cr_assert_eq(parse_text("  \n"), RESP_EMPTY);
    cr_assert_eq(parser.used, 3);
    cr_assert_eq(parse_text("*0\r\n"), RESP_EMPTY);
    cr_assert_null(parser.line.storage);
    cr_assert_eq(parse_text("*-1\r\n"), RESP_EMPTY);
}

Test(resp, numbers_have_one_form_whether_the_command_is_whole_or_not)
{
    expect_bad("*01\r\n$4\r\nPING\r\n", "Protocol error: invalid multibulk length");
    expect_bad("*+1\r\n$4\r\nPING\r\n", "Protocol error: invalid multibulk length");
    expect_bad("*1\r\n$04\r\nPING\r\n", "Protocol error: invalid bulk length");
    expect_bad("*1\r\n$4 \r\nPING\r\n", "Protocol error: invalid bulk length");
    expect_bad("*1\r\n$00\r\n\r\n", "Protocol error: invalid bulk length");
    expect_bad("*2147483648\r\n", "Protocol error: invalid multibulk length");
    expect_bad("*1\r\n$1048577\r\n", "Protocol error: invalid bulk length");
    expect_bad("*1\r\nPING\r\n", "Protocol error: expected '$', got 'P'");
    expect_bad("\"open\r\n", "Protocol error: unbalanced quotes in request");
}

Test(resp, strangers_may_send_little)
{
    limits.restricted = true;
    expect_bad("*11\r\n", "Protocol error: unauthenticated multibulk length");
    expect_bad("*1\r\n$16385\r\n", "Protocol error: unauthenticated bulk length");
    resp_deinit(&parser);
    cr_assert_eq(parse_text("*1\r\n$4\r\nPING\r\n"), RESP_COMMAND);
}

Test(resp, lines_without_an_end_are_refused_at_last)
{
    static char line[RESP_INLINE_MAX + 2];
    memset(line, '1', sizeof line);
    cr_assert_eq(parse(line, RESP_INLINE_MAX), RESP_MORE);
    cr_assert_eq(parse(line, RESP_INLINE_MAX + 1), RESP_BAD);
    cr_assert_str_eq(parser.error, "Protocol error: too big inline request");
    resp_deinit(&parser);
    line[0] = '*';
    cr_assert_eq(parse(line, RESP_INLINE_MAX), RESP_MORE);
    cr_assert_eq(parse(line, RESP_INLINE_MAX + 1), RESP_BAD);
    cr_assert_str_eq(parser.error, "Protocol error: too big mbulk count string");
}

/* SET k and the beginning of a large value: 100 bytes of it. */
static size_t begin_large(char *data, size_t size, size_t value)
{
    int head = snprintf(data, size, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%zu\r\n", value);
    memset(data + head, 'v', 100);
    return (size_t)head + 100;
}

Test(resp, a_large_argument_is_received_into_a_blob)
{
    char data[256];
    size_t value = RESP_BLOB_BYTES + 10, len = begin_large(data, sizeof data, value);
    cr_assert_eq(parse(data, len), RESP_MORE);
    cr_assert(resp_filling(&parser));
    cr_assert_eq(resp_fill_left(&parser), value - 100);
    memset(resp_fill_at(&parser), 'w', value - 100);
    resp_fill_done(&parser, value - 100);
    cr_assert(!resp_filling(&parser));
    memcpy(data + len, "\r\nPING", 6);
    cr_assert_eq(parse(data, len + 1), RESP_MORE);
    cr_assert_eq(parse(data, len + 6), RESP_COMMAND);
    cr_assert_eq(parser.used, len + 2);
    cr_assert_eq(parser.blob_count, 1);
    cr_assert_null(resp_take_blob(&parser, 1));
    struct blob *blob = resp_take_blob(&parser, 2);
    cr_assert_not_null(blob);
    cr_assert_eq(blob->len, value);
    cr_assert_eq(parser.blob_count, 0);
    cr_assert_null(resp_take_blob(&parser, 2), "it is given once");
    resp_release(&parser);
    cr_assert(blob->data[99] == 'v' && blob->data[100] == 'w' && blob->data[value - 1] == 'w');
    blob_put(blob);
}

Test(resp, a_parser_that_is_dropped_or_restarted_frees_what_it_holds)
{
    char data[256];
    size_t len = begin_large(data, sizeof data, RESP_BLOB_BYTES);
    cr_assert_eq(parse(data, len), RESP_MORE);
    cr_assert_geq(resp_memory(&parser), RESP_BLOB_BYTES);
    resp_restart(&parser);
    cr_assert_eq(resp_memory(&parser), 0);
    cr_assert_eq(parse_text("PING\r\n"), RESP_COMMAND);
    cr_assert_eq(parse(data, len), RESP_MORE); /* freed by the teardown */
}

Test(resp, arguments_follow_bytes_that_move)
{
    char data[] = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", moved[sizeof data];
    cr_assert_eq(parse(data, 10), RESP_MORE);
    cr_assert_eq(parse(data, strlen(data)), RESP_COMMAND);
    memcpy(moved, data, sizeof data);
    memset(data, 'x', sizeof data);
    resp_rebase(&parser, moved);
    expect_argument(0, "ECHO");
    expect_argument(1, "hi");
}
