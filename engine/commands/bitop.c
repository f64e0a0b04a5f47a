/*
 * Bitop: BITOP, strings combined bit by bit.
 *
 * The outcome is made piece by piece, each piece small enough to stay in the first
 * cache while all the sources are applied to it. Shorter strings end in zeroes.
 */
#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

#define PIECE_BYTES 8192

enum bit_operation { BITS_AND, BITS_OR, BITS_XOR, BITS_NOT };

static bool parse_operation(struct op *op, enum bit_operation *operation)
{
    static const char *const words[] = {"and", "or", "xor", "not"};
    for (unsigned i = 0; i < countof(words); i++) {
        if (op_arg_is(op, 1, words[i])) {
            *operation = (enum bit_operation)i;
            return true;
        }
    }
    op_error_syntax(op);
    return false;
}

/* These loops are plain so that the compiler turns them into vector instructions. */
static void apply(enum bit_operation operation, unsigned char *restrict to,
                  const unsigned char *restrict from, size_t n)
{
    switch (operation) {
    case BITS_AND:
        for (size_t i = 0; i < n; i++)
            to[i] &= from[i];
        break;
    case BITS_OR:
        for (size_t i = 0; i < n; i++)
            to[i] |= from[i];
        break;
    case BITS_XOR:
        for (size_t i = 0; i < n; i++)
            to[i] ^= from[i];
        break;
    case BITS_NOT:
        for (size_t i = 0; i < n; i++)
            to[i] = (unsigned char)~from[i];
        break;
    }
}

/* The bytes of a source (NULL: no key) from `at` on, n of them or what it has. */
static struct bytes piece_of(const struct entry *e, char *scratch, size_t at, size_t n)
{
    struct bytes string = e == NULL ? bytes_of("") : entry_string(e, scratch);
    if (at >= string.len)
        return (struct bytes){string.data, 0};
    return bytes_make(string.data + at, bits_min(n, string.len - at));
}

/* Combines n bytes from `at` on of all sources into `to`. */
static void combine_piece(enum bit_operation operation, const struct entry *const *sources,
                          int count, size_t at, unsigned char *to, size_t n)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes piece = piece_of(sources[0], scratch, at, n);
    if (operation == BITS_NOT)
        apply(BITS_NOT, to, (const unsigned char *)piece.data, piece.len);
    else if (piece.len > 0)
        memcpy(to, piece.data, piece.len);
    memset(to + piece.len, 0, n - piece.len);
    for (int i = 1; i < count; i++) {
        piece = piece_of(sources[i], scratch, at, n);
        apply(operation, to, (const unsigned char *)piece.data, piece.len);
        if (operation == BITS_AND)
            memset(to + piece.len, 0, n - piece.len);
    }
}

/* Looks up the sources and the length of the longest. False: one is not a string, an
 * error was replied. */
static bool read_sources(struct op *op, const struct entry **sources, int count, size_t *longest)
{
    *longest = 0;
    for (int i = 0; i < count; i++) {
        struct key key = op_key(op, 3 + i);
        sources[i] = keyspace_read(op->ks, op->db, &key).entry;
        if (!op_is_type(op, sources[i], TYPE_STRING))
            return false;
        if (sources[i] != NULL)
            *longest = bits_max(*longest, entry_string_len(sources[i]));
    }
    return true;
}

/* Stores the outcome, len > 0 bytes. False: no memory, an error was replied. */
static bool store(struct op *op, enum bit_operation operation, const struct entry *const *sources,
                  int count, size_t len)
{
    char small[ENTRY_EMBED_MAX];
    struct value value = {.type = TYPE_STRING, .flags = ENTRY_EDITED};
    char *to = small;
    if (len <= sizeof small) {
        value.encoding = ENCODING_EMBEDDED;
        value.embedded = bytes_make(small, len);
    } else {
        struct blob *blob = blob_try(len, len);
        if (blob == NULL) {
            op_error_memory(op);
            return false;
        }
        value.encoding = ENCODING_BLOB;
        value.word = (uint64_t)(uintptr_t)blob;
        to = blob->data;
    }
    for (size_t at = 0; at < len; at += PIECE_BYTES)
        combine_piece(operation, sources, count, at, (unsigned char *)to + at,
                      bits_min(len - at, PIECE_BYTES));
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    keyspace_put(op->ks, op->db, &op->key, &found, value, ENTRY_NO_EXPIRY);
    op_changed(op, &op->key, '$', "set");
    return true;
}

static void combine(struct op *op, enum bit_operation operation, const struct entry **sources,
                    int count)
{
    size_t len;
    if (!read_sources(op, sources, count, &len))
        return;
    if (len > 0) {
        if (!store(op, operation, sources, count, len))
            return;
    } else {
        struct found found = keyspace_write(op->ks, op->db, &op->key);
        if (found.entry != NULL) {
            keyspace_remove(op->ks, op->db, &op->key, &found);
            op_deleted(op, &op->key);
        }
    }
    reply_int(op->reply, (int64_t)len);
}

void op_bitop(struct op *op)
{
    enum bit_operation operation;
    int count = op->argc - 3;
    if (!parse_operation(op, &operation))
        return;
    if (operation == BITS_NOT && count != 1) {
        reply_error(op->reply, "ERR BITOP NOT must be called with a single source key.");
        return;
    }
    const struct entry **sources = alloc_try((size_t)count * sizeof *sources);
    if (sources == NULL) {
        op_error_memory(op);
        return;
    }
    combine(op, operation, sources, count);
    alloc_free(sources);
}
