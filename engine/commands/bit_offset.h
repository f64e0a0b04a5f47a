/*
 * Bit offset: the positions of bits that SETBIT, GETBIT and BITFIELD take.
 *
 * Bit 0 is the highest bit of the first byte.
 */
#ifndef SHOAL_ENGINE_COMMANDS_BIT_OFFSET_H
#define SHOAL_ENGINE_COMMANDS_BIT_OFFSET_H

#include <stdint.h>

#include "engine/commands/op.h"

/*
 * The bit offset in argv[i], 0 or more and inside the longest string that is allowed.
 * With a width above 0, "#n" means the n-th integer of that many bits. Replies an error
 * and returns false otherwise.
 */
static inline bool bit_offset_arg(struct op *op, int i, unsigned width, uint64_t *offset)
{
    struct bytes text = op->argv[i];
    bool counted = width > 0 && text.len > 0 && text.data[0] == '#';
    int64_t value;
    if (counted)
        text = bytes_make(text.data + 1, text.len - 1);
    if (number_parse_i64(text, &value) &&
        !(counted && __builtin_mul_overflow(value, (int64_t)width, &value)) && value >= 0 &&
        (uint64_t)value >> 3 < op->limits->bulk_max) {
        *offset = (uint64_t)value;
        return true;
    }
    reply_error(op->reply, "ERR bit offset is not an integer or out of range");
    return false;
}

#endif
