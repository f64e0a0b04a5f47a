/*
 * Bitfield: BITFIELD and BITFIELD_RO: integers of 1 to 64 bits at any bit of a string.
 *
 * Such an integer has its highest bit first. All operations are parsed before the
 * first is done, so that a mistake in one leaves the key as it was.
 */
#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/bit_offset.h"
#include "engine/commands/op.h"
#include "engine/commands/string_room.h"
#include "op_handlers.gen.h"

__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 wide_signed;

enum { WINDOW_BYTES = 9 }; /* what 64 bits at any offset can touch */

enum field_action { FIELD_GET, FIELD_SET, FIELD_INCRBY };
enum field_overflow { OVERFLOW_WRAP, OVERFLOW_SAT, OVERFLOW_FAIL };

struct field {
    enum field_action action;
    enum field_overflow overflow;
    unsigned width;
    bool has_sign;
    uint64_t offset;
    int64_t operand;
};

/* All operations of a command. */
struct fields {
    struct field *list;
    size_t count;
    bool writes;
    uint64_t last_written; /* the highest bit that is written */
};

static bool parse_type(struct op *op, int i, struct field *field)
{
    struct bytes text = op->argv[i];
    int64_t width;
    if (text.len > 1 && (text.data[0] == 'i' || text.data[0] == 'u') &&
        number_parse_i64(bytes_make(text.data + 1, text.len - 1), &width)) {
        field->has_sign = text.data[0] == 'i';
        field->width = (unsigned)width;
        if (width >= 1 && width <= (field->has_sign ? 64 : 63))
            return true;
    }
    reply_error(op->reply, "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is "
                           "not supported but i64 is.");
    return false;
}

static bool parse_overflow(struct op *op, int i, enum field_overflow *overflow)
{
    if (op_arg_is(op, i, "wrap"))
        *overflow = OVERFLOW_WRAP;
    else if (op_arg_is(op, i, "sat"))
        *overflow = OVERFLOW_SAT;
    else if (op_arg_is(op, i, "fail"))
        *overflow = OVERFLOW_FAIL;
    else
        return false;
    return true;
}

/* The operation that begins at argv[i]. Returns how many arguments it takes, 0 if an
 * error was replied. */
static int parse_field(struct op *op, int i, struct field *field)
{
    int left = op->argc - i - 1, takes;
    if (op_arg_is(op, i, "get") && left >= 2) {
        field->action = FIELD_GET;
        takes = 3;
    } else if (op_arg_is(op, i, "set") && left >= 3) {
        field->action = FIELD_SET;
        takes = 4;
    } else if (op_arg_is(op, i, "incrby") && left >= 3) {
        field->action = FIELD_INCRBY;
        takes = 4;
    } else {
        op_error_syntax(op);
        return 0;
    }
    if (!parse_type(op, i + 1, field) ||
        !bit_offset_arg(op, i + 2, field->width, &field->offset) ||
        (takes == 4 && !op_int(op, i + 3, &field->operand)))
        return 0;
    return takes;
}

/* Parses all operations into fields->list, which has room. */
static bool parse_fields(struct op *op, struct fields *fields)
{
    enum field_overflow overflow = OVERFLOW_WRAP;
    for (int i = 2; i < op->argc;) {
        if (op_arg_is(op, i, "overflow") && i + 1 < op->argc) {
            if (!parse_overflow(op, i + 1, &overflow)) {
                reply_error(op->reply, "ERR Invalid OVERFLOW type specified");
                return false;
            }
            i += 2;
            continue;
        }
        struct field *field = &fields->list[fields->count];
        *field = (struct field){.overflow = overflow};
        int takes = parse_field(op, i, field);
        if (takes == 0)
            return false;
        fields->count++;
        i += takes;
        if (field->action == FIELD_GET)
            continue;
        uint64_t last = field->offset + field->width - 1;
        fields->writes = true;
        fields->last_written = last > fields->last_written ? last : fields->last_written;
    }
    return true;
}

