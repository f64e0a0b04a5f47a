/*
 * Zset read: commands that answer a score, a rank or a number of members. Those that
 * answer members are in zset_ranges.c.
 */
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_range.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

void op_zcard(struct op *op)
{
    struct zset_ref zs;
    if (zset_key_read(op, &op->key, &zs, NULL))
        reply_int(op->reply, (int64_t)zset_count(&zs));
}

static void reply_score_of(struct op *op, const struct zset_ref *zs, struct bytes member)
{
    double score;
    if (zset_score(zs, member, &score))
        zset_reply_score(op->reply, score);
    else
        reply_nil(op->reply);
}

void op_zscore(struct op *op)
{
    struct zset_ref zs;
    if (zset_key_read(op, &op->key, &zs, NULL))
        reply_score_of(op, &zs, op->argv[2]);
}

void op_zmscore(struct op *op)
{
    struct zset_ref zs;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++)
        reply_score_of(op, &zs, op->argv[i]);
}

static void count_range(struct op *op, enum zset_range_by by)
{
    struct zset_range range;
    struct zset_ref zs;
    if (!zset_range_parse(op, by, 2, 3, &range) || !zset_key_read(op, &op->key, &zs, NULL))
        return;
    size_t first, past;
    zset_range_ranks(&range, &zs, false, &first, &past);
    reply_int(op->reply, (int64_t)(past - first));
}

void op_zcount(struct op *op)
{
    count_range(op, ZSET_RANGE_BY_SCORE);
}

void op_zlexcount(struct op *op)
{
    count_range(op, ZSET_RANGE_BY_LEX);
}

static void reply_rank(struct op *op, bool reverse)
{
    if (op->argc > 4) {
        op_error_arity(op);
        return;
    }
    bool with_score = op->argc == 4;
    if (with_score && !op_arg_is(op, 3, "withscore")) {
        op_error_syntax(op);
        return;
    }
    struct zset_ref zs;
    struct zset_spot spot;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    if (!zset_find(&zs, op->argv[2], &spot)) {
        if (with_score)
            reply_nil_array(op->reply);
        else
            reply_nil(op->reply);
        return;
    }
    size_t rank = zset_rank(&zs, &spot);
    if (with_score)
        reply_array(op->reply, 2);
    reply_int(op->reply, (int64_t)(reverse ? zset_count(&zs) - 1 - rank : rank));
    if (with_score)
        zset_reply_score(op->reply, spot.score);
}

void op_zrank(struct op *op)
{
    reply_rank(op, false);
}

void op_zrevrank(struct op *op)
{
    reply_rank(op, true);
}
