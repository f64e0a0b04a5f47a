/*
 * RESP parser: see resp.h.
 *
 * Two paths. parse_whole() reads a command that is complete in the data, without
 * touching the parser's state. When it meets the end of the data it gives up, and
 * parse_partial() starts over, keeping state between calls. Errors are reported
 * by the partial path alone, so that each has one place.
 */
#include "net/resp.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"

#define RESTRICTED_ARGS 10
#define RESTRICTED_BULK 16384
#define ARGS_RESERVE_MAX 1024

void resp_init(struct resp_parser *parser)
{
    memset(parser, 0, sizeof *parser);
    parser->args_left = -1;
    parser->bulk_left = -1;
}

static void args_drop(struct resp_parser *p)
{
    for (size_t i = 0; i < p->arg_count; i++)
        blob_put(p->args[i].blob);
    p->arg_count = 0;
    p->blob_count = 0;
    p->blob_bytes = 0;
}

void resp_deinit(struct resp_parser *p)
{
    args_drop(p);
    blob_put(p->fill);
    alloc_free(p->args);
    alloc_free(p->views);
    args_deinit(&p->line);
    resp_init(p);
}

void resp_release(struct resp_parser *p)
{
    /* A blank line has storage and no items. */
    if (likely(p->args == NULL && p->line.storage == NULL))
        return;
    if (p->partial)
        return; /* the state belongs to the next command already */
    if (resp_is_slow(p))
        p->argv = NULL;
    args_drop(p);
    alloc_free(p->args);
    alloc_free(p->views);
    p->args = NULL;
    p->views = NULL;
    p->arg_cap = p->view_cap = 0;
    args_deinit(&p->line);
}

void resp_restart(struct resp_parser *p)
{
    p->partial = false;
    p->argv = NULL;
    blob_put(p->fill);
    p->fill = NULL;
    resp_release(p);
    p->args_left = p->bulk_left = -1;
}

void resp_rebase(struct resp_parser *p, const char *data)
{
    if (p->argv != p->views)
        return;
    for (size_t i = 0; i < p->arg_count; i++)
        if (p->args[i].blob == NULL)
            p->views[i].data = data + p->args[i].from;
}

struct blob *resp_take_blob(struct resp_parser *p, size_t i)
{
    if (i >= p->arg_count)
        return NULL;
    struct blob *blob = p->args[i].blob;
    if (blob != NULL) {
        p->args[i].blob = NULL;
        p->blob_count--;
        p->blob_bytes -= blob->cap;
    }
    return blob;
}

size_t resp_memory(const struct resp_parser *p)
{
    size_t bytes = p->arg_cap * sizeof *p->args + p->view_cap * sizeof *p->views;
    return bytes + p->blob_bytes + (p->fill == NULL ? 0 : p->fill->cap);
}

/* A small non-negative number without leading zeros ended by CRLF; -1 if it is not that, or
 * incomplete. */
static inline int64_t short_number(const char **at, const char *end)
{
    const char *p = *at;
    int64_t value = 0;
    int digits = 0;
    for (; p < end && digits < 9; p++, digits++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9)
            break;
        value = value * 10 + digit;
    }
    if (digits == 0 || end - p < 2 || p[0] != '\r' || p[1] != '\n')
        return -1;
    if (unlikely(**at == '0' && digits > 1))
        return -1;
    *at = p + 2;
    return value;
}

/* A complete multibulk command without anything unusual, or false. */
static bool parse_whole(struct resp_parser *p, const struct resp_limits *limits, const char *data,
                        size_t len, struct bytes *argv, size_t argv_cap)
{
    const char *at = data + 1, *end = data + len;
    int64_t argc = short_number(&at, end);
    if (argc <= 0 || (size_t)argc > argv_cap || (limits->restricted && argc > RESTRICTED_ARGS))
        return false;
    for (int64_t i = 0; i < argc; i++) {
        if (at >= end || *at != '$')
            return false;
        at++;
        int64_t bulk = short_number(&at, end);
        if (bulk < 0 || end - at < bulk + 2 || (uint64_t)bulk > limits->bulk_max ||
            (limits->restricted && bulk > RESTRICTED_BULK))
            return false;
        argv[i] = bytes_make(at, (size_t)bulk);
        at += bulk + 2;
    }
    p->argv = argv;
    p->argc = (size_t)argc;
    p->used = (size_t)(at - data);
    p->inline_form = false;
    return true;
}

