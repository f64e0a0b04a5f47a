/*
 * Sets, walked over: SSCAN.
 *
 * The cursor is a position in the hash table, whose walk misses no member that is there
 * from the first page to the last (table_scan()). Small sets are answered whole, on one
 * page, so that a set that becomes a table meanwhile loses nothing either.
 */
#include "base/glob.h"
#include "engine/commands/op.h"
#include "engine/commands/scan.h"
#include "engine/commands/sets.h"
#include "op_handlers.gen.h"

#define SSCAN_COUNT_DEFAULT 10

struct page {
    struct reply members;
    size_t listed;
    struct bytes pattern;
    bool all; /* no pattern */
};

static bool list_member(void *ctx, struct set_member *member)
{
    struct page *page = ctx;
    if (!page->all && !glob_match(page->pattern, set_member_text(member), false))
        return true;
    page->listed++;
    return sets_reply_member(&page->members, member);
}

/* Reads SSCAN's options; false: an error was replied. */
static bool options_parse(struct op *op, struct page *page, int64_t *count)
{
    *count = SSCAN_COUNT_DEFAULT;
    page->all = true;
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
    int64_t count;
    if (!op_is_type(op, e, TYPE_SET) || (e != NULL && !options_parse(op, &page, &count)))
        return;
    reply_init(&page.members, op->reply->resp);
    uint64_t cursor = 0;
    if (e != NULL)
        cursor = set_scan(set_view(e), (uint64_t)above << 32 | position, (size_t)count,
                          list_member, &page);
    reply_array(op->reply, 2);
    reply_bulk_int(op->reply, (int64_t)cursor);
    reply_array(op->reply, page.listed);
    reply_move(op->reply, &page.members, (struct reply_mark){0}, reply_here(&page.members));
    reply_deinit(&page.members);
}
