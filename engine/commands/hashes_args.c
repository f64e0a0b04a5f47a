/* Hashes, arguments: see hashes_args.h. */
#include "engine/commands/hashes_args.h"

#include "engine/commands/op.h"
#include "engine/types/hash.h"

bool hashes_fields(struct op *op, int at, const char *bad_count)
{
    if (at >= op->argc || !op_arg_is(op, at, "fields")) {
        reply_error(op->reply,
                    "ERR Mandatory argument FIELDS is missing or not at the right position");
        return false;
    }
    if (at + 1 >= op->argc) {
        op_error_arity(op);
        return false;
    }
    int64_t count;
    if (!op_int_or(op, at + 1, &count, bad_count))
        return false;
    if (count < 1) {
        reply_error(op->reply, bad_count);
        return false;
    }
    if (count != op->argc - at - 2) {
        reply_error(op->reply,
                    "ERR The `numfields` parameter must match the number of arguments");
        return false;
    }
    return true;
}

bool hashes_fields_from(struct op *op, int at)
{
    return hashes_fields(op, at, "ERR Number of fields must be a positive integer");
}

bool hashes_expiry(struct op *op, int i, bool seconds, bool relative, int64_t *at_ms)
{
    int64_t value, base_ms = relative ? op->ks->now_ms : 0;
    if (!op_int(op, i, &value))
        return false;
    if (value < 0) {
        reply_error(op->reply, "ERR invalid expire time, must be >= 0");
        return false;
    }
    bool far = seconds && value > HASH_EXPIRY_MAX / 1000;
    if (seconds && !far)
        value *= 1000;
    if (far || value > HASH_EXPIRY_MAX - base_ms) {
        reply_errorf(op->reply, "ERR invalid expire time in '%s' command", op->command->name);
        return false;
    }
    *at_ms = base_ms + value;
    return true;
}

bool hashes_expiry_word(const struct op *op, int i, bool *seconds, bool *relative)
{
    bool ex = op_arg_is(op, i, "ex"), exat = op_arg_is(op, i, "exat");
    bool px = op_arg_is(op, i, "px"), pxat = op_arg_is(op, i, "pxat");
    *seconds = ex || exat;
    *relative = ex || px;
    return ex || exat || px || pxat;
}