static enum resp_result bad(struct resp_parser *p, const char *text)
{
    snprintf(p->error, sizeof p->error, "Protocol error: %s", text);
    return RESP_BAD;
}

static void command_begin(struct resp_parser *p)
{
    resp_release(p);
    p->partial = true;
    p->at = 0;
    p->args_left = -1;
    p->bulk_left = -1;
}

static void command_end(struct resp_parser *p)
{
    p->partial = false;
    p->used = p->at;
    p->args_left = -1;
}

static void arg_add(struct resp_parser *p, struct resp_arg arg)
{
    if (p->arg_count == p->arg_cap) {
        size_t wanted = p->arg_cap == 0 ? 8 : p->arg_cap * 2;
        /* The whole count at once when it is small: it came from the client. */
        if (p->arg_cap == 0 && p->args_left > 8)
            wanted = bits_min((size_t)p->args_left, ARGS_RESERVE_MAX);
        p->args = alloc_resize(p->args, wanted * sizeof *p->args);
        p->arg_cap = wanted;
    }
    p->args[p->arg_count++] = arg;
    if (arg.blob != NULL) {
        p->blob_count++;
        p->blob_bytes += arg.blob->cap;
    }
}

static enum resp_result parse_inline(struct resp_parser *p, const char *data, size_t len)
{
    const char *newline = memchr(data + p->at, '\n', len - p->at);
    if (newline == NULL) {
        if (len > RESP_INLINE_MAX)
            return bad(p, "too big inline request");
        p->at = len;
        return RESP_MORE;
    }
    size_t line = (size_t)(newline - data), text = line;
    if (text > 0 && data[text - 1] == '\r')
        text--;
    if (args_split(bytes_make(data, text), &p->line) != 0)
        return bad(p, "unbalanced quotes in request");
    p->at = line + 1;
    command_end(p);
    p->inline_form = true;
    p->argv = p->line.items;
    p->argc = p->line.count;
    return p->argc == 0 ? RESP_EMPTY : RESP_COMMAND;
}

/*
 * The number in a header line ("*3", "$5") that starts at p->at with its type
 * byte. RESP_COMMAND: read, p->at is behind the line. `too_big` is the error for
 * a line that does not end.
 */
static enum resp_result parse_number(struct resp_parser *p, const char *data, size_t len,
                                     const char *too_big, bool *valid, int64_t *value)
{
    const char *start = data + p->at;
    const char *cr = memchr(start, '\r', len - p->at);
    if (cr == NULL) {
        if (len - p->at > RESP_INLINE_MAX)
            return bad(p, too_big);
        return RESP_MORE;
    }
    if (cr + 1 >= data + len)
        return RESP_MORE;
    *valid = number_parse_i64(bytes_make(start + 1, (size_t)(cr - start - 1)), value);
    p->at = (size_t)(cr - data) + 2;
    return RESP_COMMAND;
}

static enum resp_result parse_args_header(struct resp_parser *p, const struct resp_limits *limits,
                                          const char *data, size_t len)
{
    bool valid;
    int64_t count;
    enum resp_result result =
        parse_number(p, data, len, "too big mbulk count string", &valid, &count);
    if (result != RESP_COMMAND)
        return result;
    if (!valid || count > INT_MAX)
        return bad(p, "invalid multibulk length");
    if (count > RESTRICTED_ARGS && limits->restricted)
        return bad(p, "unauthenticated multibulk length");
    if (count <= 0) {
        command_end(p);
        return RESP_EMPTY;
    }
    p->args_left = count;
    return RESP_COMMAND;
}

