/* Zset pop: ZPOPMIN, ZPOPMAX and ZMPOP, which take members from either end. */
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

/* Takes up to `count` members, at least one, from an end of a set that has some, and
 * replies them: as pairs in arrays of their own if `nested`, else one after the other. */
static void pop(struct op *op, const struct key *key, struct zset_ref *zs, bool highest,
                int64_t count, bool nested)
{
    size_t n = zset_count(zs);
    size_t take = (uint64_t)count < n ? (size_t)count : n;
    size_t first = highest ? n - take : 0;
    struct zset_cursor c = zset_at(zs, highest ? n - 1 : 0);
    reply_array(op->reply, nested ? take : take * 2);
    for (size_t left = take; left > 0; left--) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        if (nested)
            reply_array(op->reply, 2);
        reply_bulk(op->reply, member);
        zset_reply_score(op->reply, score);
        if (highest)
            zset_prev(&c);
        else
            zset_next(&c);
    }
    zset_remove_ranks(zs, first, first + take);
    zset_key_changed(op, key, zs, highest ? "zpopmax" : "zpopmin");
}

/* Reads argv[i] as a number of at least `least`; replies this error otherwise. */
static bool parse_count(struct op *op, int i, int64_t least, int64_t *count, const char *error)
{
    if (number_parse_i64(op->argv[i], count) && *count >= least)
        return true;
    reply_error(op->reply, error);
    return false;
}

static void pop_one_key(struct op *op, bool highest)
{
    int64_t count = 1;
    if (op->argc > 3) {
        op_error_syntax(op);
        return;
    }
    if (op->argc == 3 &&
        !parse_count(op, 2, 0, &count, "ERR value is out of range, must be positive"))
        return;
    struct zset_ref zs;
    struct found found;
    if (!zset_key_write(op, &op->key, &found, &zs))
        return;
    if (count == 0 || zset_count(&zs) == 0) {
        zset_close(&zs);
        reply_array(op->reply, 0);
        return;
    }
    pop(op, &op->key, &zs, highest, count, op->argc == 3 && op->reply->resp == 3);
}

void op_zpopmin(struct op *op)
{
    pop_one_key(op, false);
}

void op_zpopmax(struct op *op)
{
    pop_one_key(op, true);
}

/* ZMPOP's arguments after the keys, from argv[i] on. False: an error was replied. */
static bool parse_end(struct op *op, int i, bool *highest, int64_t *count)
{
    *highest = op_arg_is(op, i, "max");
    *count = 1;
    bool good = *highest || op_arg_is(op, i, "min");
    if (good && i + 3 == op->argc && op_arg_is(op, i + 1, "count"))
        return parse_count(op, i + 2, 1, count, "ERR count should be greater than 0");
    if (good && i + 1 == op->argc)
        return true;
    op_error_syntax(op);
    return false;
}

/* ZMPOP numkeys key... MIN|MAX [COUNT count] */
void op_zmpop(struct op *op)
{
    int64_t keys, count;
    bool highest;
    if (!parse_count(op, 1, 1, &keys, "ERR numkeys should be greater than 0"))
        return;
    if (keys > op->argc - 3) {
        op_error_syntax(op);
        return;
    }
    if (!parse_end(op, 2 + (int)keys, &highest, &count))
        return;
    for (int i = 2; i < 2 + (int)keys; i++) {
        struct key key = op_key(op, i);
        struct zset_ref zs;
        struct found found;
        if (!zset_key_write(op, &key, &found, &zs))
            return;
        if (zset_count(&zs) == 0) {
            zset_close(&zs);
            continue;
        }
        reply_array(op->reply, 2);
        reply_bulk(op->reply, op->argv[i]);
        pop(op, &key, &zs, highest, count, true);
        return;
    }
    reply_nil_array(op->reply);
}
