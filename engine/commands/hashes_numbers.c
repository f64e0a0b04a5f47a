/*
 * Hashes, numbers: HINCRBY and HINCRBYFLOAT. A field that is not there counts as 0. A
 * number that still fits the memory of its field is written in place. The field keeps its
 * expiry.
 */
#include <math.h>

#include "engine/commands/hashes.h"
#include "engine/commands/op.h"
#include "engine/types/hash.h"
#include "op_handlers.gen.h"

/* Ends an edit that changed nothing and replies why. */
static void give_up(struct op *op, struct hash_edit *edit, const char *error)
{
    hash_edit_close(edit);
    reply_error(op->reply, error);
}

void op_hincrby(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    struct bytes old, field = op->argv[2];
    int64_t delta, value = 0;
    if (!op_int(op, 3, &delta) || !hashes_edit(op, &found, &edit))
        return;
    if (hash_edit_find(&edit, field, &old) && !number_parse_i64(old, &value)) {
        give_up(op, &edit, "ERR hash value is not an integer");
        return;
    }
    if (__builtin_add_overflow(value, delta, &value)) {
        give_up(op, &edit, "ERR increment or decrement would overflow");
        return;
    }
    char text[NUMBER_I64_MAX];
    struct bytes number = {text, number_format_i64(text, value)};
    if (hashes_put(op, &edit, field, number, "hincrby"))
        reply_int(op->reply, value);
}

void op_hincrbyfloat(struct op *op)
{
    struct found found;
    struct hash_edit edit;
    struct bytes old, field = op->argv[2];
    long double delta, value = 0;
    if (!op_ldouble(op, 3, &delta))
        return;
    if (isinf(delta)) {
        reply_error(op->reply, "ERR value is NaN or Infinity");
        return;
    }
    if (!hashes_edit(op, &found, &edit))
        return;
    if (hash_edit_find(&edit, field, &old) && !number_parse_ldouble(old, &value)) {
        give_up(op, &edit, "ERR hash value is not a float");
        return;
    }
    value += delta;
    if (isnan(value) || isinf(value)) {
        give_up(op, &edit, "ERR increment would produce NaN or Infinity");
        return;
    }
    char text[NUMBER_LDOUBLE_MAX];
    struct bytes number = {text, number_format_ldouble_human(text, sizeof text, value)};
    if (hashes_put(op, &edit, field, number, "hincrbyfloat"))
        reply_bulk(op->reply, number);
}