static enum resp_result parse_bulk_header(struct resp_parser *p, const struct resp_limits *limits,
                                          const char *data, size_t len)
{
    if (p->at >= len)
        return RESP_MORE;
    bool valid;
    int64_t bulk;
    size_t start = p->at;
    if (data[start] != '$') {
        /* As Redis: the line has to be there before its first byte is judged. */
        if (memchr(data + start, '\r', len - start) == NULL && len - start <= RESP_INLINE_MAX)
            return RESP_MORE;
        char text[40];
        snprintf(text, sizeof text, "expected '$', got '%c'", data[start]);
        return bad(p, text);
    }
    enum resp_result result =
        parse_number(p, data, len, "too big bulk count string", &valid, &bulk);
    if (result != RESP_COMMAND)
        return result;
    if (!valid || bulk < 0 || (uint64_t)bulk > limits->bulk_max)
        return bad(p, "invalid bulk length");
    if (bulk > RESTRICTED_BULK && limits->restricted)
        return bad(p, "unauthenticated bulk length");
    p->bulk_left = bulk;
    return RESP_COMMAND;
}

static enum resp_result parse_bulk(struct resp_parser *p, const char *data, size_t len)
{
    size_t bulk = (size_t)p->bulk_left, have = len - p->at;
    if (p->fill != NULL) { /* complete, or resp_fill() would still be called */
        if (have < 2)
            return RESP_MORE;
        arg_add(p, (struct resp_arg){.len = bulk, .blob = p->fill});
        p->fill = NULL;
        p->at += 2;
    } else if (have >= bulk + 2) {
        arg_add(p, (struct resp_arg){.from = p->at, .len = bulk});
        p->at += bulk + 2;
    } else if (bulk >= RESP_BLOB_BYTES) {
        p->fill = blob_try(bulk, bulk);
        if (p->fill == NULL)
            return bad(p, "out of memory for bulk");
        p->filled = bits_min(have, bulk);
        memcpy(p->fill->data, data + p->at, p->filled);
        p->at += p->filled;
        return RESP_MORE;
    } else {
        return RESP_MORE;
    }
    p->bulk_left = -1;
    p->args_left--;
    return RESP_COMMAND;
}

static enum resp_result command_finish(struct resp_parser *p, const char *data)
{
    if (p->arg_count > p->view_cap) {
        p->views = alloc_resize(p->views, p->arg_count * sizeof *p->views);
        p->view_cap = p->arg_count;
    }
    for (size_t i = 0; i < p->arg_count; i++) {
        const struct resp_arg *arg = &p->args[i];
        p->views[i] = bytes_make(arg->blob == NULL ? data + arg->from : arg->blob->data, arg->len);
    }
    command_end(p);
    p->argv = p->views;
    p->argc = p->arg_count;
    p->inline_form = false;
    return RESP_COMMAND;
}

static enum resp_result parse_partial(struct resp_parser *p, const struct resp_limits *limits,
                                      const char *data, size_t len)
{
    if (!p->partial)
        command_begin(p);
    if (data[0] != '*')
        return parse_inline(p, data, len);
    enum resp_result result;
    if (p->args_left < 0) {
        result = parse_args_header(p, limits, data, len);
        if (result != RESP_COMMAND)
            return result;
    }
    while (p->args_left > 0) {
        if (p->bulk_left < 0) {
            result = parse_bulk_header(p, limits, data, len);
            if (result != RESP_COMMAND)
                return result;
        }
        result = parse_bulk(p, data, len);
        if (result != RESP_COMMAND)
            return result;
    }
    return command_finish(p, data);
}

enum resp_result resp_parse(struct resp_parser *p, const struct resp_limits *limits,
                            const char *data, size_t len, struct bytes *argv, size_t argv_cap)
{
    assert(!resp_filling(p));
    if (len == 0)
        return RESP_MORE;
    if (likely(!p->partial && data[0] == '*') &&
        likely(parse_whole(p, limits, data, len, argv, argv_cap)))
        return RESP_COMMAND;
    return parse_partial(p, limits, data, len);
}
