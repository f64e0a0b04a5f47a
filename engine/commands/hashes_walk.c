/*
 * Hashes, walked over: HSCAN, and HRANDFIELD, which takes fields at random.
 *
 * A cursor of HSCAN is a position in the table of a large hash (table_scan()); a small hash
 * comes whole, whatever the cursor.
 */
#include "engine/commands/op.h"
#include "engine/commands/scan.h"
#include "engine/commands/scan_options.h"
#include "engine/types/hash.h"
#include "op_handlers.gen.h"

#define REPEATS_MAX (INT64_C(1) << 26) /* fields that may repeat, in one reply */

/* Where fields go, and in which shape. */
struct listing {
    struct reply *reply;
    struct scan_options options;
    bool values; /* each field with its value */
    bool nested; /* ... as an array of two */
    size_t listed;
};

static void list_field(void *ctx, struct bytes field, struct bytes value)
{
    struct listing *listing = ctx;
    if (!scan_options_match(&listing->options, field))
        return;
    listing->listed++;
    if (listing->nested)
        reply_array(listing->reply, 2);
    reply_bulk(listing->reply, field);
    if (listing->values)
        reply_bulk(listing->reply, value);
}

void op_hscan(struct op *op)
{
    uint32_t slot;
    uint64_t cursor;
    if (!scan_cursor_parse(op->argv[2], &slot, &cursor)) {
        reply_error(op->reply, "ERR invalid cursor");
        return;
    }
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_HASH))
        return;
    if (e == NULL) {
        reply_array(op->reply, 2);
        reply_bulk_cstr(op->reply, "0");
        reply_array(op->reply, 0);
        return;
    }
    struct reply fields; /* the cursor comes before them, but is known after them */
    struct listing listing = {.reply = &fields, .values = true};
    if (!scan_options_read(op, 3, false, &listing.options))
        return;
    reply_init(&fields, op->reply->resp);
    cursor |= (uint64_t)slot << 32; /* what no page ever answered means the end */
    cursor = hash_scan(op->ks, e, cursor, (size_t)listing.options.count, list_field, &listing);
    reply_array(op->reply, 2);
    reply_bulk_int(op->reply, (int64_t)cursor);
    reply_array(op->reply, listing.listed * 2);
    reply_move(op->reply, &fields, (struct reply_mark){0}, reply_here(&fields));
    reply_deinit(&fields);
}

/* Reads count [WITHVALUES]; false: an error was replied. */
static bool random_options(struct op *op, int64_t *count, bool *values)
{
    if (!op_int(op, 2, count))
        return false;
    if (*count == INT64_MIN) {
        reply_error_range(op->reply, -INT64_MAX, INT64_MAX);
        return false;
    }
    *values = op->argc == 4 && op_arg_is(op, 3, "withvalues");
    if (op->argc > 4 || (op->argc == 4 && !*values)) {
        op_error_syntax(op);
        return false;
    }
    /* A reply of more repeated fields than that would be made until memory runs out. */
    if ((*values && *count > INT64_MAX / 2) || *count < -REPEATS_MAX) {
        reply_error(op->reply, "ERR value is out of range");
        return false;
    }
    return true;
}

static void random_field(struct op *op)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_HASH))
        return;
    struct listing listing = {.reply = op->reply, .options.all = true};
    if (e == NULL)
        reply_nil(op->reply);
    else
        hash_pick(op->ks, e, &op->ks->rng, 1, list_field, &listing);
}

void op_hrandfield(struct op *op)
{
    int64_t count;
    struct listing listing = {.reply = op->reply, .options.all = true};
    if (op->argc == 2) {
        random_field(op);
        return;
    }
    if (!random_options(op, &count, &listing.values))
        return;
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_HASH))
        return;
    if (e == NULL || count == 0) {
        reply_array(op->reply, 0);
        return;
    }
    listing.nested = listing.values && op->reply->resp == 3;
    bool repeats = count < 0;
    size_t wanted = repeats ? (size_t)-count : (size_t)count;
    if (!repeats && wanted > hash_count(op->ks, e))
        wanted = hash_count(op->ks, e);
    reply_array(op->reply, listing.values && !listing.nested ? wanted * 2 : wanted);
    if (repeats)
        hash_pick(op->ks, e, &op->ks->rng, wanted, list_field, &listing);
    else
        hash_sample(op->ks, e, &op->ks->rng, wanted, list_field, &listing);
}
