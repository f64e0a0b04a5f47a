/*
 * Zset blocking: the sorted set commands that wait for a member where there is none.
 *
 * As in list_blocking.c: where there is nothing they ask to wait, or reply null where they
 * may not: in a transaction, and when the time is up.
 */
#include "engine/commands/zset_pop.h"
#include "op_handlers.gen.h"

static void pop_or_wait(struct op *op, const struct zset_pop *pop, int64_t timeout_ms)
{
    if (op_queues(op, timeout_ms))
        return;
    if (zset_pop_first(op, pop) == ZSET_POP_NOTHING && !op_waits(op, timeout_ms))
        reply_nil_array(op->reply);
}

/* BZPOPMIN key... timeout and BZPOPMAX. */
static void pop_single(struct op *op, bool highest)
{
    struct zset_pop pop = {
        .first = 1, .past = op->argc - 1, .highest = highest, .single = true, .count = 1};
    int64_t timeout_ms;
    if (op_timeout(op, op->argc - 1, &timeout_ms))
        pop_or_wait(op, &pop, timeout_ms);
}

void op_bzpopmin(struct op *op)
{
    pop_single(op, false);
}

void op_bzpopmax(struct op *op)
{
    pop_single(op, true);
}

/* BZMPOP timeout numkeys key... MIN|MAX [COUNT n] */
void op_bzmpop(struct op *op)
{
    struct zset_pop pop;
    int64_t timeout_ms;
    if (op_timeout(op, 1, &timeout_ms) && zset_pop_parse(op, 2, &pop))
        pop_or_wait(op, &pop, timeout_ms);
}
