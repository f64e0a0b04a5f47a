/*
 * List blocking: the list commands that wait for an element where there is none.
 *
 * Each tries what its sibling without B does. Where there is nothing it asks to wait
 * (op_waits()), or replies null where it may not: in a transaction, and when the time is
 * up. That null is the array of RESP2 for all of them, as Redis answers after the time-out.
 */
#include "engine/commands/list_move.h"
#include "engine/commands/list_value.h"
#include "op_handlers.gen.h"

static void wait_or_null(struct op *op, int64_t timeout_ms)
{
    if (!op_waits(op, timeout_ms))
        reply_nil_array(op->reply);
}

/* BLPOP key... timeout and BRPOP. */
static void pop(struct op *op, bool front)
{
    int64_t timeout_ms;
    if (!op_timeout(op, op->argc - 1, &timeout_ms) || op_queues(op, timeout_ms))
        return;
    for (int i = 1; i < op->argc - 1; i++) {
        struct key key = op_key(op, i);
        struct found found;
        if (!list_value_write(op, &key, &found))
            return;
        if (found.entry == NULL)
            continue;
        reply_array(op->reply, 2);
        reply_bulk(op->reply, key.name);
        list_value_reply(op, list_get(list_value_seek(found.entry, front ? 0 : -1)));
        list_value_drop(op, &key, &found, front, 1);
        list_value_removed(op, &key, &found, front ? "lpop" : "rpop");
        return;
    }
    wait_or_null(op, timeout_ms);
}

void op_blpop(struct op *op)
{
    pop(op, true);
}

void op_brpop(struct op *op)
{
    pop(op, false);
}

/* BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout */
void op_blmove(struct op *op)
{
    bool from_front, to_front;
    int64_t timeout_ms;
    if (list_move_end(op, 3, &from_front) && list_move_end(op, 4, &to_front) &&
        op_timeout(op, 5, &timeout_ms) && !op_queues(op, timeout_ms) &&
        list_move(op, from_front, to_front) == LIST_MOVE_NOTHING)
        wait_or_null(op, timeout_ms);
}

void op_brpoplpush(struct op *op)
{
    int64_t timeout_ms;
    if (op_timeout(op, 3, &timeout_ms) && !op_queues(op, timeout_ms) &&
        list_move(op, false, true) == LIST_MOVE_NOTHING)
        wait_or_null(op, timeout_ms);
}

/* BLMPOP timeout numkeys key... LEFT|RIGHT [COUNT n] */
void op_blmpop(struct op *op)
{
    struct list_move_pop pop;
    int64_t timeout_ms;
    if (op_timeout(op, 1, &timeout_ms) && list_move_parse_pop(op, 2, &pop) &&
        !op_queues(op, timeout_ms) && list_move_pop(op, &pop) == LIST_MOVE_NOTHING)
        wait_or_null(op, timeout_ms);
}
