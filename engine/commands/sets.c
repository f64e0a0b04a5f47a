/*
 * Sets: commands that add, remove and look up members of one set, and SMOVE. See sets.h.
 *
 * Choices at random are in sets_random.c, several sets in sets_combine.c, walks in
 * sets_scan.c.
 */
#include "engine/commands/sets.h"

#include "engine/commands/op.h"
#include "op_handlers.gen.h"

struct set_limits sets_limits(const struct op *op)
{
    return (struct set_limits){.intset_entries = op->limits->set_max_intset_entries,
                               .listpack_entries = op->limits->set_max_listpack_entries,
                               .listpack_value = op->limits->set_max_listpack_value};
}

bool sets_reply_member(void *ctx, struct set_member *member)
{
    if (member->text.data == NULL)
        reply_bulk_int(ctx, member->integer);
    else
        reply_bulk(ctx, member->text);
    return true;
}

void sets_changed(struct op *op, const struct key *key, struct found *found, const char *event,
                  size_t left)
{
    if (left == 0)
        keyspace_remove(op->ks, op->db, key, found);
    op_changed(op, key, 's', event);
    if (left == 0)
        op_emptied(op, key);
}

/* Adds argv[first...last - 1] to the set of a key; how many were new. */
static int64_t add_args(struct op *op, const struct key *key, struct found *found, int first,
                        int last)
{
    struct set_edit edit;
    struct set_member member;
    int64_t added = 0;
    set_member_init(&member, op->argv[first]);
    set_edit_open(&edit, op->ks, op->db, key, found, sets_limits(op), &member,
                  (size_t)(last - first));
    for (int i = first; i < last; i++) {
        set_member_init(&member, op->argv[i]);
        added += set_edit_add(&edit, &member);
    }
    set_edit_close(&edit);
    return added;
}

/* SADD key member... */
void op_sadd(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_SET))
        return;
    int64_t added = add_args(op, &op->key, &found, 2, op->argc);
    if (added > 0)
        op_changed(op, &op->key, 's', "sadd");
    reply_int(op->reply, added);
}

/* Removes argv[first...last - 1] from the set of a key that exists; how many were there.
 * *left: how many remain. */
static int64_t remove_args(struct op *op, const struct key *key, struct found *found, int first,
                           int last, size_t *left)
{
    struct set_edit edit;
    struct set_member member;
    int64_t removed = 0;
    set_edit_open(&edit, op->ks, op->db, key, found, sets_limits(op), NULL, 0);
    for (int i = first; i < last; i++) {
        set_member_init(&member, op->argv[i]);
        removed += set_edit_remove(&edit, &member);
    }
    *left = set_edit_close(&edit);
    return removed;
}

/* SREM key member... */
void op_srem(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_SET))
        return;
    int64_t removed = 0;
    if (found.entry != NULL) {
        size_t left;
        removed = remove_args(op, &op->key, &found, 2, op->argc, &left);
        if (removed > 0)
            sets_changed(op, &op->key, &found, "srem", left);
    }
    reply_int(op->reply, removed);
}

/* The set of the command's key, for reading. False: no set, an error was replied. */
static bool read_set(struct op *op, struct set_view *view)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_SET))
        return false;
    *view = set_view(e);
    return true;
}

/* SCARD key */
void op_scard(struct op *op)
{
    struct set_view view;
    if (read_set(op, &view))
        reply_int(op->reply, (int64_t)set_count(view));
}

static void reply_whether_member(struct op *op, struct set_view view, int i)
{
    struct set_member member;
    set_member_init(&member, op->argv[i]);
    reply_int(op->reply, set_has(view, &member));
}

/* SISMEMBER key member */
void op_sismember(struct op *op)
{
    struct set_view view;
    if (read_set(op, &view))
        reply_whether_member(op, view, 2);
}

/* SMISMEMBER key member... */
void op_smismember(struct op *op)
{
    struct set_view view;
    if (!read_set(op, &view))
        return;
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++)
        reply_whether_member(op, view, i);
}

/* SMEMBERS key */
void op_smembers(struct op *op)
{
    struct set_view view;
    if (!read_set(op, &view))
        return;
    reply_set(op->reply, set_count(view));
    set_each(view, sets_reply_member, op->reply);
}

/* SMOVE source destination member */
void op_smove(struct op *op)
{
    struct key to = op_key(op, 2);
    struct found from_found = keyspace_write(op->ks, op->db, &op->key);
    struct found to_found = keyspace_write(op->ks, op->db, &to);
    if (from_found.entry == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    if (!op_is_type(op, from_found.entry, TYPE_SET) || !op_is_type(op, to_found.entry, TYPE_SET))
        return;
    if (bytes_equal(op->key.name, to.name)) {
        reply_whether_member(op, set_view(from_found.entry), 3);
        return;
    }
    /* The look-up of the other key may have changed the table of this one. */
    from_found = keyspace_find(op->ks, op->db, &op->key);
    size_t left;
    if (remove_args(op, &op->key, &from_found, 3, 4, &left) == 0) {
        reply_int(op->reply, 0);
        return;
    }
    sets_changed(op, &op->key, &from_found, "srem", left);
    to_found = keyspace_find(op->ks, op->db, &to);
    if (add_args(op, &to, &to_found, 3, 4) > 0)
        op_changed(op, &to, 's', "sadd");
    reply_int(op->reply, 1);
}
