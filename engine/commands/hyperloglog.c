/*
 * HyperLogLog: PFADD, PFCOUNT, PFMERGE and PFDEBUG.
 *
 * The values are strings in the format of hll.h, and their bytes are those that Redis makes
 * of the same commands. They may have been written by clients: what is no HyperLogLog is of
 * the wrong type, and one whose runs are damaged is an error as soon as that is noticed.
 * PFADD notices it only up to the register it looks for.
 */
#include <assert.h>

#include "base/buffer.h"
#include "engine/commands/op.h"
#include "engine/commands/string_room.h"
#include "engine/types/hll.h"
#include "engine/types/hll_sparse.h"
#include "op_handlers.gen.h"

enum outcome { OUTCOME_SAME, OUTCOME_CHANGED, OUTCOME_ERROR };

static void error_damaged(struct op *op)
{
    reply_error(op->reply, "INVALIDOBJ Corrupted HLL object detected");
}

/* The bytes of an entry that is_hll() took. */
static struct bytes bytes_at(const struct entry *e)
{
    char scratch[NUMBER_I64_MAX]; /* not used: none of them is an integer */
    assert(e->encoding != ENCODING_INT);
    return entry_string(e, scratch);
}

/* Whether the entry (may be NULL) looks like a HyperLogLog; replies an error otherwise. */
static bool is_hll(struct op *op, const struct entry *e)
{
    if (!op_is_type(op, e, TYPE_STRING))
        return false;
    if (e == NULL || (e->encoding != ENCODING_INT && hll_recognized(bytes_at(e))))
        return true;
    reply_error(op->reply, "WRONGTYPE Key is not a valid HyperLogLog string value.");
    return false;
}

/* Has the value known as raw (OBJECT ENCODING), as Redis does when it might be changed. */
static void mark_raw(struct entry *e)
{
    e->flags |= ENTRY_EDITED;
}

/* The bytes of the value for writing, as many as there are. NULL: no memory, an error was
 * replied. */
static char *writable(struct op *op, const struct key *key, struct found *found)
{
    return string_room(op, key, found, 0, 0);
}

/* Gives the key these bytes; its expiry stays. False: no memory, an error was replied. */
static bool put_bytes(struct op *op, const struct key *key, struct found *found,
                      struct bytes bytes)
{
    struct value value;
    if (!op_string_value_of(op, bytes, true, &value))
        return false;
    int64_t expiry = found->entry == NULL ? ENTRY_NO_EXPIRY : entry_expiry(found->entry);
    keyspace_put(op->ks, op->db, key, found, value, expiry);
    return true;
}

/* Makes a sparse value dense. False: it is damaged or there is no memory, an error was
 * replied and nothing was changed. */
static bool make_dense(struct op *op, const struct key *key, struct found *found)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    char dense[HLL_DENSE_BYTES];
    struct bytes value = bytes_at(found->entry);
    assert(!hll_is_dense(value));
    if (!hll_merge(value, registers)) {
        error_damaged(op);
        return false;
    }
    hll_make_dense(dense, value.data, registers);
    return put_bytes(op, key, found, bytes_make(dense, sizeof dense));
}

static enum outcome raise_dense(struct op *op, struct found *found, struct hll_mark mark)
{
    if (hll_dense_get(bytes_at(found->entry).data, mark.index) >= mark.value)
        return OUTCOME_SAME;
    char *data = writable(op, &op->key, found);
    if (data == NULL)
        return OUTCOME_ERROR;
    hll_dense_set(data, mark.index, mark.value);
    hll_outdate(data);
    return OUTCOME_CHANGED;
}

/* Applies an edit for which the value may grow. */
static enum outcome edit_sparse(struct op *op, struct found *found, const struct hll_edit *edit)
{
    size_t len = bytes_at(found->entry).len;
    int growth = hll_sparse_growth(edit);
    char *data = string_room(op, &op->key, found, len + (growth > 0 ? (size_t)growth : 0), 0);
    if (data == NULL)
        return OUTCOME_ERROR;
    string_room_cut(found->entry, hll_sparse_apply(data, len, edit));
    return OUTCOME_CHANGED;
}

static bool may_grow(const struct op *op, size_t len, const struct hll_edit *edit)
{
    int growth = hll_sparse_growth(edit);
    return growth <= 0 || len + (size_t)growth <= op->limits->hll_sparse_max_bytes;
}

