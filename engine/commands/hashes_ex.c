/*
 * Hashes, read or set together with an expiry: HGETEX, HSETEX, and HGETDEL, which reads
 * and removes.
 */
#include "engine/commands/hashes.h"
#include "engine/commands/hashes_args.h"
#include "engine/commands/op.h"
#include "engine/types/hash.h"
#include "op_handlers.gen.h"

/* What the options say about the expiry of fields. */
enum lifetime {
    LIFETIME_NONE,    /* HGETEX: leave it; HSETEX: take it away */
    LIFETIME_SET,     /* EX, PX, EXAT, PXAT */
    LIFETIME_KEEP,    /* KEEPTTL */
    LIFETIME_PERSIST, /* PERSIST */
};

struct options {
    enum lifetime lifetime;
    int64_t at_ms; /* LIFETIME_SET */
    bool fnx, fxx;
    int first;     /* field */
};

/* Whether fields would expire at once. */
static bool is_past(const struct op *op, const struct options *options)
{
    return options->lifetime == LIFETIME_SET && options->at_ms <= op->ks->now_ms;
}

static void nil_for_all(struct op *op, int first)
{
    reply_array(op->reply, (size_t)(op->argc - first));
    for (int i = first; i < op->argc; i++)
        reply_nil(op->reply);
}

/* HGETDEL key FIELDS count field... */
void op_hgetdel(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    if (!hashes_find(op, &found) || !hashes_fields_from(op, 2))
        return;
    if (found.entry == NULL) {
        nil_for_all(op, 4);
        return;
    }
    hashes_open(op, &found, &edit);
    bool changed = false;
    reply_array(op->reply, (size_t)op->argc - 4);
    for (int i = 4; i < op->argc; i++) {
        struct bytes value;
        if (!hash_edit_find(&edit, op->argv[i], &value)) {
            reply_nil(op->reply);
            continue;
        }
        reply_bulk(op->reply, value);
        hash_edit_remove(&edit, op->argv[i]);
        changed = true;
    }
    bool left = hash_edit_close(&edit);
    if (changed)
        op_changed(op, &op->key, 'h', "hdel");
    if (!left)
        op_emptied(op, &op->key);
}

/* Reads [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS count field...; false: an error
 * was replied. */
static bool getex_options(struct op *op, struct options *options)
{
    bool seconds, relative;
    int at = 2;
    *options = (struct options){0};
    if (hashes_expiry_word(op, 2, &seconds, &relative)) {
        options->lifetime = LIFETIME_SET;
        if (!hashes_expiry(op, 3, seconds, relative, &options->at_ms))
            return false;
        at = 4;
    } else if (op_arg_is(op, 2, "persist")) {
        options->lifetime = LIFETIME_PERSIST;
        at = 3;
    }
    options->first = at + 2;
    return hashes_fields_from(op, at);
}

/* Does to the field that was just found what the options say; false: no memory. Counts
 * what was changed. */
static bool getex_touch(struct op *op, struct hash_edit *edit, struct bytes field,
                        const struct options *options, int64_t *changed)
{
    if (options->lifetime == LIFETIME_NONE)
        return true;
    if (is_past(op, options)) {
        hash_edit_remove(edit, field);
        ++*changed;
        return true;
    }
    bool persist = options->lifetime == LIFETIME_PERSIST;
    if (persist && edit->expiry == ENTRY_NO_EXPIRY)
        return true;
    if (!hash_edit_expire(edit, field, persist ? ENTRY_NO_EXPIRY : options->at_ms))
        return false;
    ++*changed;
    return true;
}

void op_hgetex(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    struct options options;
    if (!hashes_find(op, &found) || !getex_options(op, &options))
        return;
    if (found.entry == NULL) {
        nil_for_all(op, options.first);
        return;
    }
    hashes_open(op, &found, &edit);
    struct reply_mark mark = reply_here(op->reply);
    bool memory = true;
    int64_t changed = 0;
    reply_array(op->reply, (size_t)(op->argc - options.first));
    for (int i = options.first; i < op->argc && memory; i++) {
        struct bytes value;
        if (!hash_edit_find(&edit, op->argv[i], &value)) {
            reply_nil(op->reply);
            continue;
        }
        reply_bulk(op->reply, value);
        memory = getex_touch(op, &edit, op->argv[i], &options, &changed);
    }
    bool left = hash_edit_close(&edit);
    if (changed > 0)
        op_changed(op, &op->key, 'h',
                   options.lifetime == LIFETIME_PERSIST ? "hpersist"
                   : is_past(op, &options)              ? "hdel"
                                                        : "hexpire");
    if (!left)
        op_emptied(op, &op->key);
    if (unlikely(!memory)) {
        reply_rewind(op->reply, mark);
        op_error_memory(op);
    }
}

