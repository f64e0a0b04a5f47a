/* Reply: see reply.h. */
#include "net/reply.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"

#define FIRST_BYTES 512

static void refs_drop(struct reply *reply, uint32_t from)
{
    for (uint32_t i = from; i < reply->ref_count; i++) {
        reply->blob_bytes -= reply->refs[i].len;
        blob_put(reply->refs[i].blob);
    }
    reply->ref_count = from;
}

void reply_deinit(struct reply *reply)
{
    refs_drop(reply, 0);
    alloc_free(reply->data);
    alloc_free(reply->refs);
    *reply = (struct reply){.resp = reply->resp};
}

void reply_clear(struct reply *reply, size_t keep)
{
    refs_drop(reply, 0);
    if (reply->cap > keep) {
        alloc_free(reply->data);
        reply->data = NULL;
        reply->cap = 0;
    }
    reply->len = 0;
    reply->errors = 0;
}

void reply_grow(struct reply *reply, size_t more)
{
    size_t wanted = reply->len + more;
    size_t cap = reply->cap == 0 ? FIRST_BYTES : reply->cap * 2;
    if (cap < wanted)
        cap = wanted;
    cap = alloc_good_size(cap);
    reply->data = alloc_resize(reply->data, cap);
    reply->cap = cap;
}

static void ref_add(struct reply *reply, struct reply_ref ref)
{
    if (reply->ref_count == reply->ref_cap) {
        reply->ref_cap = reply->ref_cap == 0 ? 4 : reply->ref_cap * 2;
        reply->refs = alloc_resize(reply->refs, reply->ref_cap * sizeof *reply->refs);
    }
    reply->refs[reply->ref_count++] = ref;
    reply->blob_bytes += ref.len;
}

void reply_raw(struct reply *reply, const void *data, size_t len)
{
    if (reply->muted || len == 0)
        return;
    reply_reserve(reply, len);
    memcpy(reply->data + reply->len, data, len);
    reply->len += len;
}

void reply_move(struct reply *to, struct reply *source, struct reply_mark from,
                struct reply_mark until)
{
    size_t at = from.len;
    for (uint32_t i = from.refs; i < until.refs; i++) {
        struct reply_ref ref = source->refs[i];
        source->refs[i].blob = NULL;
        reply_raw(to, source->data + at, ref.at - at);
        at = ref.at;
        if (to->muted) {
            blob_put(ref.blob);
            continue;
        }
        ref.at = to->len;
        ref_add(to, ref);
    }
    reply_raw(to, source->data + at, until.len - at);
}

void reply_share(struct reply *reply)
{
    for (uint32_t i = 0; i < reply->ref_count; i++)
        blob_share(reply->refs[i].blob);
}

void reply_rewind(struct reply *reply, struct reply_mark mark)
{
    refs_drop(reply, mark.refs);
    reply->len = mark.len;
}

/* type, number, CRLF */
static void write_header(struct reply *reply, char type, int64_t number)
{
    if (reply->muted)
        return;
    reply_reserve(reply, 24);
    char *p = reply->data + reply->len;
    *p++ = type;
    if (likely(number >= 0 && number < 10))
        *p++ = (char)('0' + number);
    else
        p += number_format_i64(p, number);
    *p++ = '\r';
    *p++ = '\n';
    reply->len = (size_t)(p - reply->data);
}

static void write_line(struct reply *reply, char type, struct bytes text)
{
    if (reply->muted)
        return;
    reply_reserve(reply, text.len + 3);
    char *p = reply->data + reply->len;
    *p++ = type;
    memcpy(p, text.data, text.len);
    p += text.len;
    *p++ = '\r';
    *p++ = '\n';
    reply->len = (size_t)(p - reply->data);
}

void reply_status(struct reply *reply, const char *text)
{
    write_line(reply, '+', bytes_of(text));
}

void reply_ok(struct reply *reply)
{
    reply_raw(reply, "+OK\r\n", 5);
}

void reply_error_bytes(struct reply *reply, struct bytes text)
{
    size_t at = reply->len;
    reply->errors++;
    reply->error_at = at;
    if (reply->muted)
        return;
    write_line(reply, '-', text);
    /* A line break inside would end the reply: what a client sent may be quoted
     * in an error. */
    for (char *p = reply->data + at; p < reply->data + reply->len - 2; p++)
        if (*p == '\r' || *p == '\n')
            *p = ' ';
}

void reply_error(struct reply *reply, const char *text)
{
    reply_error_bytes(reply, bytes_of(text));
}

void reply_errorf(struct reply *reply, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reply_error_bytes(reply, bytes_make(text, bits_min((size_t)len, sizeof text - 1)));
}

void reply_error_range(struct reply *reply, int64_t min, int64_t max)
{
    reply_errorf(reply, "ERR value is out of range, value must between %lld and %lld",
                 (long long)min, (long long)max);
}

void reply_int(struct reply *reply, int64_t value)
{
    write_header(reply, ':', value);
}

void reply_bulk(struct reply *reply, struct bytes value)
{
    if (reply->muted)
        return;
    reply_reserve(reply, value.len + 26);
    write_header(reply, '$', (int64_t)value.len);
    char *p = reply->data + reply->len;
    memcpy(p, value.data, value.len);
    p[value.len] = '\r';
    p[value.len + 1] = '\n';
    reply->len += value.len + 2;
}

void reply_bulk_cstr(struct reply *reply, const char *text)
{
    reply_bulk(reply, bytes_of(text));
}

