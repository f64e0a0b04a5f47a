/*
 * Sets, walked over: SSCAN.
 *
 * The cursor is a position in the hash table, whose walk misses no member that is there
 * from the first page to the last (table_scan()). Small sets are answered whole, on one
 * page, so that a set that becomes a table meanwhile loses nothing either.
 */
#include "engine/commands/op.h"
#include "engine/commands/scan.h"
#include "engine/commands/scan_options.h"
#include "engine/commands/sets.h"
#include "op_handlers.gen.h"

struct page {
    struct reply members;
    size_t listed;
    struct scan_options options;
};

static bool list_member(void *ctx, struct set_member *member)
{
    struct page *page = ctx;
    if (!scan_options_match(&page->options, set_member_text(member)))
        return true;
    page->listed++;
    return sets_reply_member(&page->members, member);
}

/* SSCAN key cursor [MATCH pattern] [COUNT count] */
void op_sscan(struct op *op)
{
    uint32_t above;
    uint64_t position;
    if (!scan_cursor_parse(op->argv[2], &above, &position)) {
        reply_error(op->reply, "ERR invalid cursor");
        return;
    }
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    struct page page = {.listed = 0};
    if (!op_is_type(op, e, TYPE_SET) ||
        (e != NULL && !scan_options_read(op, 3, false, &page.options)))
        return;
    reply_init(&page.members, op->reply->resp);
    uint64_t cursor = 0;
    if (e != NULL)
        cursor = set_scan(set_view(e), (uint64_t)above << 32 | position,
                          (size_t)page.options.count, list_member, &page);
    reply_array(op->reply, 2);
    reply_bulk_int(op->reply, (int64_t)cursor);
    reply_array(op->reply, page.listed);
    reply_move(op->reply, &page.members, (struct reply_mark){0}, reply_here(&page.members));
    reply_deinit(&page.members);
}