/* Reads one of the options of HSETEX at argv[*i], and leaves *i at its last word; false: an
 * error was replied. */
static bool setex_option(struct op *op, int *i, struct options *options)
{
    bool seconds, relative;
    const char *error = NULL;
    bool set = hashes_expiry_word(op, *i, &seconds, &relative);
    if (set || op_arg_is(op, *i, "keepttl")) {
        if (options->lifetime != LIFETIME_NONE)
            error = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
        else if (set && *i + 1 >= op->argc)
            error = "ERR missing expire time";
        options->lifetime = set ? LIFETIME_SET : LIFETIME_KEEP;
        if (set && error == NULL)
            return hashes_expiry(op, ++*i, seconds, relative, &options->at_ms);
    } else if (op_arg_is(op, *i, "fxx") || op_arg_is(op, *i, "fnx")) {
        if (options->fnx || options->fxx)
            error = "ERR Only one of FXX or FNX arguments can be specified";
        options->fxx = op_arg_is(op, *i, "fxx");
        options->fnx = !options->fxx;
    } else {
        struct bytes word = op->argv[*i];
        int shown = word.len < 512 ? (int)word.len : 512;
        reply_errorf(op->reply, "ERR unknown argument: %.*s", shown, word.data);
        return false;
    }
    if (error != NULL)
        reply_error(op->reply, error);
    return error == NULL;
}

/* Reads [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS count field value...;
 * false: an error was replied. */
static bool setex_options(struct op *op, struct options *options)
{
    static const char bad_count[] = "ERR invalid number of fields";
    *options = (struct options){0};
    int i = 2;
    for (; i < op->argc && !op_arg_is(op, i, "fields"); i++)
        if (!setex_option(op, &i, options))
            return false;
    if (i + 3 >= op->argc) {
        op_error_arity(op);
        return false;
    }
    int64_t count;
    if (!op_int_or(op, i + 1, &count, bad_count))
        return false;
    if (count < 1 || count > INT32_MAX) {
        reply_error(op->reply, bad_count);
        return false;
    }
    options->first = i + 2;
    if (op->argc - options->first != count * 2) {
        op_error_arity(op);
        return false;
    }
    return true;
}

/* Whether all fields are there (FXX), or none is (FNX). */
static bool setex_condition(struct op *op, struct hash_edit *edit, const struct options *options)
{
    if (!options->fnx && !options->fxx)
        return true;
    bool met = true;
    for (int i = options->first; i < op->argc && met; i += 2) {
        struct bytes value;
        met = hash_edit_find(edit, op->argv[i], &value) == options->fxx;
    }
    return met;
}

/* Sets a field; false: no memory. */
static bool setex_put(struct op *op, struct hash_edit *edit, int i, const struct options *options)
{
    struct bytes old;
    if (is_past(op, options)) {
        hash_edit_remove(edit, op->argv[i]);
        return true;
    }
    hash_edit_find(edit, op->argv[i], &old);
    int64_t expiry = options->lifetime == LIFETIME_SET    ? options->at_ms
                     : options->lifetime == LIFETIME_KEEP ? edit->expiry
                                                          : ENTRY_NO_EXPIRY;
    return hash_edit_put(edit, op->argv[i], op->argv[i + 1], expiry) != HASH_NO_MEMORY;
}

void op_hsetex(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    struct options options;
    if (!setex_options(op, &options) || !hashes_edit(op, &found, &edit))
        return;
    if (!setex_condition(op, &edit, &options)) {
        hash_edit_close(&edit);
        reply_int(op->reply, 0);
        return;
    }
    int i = options.first;
    bool memory = true;
    for (; i < op->argc && memory; i += 2)
        memory = setex_put(op, &edit, i, &options);
    bool left = hash_edit_close(&edit);
    if (memory || i > options.first + 2) {
        op_changed(op, &op->key, 'h', "hset");
        if (options.lifetime == LIFETIME_SET)
            op_also_changed(op, &op->key, 'h', is_past(op, &options) ? "hdel" : "hexpire");
    }
    if (!left)
        op_emptied(op, &op->key);
    if (likely(memory))
        reply_int(op->reply, 1);
    else
        op_error_memory(op);
}
