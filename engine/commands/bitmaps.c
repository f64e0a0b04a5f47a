/*
 * Bitmaps: strings as arrays of bits: SETBIT, GETBIT, BITCOUNT, BITPOS.
 *
 * Bit 0 is the highest bit of the first byte.
 */
#include "base/bits.h"
#include "engine/commands/bit_count.h"
#include "engine/commands/bit_offset.h"
#include "engine/commands/op.h"
#include "engine/commands/string_room.h"
#include "op_handlers.gen.h"

static unsigned bit_at(struct bytes s, uint64_t offset)
{
    size_t byte = offset >> 3;
    return byte < s.len ? (unsigned char)s.data[byte] >> (7 - (offset & 7)) & 1 : 0;
}

void op_setbit(struct op *op)
{
    static const char bad_bit[] = "ERR bit is not an integer or out of range";
    uint64_t offset;
    int64_t on;
    if (!bit_offset_arg(op, 2, 0, &offset) || !op_int_or(op, 3, &on, bad_bit))
        return;
    if (on != 0 && on != 1) {
        reply_error(op->reply, bad_bit);
        return;
    }
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_STRING))
        return;
    char scratch[NUMBER_I64_MAX];
    struct bytes old = found.entry == NULL ? bytes_of("") : entry_string(found.entry, scratch);
    size_t byte = offset >> 3;
    unsigned was = bit_at(old, offset);
    bool changes = byte >= old.len || was != (unsigned)on;
    /* The value counts as edited even if the bit has been like this. */
    char *data = string_room(op, &op->key, &found, byte + 1, byte + 1);
    if (data == NULL)
        return;
    if (changes) {
        unsigned mask = 1u << (7 - (offset & 7)), now = (unsigned char)data[byte];
        data[byte] = (char)(on ? now | mask : now & ~mask);
        op_changed(op, &op->key, '$', "setbit");
    }
    reply_int(op->reply, was);
}

/* The string at the command's key for reading; false: none, and a reply was written,
 * `missing` if there is no key. */
static bool read_string(struct op *op, int64_t missing, char *scratch, struct bytes *string)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (e == NULL) {
        reply_int(op->reply, missing);
        return false;
    }
    if (!op_is_type(op, e, TYPE_STRING))
        return false;
    *string = entry_string(e, scratch);
    return true;
}

void op_getbit(struct op *op)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes string;
    uint64_t offset;
    if (bit_offset_arg(op, 2, 0, &offset) && read_string(op, 0, scratch, &string))
        reply_int(op->reply, bit_at(string, offset));
}

/* Parses BYTE or BIT at argv[i]. */
static bool parse_unit(struct op *op, int i, bool *bit)
{
    *bit = op_arg_is(op, i, "bit");
    if (*bit || op_arg_is(op, i, "byte"))
        return true;
    op_error_syntax(op);
    return false;
}

/* Bits [from, until) of a string. */
struct bit_range {
    uint64_t from, until;
};

/* The range from `start` to `end` (included), both in bytes or bits, negative ones
 * counted from the end. Empty: from >= until. */
static struct bit_range clip(struct bytes string, int64_t start, int64_t end, bool bit)
{
    int64_t total = (int64_t)string.len * (bit ? 8 : 1), unit = bit ? 1 : 8;
    if (start < 0)
        start = start + total < 0 ? 0 : start + total;
    if (end < 0)
        end = end + total < 0 ? 0 : end + total;
    if (end >= total)
        end = total - 1;
    if (start > end)
        return (struct bit_range){0, 0};
    return (struct bit_range){(uint64_t)(start * unit), (uint64_t)((end + 1) * unit)};
}

static uint64_t count_range(struct bytes string, struct bit_range range)
{
    if (range.from >= range.until)
        return 0;
    const unsigned char *data = (const unsigned char *)string.data;
    size_t first = range.from >> 3, last = (range.until - 1) >> 3;
    uint64_t count = bit_count(data + first, last - first + 1);
    /* Less what the first and last byte hold outside of the range. */
    count -= (unsigned)__builtin_popcount(data[first] >> (8 - (range.from & 7)) & 0xff);
    if (range.until & 7)
        count -= (unsigned)__builtin_popcount(data[last] & (0xffu >> (range.until & 7)));
    return count;
}

void op_bitcount(struct op *op)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes string;
    if (!read_string(op, 0, scratch, &string))
        return;
    struct bit_range range = {0, (uint64_t)string.len * 8};
    if (op->argc == 4 || op->argc == 5) {
        int64_t start, end;
        bool bit = false;
        if (!op_int(op, 2, &start) || !op_int(op, 3, &end))
            return;
        if (start < 0 && end < 0 && start > end) {
            reply_int(op->reply, 0);
            return;
        }
        if (op->argc == 5 && !parse_unit(op, 4, &bit))
            return;
        range = clip(string, start, end, bit);
    } else if (op->argc != 2) {
        op_error_syntax(op);
        return;
    }
    reply_int(op->reply, (int64_t)count_range(string, range));
}

/* The first bit of the range that has this value; range.until if there is none. */
static uint64_t find_bit(struct bytes string, struct bit_range range, bool value)
{
    uint64_t at = range.from;
    for (; at < range.until && (at & 7) != 0; at++)
        if (bit_at(string, at) == value)
            return at;
    uint64_t uniform = value ? 0 : UINT64_MAX;
    for (; at + 64 <= range.until; at += 64) {
        uint64_t word;
        memcpy(&word, string.data + (at >> 3), 8);
        if (word != uniform)
            return at + (unsigned)__builtin_clzll(__builtin_bswap64(word ^ uniform));
    }
    while (at < range.until && bit_at(string, at) != value)
        at++;
    return at;
}

/* The range of BITPOS, argv[3] to argv[5]; false: an error was replied. */
static bool parse_bitpos_range(struct op *op, struct bytes string, struct bit_range *range)
{
    int64_t start, end = INT64_MAX;
    bool bit = false;
    if (op->argc > 6) {
        op_error_syntax(op);
        return false;
    }
    if (!op_int(op, 3, &start) || (op->argc == 6 && !parse_unit(op, 5, &bit)) ||
        (op->argc >= 5 && !op_int(op, 4, &end)))
        return false;
    *range = clip(string, start, end, bit);
    return true;
}

void op_bitpos(struct op *op)
{
    int64_t value;
    if (!op_int(op, 2, &value))
        return;
    if (value != 0 && value != 1) {
        reply_error(op->reply, "ERR The bit argument must be 1 or 0.");
        return;
    }
    char scratch[NUMBER_I64_MAX];
    struct bytes string;
    if (!read_string(op, value ? -1 : 0, scratch, &string))
        return;
    struct bit_range range = {0, (uint64_t)string.len * 8};
    if (op->argc > 3 && !parse_bitpos_range(op, string, &range))
        return;
    uint64_t at = find_bit(string, range, value != 0);
    /* A string goes on with zeroes, unless it was said where to stop. */
    bool past_end = value == 0 && op->argc < 5 && range.from < range.until;
    if (at >= range.until && !past_end)
        reply_int(op->reply, -1);
    else
        reply_int(op->reply, (int64_t)at);
}