static uint64_t low_bits(unsigned width)
{
    return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* The nine bytes from `byte` on as a number; zeroes follow the end of the string. */
static wide load_window(struct bytes string, uint64_t byte)
{
    unsigned char bytes[WINDOW_BYTES] = {0};
    if (byte < string.len)
        memcpy(bytes, string.data + byte, bits_min(string.len - byte, WINDOW_BYTES));
    wide window = 0;
    for (int i = 0; i < WINDOW_BYTES; i++)
        window = window << 8 | bytes[i];
    return window;
}

/* How far the field's lowest bit is from the lowest bit of its window. */
static unsigned window_shift(const struct field *field)
{
    return WINDOW_BYTES * 8 - (unsigned)(field->offset & 7) - field->width;
}

/* The field's value; a negative one is extended to 64 bits. */
static uint64_t field_read(const struct field *field, struct bytes string)
{
    uint64_t value = (uint64_t)(load_window(string, field->offset >> 3) >> window_shift(field));
    value &= low_bits(field->width);
    if (field->has_sign && value >> (field->width - 1))
        value |= ~low_bits(field->width);
    return value;
}

/* Writes the low bits of the value; the string reaches that far. */
static void field_write(const struct field *field, char *data, size_t len, uint64_t value)
{
    uint64_t byte = field->offset >> 3;
    unsigned shift = window_shift(field);
    wide mask = (wide)low_bits(field->width) << shift;
    wide window = load_window(bytes_make(data, len), byte);
    window = (window & ~mask) | ((wide)value << shift & mask);
    size_t touched = bits_min(len - byte, WINDOW_BYTES);
    for (size_t i = 0; i < touched; i++)
        data[byte + i] = (char)(unsigned char)(window >> (8 * (WINDOW_BYTES - 1 - i)));
}

/*
 * The value that the operation gives a field that is `old` now, overflow dealt with.
 * False: it overflows and must fail.
 */
static bool field_compute(const struct field *field, uint64_t old, uint64_t *value)
{
    wide_signed max = (wide_signed)low_bits(field->width - (field->has_sign ? 1 : 0));
    wide_signed min = field->has_sign ? -max - 1 : 0;
    wide_signed sum;
    if (field->action == FIELD_INCRBY)
        sum = (field->has_sign ? (wide_signed)(int64_t)old : (wide_signed)old) + field->operand;
    else /* a negative number is a very large one to a field without sign */
        sum = field->has_sign ? (wide_signed)field->operand : (wide_signed)(uint64_t)field->operand;
    bool fits = sum >= min && sum <= max;
    if (!fits && field->overflow == OVERFLOW_FAIL)
        return false;
    if (!fits && field->overflow == OVERFLOW_SAT)
        sum = sum > max ? max : min;
    *value = (uint64_t)sum & low_bits(field->width);
    if (field->has_sign && *value >> (field->width - 1))
        *value |= ~low_bits(field->width);
    return true;
}

static void run_reading(struct op *op, const struct fields *fields)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_STRING))
        return;
    char scratch[NUMBER_I64_MAX];
    struct bytes string = e == NULL ? bytes_of("") : entry_string(e, scratch);
    reply_array(op->reply, fields->count);
    for (size_t i = 0; i < fields->count; i++)
        reply_int(op->reply, (int64_t)field_read(&fields->list[i], string));
}

/* Does one operation on the string. Returns whether a field got another value. */
static bool run_field(struct op *op, const struct field *field, char *data, size_t len)
{
    uint64_t old = field_read(field, bytes_make(data, len)), value;
    if (field->action == FIELD_GET) {
        reply_int(op->reply, (int64_t)old);
        return false;
    }
    if (!field_compute(field, old, &value)) {
        reply_nil(op->reply);
        return false;
    }
    reply_int(op->reply, (int64_t)(field->action == FIELD_SET ? old : value));
    field_write(field, data, len, value);
    return value != old;
}

static void run_writing(struct op *op, const struct fields *fields)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_STRING))
        return;
    size_t old_len = found.entry == NULL ? 0 : entry_string_len(found.entry);
    size_t len = bits_max(old_len, (fields->last_written >> 3) + 1);
    char *data = string_room(op, &op->key, &found, len, len);
    if (data == NULL)
        return;
    /* A string that got longer changed, even if every operation fails. */
    bool changed = len > old_len;
    reply_array(op->reply, fields->count);
    for (size_t i = 0; i < fields->count; i++)
        if (run_field(op, &fields->list[i], data, len))
            changed = true;
    if (changed)
        op_changed(op, &op->key, '$', "setbit");
}

static void run(struct op *op, bool read_only)
{
    /* Each operation takes three arguments at least; one more is for a bad one. */
    struct fields fields = {.list = alloc_try(((size_t)op->argc / 3 + 1) * sizeof *fields.list)};
    if (fields.list == NULL) {
        op_error_memory(op);
        return;
    }
    if (parse_fields(op, &fields)) {
        if (!fields.writes)
            run_reading(op, &fields);
        else if (read_only)
            reply_error(op->reply, "ERR BITFIELD_RO only supports the GET subcommand");
        else
            run_writing(op, &fields);
    }
    alloc_free(fields.list);
}

void op_bitfield(struct op *op)
{
    run(op, false);
}

void op_bitfield_ro(struct op *op)
{
    run(op, true);
}
