/* Zset scan: ZSCAN. Cursors are those of the table of members; they need 32 bits. */
#include "engine/commands/scan.h"
#include "engine/commands/scan_options.h"
#include "engine/commands/zset_key.h"
#include "op_handlers.gen.h"

struct page {
    struct reply *reply;
    struct scan_options options;
    size_t visited, listed;
};

static void list_member(void *ctx, struct bytes member, double score)
{
    struct page *page = ctx;
    page->visited++;
    if (!scan_options_match(&page->options, member))
        return;
    char text[NUMBER_DOUBLE_MAX];
    size_t len = number_format_double_shortest(text, sizeof text, score);
    reply_bulk(page->reply, member);
    reply_bulk(page->reply, bytes_make(text, len));
    page->listed++;
}

static void reply_page(struct op *op, const struct zset_ref *zs, struct page *page,
                       uint64_t cursor)
{
    /* The cursor comes before the members, but is known after them. */
    struct reply members;
    reply_init(&members, op->reply->resp);
    page->reply = &members;
    do
        cursor = zset_scan(zs, cursor, list_member, page);
    while (cursor != 0 && page->visited < (uint64_t)page->options.count);
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
    struct page page = {.visited = 0};
    if (!zset_key_read(op, &op->key, &zs, &there))
        return;
    if (!there)
        reply_end(op);
    else if (scan_options_read(op, 3, false, &page.options)) {
        if (beyond != 0)
            reply_end(op);
        else
            reply_page(op, &zs, &page, cursor);
    }
}
