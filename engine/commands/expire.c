/*
 * Expire: commands that set, tell and take away the time at which a key expires.
 *
 * An expiry that has passed already deletes the key at once. No expiry counts as
 * one infinitely far away.
 */
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

/* On what condition a new expiry is set. */
struct condition {
    bool nx; /* the key has none */
    bool xx; /* it has one */
    bool gt; /* it has one, and the new one is later */
    bool lt; /* it has none, or the new one is earlier */
};

/* Reads the options from argv[3] on; false: an error was replied. */
static bool condition_parse(struct op *op, struct condition *condition)
{
    for (int i = 3; i < op->argc; i++) {
        if (op_arg_is(op, i, "nx")) {
            condition->nx = true;
        } else if (op_arg_is(op, i, "xx")) {
            condition->xx = true;
        } else if (op_arg_is(op, i, "gt")) {
            condition->gt = true;
        } else if (op_arg_is(op, i, "lt")) {
            condition->lt = true;
        } else {
            struct bytes option = op->argv[i];
            int shown = option.len < 512 ? (int)option.len : 512;
            reply_errorf(op->reply, "ERR Unsupported option %.*s", shown, option.data);
            return false;
        }
    }
    const char *error = NULL;
    if (condition->nx && (condition->xx || condition->gt || condition->lt))
        error = "ERR NX and XX, GT or LT options at the same time are not compatible";
    else if (condition->gt && condition->lt)
        error = "ERR GT and LT options at the same time are not compatible";
    if (error != NULL)
        reply_error(op->reply, error);
    return error == NULL;
}

static bool condition_holds(const struct condition *condition, int64_t old_ms, int64_t new_ms)
{
    bool has = old_ms != ENTRY_NO_EXPIRY;
    return !(condition->nx && has) && !(condition->xx && !has) &&
           !(condition->gt && (!has || new_ms <= old_ms)) &&
           !(condition->lt && has && new_ms >= old_ms);
}

/* EXPIRE and its kin: key time [NX | XX | GT | LT] */
static void set_expiry(struct op *op, bool seconds, bool relative)
{
    struct condition condition = {0};
    int64_t at_ms;
    if (!condition_parse(op, &condition) || !op_expiry(op, 2, seconds, relative, false, &at_ms))
        return;
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (found.entry == NULL || !condition_holds(&condition, entry_expiry(found.entry), at_ms)) {
        reply_int(op->reply, 0);
        return;
    }
    if (at_ms <= op->ks->now_ms) {
        keyspace_remove(op->ks, op->db, &op->key, &found);
        op_deleted(op, &op->key);
    } else {
        keyspace_expire(op->ks, op->db, &op->key, &found, at_ms);
        op_changed(op, &op->key, 'g', "expire");
    }
    reply_int(op->reply, 1);
}

void op_expire(struct op *op)
{
    set_expiry(op, true, true);
}

void op_pexpire(struct op *op)
{
    set_expiry(op, false, true);
}

void op_expireat(struct op *op)
{
    set_expiry(op, true, false);
}

void op_pexpireat(struct op *op)
{
    set_expiry(op, false, false);
}

/* TTL and its kin: -2 without the key, -1 without an expiry. */
static void tell_expiry(struct op *op, bool seconds, bool relative)
{
    const struct entry *e = keyspace_peek(op->ks, op->db, &op->key).entry;
    if (e == NULL || !(e->flags & ENTRY_EXPIRES)) {
        reply_int(op->reply, e == NULL ? -2 : -1);
        return;
    }
    uint64_t ms = (uint64_t)entry_expiry(e);
    if (relative)
        ms -= (uint64_t)op->ks->now_ms; /* the key has not expired: not negative */
    reply_int(op->reply, (int64_t)(seconds ? (ms + 500) / 1000 : ms));
}

void op_ttl(struct op *op)
{
    tell_expiry(op, true, true);
}

void op_pttl(struct op *op)
{
    tell_expiry(op, false, true);
}

void op_expiretime(struct op *op)
{
    tell_expiry(op, true, false);
}

void op_pexpiretime(struct op *op)
{
    tell_expiry(op, false, false);
}

void op_persist(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (found.entry == NULL || !(found.entry->flags & ENTRY_EXPIRES)) {
        reply_int(op->reply, 0);
        return;
    }
    keyspace_expire(op->ks, op->db, &op->key, &found, ENTRY_NO_EXPIRY);
    op_changed(op, &op->key, 'g', "persist");
    reply_int(op->reply, 1);
}
