/*
 * Keys: commands that look at, delete, copy and rename whole keys, whatever they hold.
 *
 * A key that goes to another name or database takes its value along as it is, its
 * expiry and, unless it is a copy, the time of its last use.
 */
#include <assert.h>
#include <limits.h>

#include "base/alloc.h"
#include "engine/commands/op.h"
#include "engine/keyspace/prefetch.h"
#include "op_handlers.gen.h"

/* What is done with a key of several; returns what it adds to the reply. */
typedef int (*key_fn)(struct op *op, const struct key *key);

/* Does it with all keys, looking ahead over groups of them, and replies the sum. */
static void each_key(struct op *op, key_fn act)
{
    struct key keys[PREFETCH_GROUP];
    int64_t sum = 0;
    for (int i = 1; i < op->argc;) {
        int n = 0;
        for (; n < PREFETCH_GROUP && i < op->argc; n++, i++)
            keys[n] = op_key(op, i);
        prefetch_keys(op->db, keys, (size_t)n);
        for (int k = 0; k < n; k++)
            sum += act(op, &keys[k]);
    }
    reply_int(op->reply, sum);
}

static int delete_key(struct op *op, const struct key *key)
{
    struct found found = keyspace_find(op->ks, op->db, key);
    if (found.entry == NULL)
        return 0;
    keyspace_remove(op->ks, op->db, key, &found);
    op_deleted(op, key);
    return 1;
}

static int peek_key(struct op *op, const struct key *key)
{
    return keyspace_peek(op->ks, op->db, key).entry != NULL;
}

static int touch_key(struct op *op, const struct key *key)
{
    return keyspace_read(op->ks, op->db, key).entry != NULL;
}

void op_del(struct op *op)
{
    each_key(op, delete_key);
}

/* The same as DEL: large values are freed by another thread in either case. */
void op_unlink(struct op *op)
{
    each_key(op, delete_key);
}

void op_exists(struct op *op)
{
    each_key(op, peek_key);
}

void op_touch(struct op *op)
{
    each_key(op, touch_key);
}

void op_type(struct op *op)
{
    const struct entry *e = keyspace_peek(op->ks, op->db, &op->key).entry;
    reply_status(op->reply, e == NULL ? "none" : entry_type_names[e->type]);
}

/* The database argv[i] names; NULL: there is none, an error was replied. */
static struct db *database_of(struct op *op, int i)
{
    int64_t index;
    if (!op_int(op, i, &index))
        return NULL;
    if (index < INT_MIN || index > INT_MAX) {
        reply_error_range(op->reply, INT_MIN, INT_MAX);
        return NULL;
    }
    if (index < 0 || index >= op->ks->db_count) {
        reply_error(op->reply, "ERR DB index is out of range");
        return NULL;
    }
    return &op->ks->dbs[index];
}

/* Takes a key that exists out of its database and puts what it held under another
 * name or into another database, in the place of what is there. */
static void relocate(struct op *op, const struct key *from, struct db *to_db, const struct key *to)
{
    struct found found = keyspace_find(op->ks, op->db, from);
    assert(found.entry != NULL);
    int64_t expiry = entry_expiry(found.entry);
    uint32_t access = found.entry->access;
    struct entry *holder;
    struct value value = keyspace_take(op->ks, op->db, from, &found, &holder);
    found = keyspace_find(op->ks, to_db, to);
    keyspace_put(op->ks, to_db, to, &found, value, expiry)->access = access;
    alloc_free(holder);
}

static void rename_key(struct op *op, bool replace)
{
    if (keyspace_write(op->ks, op->db, &op->key).entry == NULL) {
        op_error_no_key(op);
        return;
    }
    struct key to = op_key(op, 2);
    bool same = bytes_equal(op->key.name, to.name);
    if (!same && (replace || keyspace_write(op->ks, op->db, &to).entry == NULL)) {
        relocate(op, &op->key, op->db, &to);
        keyspace_also_changed(op->ks, op->db, &op->key, CHANGE_DELETE, 'g', "rename_from");
        op_changed(op, &to, 'g', "rename_to");
    } else if (!replace) {
        reply_int(op->reply, 0);
        return;
    }
    if (replace)
        reply_ok(op->reply);
    else
        reply_int(op->reply, 1);
}

void op_rename(struct op *op)
{
    rename_key(op, true);
}

void op_renamenx(struct op *op)
{
    rename_key(op, false);
}

static void error_same_object(struct op *op)
{
    reply_error(op->reply, "ERR source and destination objects are the same");
}

/* MOVE key db */
void op_move(struct op *op)
{
    struct db *to = database_of(op, 2);
    if (to == NULL)
        return;
    if (to == op->db) {
        error_same_object(op);
        return;
    }
    if (keyspace_write(op->ks, op->db, &op->key).entry == NULL ||
        keyspace_write(op->ks, to, &op->key).entry != NULL) {
        reply_int(op->reply, 0);
        return;
    }
    relocate(op, &op->key, to, &op->key);
    keyspace_also_changed(op->ks, op->db, &op->key, CHANGE_DELETE, 'g', "move_from");
    keyspace_changed(op->ks, to, &op->key, CHANGE_WRITE, 'g', "move_to");
    reply_int(op->reply, 1);
}

/* COPY source destination [DB db] [REPLACE] */
void op_copy(struct op *op)
{
    struct db *to_db = op->db;
    bool replace = false;
    for (int i = 3; i < op->argc; i++) {
        if (op_arg_is(op, i, "replace")) {
            replace = true;
        } else if (op_arg_is(op, i, "db") && i + 1 < op->argc) {
            to_db = database_of(op, ++i);
            if (to_db == NULL)
                return;
        } else {
            op_error_syntax(op);
            return;
        }
    }
    struct key to = op_key(op, 2);
    if (to_db == op->db && bytes_equal(op->key.name, to.name)) {
        error_same_object(op);
        return;
    }
    const struct entry *source = keyspace_read(op->ks, op->db, &op->key).entry;
    if (source == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    struct found found = keyspace_write(op->ks, to_db, &to);
    if (found.entry != NULL && !replace) {
        reply_int(op->reply, 0);
        return;
    }
    /* The entry of the source stays where it is when its table changes. */
    struct value copy;
    if (!keyspace_copy_value(op->ks, entry_value(source), &copy)) {
        op_error_memory(op);
        return;
    }
    keyspace_put(op->ks, to_db, &to, &found, copy, entry_expiry(source));
    keyspace_changed(op->ks, to_db, &to, CHANGE_WRITE, 'g', "copy_to");
    reply_int(op->reply, 1);
}
