/*
 * Databases: commands on whole databases. They run on every shard, each answering
 * for its own part; the answers are combined where the client lives.
 */
#include <limits.h>

#include "engine/commands/op.h"
#include "op_handlers.gen.h"

void op_dbsize(struct op *op)
{
    reply_int(op->reply, (int64_t)op->db->keys);
}

/* Whether the arguments are those of FLUSHDB and FLUSHALL: [ASYNC | SYNC]. Neither
 * makes a difference: memory is always freed bit by bit, after the reply. */
static bool flush_arguments(struct op *op)
{
    if (op->argc == 1 ||
        (op->argc == 2 && (op_arg_is(op, 1, "async") || op_arg_is(op, 1, "sync"))))
        return true;
    op_error_syntax(op);
    return false;
}

void op_flushdb(struct op *op)
{
    if (!flush_arguments(op))
        return;
    keyspace_flush(op->ks, op->db);
    reply_ok(op->reply);
}

void op_flushall(struct op *op)
{
    if (!flush_arguments(op))
        return;
    for (uint16_t i = 0; i < op->ks->db_count; i++)
        keyspace_flush(op->ks, &op->ks->dbs[i]);
    reply_ok(op->reply);
}

static bool int_argument(struct op *op, int i, int64_t *value, const char *error)
{
    if (!op_int_or(op, i, value, error))
        return false;
    if (*value >= INT_MIN && *value <= INT_MAX)
        return true;
    reply_error(op->reply, error);
    return false;
}

/* SWAPDB index index */
void op_swapdb(struct op *op)
{
    int64_t a, b, count = op->ks->db_count;
    if (!int_argument(op, 1, &a, "ERR invalid first DB index") ||
        !int_argument(op, 2, &b, "ERR invalid second DB index"))
        return;
    if (a < 0 || a >= count || b < 0 || b >= count) {
        reply_error(op->reply, "ERR DB index is out of range");
        return;
    }
    if (a != b)
        keyspace_swap(op->ks, &op->ks->dbs[a], &op->ks->dbs[b]);
    reply_ok(op->reply);
}
