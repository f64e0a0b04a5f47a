/*
 * Hashes: fields set, read and removed: HSET, HGET and their relatives, HGETALL, HDEL.
 * Numbers in fields are in hashes_numbers.c, HSCAN and HRANDFIELD in hashes_walk.c, what
 * has to do with the expiry of fields in hashes_expire.c and hashes_ex.c.
 *
 * Nothing here depends on the form of a hash: see engine/types/hash.h.
 */
#include "base/bits.h"
#include "engine/commands/hashes.h"
#include "engine/commands/op.h"
#include "engine/types/hash.h"
#include "op_handlers.gen.h"

bool hashes_find(struct op *op, struct found *found)
{
    *found = keyspace_write(op->ks, op->db, &op->key);
    return op_is_type(op, found->entry, TYPE_HASH);
}

void hashes_open(struct op *op, struct found *found, struct hash_edit *edit)
{
    hash_edit_open(edit, op->ks, op->db, &op->key, found, op->limits->hash_max_listpack_entries,
                   op->limits->hash_max_listpack_value);
}

bool hashes_edit(struct op *op, struct found *found, struct hash_edit *edit)
{
    if (!hashes_find(op, found))
        return false;
    hashes_open(op, found, edit);
    return true;
}

bool hashes_put(struct op *op, struct hash_edit *edit, struct bytes field, struct bytes value,
                const char *event)
{
    enum hash_put put = hash_edit_put(edit, field, value, edit->expiry);
    hash_edit_close(edit);
    if (unlikely(put == HASH_NO_MEMORY)) {
        op_error_memory(op);
        return false;
    }
    op_changed(op, &op->key, 'h', event);
    return true;
}

/* Sets the pairs from argv[2] on and counts the fields that are new; false: an error was
 * replied. What was set before memory ran out stays. */
static bool set_pairs(struct op *op, int64_t *added)
{
    struct found found;
    struct hash_edit edit;
    if (op->argc % 2 != 0) {
        op_error_arity(op);
        return false;
    }
    if (!hashes_edit(op, &found, &edit))
        return false;
    int i = 2;
    enum hash_put put = HASH_UPDATED;
    for (*added = 0; i < op->argc && put != HASH_NO_MEMORY; i += 2) {
        put = hash_edit_set(&edit, op->argv[i], op->argv[i + 1]);
        *added += put == HASH_ADDED;
    }
    hash_edit_close(&edit);
    bool failed = put == HASH_NO_MEMORY;
    if (!failed || i > 4)
        op_changed(op, &op->key, 'h', "hset");
    if (unlikely(failed))
        op_error_memory(op);
    return !failed;
}

void op_hset(struct op *op)
{
    int64_t added;
    if (set_pairs(op, &added))
        reply_int(op->reply, added);
}

void op_hmset(struct op *op)
{
    int64_t added;
    if (set_pairs(op, &added))
        reply_ok(op->reply);
}

void op_hsetnx(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    struct bytes old;
    if (!hashes_edit(op, &found, &edit))
        return;
    if (hash_edit_find(&edit, op->argv[2], &old)) {
        hash_edit_close(&edit);
        reply_int(op->reply, 0);
    } else if (hashes_put(op, &edit, op->argv[2], op->argv[3], "hset")) {
        reply_int(op->reply, 1);
    }
}

void op_hdel(struct op *op)
{
    struct found found;
    if (!hashes_find(op, &found))
        return;
    int64_t removed = 0;
    bool left = true;
    if (found.entry != NULL) {
        struct hash_edit edit;
        hashes_open(op, &found, &edit);
        for (int i = 2; i < op->argc; i++)
            removed += hash_edit_remove(&edit, op->argv[i]);
        left = hash_edit_close(&edit);
    }
    if (removed > 0)
        op_changed(op, &op->key, 'h', "hdel");
    if (!left)
        op_emptied(op, &op->key);
    reply_int(op->reply, removed);
}

/* The hash of the key for reading, NULL if there is none; false: another type, an error
 * was replied. */
static bool read_hash(struct op *op, const struct entry **e)
{
    *e = keyspace_read(op->ks, op->db, &op->key).entry;
    return op_is_type(op, *e, TYPE_HASH);
}

static bool find_value(const struct op *op, const struct entry *e, int i, struct bytes *value,
                       char scratch[static NUMBER_I64_MAX])
{
    return e != NULL && hash_get(op->ks, e, op->argv[i], value, scratch);
}

static void reply_value(struct op *op, const struct entry *e, int i)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes value;
    if (find_value(op, e, i, &value, scratch))
        reply_bulk(op->reply, value);
    else
        reply_nil(op->reply);
}

void op_hget(struct op *op)
{
    const struct entry *e;
    if (read_hash(op, &e))
        reply_value(op, e, 2);
}

void op_hmget(struct op *op)
{
    const struct entry *e;
    if (!read_hash(op, &e))
        return;
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++)
        reply_value(op, e, i);
}

void op_hlen(struct op *op)
{
    const struct entry *e;
    if (read_hash(op, &e))
        reply_int(op->reply, e == NULL ? 0 : (int64_t)hash_count(op->ks, e));
}

/* The length of a value, or 1 for `exists`; 0 if there is no such field. */
static void reply_length(struct op *op, bool exists)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes value;
    const struct entry *e;
    if (!read_hash(op, &e))
        return;
    if (!find_value(op, e, 2, &value, scratch))
        reply_int(op->reply, 0);
    else
        reply_int(op->reply, exists ? 1 : (int64_t)value.len);
}

void op_hexists(struct op *op)
{
    reply_length(op, true);
}

void op_hstrlen(struct op *op)
{
    reply_length(op, false);
}

static void list_field(void *ctx, struct bytes field, struct bytes value)
{
    reply_bulk(ctx, field);
}

static void list_value(void *ctx, struct bytes field, struct bytes value)
{
    reply_bulk(ctx, value);
}

void op_hkeys(struct op *op)
{
    const struct entry *e;
    if (!read_hash(op, &e))
        return;
    reply_array(op->reply, e == NULL ? 0 : hash_count(op->ks, e));
    if (e != NULL)
        hash_each(op->ks, e, list_field, op->reply);
}

void op_hvals(struct op *op)
{
    const struct entry *e;
    if (!read_hash(op, &e))
        return;
    reply_array(op->reply, e == NULL ? 0 : hash_count(op->ks, e));
    if (e != NULL)
        hash_each(op->ks, e, list_value, op->reply);
}

static void list_pair(void *ctx, struct bytes field, struct bytes value)
{
    reply_bulk(ctx, field);
    reply_bulk(ctx, value);
}

void op_hgetall(struct op *op)
{
    const struct entry *e;
    if (!read_hash(op, &e))
        return;
    reply_map(op->reply, e == NULL ? 0 : hash_count(op->ks, e));
    if (e != NULL)
        hash_each(op->ks, e, list_pair, op->reply);
}
