/*
 * Zset ranges: ZRANGE in all its forms, the older commands that are one form of it each,
 * and ZRANGESTORE.
 */
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_range.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

/* What a command asks for. What its name or an option says cannot be said again. */
struct query {
    bool store;     /* ZRANGESTORE: the key comes second, there are no scores to answer */
    bool by_said, reverse_said;
    enum zset_range_by by;
    bool reverse;
    bool scores;
    int64_t offset, count;
    struct zset_range range;
};

/* The option at argv[*i], moved to its last argument. False: an error was replied. */
static bool parse_option(struct op *op, int *i, struct query *q)
{
    if (!q->store && op_arg_is(op, *i, "withscores"))
        return q->scores = true;
    if (*i + 2 < op->argc && op_arg_is(op, *i, "limit")) {
        *i += 2;
        return op_int(op, *i - 1, &q->offset) && op_int(op, *i, &q->count);
    }
    if (!q->reverse_said && op_arg_is(op, *i, "rev"))
        return q->reverse_said = q->reverse = true;
    if (!q->by_said && (op_arg_is(op, *i, "bylex") || op_arg_is(op, *i, "byscore"))) {
        q->by = op->argv[*i].len == 5 ? ZSET_RANGE_BY_LEX : ZSET_RANGE_BY_SCORE;
        return q->by_said = true;
    }
    op_error_syntax(op);
    return false;
}

/* Reads the bounds at argv[min] and the options after them. False: an error was replied. */
static bool parse_query(struct op *op, int min, struct query *q)
{
    q->count = -1;
    for (int i = min + 2; i < op->argc; i++)
        if (!parse_option(op, &i, q))
            return false;
    if (q->count != -1 && q->by == ZSET_RANGE_BY_RANK) {
        reply_error(op->reply, "ERR syntax error, LIMIT is only supported in combination with "
                               "either BYSCORE or BYLEX");
        return false;
    }
    if (q->scores && q->by == ZSET_RANGE_BY_LEX) {
        reply_error(op->reply,
                    "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
        return false;
    }
    bool swapped = q->reverse && q->by != ZSET_RANGE_BY_RANK;
    return zset_range_parse(op, q->by, min + swapped, min + !swapped, &q->range);
}

/* The ranks of what is asked for. */
static void query_ranks(const struct query *q, const struct zset_ref *zs, size_t *first,
                        size_t *past)
{
    zset_range_ranks(&q->range, zs, q->reverse, first, past);
    if (q->by != ZSET_RANGE_BY_RANK)
        zset_range_limit(q->reverse, q->offset, q->count, first, past);
}

static void reply_query(struct op *op, struct query q)
{
    struct zset_ref zs;
    if (!parse_query(op, 2, &q) || !zset_key_read(op, &op->key, &zs, NULL))
        return;
    size_t first, past;
    query_ranks(&q, &zs, &first, &past);
    zset_reply_ranks(op->reply, &zs, first, past, q.reverse, q.scores);
}

void op_zrange(struct op *op)
{
    reply_query(op, (struct query){0});
}

void op_zrevrange(struct op *op)
{
    reply_query(op, (struct query){.by_said = true, .reverse_said = true, .reverse = true});
}

void op_zrangebyscore(struct op *op)
{
    reply_query(op, (struct query){
        .by_said = true, .by = ZSET_RANGE_BY_SCORE, .reverse_said = true});
}

void op_zrevrangebyscore(struct op *op)
{
    reply_query(op, (struct query){
        .by_said = true, .by = ZSET_RANGE_BY_SCORE, .reverse_said = true, .reverse = true});
}

void op_zrangebylex(struct op *op)
{
    reply_query(op, (struct query){
        .by_said = true, .by = ZSET_RANGE_BY_LEX, .reverse_said = true});
}

void op_zrevrangebylex(struct op *op)
{
    reply_query(op, (struct query){
        .by_said = true, .by = ZSET_RANGE_BY_LEX, .reverse_said = true, .reverse = true});
}

void op_zrangestore(struct op *op)
{
    struct query q = {.store = true};
    struct zset_ref zs;
    if (!parse_query(op, 3, &q))
        return;
    struct key source = op_key(op, 2);
    if (!zset_key_read(op, &source, &zs, NULL))
        return;
    size_t first, past;
    query_ranks(&q, &zs, &first, &past);
    struct zset_builder b;
    zset_builder_init(&b, op->ks->seed);
    struct zset_cursor c = zset_at(&zs, first);
    for (; first < past; first++, zset_next(&c)) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        zset_builder_add(&b, member, score);
    }
    zset_key_store(op, &op->key, &b, "zrangestore");
}
