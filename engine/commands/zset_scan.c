/* Zset scan: ZSCAN. Cursors are those of the table of members; they need 32 bits. */
#include <stdio.h>

#include "base/glob.h"
#include "engine/commands/scan.h"
#include "engine/commands/zset_key.h"
#include "op_handlers.gen.h"

#define COUNT_DEFAULT 10

struct page {
    struct reply *reply;
    struct bytes pattern;
    bool all;               /* no pattern */
    size_t visited, listed;
};

static void list_member(void *ctx, struct bytes member, double score)
{
    struct page *page = ctx;
    page->visited++;
    if (!page->all && !glob_match(page->pattern, member, false))
        return;
    char text[NUMBER_DOUBLE_MAX];
    size_t len = number_format_double_shortest(text, sizeof text, score);
    reply_bulk(page->reply, member);
    reply_bulk(page->reply, bytes_make(text, len));
    page->listed++;
}

/* Reads the options from argv[3] on. False: an error was replied. */
static bool parse_options(struct op *op, struct page *page, int64_t *count)
{
    for (int i = 3; i < op->argc; i += 2) {
        bool has_value = i + 1 < op->argc;
        if (has_value && op_arg_is(op, i, "count")) {
            if (!op_int(op, i + 1, count))
                return false;
            if (*count >= 1)
                continue;
        } else if (has_value && op_arg_is(op, i, "match")) {
            page->pattern = op->argv[i + 1];
            page->all = bytes_equal(page->pattern, bytes_of("*"));
            continue;
        }
        op_error_syntax(op);
        return false;
    }
    return true;
}

static void reply_page(struct op *op, const struct zset_ref *zs, struct page *page,
                       uint64_t cursor, int64_t count)
{
    /* The cursor comes before the members, but is known after them. */
    struct reply members;
    reply_init(&members, op->reply->resp);
    page->reply = &members;
    do
        cursor = zset_scan(zs, cursor, list_member, page);
    while (cursor != 0 && page->visited < (uint64_t)count);
    reply_array(op->reply, 2);
    reply_bulk_int(op->reply, (int64_t)cursor);
    reply_array(op->reply, page->listed * 2);
    reply_move(op->reply, &members, (struct reply_mark){0}, reply_here(&members));
    reply_deinit(&members);
}

static void reply_end(struct op *op)
{
    reply_array(op->reply, 2);
    reply_bulk_cstr(op->reply, "0");
    reply_array(op->reply, 0);
}

/* ZSCAN key cursor [MATCH pattern] [COUNT count] */
void op_zscan(struct op *op)
{
    uint32_t beyond;
    uint64_t cursor;
    if (!scan_cursor_parse(op->argv[2], &beyond, &cursor)) {
        reply_error(op->reply, "ERR invalid cursor");
        return;
    }
    struct zset_ref zs;
    bool there;
    struct page page = {.all = true};
    int64_t count = COUNT_DEFAULT;
    if (!zset_key_read(op, &op->key, &zs, &there))
        return;
    if (!there)
        reply_end(op);
    else if (parse_options(op, &page, &count)) {
        if (beyond != 0)
            reply_end(op);
        else
            reply_page(op, &zs, &page, cursor, count);
    }
}
