/*
 * Buffer: growth, formatting and handing over. See the header for the promises.
 */
#include "base/buffer.h"

#include "base/alloc.h"
#include <assert.h>
#include <stdint.h>
#include <stdio.h>

/* The first allocation; smaller ones would only be grown again at once. */
enum { BUFFER_MIN_CAP = 64 };

void buffer_deinit(struct buffer *buf)
{
    alloc_free(buf->data);
    buffer_init(buf);
}

/* The capacity to grow to, or 0 when len + extra does not fit a size. */
static size_t grown_cap(const struct buffer *buf, size_t extra)
{
    size_t need, doubled;

    if (extra > SIZE_MAX / 4 - bits_min(buf->len, SIZE_MAX / 4)) return 0;
    need = buf->len + extra;
    doubled = buf->cap * 2;
    return alloc_good_size(bits_max(bits_max(need, doubled), BUFFER_MIN_CAP));
}

bool buffer_try_reserve(struct buffer *buf, size_t extra)
{
    size_t cap;
    char *data;

    assert(buf->len <= buf->cap);
    if (buf->cap - buf->len >= extra) return true;
    cap = grown_cap(buf, extra);
    data = cap ? alloc_try_resize(buf->data, cap) : NULL;
    if (!data) return false;
    buf->data = data;
    buf->cap = cap;
    return true;
}

void buffer_reserve(struct buffer *buf, size_t extra)
{
    if (!buffer_try_reserve(buf, extra)) alloc_fail(extra);
}

void buffer_vappendf(struct buffer *buf, const char *format, va_list args)
{
    size_t room = buf->cap - buf->len;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(room ? buf->data + buf->len : NULL, room, format, args);
    assert(len >= 0);
    if ((size_t)len >= room) {
        buffer_reserve(buf, (size_t)len + 1);
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    buf->len += (size_t)len;
}

void buffer_appendf(struct buffer *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vappendf(buf, format, args);
    va_end(args);
}

void buffer_consume(struct buffer *buf, size_t n)
{
    assert(n <= buf->len);
    if (n == 0) return;
    memmove(buf->data, buf->data + n, buf->len - n);
    buf->len -= n;
}

char *buffer_take(struct buffer *buf, size_t *len)
{
    char *data;

    buffer_reserve(buf, 1);
    buf->data[buf->len] = '\0';
    if (len) *len = buf->len;
    data = buf->data;
    buffer_init(buf);
    return data;
}
