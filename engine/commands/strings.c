/*
 * Strings: whole values read and written: GET, SET and their relatives, MGET and
 * MSET. Parts of values are in string_edit.c, numbers in counters.c.
 *
 * GET, SET, MGET and MSET are the hottest commands of all: they allocate nothing
 * but the value, and the ones with many keys look ahead (prefetch_keys()).
 */
#include "base/bits.h"
#include "engine/commands/op.h"
#include "engine/keyspace/prefetch.h"
#include "op_handlers.gen.h"

/* Replies with the value of the entry or nil. False: another type, an error was replied. */
static bool reply_value(struct op *op, const struct entry *e)
{
    if (e == NULL) {
        reply_nil(op->reply);
        return true;
    }
    if (!op_is_type(op, e, TYPE_STRING))
        return false;
    op_reply_string(op, e);
    return true;
}

void op_get(struct op *op)
{
    reply_value(op, keyspace_read(op->ks, op->db, &op->key).entry);
}

void op_strlen(struct op *op)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (op_is_type(op, e, TYPE_STRING))
        reply_int(op->reply, e == NULL ? 0 : (int64_t)entry_string_len(e));
}

void op_getdel(struct op *op)
{
    struct found found = keyspace_read(op->ks, op->db, &op->key);
    if (!reply_value(op, found.entry) || found.entry == NULL)
        return;
    keyspace_remove(op->ks, op->db, &op->key, &found);
    op_deleted(op, &op->key);
}

/* What the options of SET and GETEX say. */
struct string_options {
    bool nx, xx, get, keep_ttl, persist;
    bool seconds, relative; /* unit and sense of the argument expiry_at */
    int expiry_at;          /* 0: no expiry given */
};

/* EX, PX, EXAT or PXAT at argv[i]; one of them may be repeated, the last one counts. */
static bool parse_expiry_option(const struct op *op, int i, struct string_options *o)
{
    struct bytes word = op->argv[i];
    bool absolute = word.len == 4;
    if ((word.len != 2 && !absolute) || i + 1 >= op->argc || o->keep_ttl || o->persist)
        return false;
    bool seconds = bytes_lower(word.data[0]) == 'e';
    const char *lower = seconds ? (absolute ? "exat" : "ex") : (absolute ? "pxat" : "px");
    if (!bytes_equal_nocase(word, lower))
        return false;
    if (o->expiry_at != 0 && (o->seconds != seconds || o->relative == absolute))
        return false;
    o->seconds = seconds;
    o->relative = !absolute;
    o->expiry_at = i + 1;
    return true;
}

static bool parse_set_option(const struct op *op, int i, struct string_options *o)
{
    if (op_arg_is(op, i, "nx") && !o->xx)
        return o->nx = true;
    if (op_arg_is(op, i, "xx") && !o->nx)
        return o->xx = true;
    if (op_arg_is(op, i, "get"))
        return o->get = true;
    if (op_arg_is(op, i, "keepttl") && o->expiry_at == 0)
        return o->keep_ttl = true;
    return false;
}

/* The options of SET (`set`) or GETEX from argv[first] on. */
static bool parse_options(struct op *op, int first, bool set, struct string_options *o)
{
    for (int i = first; i < op->argc; i++) {
        if (set && parse_set_option(op, i, o))
            continue;
        if (!set && op_arg_is(op, i, "persist") && o->expiry_at == 0) {
            o->persist = true;
            continue;
        }
        if (parse_expiry_option(op, i, o)) {
            i++;
            continue;
        }
        op_error_syntax(op);
        return false;
    }
    return true;
}

/* Gives the key argv[value_at] and tells of it; false: no memory, an error was replied. */
static bool put_argument(struct op *op, const struct key *key, struct found *found, int value_at,
                         int64_t expiry)
{
    struct value value;
    if (unlikely(!op_string_value(op, value_at, &value)))
        return false;
    keyspace_put(op->ks, op->db, key, found, value, expiry);
    op_changed(op, key, '$', "set");
    return true;
}

/* SET as it is mostly used, without options. */
static void set_plainly(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (likely(put_argument(op, &op->key, &found, 2, ENTRY_NO_EXPIRY)))
        reply_ok(op->reply);
}

static void set_with_options(struct op *op, const struct string_options *o, int value_at)
{
    int64_t expiry = ENTRY_NO_EXPIRY;
    if (o->expiry_at != 0 &&
        !op_expiry(op, o->expiry_at, o->seconds, o->relative, true, &expiry))
        return;
    struct found found = o->get ? keyspace_read(op->ks, op->db, &op->key)
                                : keyspace_write(op->ks, op->db, &op->key);
    if (o->get && !op_is_type(op, found.entry, TYPE_STRING))
        return;
    if (found.entry != NULL ? o->nx : o->xx) {
        reply_value(op, o->get ? found.entry : NULL);
        return;
    }
    struct value value;
    if (!op_string_value(op, value_at, &value))
        return;
    if (o->get)
        reply_value(op, found.entry);
    else
        reply_ok(op->reply);
    if (o->keep_ttl && found.entry != NULL)
        expiry = entry_expiry(found.entry);
    keyspace_put(op->ks, op->db, &op->key, &found, value, expiry);
    op_changed(op, &op->key, '$', "set");
    if (o->expiry_at != 0)
        op_also_changed(op, &op->key, 'g', "expire");
}

