/* Op: see op.h. */
#include "engine/commands/op.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

void op_changed(struct op *op, const struct key *key, char event_class, const char *event)
{
    keyspace_changed(op->ks, op->db, key, CHANGE_WRITE, event_class, event);
}

void op_also_changed(struct op *op, const struct key *key, char event_class, const char *event)
{
    keyspace_also_changed(op->ks, op->db, key, CHANGE_WRITE, event_class, event);
}

void op_changed_quietly(struct op *op, const struct key *key)
{
    keyspace_changed(op->ks, op->db, key, CHANGE_WRITE, '-', "");
}

void op_deleted(struct op *op, const struct key *key)
{
    keyspace_changed(op->ks, op->db, key, CHANGE_DELETE, 'g', "del");
}

void op_emptied(struct op *op, const struct key *key)
{
    keyspace_also_changed(op->ks, op->db, key, CHANGE_DELETE, 'g', "del");
}

static bool value_from(struct op *op, struct bytes bytes, bool edited, struct value *value)
{
    *value = (struct value){.type = TYPE_STRING, .flags = edited ? ENTRY_EDITED : 0};
    if (bytes.len <= ENTRY_EMBED_MAX) {
        value->encoding = ENCODING_EMBEDDED;
        value->embedded = bytes;
        return true;
    }
    struct blob *blob = blob_try(bytes.len, bytes.len);
    if (blob == NULL) {
        op_error_memory(op);
        return false;
    }
    memcpy(blob->data, bytes.data, bytes.len);
    value->encoding = ENCODING_BLOB;
    value->word = (uint64_t)(uintptr_t)blob;
    return true;
}

bool op_string_value_of(struct op *op, struct bytes bytes, bool edited, struct value *value)
{
    int64_t number;
    if (!edited && bytes.len <= 20 && number_parse_i64(bytes, &number)) {
        *value = (struct value){
            .type = TYPE_STRING, .encoding = ENCODING_INT, .word = (uint64_t)number};
        return true;
    }
    return value_from(op, bytes, edited, value);
}

bool op_string_value(struct op *op, int i, struct value *value)
{
    struct blob *blob = op->blobs == NULL ? NULL : op->blobs[i];
    if (blob == NULL || op->argv[i].len <= ENTRY_EMBED_MAX)
        return op_string_value_of(op, op->argv[i], false, value);
    op->blobs[i] = NULL;
    *value = (struct value){
        .type = TYPE_STRING, .encoding = ENCODING_BLOB, .word = (uint64_t)(uintptr_t)blob};
    return true;
}

void op_reply_string(struct op *op, const struct entry *e)
{
    if (e->encoding == ENCODING_BLOB) {
        struct blob *blob = entry_blob(e);
        reply_bulk_blob(op->reply, blob, 0, blob->len);
        return;
    }
    char scratch[NUMBER_I64_MAX];
    reply_bulk(op->reply, entry_string(e, scratch));
}

bool op_is_type(struct op *op, const struct entry *e, enum value_type type)
{
    if (e == NULL || e->type == type)
        return true;
    op_error_wrong_type(op);
    return false;
}

bool op_int_or(struct op *op, int i, int64_t *value, const char *error)
{
    if (number_parse_i64(op->argv[i], value))
        return true;
    reply_error(op->reply, error);
    return false;
}

bool op_int(struct op *op, int i, int64_t *value)
{
    return op_int_or(op, i, value, "ERR value is not an integer or out of range");
}

bool op_ldouble(struct op *op, int i, long double *value)
{
    if (number_parse_ldouble(op->argv[i], value))
        return true;
    reply_error(op->reply, "ERR value is not a valid float");
    return false;
}

bool op_double(struct op *op, int i, double *value)
{
    if (number_parse_double(op->argv[i], value))
        return true;
    reply_error(op->reply, "ERR value is not a valid float");
    return false;
}

bool op_timeout(struct op *op, int i, int64_t *timeout_ms)
{
    long double seconds;
    if (!number_parse_ldouble(op->argv[i], &seconds)) {
        reply_error(op->reply, "ERR timeout is not a float or out of range");
        return false;
    }
    long double ms = ceill(seconds * 1000);
    if (ms > (long double)INT64_MAX || ms < (long double)INT64_MIN) {
        reply_error(op->reply, "ERR timeout is out of range");
        return false;
    }
    if (ms < 0) {
        reply_error(op->reply, "ERR timeout is negative");
        return false;
    }
    if ((int64_t)ms > INT64_MAX - op->ks->now_ms) {
        reply_error(op->reply, "ERR timeout is out of range");
        return false;
    }
    *timeout_ms = (int64_t)ms;
    return true;
}

bool op_waits(struct op *op, int64_t timeout_ms)
{
    if (op->wait == NULL)
        return false;
    op->wait->waits = true;
    op->wait->timeout_ms = timeout_ms;
    return true;
}

bool op_queues(struct op *op, int64_t timeout_ms)
{
    return op->wait != NULL && op->wait->behind && op_waits(op, timeout_ms);
}

void op_wait_drop(struct op_wait *wait, int argc)
{
    if (wait->args == NULL)
        return;
    for (int i = 0; i < argc; i++)
        blob_put(wait->args[i]);
    alloc_free(wait->args);
    wait->args = NULL;
}

void op_wait_arg(struct op *op, int i, struct bytes text)
{
    struct op_wait *wait = op->wait;
    assert(wait != NULL && wait->waits && i < op->argc);
    if (wait->args == NULL)
        wait->args = alloc_zeroed((size_t)op->argc * sizeof(struct blob *));
    struct blob *blob = blob_try(text.len, text.len);
    if (blob == NULL)
        alloc_fail(text.len);
    memcpy(blob->data, text.data, text.len);
    blob_put(wait->args[i]);
    wait->args[i] = blob;
}

bool op_expiry(struct op *op, int i, bool seconds, bool relative, bool positive, int64_t *at_ms)
{
    int64_t value;
    if (!op_int(op, i, &value))
        return false;
    bool bad = positive && value <= 0;
    if (seconds)
        bad = bad || __builtin_mul_overflow(value, 1000, &value);
    if (relative)
        bad = bad || __builtin_add_overflow(value, op->ks->now_ms, &value);
    if (bad) {
        reply_errorf(op->reply, "ERR invalid expire time in '%s' command", op->command->name);
        return false;
    }
    *at_ms = value;
    return true;
}

void op_error_syntax(struct op *op)
{
    reply_error(op->reply, "ERR syntax error");
}

void op_error_wrong_type(struct op *op)
{
    reply_error(op->reply,
                "WRONGTYPE Operation against a key holding the wrong kind of value");
}

void op_error_no_key(struct op *op)
{
    reply_error(op->reply, "ERR no such key");
}

void op_error_arity(struct op *op)
{
    reply_errorf(op->reply, "ERR wrong number of arguments for '%s' command", op->command->name);
}

void op_error_memory(struct op *op)
{
    reply_error(op->reply, "OOM not enough memory for this value");
}