void reply_bulk_int(struct reply *reply, int64_t value)
{
    char text[24];
    reply_bulk(reply, bytes_make(text, number_format_i64(text, value)));
}

void reply_bulkf(struct reply *reply, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reply_bulk(reply, bytes_make(text, bits_min((size_t)len, sizeof text - 1)));
}

void reply_bulk_blob(struct reply *reply, struct blob *blob, size_t from, size_t len)
{
    if (len < REPLY_BLOB_BYTES) {
        reply_bulk(reply, bytes_make(blob->data + from, len));
        return;
    }
    if (reply->muted)
        return;
    write_header(reply, '$', (int64_t)len);
    ref_add(reply, (struct reply_ref){
                       .at = reply->len, .blob = blob_get(blob), .from = from, .len = len});
    reply_raw(reply, "\r\n", 2);
}

void reply_nil(struct reply *reply)
{
    if (reply->resp == 3)
        reply_raw(reply, "_\r\n", 3);
    else
        reply_raw(reply, "$-1\r\n", 5);
}

void reply_nil_array(struct reply *reply)
{
    if (reply->resp == 3)
        reply_raw(reply, "_\r\n", 3);
    else
        reply_raw(reply, "*-1\r\n", 5);
}

void reply_array(struct reply *reply, size_t count)
{
    write_header(reply, '*', (int64_t)count);
}

void reply_map(struct reply *reply, size_t pairs)
{
    if (reply->resp == 3)
        write_header(reply, '%', (int64_t)pairs);
    else
        write_header(reply, '*', (int64_t)pairs * 2);
}

void reply_set(struct reply *reply, size_t count)
{
    write_header(reply, reply->resp == 3 ? '~' : '*', (int64_t)count);
}

void reply_push(struct reply *reply, size_t count)
{
    write_header(reply, reply->resp == 3 ? '>' : '*', (int64_t)count);
}

void reply_attribute(struct reply *reply, size_t pairs)
{
    assert(reply->resp == 3);
    write_header(reply, '|', (int64_t)pairs);
}

void reply_double(struct reply *reply, double value)
{
    char text[64];
    size_t len = number_format_double(text, sizeof text, value);
    if (reply->resp == 3)
        write_line(reply, ',', bytes_make(text, len));
    else
        reply_bulk(reply, bytes_make(text, len));
}

void reply_ldouble_human(struct reply *reply, long double value)
{
    char text[NUMBER_LDOUBLE_MAX];
    size_t len = number_format_ldouble_human(text, sizeof text, value);
    reply_bulk(reply, bytes_make(text, len));
}

void reply_bool(struct reply *reply, bool value)
{
    if (reply->resp == 3)
        reply_raw(reply, value ? "#t\r\n" : "#f\r\n", 4);
    else
        reply_raw(reply, value ? ":1\r\n" : ":0\r\n", 4);
}

void reply_verbatim(struct reply *reply, struct bytes text, const char *format)
{
    if (reply->resp != 3) {
        reply_bulk(reply, text);
        return;
    }
    assert(strlen(format) == 3);
    write_header(reply, '=', (int64_t)text.len + 4);
    reply_raw(reply, format, 3);
    reply_raw(reply, ":", 1);
    reply_raw(reply, text.data, text.len);
    reply_raw(reply, "\r\n", 2);
}

void reply_big_number(struct reply *reply, struct bytes digits)
{
    if (reply->resp == 3)
        write_line(reply, '(', digits);
    else
        reply_bulk(reply, digits);
}

struct reply_mark reply_open(struct reply *reply)
{
    return reply_here(reply);
}

/* Puts a header in front of what was written since the mark. */
static void insert_header(struct reply *reply, struct reply_mark open, char type, size_t count)
{
    if (reply->muted)
        return;
    size_t body = reply->len - open.len;
    write_header(reply, type, (int64_t)count);
    size_t head = reply->len - open.len - body;
    char text[24];
    memcpy(text, reply->data + open.len + body, head);
    memmove(reply->data + open.len + head, reply->data + open.len, body);
    memcpy(reply->data + open.len, text, head);
    for (uint32_t i = open.refs; i < reply->ref_count; i++)
        reply->refs[i].at += head;
}

void reply_close_array(struct reply *reply, struct reply_mark open, size_t count)
{
    insert_header(reply, open, '*', count);
}

void reply_close_map(struct reply *reply, struct reply_mark open, size_t pairs)
{
    if (reply->resp == 3)
        insert_header(reply, open, '%', pairs);
    else
        insert_header(reply, open, '*', pairs * 2);
}

void reply_close_set(struct reply *reply, struct reply_mark open, size_t count)
{
    insert_header(reply, open, reply->resp == 3 ? '~' : '*', count);
}

size_t reply_iov_count(const struct reply *reply)
{
    return (size_t)reply->ref_count * 2 + 1;
}

size_t reply_iov(const struct reply *reply, struct iovec *iov, size_t cap)
{
    size_t count = 0, at = 0;
    for (uint32_t i = 0; i < reply->ref_count; i++) {
        const struct reply_ref *ref = &reply->refs[i];
        if (ref->at > at) {
            assert(count < cap);
            iov[count++] = (struct iovec){reply->data + at, ref->at - at};
        }
        assert(count < cap);
        iov[count++] = (struct iovec){ref->blob->data + ref->from, ref->len};
        at = ref->at;
    }
    if (reply->len > at) {
        assert(count < cap);
        iov[count++] = (struct iovec){reply->data + at, reply->len - at};
    }
    return count;
}
