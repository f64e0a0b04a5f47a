/*
 * Hashes, expiry: commands that set, tell and take away the time at which fields expire.
 * Each answers an array, a number for each field asked about.
 *
 * A time that has passed already removes the field at once.
 */
#include "engine/commands/hashes.h"
#include "engine/commands/hashes_args.h"
#include "engine/commands/op.h"
#include "engine/types/hash.h"
#include "op_handlers.gen.h"

/* What is answered for a field. */
enum answer {
    NO_FIELD = -2,
    NO_EXPIRY = -1,
    NOT_MET = 0, /* the condition */
    DONE = 1,
    REMOVED = 2,
};

/* On what condition a new expiry is set; none counts as one infinitely far away. */
enum condition {
    ALWAYS,
    IF_NONE,    /* NX */
    IF_ANY,     /* XX */
    IF_LATER,   /* GT */
    IF_EARLIER, /* LT */
};

static enum condition condition_at(const struct op *op, int i)
{
    return op_arg_is(op, i, "nx")   ? IF_NONE
           : op_arg_is(op, i, "xx") ? IF_ANY
           : op_arg_is(op, i, "gt") ? IF_LATER
           : op_arg_is(op, i, "lt") ? IF_EARLIER
                                    : ALWAYS;
}

static bool is_met(enum condition condition, int64_t old_ms, int64_t new_ms)
{
    bool has = old_ms != ENTRY_NO_EXPIRY;
    switch (condition) {
    case ALWAYS:
        return true;
    case IF_NONE:
        return !has;
    case IF_ANY:
        return has;
    case IF_LATER:
        return has && new_ms > old_ms;
    case IF_EARLIER:
        return !has || new_ms < old_ms;
    }
    return false;
}

/* What became of the fields of a command. */
struct outcome {
    int64_t updated, removed;
    bool no_memory;
};

static enum answer expire_field(struct hash_edit *edit, struct bytes field,
                                enum condition condition, int64_t at_ms, struct outcome *outcome)
{
    struct bytes value;
    if (!hash_edit_find(edit, field, &value))
        return NO_FIELD;
    if (!is_met(condition, edit->expiry, at_ms))
        return NOT_MET;
    if (at_ms <= edit->ks->now_ms) {
        hash_edit_remove(edit, field);
        outcome->removed++;
        return REMOVED;
    }
    outcome->no_memory = !hash_edit_expire(edit, field, at_ms);
    outcome->updated += !outcome->no_memory;
    return DONE;
}

static void answer_all(struct op *op, int first, enum answer answer)
{
    reply_array(op->reply, (size_t)(op->argc - first));
    for (int i = first; i < op->argc; i++)
        reply_int(op->reply, answer);
}

/* HEXPIRE and its kin: key time [NX | XX | GT | LT] FIELDS count field... */
static void set_expiry(struct op *op, bool seconds, bool relative)
{
    struct found found;
    struct hash_edit edit;
    int64_t at_ms;
    if (!hashes_find(op, &found) || !hashes_expiry(op, 2, seconds, relative, &at_ms))
        return;
    enum condition condition = condition_at(op, 3);
    int at = condition == ALWAYS ? 3 : 4, first = at + 2;
    if (!hashes_fields(op, at, "ERR Parameter `numFields` should be greater than 0"))
        return;
    if (found.entry == NULL) {
        answer_all(op, first, NO_FIELD);
        return;
    }
    hashes_open(op, &found, &edit);
    struct reply_mark mark = reply_here(op->reply);
    struct outcome outcome = {0};
    reply_array(op->reply, (size_t)(op->argc - first));
    for (int i = first; i < op->argc && !outcome.no_memory; i++)
        reply_int(op->reply, expire_field(&edit, op->argv[i], condition, at_ms, &outcome));
    bool left = hash_edit_close(&edit);
    if (outcome.removed > 0 || outcome.updated > 0)
        op_changed(op, &op->key, 'h', outcome.removed > 0 ? "hdel" : "hexpire");
    if (!left)
        op_emptied(op, &op->key);
    if (unlikely(outcome.no_memory)) {
        reply_rewind(op->reply, mark);
        op_error_memory(op);
    }
}

void op_hexpire(struct op *op)
{
    set_expiry(op, true, true);
}

void op_hpexpire(struct op *op)
{
    set_expiry(op, false, true);
}

void op_hexpireat(struct op *op)
{
    set_expiry(op, true, false);
}

void op_hpexpireat(struct op *op)
{
    set_expiry(op, false, false);
}

/* HTTL and its kin: key FIELDS count field... Seconds are rounded up. */
static void tell_expiry(struct op *op, bool seconds, bool relative)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_HASH) || !hashes_fields_from(op, 2))
        return;
    if (e == NULL) {
        answer_all(op, 4, NO_FIELD);
        return;
    }
    reply_array(op->reply, (size_t)op->argc - 4);
    for (int i = 4; i < op->argc; i++) {
        int64_t ms;
        if (!hash_get_expiry(op->ks, e, op->argv[i], &ms)) {
            reply_int(op->reply, NO_FIELD);
        } else if (ms == ENTRY_NO_EXPIRY) {
            reply_int(op->reply, NO_EXPIRY);
        } else {
            ms -= relative ? op->ks->now_ms : 0;
            reply_int(op->reply, seconds ? (ms + 999) / 1000 : ms);
        }
    }
}

void op_httl(struct op *op)
{
    tell_expiry(op, true, true);
}

void op_hpttl(struct op *op)
{
    tell_expiry(op, false, true);
}

void op_hexpiretime(struct op *op)
{
    tell_expiry(op, true, false);
}

void op_hpexpiretime(struct op *op)
{
    tell_expiry(op, false, false);
}

static enum answer persist_field(struct hash_edit *edit, struct bytes field,
                                 struct outcome *outcome)
{
    struct bytes value;
    if (!hash_edit_find(edit, field, &value))
        return NO_FIELD;
    if (edit->expiry == ENTRY_NO_EXPIRY)
        return NO_EXPIRY;
    outcome->no_memory = !hash_edit_expire(edit, field, ENTRY_NO_EXPIRY);
    outcome->updated += !outcome->no_memory;
    return DONE;
}

/* HPERSIST key FIELDS count field... */
void op_hpersist(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    if (!hashes_find(op, &found) || !hashes_fields_from(op, 2))
        return;
    if (found.entry == NULL) {
        answer_all(op, 4, NO_FIELD);
        return;
    }
    hashes_open(op, &found, &edit);
    struct reply_mark mark = reply_here(op->reply);
    struct outcome outcome = {0};
    reply_array(op->reply, (size_t)op->argc - 4);
    for (int i = 4; i < op->argc && !outcome.no_memory; i++)
        reply_int(op->reply, persist_field(&edit, op->argv[i], &outcome));
    hash_edit_close(&edit);
    if (outcome.updated > 0)
        op_changed(op, &op->key, 'h', "hpersist");
    if (unlikely(outcome.no_memory)) {
        reply_rewind(op->reply, mark);
        op_error_memory(op);
    }
}
