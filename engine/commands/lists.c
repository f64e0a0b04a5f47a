/*
 * Lists: elements pushed and popped at the ends of one list, and looked at.
 */
#include <limits.h>

#include "base/bits.h"
#include "engine/commands/list_value.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

static void push(struct op *op, bool front, bool must_exist)
{
    struct found found;
    if (!list_value_write(op, &op->key, &found))
        return;
    if (found.entry == NULL && must_exist) {
        reply_int(op->reply, 0);
        return;
    }
    if (!list_value_push_args(op, &op->key, &found, front, 2))
        return;
    reply_int(op->reply, (int64_t)list_value_count(found.entry));
    op_changed(op, &op->key, 'l', front ? "lpush" : "rpush");
}

void op_lpush(struct op *op)
{
    push(op, true, false);
}

void op_rpush(struct op *op)
{
    push(op, false, false);
}

void op_lpushx(struct op *op)
{
    push(op, true, true);
}

void op_rpushx(struct op *op)
{
    push(op, false, true);
}

/* LPOP key [count] and RPOP. */
static void pop(struct op *op, bool front)
{
    int64_t wanted = 1;
    bool counted = op->argc > 2;
    if (op->argc > 3) {
        op_error_arity(op);
        return;
    }
    if (counted && !number_parse_i64(op->argv[2], &wanted))
        wanted = -1;
    if (wanted < 0) {
        reply_error(op->reply, "ERR value is out of range, must be positive");
        return;
    }
    struct found found;
    if (!list_value_write(op, &op->key, &found))
        return;
    if (found.entry == NULL) {
        if (counted)
            reply_nil_array(op->reply);
        else
            reply_nil(op->reply);
        return;
    }
    size_t count = bits_min((size_t)wanted, list_value_count(found.entry));
    if (counted)
        list_value_reply_range(op, found.entry, front ? 0 : -1, count, !front);
    else
        list_value_reply(op, list_get(list_value_seek(found.entry, front ? 0 : -1)));
    if (count == 0)
        return;
    list_value_drop(op, &op->key, &found, front, count);
    list_value_removed(op, &op->key, &found, front ? "lpop" : "rpop");
}

void op_lpop(struct op *op)
{
    pop(op, true);
}

void op_rpop(struct op *op)
{
    pop(op, false);
}

void op_llen(struct op *op)
{
    struct found found;
    if (!list_value_read(op, &found))
        return;
    reply_int(op->reply, found.entry == NULL ? 0 : (int64_t)list_value_count(found.entry));
}

void op_lindex(struct op *op)
{
    struct found found;
    int64_t index;
    if (!list_value_read(op, &found))
        return;
    if (found.entry == NULL) {
        reply_nil(op->reply);
        return;
    }
    if (!op_int(op, 2, &index))
        return;
    struct list_cursor cursor = list_value_seek(found.entry, index);
    if (list_cursor_ok(cursor))
        list_value_reply(op, list_get(cursor));
    else
        reply_nil(op->reply);
}

void op_lrange(struct op *op)
{
    int64_t first, last;
    struct found found;
    if (!op_int(op, 2, &first) || !op_int(op, 3, &last) || !list_value_read(op, &found))
        return;
    if (found.entry == NULL) {
        reply_array(op->reply, 0);
        return;
    }
    int64_t count = (int64_t)list_value_count(found.entry);
    if (first < 0)
        first = first < -count ? 0 : first + count;
    if (last < 0)
        last = last < -count ? -1 : last + count;
    last = last < count ? last : count - 1;
    size_t n = first > last ? 0 : (size_t)(last - first) + 1;
    list_value_reply_range(op, found.entry, first, n, false);
}

/* The options of LPOS. */
struct pos_options {
    int64_t rank, count, max; /* count: -1 without COUNT; max: 0 for all */
};

static bool in_range(struct op *op, int i, int64_t low, int64_t *value, const char *error)
{
    if (number_parse_i64(op->argv[i], value) && *value >= low)
        return true;
    reply_error(op->reply, error);
    return false;
}

static bool parse_rank(struct op *op, int i, int64_t *rank)
{
    if (!op_int(op, i, rank))
        return false;
    if (*rank == INT64_MIN) {
        reply_error_range(op->reply, -INT64_MAX, INT64_MAX);
        return false;
    }
    if (*rank != 0)
        return true;
    reply_error(op->reply,
                "ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                "second ... or use negative to start from the end of the list");
    return false;
}

static bool parse_pos(struct op *op, struct pos_options *o)
{
    *o = (struct pos_options){.rank = 1, .count = -1};
    for (int i = 3; i < op->argc; i += 2) {
        bool more = i + 1 < op->argc;
        if (more && op_arg_is(op, i, "rank")) {
            if (!parse_rank(op, i + 1, &o->rank))
                return false;
        } else if (more && op_arg_is(op, i, "count")) {
            if (!in_range(op, i + 1, 0, &o->count, "ERR COUNT can't be negative"))
                return false;
        } else if (more && op_arg_is(op, i, "maxlen")) {
            if (!in_range(op, i + 1, 0, &o->max, "ERR MAXLEN can't be negative"))
                return false;
        } else {
            op_error_syntax(op);
            return false;
        }
    }
    return true;
}

/* Replies with the indexes of the matches the options ask for; how many. */
static size_t reply_matches(struct op *op, const struct entry *e, const struct pos_options *o)
{
    bool back = o->rank < 0;
    int64_t skip = (back ? -o->rank : o->rank) - 1, count = (int64_t)list_value_count(e);
    int64_t looks = o->max == 0 || o->max > count ? count : o->max;
    size_t most = o->count < 0 ? 1 : o->count == 0 ? SIZE_MAX : (size_t)o->count, matches = 0;
    struct list_wanted wanted = list_wanted(op->argv[2]);
    struct list_cursor cursor = list_value_seek(e, back ? -1 : 0);
    for (int64_t i = 0; i < looks && matches < most; i++) {
        if (list_is(cursor, &wanted) && skip-- <= 0) {
            reply_int(op->reply, back ? count - 1 - i : i);
            matches++;
        }
        list_step(&cursor, back);
    }
    return matches;
}

void op_lpos(struct op *op)
{
    struct pos_options o;
    struct found found;
    if (!parse_pos(op, &o) || !list_value_read(op, &found))
        return;
    if (o.count < 0) {
        if (found.entry == NULL || reply_matches(op, found.entry, &o) == 0)
            reply_nil(op->reply);
        return;
    }
    struct reply_mark open = reply_open(op->reply);
    size_t matches = found.entry == NULL ? 0 : reply_matches(op, found.entry, &o);
    reply_close_array(op->reply, open, matches);
}