/* Raises the register of the mark in the value of the command's key. */
static enum outcome raise_register(struct op *op, struct found *found, struct hll_mark mark)
{
    struct bytes value = bytes_at(found->entry);
    if (hll_is_dense(value))
        return raise_dense(op, found, mark);
    if (mark.value <= HLL_SPARSE_VALUE_MAX) {
        struct hll_edit edit;
        switch (hll_sparse_look(value, HLL_SPARSE_START, mark, &edit)) {
        case HLL_ENOUGH:
            return OUTCOME_SAME;
        case HLL_DAMAGED:
            error_damaged(op);
            return OUTCOME_ERROR;
        case HLL_EDIT:
            break;
        }
        if (may_grow(op, value.len, &edit))
            return edit_sparse(op, found, &edit);
    }
    if (!make_dense(op, &op->key, found))
        return OUTCOME_ERROR;
    return raise_dense(op, found, mark);
}

/* A HyperLogLog that has seen nothing, at a key that was not there. */
static bool put_new(struct op *op, const struct key *key, struct found *found)
{
    char bytes[HLL_EMPTY_BYTES];
    hll_make(bytes);
    hll_outdate(bytes);
    return put_bytes(op, key, found, bytes_make(bytes, sizeof bytes));
}

void op_pfadd(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!is_hll(op, found.entry))
        return;
    bool changed = found.entry == NULL;
    if (changed && !put_new(op, &op->key, &found))
        return;
    mark_raw(found.entry);
    for (int i = 2; i < op->argc; i++) {
        enum outcome outcome = raise_register(op, &found, hll_mark_of(op->argv[i]));
        if (outcome == OUTCOME_ERROR) {
            /* What was raised before stays so. */
            if (changed)
                op_changed_quietly(op, &op->key);
            return;
        }
        changed |= outcome == OUTCOME_CHANGED;
    }
    if (changed)
        op_changed(op, &op->key, '$', "pfadd");
    reply_int(op->reply, changed);
}

/* The estimate of one value, which is kept in it until it changes. */
static void count_one(struct op *op)
{
    struct found found = keyspace_read(op->ks, op->db, &op->key);
    uint64_t estimate = 0;
    if (!is_hll(op, found.entry))
        return;
    if (found.entry != NULL) {
        mark_raw(found.entry);
        struct bytes value = bytes_at(found.entry);
        if (!hll_kept(value, &estimate)) {
            if (!hll_count(value, &estimate)) {
                error_damaged(op);
                return;
            }
            char *data = writable(op, &op->key, &found);
            if (data == NULL)
                return;
            hll_keep(data, estimate);
            op_changed_quietly(op, &op->key);
        }
    }
    reply_int(op->reply, (int64_t)estimate);
}

/* Brings the values of the keys argv[1] and on together. Sets *dense if one is dense. False:
 * one is of another type or damaged, an error was replied. */
static bool merge_keys(struct op *op, uint8_t registers[HLL_REGISTERS], bool *dense)
{
    *dense = false;
    memset(registers, 0, HLL_REGISTERS);
    for (int i = 1; i < op->argc; i++) {
        struct key key = op_key(op, i);
        const struct entry *e = keyspace_read(op->ks, op->db, &key).entry;
        if (!is_hll(op, e))
            return false;
        if (e == NULL)
            continue;
        struct bytes value = bytes_at(e);
        *dense |= hll_is_dense(value);
        if (!hll_merge(value, registers)) {
            error_damaged(op);
            return false;
        }
    }
    return true;
}

void op_pfcount(struct op *op)
{
    if (op->argc == 2) {
        count_one(op);
        return;
    }
    uint8_t registers[HLL_REGISTERS];
    bool dense;
    if (merge_keys(op, registers, &dense))
        reply_int(op->reply, (int64_t)hll_count_registers(registers));
}

/* Stores the registers in the dense form; the estimate kept is out of date. */
static bool store_dense(struct op *op, struct found *found, const uint8_t *registers)
{
    if (hll_is_dense(bytes_at(found->entry))) {
        char *data = writable(op, &op->key, found);
        if (data == NULL)
            return false;
        hll_make_dense(data, data, registers);
        hll_outdate(data);
        return true;
    }
    char dense[HLL_DENSE_BYTES];
    hll_make_dense(dense, bytes_at(found->entry).data, registers);
    hll_outdate(dense);
    return put_bytes(op, &op->key, found, bytes_make(dense, sizeof dense));
}

