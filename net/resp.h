/*
 * RESP parser: bytes of a client to commands.
 *
 * A complete command in the given bytes costs no copy and no allocation: its
 * arguments point into them. What is incomplete is kept by the caller, who comes
 * back with the same bytes and more behind; the parser remembers how far it got,
 * so that a command that trickles in is not read twice.
 *
 * A bulk of at least RESP_BLOB_BYTES that is not complete yet is received into
 * memory of its own: the parser makes a blob of the final size, and the caller
 * fills it (resp_fill_*), from the socket directly if it likes.
 *
 * Format: the Redis serialization protocol specification, requests (arrays of
 * bulk strings, inline commands). Errors carry Redis's texts.
 */
#ifndef SHOAL_NET_RESP_H
#define SHOAL_NET_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/args.h"
#include "base/blob.h"
#include "base/bytes.h"

#define RESP_BLOB_BYTES (32 * 1024)
#define RESP_INLINE_MAX (64 * 1024)

enum resp_result {
    RESP_COMMAND, /* a command: parser->argc arguments at parser->argv */
    RESP_EMPTY,   /* an empty line or array: consumed, nothing to do */
    RESP_MORE,    /* incomplete */
    RESP_BAD,     /* protocol error: text in parser->error */
};

struct resp_limits {
    uint64_t bulk_max; /* proto-max-bulk-len */
    bool restricted;   /* not authenticated yet: small requests only */
};

struct resp_arg {
    size_t from, len; /* in the bytes of the command */
    struct blob *blob;
};

struct resp_parser {
    /* The command last returned. */
    const struct bytes *argv;
    size_t argc;
    size_t used; /* bytes consumed, counted from the data given */
    char error[96];
    bool inline_form; /* the command came as a line */
    uint32_t blob_count; /* arguments that lie in blobs: see resp_arg_blob() */
    size_t blob_bytes;   /* of these */

    /* A command that is not complete. Offsets count from its first byte. */
    bool partial;
    int64_t args_left;  /* -1: the header has not been read */
    int64_t bulk_left;  /* length of the bulk being read, -1: its header is next */
    size_t at;          /* read up to here */
    struct resp_arg *args;
    size_t arg_count, arg_cap;
    struct bytes *views; /* argv of commands that took the slow path */
    size_t view_cap;
    struct blob *fill; /* the bulk being received into a blob */
    size_t filled;
    struct bytes_list line; /* arguments of an inline command */
};

void resp_init(struct resp_parser *parser);
void resp_deinit(struct resp_parser *parser);

/*
 * Reads the next command from data. Fast-path arguments are written to argv (room
 * for argv_cap), so commands of one call sequence can be kept while argv space
 * lasts; others lie in the parser and have to be used up before the next call.
 * On RESP_COMMAND and RESP_EMPTY the caller goes on after parser->used bytes; on
 * RESP_MORE it keeps the data from here and calls again with more behind it.
 * While resp_filling(), data has to be given to resp_fill() instead.
 */
enum resp_result resp_parse(struct resp_parser *parser, const struct resp_limits *limits,
                            const char *data, size_t len, struct bytes *argv, size_t argv_cap);

/* Frees what the parser held for the command last returned, if it took the slow
 * path. To be called when that command is done with. */
void resp_release(struct resp_parser *parser);

/* Forgets everything about the commands seen so far: the next call reads from the
 * first byte of a command again. Not to be called for a command that has received
 * bytes of its own (resp_fill_at()). */
void resp_restart(struct resp_parser *parser);

/* The bytes of the command last returned, which took the slow path, lie at data now:
 * its arguments are made to point there. */
void resp_rebase(struct resp_parser *parser, const char *data);

/* Whether the command last returned took the slow path: its arguments lie in the
 * parser. */
static inline bool resp_is_slow(const struct resp_parser *parser)
{
    return parser->argv != NULL &&
           (parser->argv == parser->views || parser->argv == parser->line.items);
}

/* The blob that holds argument i of the command last returned, or NULL. The
 * caller that takes it (the argument stays readable as long as the blob lives)
 * owns the reference. */
struct blob *resp_take_blob(struct resp_parser *parser, size_t i);

/* True while a large bulk is received into a blob of its own. */
static inline bool resp_filling(const struct resp_parser *parser)
{
    return parser->fill != NULL && parser->filled < parser->fill->len;
}

/* Where the missing bytes of the blob go, and how many are missing. */
static inline char *resp_fill_at(const struct resp_parser *parser)
{
    return parser->fill->data + parser->filled;
}

static inline size_t resp_fill_left(const struct resp_parser *parser)
{
    return parser->fill->len - parser->filled;
}

/* That many bytes were written at resp_fill_at(). */
static inline void resp_fill_done(struct resp_parser *parser, size_t len)
{
    parser->filled += len;
}

/* Bytes of memory held for a command that is not complete. */
size_t resp_memory(const struct resp_parser *parser);

#endif