void op_set(struct op *op)
{
    if (likely(op->argc == 3)) {
        set_plainly(op);
        return;
    }
    struct string_options o = {0};
    if (parse_options(op, 3, true, &o))
        set_with_options(op, &o, 2);
}

void op_setex(struct op *op)
{
    struct string_options o = {.seconds = true, .relative = true, .expiry_at = 2};
    set_with_options(op, &o, 3);
}

void op_psetex(struct op *op)
{
    struct string_options o = {.relative = true, .expiry_at = 2};
    set_with_options(op, &o, 3);
}

void op_setnx(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (found.entry != NULL)
        reply_int(op->reply, 0);
    else if (put_argument(op, &op->key, &found, 2, ENTRY_NO_EXPIRY))
        reply_int(op->reply, 1);
}

void op_getset(struct op *op)
{
    set_with_options(op, &(struct string_options){.get = true}, 2);
}

void op_getex(struct op *op)
{
    struct string_options o = {0};
    if (!parse_options(op, 2, false, &o))
        return;
    struct found found = keyspace_read(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_STRING))
        return;
    int64_t expiry = ENTRY_NO_EXPIRY;
    if (found.entry != NULL && o.expiry_at != 0 &&
        !op_expiry(op, o.expiry_at, o.seconds, o.relative, true, &expiry))
        return;
    reply_value(op, found.entry);
    if (found.entry == NULL)
        return;
    if (o.expiry_at != 0 && expiry <= op->ks->now_ms) {
        keyspace_remove(op->ks, op->db, &op->key, &found);
        op_deleted(op, &op->key);
    } else if (o.expiry_at != 0) {
        keyspace_expire(op->ks, op->db, &op->key, &found, expiry);
        op_changed(op, &op->key, 'g', "expire");
    } else if (o.persist && entry_expiry(found.entry) != ENTRY_NO_EXPIRY) {
        keyspace_expire(op->ks, op->db, &op->key, &found, ENTRY_NO_EXPIRY);
        op_changed(op, &op->key, 'g', "persist");
    }
}

/* The next group of keys, argv[i] and then every `step`, hashed and prefetched.
 * Returns how many. */
static int look_ahead(const struct op *op, int i, int step, struct key keys[PREFETCH_GROUP])
{
    int n = 0;
    for (; n < PREFETCH_GROUP && i < op->argc; n++, i += step)
        keys[n] = op_key(op, i);
    prefetch_keys(op->db, keys, (size_t)n);
    return n;
}

void op_mget(struct op *op)
{
    struct key keys[PREFETCH_GROUP];
    reply_array(op->reply, (size_t)op->argc - 1);
    for (int i = 1; i < op->argc;) {
        int n = look_ahead(op, i, 1, keys);
        for (int k = 0; k < n; k++, i++) {
            const struct entry *e = keyspace_read(op->ks, op->db, &keys[k]).entry;
            if (e != NULL && e->type == TYPE_STRING)
                op_reply_string(op, e);
            else
                reply_nil(op->reply);
            if (op->marks != NULL)
                op->marks[i - 1] = reply_here(op->reply);
        }
    }
}

/* Sets every pair of the arguments. False: no memory for one, an error was replied. */
static bool set_pairs(struct op *op)
{
    struct key keys[PREFETCH_GROUP];
    for (int i = 1; i < op->argc;) {
        int n = look_ahead(op, i, 2, keys);
        for (int k = 0; k < n; k++, i += 2) {
            struct found found = keyspace_write(op->ks, op->db, &keys[k]);
            if (unlikely(!put_argument(op, &keys[k], &found, i + 1, ENTRY_NO_EXPIRY)))
                return false;
        }
    }
    return true;
}

void op_mset(struct op *op)
{
    if (op->argc % 2 == 0)
        op_error_arity(op);
    else if (set_pairs(op))
        reply_ok(op->reply);
}

static bool any_key_exists(struct op *op)
{
    struct key keys[PREFETCH_GROUP];
    for (int i = 1; i < op->argc;) {
        int n = look_ahead(op, i, 2, keys);
        for (int k = 0; k < n; k++, i += 2)
            if (keyspace_write(op->ks, op->db, &keys[k]).entry != NULL)
                return true;
    }
    return false;
}

void op_msetnx(struct op *op)
{
    if (op->argc % 2 == 0)
        op_error_arity(op);
    else if (any_key_exists(op))
        reply_int(op->reply, 0);
    else if (set_pairs(op))
        reply_int(op->reply, 1);
}
