/*
 * Args: splitting and quoting. See the header for the rules.
 *
 * All arguments share one block. It needs no more than the line's length plus one: each argument
 * is at most as long as its source, and the separator after it makes room for its NUL.
 */
#include "base/args.h"

#include "base/alloc.h"
#include <stdbool.h>

/* Where reading and writing are. */
struct splitter {
    const char *p, *end; /* source */
    char *out;           /* the next byte of the current argument */
};

/* isspace() of the C locale, whatever the locale. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What ends an argument outside of quotes: vertical tab and form feed do not, as in Redis. */
static bool ends_argument(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = bytes_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that a backslash before `c` stands for. */
static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* Whether what follows a closing quote may follow it. */
static bool is_separated(const struct splitter *s)
{
    return s->p == s->end || is_blank(*s->p);
}

/* Reads on after the opening quote. False when the closing one is missing or misplaced. */
static bool read_double_quoted(struct splitter *s)
{
    while (s->p < s->end) {
        char c = *s->p++;
        size_t left = (size_t)(s->end - s->p);

        if (c == '"') return is_separated(s);
        if (c != '\\' || left == 0) {
            *s->out++ = c;
        } else if (left >= 3 && s->p[0] == 'x' && hex_value(s->p[1]) >= 0 &&
                   hex_value(s->p[2]) >= 0) {
            *s->out++ = (char)(hex_value(s->p[1]) * 16 + hex_value(s->p[2]));
            s->p += 3;
        } else {
            *s->out++ = unescape(*s->p++);
        }
    }
    return false;
}

static bool read_single_quoted(struct splitter *s)
{
    while (s->p < s->end) {
        char c = *s->p++;

        if (c == '\'') return is_separated(s);
        if (c == '\\' && s->p < s->end && *s->p == '\'') c = *s->p++;
        *s->out++ = c;
    }
    return false;
}

/* Reads one argument. A quote may also open after plain characters. False as above. */
static bool read_argument(struct splitter *s)
{
    while (s->p < s->end && !ends_argument(*s->p)) {
        char c = *s->p++;

        if (c == '"') return read_double_quoted(s);
        if (c == '\'') return read_single_quoted(s);
        *s->out++ = c;
    }
    return true;
}

static void push(struct bytes_list *list, size_t *cap, struct bytes item)
{
    if (list->count == *cap) {
        *cap = *cap ? *cap * 2 : 8;
        list->items = alloc_resize(list->items, *cap * sizeof(*list->items));
    }
    list->items[list->count++] = item;
}

int args_split(struct bytes line, struct bytes_list *out)
{
    struct splitter s;
    size_t cap = 0;

    line = line.len > 0 ? bytes_make(line.data, strnlen(line.data, line.len)) : bytes_of("");
    *out = (struct bytes_list){.storage = alloc_get(line.len + 1)};
    s = (struct splitter){line.data, line.data + line.len, out->storage};
    for (;;) {
        char *start = s.out;

        while (s.p < s.end && is_blank(*s.p))
            s.p++;
        if (s.p == s.end) return 0;
        if (!read_argument(&s)) {
            args_deinit(out);
            return -1;
        }
        push(out, &cap, bytes_make(start, (size_t)(s.out - start)));
        *s.out++ = '\0';
    }
}

void args_deinit(struct bytes_list *list)
{
    alloc_free(list->items);
    alloc_free(list->storage);
    *list = (struct bytes_list){0};
}

/* The letter that, after a backslash, stands for `c`; 0 if there is none. */
static char escape_letter(char c)
{
    switch (c) {
    case '\\':
    case '"':
        return c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\a':
        return 'a';
    case '\b':
        return 'b';
    default:
        return 0;
    }
}

void args_quote(struct buffer *out, struct bytes text)
{
    buffer_reserve(out, text.len + 2);
    buffer_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i], letter = escape_letter(c);

        if (letter) {
            buffer_append_char(out, '\\');
            buffer_append_char(out, letter);
        } else if (c >= ' ' && c <= '~') {
            buffer_append_char(out, c);
        } else {
            unsigned char byte = (unsigned char)c;
            char hex[4] = {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};

            buffer_append(out, hex, sizeof(hex));
        }
    }
    buffer_append_char(out, '"');
}
