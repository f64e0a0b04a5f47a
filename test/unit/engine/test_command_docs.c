/*
 * What COMMAND INFO and COMMAND DOCS write for every row of the full table: whole RESP of the
 * counts it announces, in both protocols.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "base/number.h"
#include "engine/commands/command.h"
#include "net/reply.h"
#include "shard/admin/command_docs.h"

/* A reader of RESP that only counts. */
struct reader {
    const char *at, *end;
};

static long read_number(struct reader *in)
{
    const char *end = memchr(in->at, '\r', (size_t)(in->end - in->at));
    int64_t value = 0;

    cr_assert(end != NULL && end + 2 <= in->end && end[1] == '\n');
    cr_assert(number_parse_i64(bytes_make(in->at, (size_t)(end - in->at)), &value));
    in->at = end + 2;
    return (long)value;
}

static void skip_line(struct reader *in)
{
    while (in->at < in->end && *in->at != '\r')
        in->at++;
    cr_assert(in->at + 2 <= in->end && memcmp(in->at, "\r\n", 2) == 0);
    in->at += 2;
}

/* Skips a value; its elements if it holds some (a pair of a map counts twice). */
static long skip_value(struct reader *in)
{
    cr_assert(in->at < in->end);
    char kind = *in->at++;
    long count = 0;

    switch (kind) {
    case '+':
        skip_line(in);
        return 0;
    case ':':
        read_number(in);
        return 0;
    case '$':
        count = read_number(in);
        cr_assert(count >= 0 && in->end - in->at >= count + 2);
        in->at += count + 2;
        return 0;
    case '*':
    case '~':
        count = read_number(in);
        break;
    case '%':
        count = 2 * read_number(in);
        break;
    default:
        cr_assert_fail("a value of kind '%c'", kind);
    }
    for (long i = 0; i < count; i++)
        skip_value(in);
    return count;
}

/* Asserts that a reply is one value, and returns how many elements it holds. */
static long elements(const struct reply *reply)
{
    struct reader in = {reply->data, reply->data + reply->len};
    long count = skip_value(&in);

    cr_assert_eq(in.at, in.end, "bytes after the value");
    return count;
}

Test(command_docs, info_of_every_row_has_ten_elements_in_both_protocols)
{
    for (uint8_t resp = 2; resp <= 3; resp++) {
        for (uint16_t i = 0; i < command_table_size; i++) {
            struct reply reply;
            reply_init(&reply, resp);
            command_docs_info(&reply, &command_table[i]);
            cr_assert_eq(elements(&reply), 10, "%s", command_table[i].name);
            reply_deinit(&reply);
        }
    }
}

Test(command_docs, docs_of_every_row_are_a_map_in_both_protocols)
{
    for (uint8_t resp = 2; resp <= 3; resp++) {
        for (uint16_t i = 0; i < command_table_size; i++) {
            struct reply reply;
            reply_init(&reply, resp);
            command_docs_doc(&reply, &command_table[i]);
            cr_assert_eq(reply.data[0], resp == 3 ? '%' : '*');
            long count = elements(&reply);
            cr_assert(count >= 6 && count % 2 == 0, "%s: %ld", command_table[i].name, count);
            reply_deinit(&reply);
        }
    }
}

Test(command_docs, what_a_command_does_to_a_key_is_a_set_of_words)
{
    struct reply reply;

    reply_init(&reply, 3);
    command_docs_key_flags(&reply, KEY_RW | KEY_ACCESS | KEY_UPDATE);
    cr_assert_eq(reply.len, strlen("~3\r\n+RW\r\n+access\r\n+update\r\n"));
    cr_assert_eq(memcmp(reply.data, "~3\r\n+RW\r\n+access\r\n+update\r\n", reply.len), 0);
    reply_deinit(&reply);
}
