/* Sets, at random: SPOP and SRANDMEMBER. Every member is as likely as another. */
#include <limits.h>

#include "base/bits.h"
#include "engine/commands/op.h"
#include "engine/commands/sets.h"
#include "engine/types/set_sample.h"
#include "op_handlers.gen.h"

/* The key's set is popped whole: answered, then deleted. */
static void pop_all(struct op *op, struct found *found)
{
    set_each(set_view(found->entry), sets_reply_member, op->reply);
    sets_changed(op, &op->key, found, "spop", 0);
}

/* Pops that many members, fewer than there are or one, behind what was replied. */
static void pop_some(struct op *op, struct found *found, size_t want)
{
    struct set_edit edit;
    set_edit_open(&edit, op->ks, op->db, &op->key, found, sets_limits(op), NULL, 0);
    set_edit_take(&edit, &op->ks->rng, want, sets_reply_member, op->reply);
    size_t left = set_edit_close(&edit);
    sets_changed(op, &op->key, found, "spop", left);
}

static void pop_count(struct op *op)
{
    static const char not_positive[] = "ERR value is out of range, must be positive";
    int64_t count;
    if (!op_int_or(op, 2, &count, not_positive))
        return;
    if (count < 0) {
        reply_error(op->reply, not_positive);
        return;
    }
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_SET))
        return;
    size_t members = set_count(set_view(found.entry));
    size_t want = bits_min((size_t)count, members);
    reply_set(op->reply, want);
    if (want == 0)
        return;
    if (want == members)
        pop_all(op, &found);
    else
        pop_some(op, &found, want);
}

/* SPOP key [count] */
void op_spop(struct op *op)
{
    if (op->argc > 3) {
        op_error_syntax(op);
        return;
    }
    if (op->argc == 3) {
        pop_count(op);
        return;
    }
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_SET))
        return;
    if (found.entry == NULL)
        reply_nil(op->reply);
    else
        pop_some(op, &found, 1);
}

/* Members that may be the same, so many of them. */
static void reply_with_repetition(struct op *op, struct set_view view, uint64_t count)
{
    struct set_member member;
    reply_array(op->reply, count);
    for (; count > 0; count--) {
        set_random(view, &op->ks->rng, &member);
        sets_reply_member(op->reply, &member);
    }
}

static void random_count(struct op *op)
{
    int64_t count;
    if (!op_int(op, 2, &count))
        return;
    if (count < -LONG_MAX) {
        reply_error_range(op->reply, -INT64_MAX, INT64_MAX);
        return;
    }
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_SET))
        return;
    struct set_view view = set_view(e);
    if (count < 0 && e != NULL) {
        reply_with_repetition(op, view, (uint64_t)-count);
        return;
    }
    size_t want = count < 0 ? 0 : bits_min((size_t)count, set_count(view));
    reply_array(op->reply, want);
    set_sample(view, &op->ks->rng, want, sets_reply_member, op->reply);
}

/* SRANDMEMBER key [count] */
void op_srandmember(struct op *op)
{
    if (op->argc > 3) {
        op_error_syntax(op);
        return;
    }
    if (op->argc == 3) {
        random_count(op);
        return;
    }
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_SET))
        return;
    if (e == NULL) {
        reply_nil(op->reply);
        return;
    }
    struct set_member member;
    set_random(set_view(e), &op->ks->rng, &member);
    sets_reply_member(op->reply, &member);
}
