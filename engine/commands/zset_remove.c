/* Zset remove: ZREM and the ZREMRANGE commands. */
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_range.h"
#include "op_handlers.gen.h"

void op_zrem(struct op *op)
{
    struct zset_ref zs;
    struct found found;
    if (!zset_key_write(op, &op->key, &found, &zs))
        return;
    int64_t removed = 0;
    for (int i = 2; i < op->argc && zset_count(&zs) > 0; i++) {
        struct zset_spot spot;
        if (!zset_find(&zs, op->argv[i], &spot))
            continue;
        zset_remove(&zs, &spot);
        removed++;
    }
    if (removed > 0)
        zset_key_changed(op, &op->key, &zs, "zrem");
    else
        zset_close(&zs);
    reply_int(op->reply, removed);
}

static void remove_range(struct op *op, enum zset_range_by by, const char *event)
{
    struct zset_range range;
    struct zset_ref zs;
    struct found found;
    if (!zset_range_parse(op, by, 2, 3, &range) || !zset_key_write(op, &op->key, &found, &zs))
        return;
    size_t first, past;
    zset_range_ranks(&range, &zs, false, &first, &past);
    if (first < past) {
        zset_remove_ranks(&zs, first, past);
        zset_key_changed(op, &op->key, &zs, event);
    } else {
        zset_close(&zs);
    }
    reply_int(op->reply, (int64_t)(past - first));
}

void op_zremrangebyrank(struct op *op)
{
    remove_range(op, ZSET_RANGE_BY_RANK, "zremrangebyrank");
}

void op_zremrangebyscore(struct op *op)
{
    remove_range(op, ZSET_RANGE_BY_SCORE, "zremrangebyscore");
}

void op_zremrangebylex(struct op *op)
{
    remove_range(op, ZSET_RANGE_BY_LEX, "zremrangebylex");
}
