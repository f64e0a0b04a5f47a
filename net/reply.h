/*
 * Reply: writes answers in RESP2 or RESP3 into a buffer.
 *
 * A reply is a growing buffer of bytes plus references to blobs (large values
 * that are sent from where they lie). Handlers write to a reply without knowing
 * whether it belongs to a connection or is captured on another shard; captured
 * ranges are moved into the connection's own reply with reply_move().
 *
 * Belongs to one thread at a time.
 */
#ifndef SHOAL_NET_REPLY_H
#define SHOAL_NET_REPLY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/blob.h"
#include "base/bytes.h"

/* Values of at least this many bytes that lie in a blob are referred to, not copied. */
#define REPLY_BLOB_BYTES (8 * 1024)

struct reply_ref {
    size_t at; /* the blob's bytes come before this byte of data */
    struct blob *blob;
    size_t from, len;
};

/* A position in a reply: so many bytes of data and so many references precede it. */
struct reply_mark {
    size_t len;
    uint32_t refs;
};

struct reply {
    char *data;
    size_t len, cap;
    struct reply_ref *refs;
    uint32_t ref_count, ref_cap;
    uint8_t resp;      /* 2 or 3 */
    bool muted;        /* writes are dropped (CLIENT REPLY OFF) */
    uint32_t errors;   /* error replies written */
    size_t error_at;   /* where the last error begins in data */
    size_t blob_bytes; /* bytes in the references */
};

static inline void reply_init(struct reply *reply, uint8_t resp)
{
    *reply = (struct reply){.resp = resp};
}

/* Frees the buffer and drops the references. */
void reply_deinit(struct reply *reply);

/* Empties it, keeping a buffer of up to `keep` bytes. */
void reply_clear(struct reply *reply, size_t keep);

void reply_grow(struct reply *reply, size_t more);

static inline void reply_reserve(struct reply *reply, size_t more)
{
    if (reply->cap - reply->len < more)
        reply_grow(reply, more);
}

static inline struct reply_mark reply_here(const struct reply *reply)
{
    return (struct reply_mark){reply->len, reply->ref_count};
}

/* Bytes this reply puts on the wire. */
static inline size_t reply_size(const struct reply *reply)
{
    return reply->len + reply->blob_bytes;
}

/* Appends the part [from, to) of another reply; its references go with it (the
 * source must not use them again). */
void reply_move(struct reply *to, struct reply *source, struct reply_mark from,
                struct reply_mark until);

/* To be called before the reply goes to another thread: its references are counted
 * atomically from then on. */
void reply_share(struct reply *reply);

/* Takes back what was written after the mark. */
void reply_rewind(struct reply *reply, struct reply_mark mark);

/* Bytes as they are. */
void reply_raw(struct reply *reply, const void *data, size_t len);

void reply_status(struct reply *reply, const char *text);      /* +text */
void reply_ok(struct reply *reply);
void reply_error(struct reply *reply, const char *text);       /* -text, e.g. "ERR syntax error" */
void reply_errorf(struct reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The error of an integer that is none of min to max. */
void reply_error_range(struct reply *reply, int64_t min, int64_t max);
void reply_error_bytes(struct reply *reply, struct bytes text);
void reply_int(struct reply *reply, int64_t value);
void reply_bulk(struct reply *reply, struct bytes value);
void reply_bulk_cstr(struct reply *reply, const char *text);
void reply_bulk_int(struct reply *reply, int64_t value);
void reply_bulkf(struct reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A bulk of len bytes of the blob from `from` on; copies when short, takes a
 * reference of its own otherwise. */
void reply_bulk_blob(struct reply *reply, struct blob *blob, size_t from, size_t len);

void reply_nil(struct reply *reply);       /* $-1 or _ */
void reply_nil_array(struct reply *reply); /* *-1 or _ */
void reply_array(struct reply *reply, size_t count);
void reply_map(struct reply *reply, size_t pairs); /* an array of 2*pairs in RESP2 */
void reply_set(struct reply *reply, size_t count); /* an array in RESP2 */
void reply_push(struct reply *reply, size_t count);
void reply_attribute(struct reply *reply, size_t pairs); /* RESP3 only */
void reply_double(struct reply *reply, double value);    /* a bulk in RESP2 */
void reply_ldouble_human(struct reply *reply, long double value); /* always a bulk */
void reply_bool(struct reply *reply, bool value);        /* :1 or #t */
void reply_verbatim(struct reply *reply, struct bytes text, const char *format); /* bulk in RESP2 */
void reply_big_number(struct reply *reply, struct bytes digits);

/* An array, map or set whose count is not known yet: write the elements, then
 * call reply_close_* with the mark returned by reply_open(). */
struct reply_mark reply_open(struct reply *reply);
void reply_close_array(struct reply *reply, struct reply_mark open, size_t count);
void reply_close_map(struct reply *reply, struct reply_mark open, size_t pairs);
void reply_close_set(struct reply *reply, struct reply_mark open, size_t count);

/* Pieces of the reply for a vectored send; at most cap of them. Returns how
 * many were written to iov; reply_iov_count() tells how many there are. */
size_t reply_iov_count(const struct reply *reply);
size_t reply_iov(const struct reply *reply, struct iovec *iov, size_t cap);

#endif
