/*
 * Buffer: bytes that grow at the end.
 *
 * The buffer owns its memory until buffer_take() gives it away. Growth doubles, so that appending
 * n bytes one at a time costs O(n). Any append may move the data: pointers into it do not survive.
 * Lack of memory aborts, except in buffer_try_reserve().
 */
#ifndef SHOAL_BASE_BUFFER_H
#define SHOAL_BASE_BUFFER_H

#include "base/bits.h"
#include "base/bytes.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
    char *data; /* NULL as long as cap is 0 */
    size_t len;
    size_t cap;
};

/* An empty buffer; allocates nothing. All zeroes is one too. */
static inline void buffer_init(struct buffer *buf)
{
    *buf = (struct buffer){0};
}

/* Frees the memory and leaves an empty buffer. */
void buffer_deinit(struct buffer *buf);

/* Makes room for `extra` bytes past len. */
void buffer_reserve(struct buffer *buf, size_t extra);

/* As buffer_reserve(), for sizes that come from outside: false, and no change, without memory. */
bool buffer_try_reserve(struct buffer *buf, size_t extra);

/* Appends `len` bytes, which are not inside the buffer. */
static inline void buffer_append(struct buffer *buf, const void *data, size_t len)
{
    if (len == 0) return;
    if (unlikely(buf->cap - buf->len < len)) buffer_reserve(buf, len);
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

static inline void buffer_append_bytes(struct buffer *buf, struct bytes bytes)
{
    buffer_append(buf, bytes.data, bytes.len);
}

static inline void buffer_append_cstr(struct buffer *buf, const char *cstr)
{
    buffer_append(buf, cstr, strlen(cstr));
}

static inline void buffer_append_char(struct buffer *buf, char c)
{
    if (unlikely(buf->cap == buf->len)) buffer_reserve(buf, 1);
    buf->data[buf->len++] = c;
}

/* Appends what printf() would write, without a NUL. */
void buffer_appendf(struct buffer *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vappendf(struct buffer *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Forgets the content, keeps the memory. */
static inline void buffer_clear(struct buffer *buf)
{
    buf->len = 0;
}

/* Forgets the first `n` bytes, at most len; the rest moves to the front. */
void buffer_consume(struct buffer *buf, size_t n);

static inline struct bytes buffer_bytes(const struct buffer *buf)
{
    return bytes_make(buf->data, buf->len);
}

/*
 * Gives the memory to the caller, who frees it with alloc_free(), and leaves an empty buffer. The
 * length goes to *len when len is not NULL. A NUL, not counted, follows the bytes. Never NULL.
 */
char *buffer_take(struct buffer *buf, size_t *len);

#endif