/*
 * Stores the registers in the sparse form, by raising one after the other in the sparse value
 * that is there, none of which is larger or damaged. Sets *fits to false, and changes nothing,
 * if it gets too long.
 */
static bool store_sparse(struct op *op, struct found *found, const uint8_t *registers, bool *fits)
{
    char bytes[HLL_SPARSE_BYTES_MAX + HLL_SPARSE_GROWTH_MAX];
    struct bytes old = bytes_at(found->entry);
    size_t len = old.len;
    struct hll_spot from = HLL_SPARSE_START;
    assert(len <= HLL_SPARSE_BYTES_MAX);
    memcpy(bytes, old.data, len);
    *fits = true;
    for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
        struct hll_mark mark = {.index = i, .value = registers[i]};
        struct hll_edit edit;
        if (mark.value == 0)
            continue;
        enum hll_look look = hll_sparse_look(bytes_make(bytes, len), from, mark, &edit);
        assert(look != HLL_DAMAGED);
        from = edit.next;
        if (look == HLL_ENOUGH)
            continue;
        *fits = may_grow(op, len, &edit);
        if (!*fits)
            return true;
        len = hll_sparse_apply(bytes, len, &edit);
    }
    hll_outdate(bytes);
    return put_bytes(op, &op->key, found, bytes_make(bytes, len));
}

void op_pfmerge(struct op *op)
{
    uint8_t registers[HLL_REGISTERS];
    bool dense, fits = false;
    if (!merge_keys(op, registers, &dense))
        return;
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    bool made = found.entry == NULL;
    if (made && !put_new(op, &op->key, &found))
        return;
    bool stored = dense || store_sparse(op, &found, registers, &fits);
    if (stored && !fits)
        stored = store_dense(op, &found, registers);
    if (!stored) {
        if (made)
            op_changed_quietly(op, &op->key);
        return;
    }
    op_changed(op, &op->key, '$', "pfadd");
    reply_ok(op->reply);
}

static void debug_registers(struct op *op, struct found *found)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    if (!hll_is_dense(bytes_at(found->entry))) {
        if (!make_dense(op, &op->key, found))
            return;
        op_changed_quietly(op, &op->key);
    }
    hll_merge(bytes_at(found->entry), registers);
    reply_array(op->reply, HLL_REGISTERS);
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        reply_int(op->reply, registers[i]);
}

/* The runs of a sparse value, damaged or not: z:n and Z:n (in two bytes) for n zeroes,
 * v:value,n. */
static void debug_decode(struct op *op, struct bytes value)
{
    if (hll_is_dense(value)) {
        reply_error(op->reply, "ERR HLL encoding is not sparse");
        return;
    }
    struct buffer text;
    buffer_init(&text);
    struct hll_run run;
    for (size_t at = HLL_HEADER_BYTES; at < value.len; at += run.bytes) {
        hll_sparse_run(value, at, &run);
        const char *gap = at == HLL_HEADER_BYTES ? "" : " ";
        if (run.value > 0)
            buffer_appendf(&text, "%sv:%u,%u", gap, run.value, run.length);
        else
            buffer_appendf(&text, "%s%c:%u", gap, run.bytes == 2 ? 'Z' : 'z', run.length);
    }
    reply_bulk(op->reply, text.len > 0 ? buffer_bytes(&text) : bytes_of(""));
    buffer_deinit(&text);
}

static void debug_to_dense(struct op *op, struct found *found)
{
    bool sparse = !hll_is_dense(bytes_at(found->entry));
    if (sparse) {
        if (!make_dense(op, &op->key, found))
            return;
        op_changed_quietly(op, &op->key);
    }
    reply_int(op->reply, sparse);
}

void op_pfdebug(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (found.entry == NULL) {
        reply_error(op->reply, "ERR The specified key does not exist");
        return;
    }
    if (!is_hll(op, found.entry))
        return;
    mark_raw(found.entry);
    if (op_arg_is(op, 1, "getreg"))
        debug_registers(op, &found);
    else if (op_arg_is(op, 1, "decode"))
        debug_decode(op, bytes_at(found.entry));
    else if (op_arg_is(op, 1, "encoding"))
        reply_status(op->reply, hll_is_dense(bytes_at(found.entry)) ? "dense" : "sparse");
    else if (op_arg_is(op, 1, "todense"))
        debug_to_dense(op, &found);
    else
        reply_errorf(op->reply, "ERR Unknown PFDEBUG subcommand '%.*s'", (int)op->argv[1].len,
                     op->argv[1].data);
}
