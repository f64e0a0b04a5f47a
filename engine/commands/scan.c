/*
 * Scan: see scan.h. Commands that walk the keys of a database.
 *
 * Keys that have expired are passed over. SCAN deletes them, when it is done with the
 * bucket they are in; KEYS leaves them to others.
 */
#include "engine/commands/scan.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/glob.h"
#include "base/number.h"
#include "engine/commands/op.h"
#include "engine/commands/scan_options.h"
#include "op_handlers.gen.h"

/* Which keys are wanted, and where they go. */
struct listing {
    const struct keyspace *ks;
    uint16_t db;
    struct reply *reply;
    struct bytes pattern; /* with all: not looked at */
    bool all;
    bool typed;           /* only keys of this type: */
    int type;             /* TYPE_COUNT: a type nobody has */
    size_t listed;
};

static void listing_match(struct listing *listing, struct bytes pattern)
{
    listing->pattern = pattern;
    listing->all = pattern.len == 1 && pattern.data[0] == '*';
}

static void list_entry(void *ctx, struct entry *e)
{
    struct listing *listing = ctx;
    struct bytes name = entry_key(e);
    if (listing->typed && e->type != listing->type)
        return;
    if (!listing->all && !glob_match(listing->pattern, name, false))
        return;
    reply_bulk(listing->reply, name);
    listing->listed++;
}

/* Slots of others that are known to be empty are walked over as if they were here. */
static bool slot_is_passed(void *ctx, uint32_t slot)
{
    const struct listing *listing = ctx;
    return !keyspace_lies_elsewhere(listing->ks, slot, listing->db);
}

static bool any_slot(void *ctx, uint32_t slot)
{
    return true;
}

/* KEYS pattern */
void op_keys(struct op *op)
{
    struct listing listing = {.ks = op->ks, .reply = op->reply};
    listing_match(&listing, op->argv[1]);
    uint32_t slot = 0;
    uint64_t position = 0;
    struct reply_mark open = reply_open(op->reply);
    keyspace_scan(op->ks, op->db, &slot, &position, SIZE_MAX, any_slot, list_entry, &listing);
    assert(slot == SLOT_COUNT);
    reply_close_array(op->reply, open, listing.listed);
}

void op_randomkey(struct op *op)
{
    const struct entry *e = keyspace_random(op->ks, op->db);
    reply_array(op->reply, 2);
    if (e == NULL) {
        reply_int(op->reply, 0);
        reply_nil(op->reply);
    } else {
        reply_int(op->reply, (int64_t)op->db->keys);
        reply_bulk(op->reply, entry_key(e));
    }
}

bool scan_cursor_parse(struct bytes text, uint32_t *slot, uint64_t *position)
{
    const char *nul = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    if (nul != NULL)
        text.len = (size_t)(nul - text.data);
    size_t at = 0;
    bool minus = text.len > 0 && text.data[0] == '-';
    if (text.len > 0 && (minus || text.data[0] == '+'))
        at++;
    if (text.len > 0 && at == text.len)
        return false;
    uint64_t cursor = 0;
    for (; at < text.len; at++) {
        unsigned digit = (unsigned char)text.data[at] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(cursor, 10, &cursor) ||
            __builtin_add_overflow(cursor, digit, &cursor))
            return false;
    }
    if (minus)
        cursor = -cursor;
    bool beyond = cursor >> 32 >= SLOT_COUNT;
    *slot = beyond ? SLOT_COUNT : (uint32_t)(cursor >> 32);
    *position = beyond ? 0 : cursor & UINT32_MAX;
    return true;
}

void op_scan(struct op *op)
{
    struct scan_options options;
    uint32_t slot;
    uint64_t position;
    if (!scan_cursor_parse(op->argv[1], &slot, &position)) {
        reply_error(op->reply, "ERR invalid cursor");
        return;
    }
    if (!scan_options_read(op, 2, true, &options))
        return;
    struct listing listing = {.ks = op->ks, .db = op->db->index, .all = options.all,
                              .typed = options.typed, .type = options.type};
    if (!options.all)
        listing_match(&listing, options.pattern);
    /* The cursor comes before the keys, but is known after them. */
    struct reply keys;
    reply_init(&keys, op->reply->resp);
    listing.reply = &keys;
    keyspace_scan_reaping(op->ks, op->db, &slot, &position, (size_t)options.count, slot_is_passed,
                          list_entry, &listing);
    reply_array(op->reply, 2);
    reply_bulk_int(op->reply, slot == SLOT_COUNT ? 0 : (int64_t)slot << 32 | (int64_t)position);
    reply_array(op->reply, listing.listed);
    reply_move(op->reply, &keys, (struct reply_mark){0}, reply_here(&keys));
    reply_deinit(&keys);
}
