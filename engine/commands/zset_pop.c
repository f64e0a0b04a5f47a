/* Zset pop: see zset_pop.h; ZPOPMIN, ZPOPMAX and ZMPOP. */
#include "engine/commands/zset_pop.h"

#include "base/bits.h"
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

/* Takes so many members, which there are, from an end of a set and replies them: as pairs
 * in arrays of their own if `nested`, else one after the other. */
static void pop(struct op *op, const struct key *key, struct zset_ref *zs, bool highest,
                size_t take, bool nested)
{
    size_t n = zset_count(zs);
    size_t first = highest ? n - take : 0;
    struct zset_cursor c = zset_at(zs, highest ? n - 1 : 0);
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

/* How many of `count` members there are. */
static size_t available(const struct zset_ref *zs, int64_t count)
{
    return (size_t)bits_min((uint64_t)count, zset_count(zs));
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
    size_t take = available(&zs, count);
    bool nested = op->argc == 3 && op->reply->resp == 3;
    reply_array(op->reply, nested ? take : take * 2);
    pop(op, &op->key, &zs, highest, take, nested);
}

void op_zpopmin(struct op *op)
{
    pop_one_key(op, false);
}

void op_zpopmax(struct op *op)
{
    pop_one_key(op, true);
}

/* What follows the keys, from argv[i] on. False: an error was replied. */
static bool parse_end(struct op *op, int i, struct zset_pop *pop)
{
    pop->highest = op_arg_is(op, i, "max");
    pop->count = 1;
    bool good = pop->highest || op_arg_is(op, i, "min");
    if (good && i + 2 < op->argc && op_arg_is(op, i + 1, "count")) {
        if (!parse_count(op, i + 2, 1, &pop->count, "ERR count should be greater than 0"))
            return false;
        i += 2;
    }
    if (good && i + 1 == op->argc)
        return true;
    op_error_syntax(op);
    return false;
}

bool zset_pop_parse(struct op *op, int at, struct zset_pop *pop)
{
    int64_t keys;
    if (!parse_count(op, at, 1, &keys, "ERR numkeys should be greater than 0"))
        return false;
    if (keys >= op->argc - at - 1) {
        op_error_syntax(op);
        return false;
    }
    pop->first = at + 1;
    pop->past = at + 1 + (int)keys;
    pop->single = false;
    return parse_end(op, pop->past, pop);
}

enum zset_pop_result zset_pop_first(struct op *op, const struct zset_pop *p)
{
    for (int i = p->first; i < p->past; i++) {
        struct key key = op_key(op, i);
        struct zset_ref zs;
        struct found found;
        if (!zset_key_write(op, &key, &found, &zs))
            return ZSET_POP_ERROR;
        size_t take = available(&zs, p->count);
        if (take == 0) {
            zset_close(&zs);
            continue;
        }
        reply_array(op->reply, p->single ? 3 : 2);
        reply_bulk(op->reply, key.name);
        if (!p->single)
            reply_array(op->reply, take);
        pop(op, &key, &zs, p->highest, take, !p->single);
        return ZSET_POP_DONE;
    }
    return ZSET_POP_NOTHING;
}

/* ZMPOP numkeys key... MIN|MAX [COUNT count] */
void op_zmpop(struct op *op)
{
    struct zset_pop pop;
    if (zset_pop_parse(op, 1, &pop) && zset_pop_first(op, &pop) == ZSET_POP_NOTHING)
        reply_nil_array(op->reply);
}
