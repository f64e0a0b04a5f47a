/*
 * Counters: strings that are numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
 *
 * An integer lives in the entry's value word, so counting is one store and no
 * allocation. The expiry of the key stays as it was.
 */
#include <math.h>

#include "base/bits.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

/* The integer a key holds; false: it holds none, an error was replied. */
static bool counter_value(struct op *op, const struct entry *e, int64_t *value)
{
    if (!op_is_type(op, e, TYPE_STRING))
        return false;
    char scratch[NUMBER_I64_MAX];
    if (number_parse_i64(entry_string(e, scratch), value))
        return true;
    reply_error(op->reply, "ERR value is not an integer or out of range");
    return false;
}

static void add(struct op *op, int64_t delta)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    struct entry *e = found.entry;
    bool in_place = e != NULL && e->encoding == ENCODING_INT && e->type == TYPE_STRING;
    int64_t value = 0;
    if (likely(in_place))
        value = entry_int(e);
    else if (e != NULL && !counter_value(op, e, &value))
        return;
    if (__builtin_add_overflow(value, delta, &value)) {
        reply_error(op->reply, "ERR increment or decrement would overflow");
        return;
    }
    if (likely(in_place)) {
        entry_set_word(e, (uint64_t)value);
    } else {
        struct value number = {
            .type = TYPE_STRING, .encoding = ENCODING_INT, .word = (uint64_t)value};
        int64_t expiry = e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e);
        keyspace_put(op->ks, op->db, &op->key, &found, number, expiry);
    }
    op_changed(op, &op->key, '$', "incrby");
    reply_int(op->reply, value);
}

void op_incr(struct op *op)
{
    add(op, 1);
}

void op_decr(struct op *op)
{
    add(op, -1);
}

void op_incrby(struct op *op)
{
    int64_t delta;
    if (op_int(op, 2, &delta))
        add(op, delta);
}

void op_decrby(struct op *op)
{
    int64_t delta;
    if (!op_int(op, 2, &delta))
        return;
    if (delta == INT64_MIN)
        reply_error(op->reply, "ERR decrement would overflow");
    else
        add(op, -delta);
}

/* The floating-point number a key holds, 0 if there is none. */
static bool float_value(struct op *op, const struct entry *e, long double *value)
{
    char scratch[NUMBER_I64_MAX];
    *value = 0;
    if (!op_is_type(op, e, TYPE_STRING))
        return false;
    if (e == NULL || number_parse_ldouble(entry_string(e, scratch), value))
        return true;
    reply_error(op->reply, "ERR value is not a valid float");
    return false;
}

void op_incrbyfloat(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    long double value, delta;
    if (!float_value(op, found.entry, &value) || !op_ldouble(op, 2, &delta))
        return;
    value += delta;
    if (isnan(value) || isinf(value)) {
        reply_error(op->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    char text[NUMBER_LDOUBLE_MAX];
    struct bytes bytes = {text, number_format_ldouble_human(text, sizeof text, value)};
    /* Kept as text even when it is a whole number, so that OBJECT ENCODING says embstr. */
    struct value number = {.type = TYPE_STRING, .encoding = ENCODING_EMBEDDED, .embedded = bytes};
    if (bytes.len > ENTRY_EMBED_MAX && !op_string_value_of(op, bytes, false, &number))
        return;
    int64_t expiry = found.entry == NULL ? ENTRY_NO_EXPIRY : entry_expiry(found.entry);
    keyspace_put(op->ks, op->db, &op->key, &found, number, expiry);
    op_changed(op, &op->key, '$', "incrbyfloat");
    reply_bulk(op->reply, bytes);
}
