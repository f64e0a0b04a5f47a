/*
 * Settings value: parsing, printing and owning values by kind. See the header.
 *
 * Setting is all or nothing: a new value is complete before the old one is freed.
 */
#include "shard/admin/settings_value.h"

#include "base/alloc.h"
#include "base/args.h"
#include "base/number.h"
#include "shard/admin/settings_special.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of a table and what it stands for. */
static const struct {
    enum settings_table table;
    const char *text;
    int value;
} words[] = {
#define TABLE(table)
#define WORD(table, name, text, value) {SETTINGS_TABLE_##table, text, value},
#include "shard/admin/settings_words.def"
#undef WORD
#undef TABLE
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]) };

static int fail(char *error, size_t error_size, const char *text)
{
    snprintf(error, error_size, "%s", text);
    return -1;
}

static int set_bool(bool *field, struct bytes text, char *error, size_t error_size)
{
    if (bytes_equal_nocase(text, "yes")) {
        *field = true;
    } else if (bytes_equal_nocase(text, "no")) {
        *field = false;
    } else {
        return fail(error, error_size, "argument must be 'yes' or 'no'");
    }
    return 0;
}

/* As strtoll() in base 8, with nothing after the number. Text too long for a number is none. */
static bool parse_octal(struct bytes text, int64_t *value)
{
    char copy[64], *end;

    if (text.len >= sizeof(copy)) return false;
    if (text.len > 0) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *value = strtoll(copy, &end, 8);
    return errno == 0 && end == copy + text.len;
}

static int set_integer(const struct setting *row, int64_t *field, struct bytes text, char *error,
                       size_t error_size)
{
    bool octal = row->kind == SETTING_OCTAL;
    int64_t value;

    if (octal && !parse_octal(text, &value))
        return fail(error, error_size, "argument couldn't be parsed as an octal number");
    if (!octal && !number_parse_i64(text, &value))
        return fail(error, error_size, "argument couldn't be parsed into an integer");
    if (value < row->min || value > row->max) {
        if (octal)
            snprintf(error, error_size,
                     "argument must be between %" PRIo64 " and %" PRIo64 " inclusive",
                     (uint64_t)row->min, (uint64_t)row->max);
        else
            snprintf(error, error_size,
                     "argument must be between %" PRId64 " and %" PRId64 " inclusive", row->min,
                     row->max);
        return -1;
    }
    *field = value;
    return 0;
}

static int set_memory(const struct setting *row, uint64_t *field, struct bytes text, char *error,
                      size_t error_size)
{
    uint64_t value, min = (uint64_t)row->min, max = (uint64_t)row->max;

    if (!number_parse_memory(text, &value))
        return fail(error, error_size, "argument must be a memory value");
    if (value < min || value > max) {
        snprintf(error, error_size,
                 "argument must be between %" PRIu64 " and %" PRIu64 " inclusive", min, max);
        return -1;
    }
    *field = value;
    return 0;
}

/* Bytes as they are, a percentage as its negative. */
static int set_share(const struct setting *row, int64_t *field, struct bytes text, char *error,
                     size_t error_size)
{
    struct bytes digits = {text.data, text.len - 1};
    uint64_t bytes;
    int64_t percent = INT64_MAX;

    if (number_parse_memory(text, &bytes)) {
        if (bytes <= INT64_MAX) {
            *field = (int64_t)bytes;
            return 0;
        }
    } else if (text.len < 2 || text.data[text.len - 1] != '%' ||
               !number_parse_i64(digits, &percent) || percent < 0) {
        return fail(error, error_size, "argument must be a memory or percent value");
    }
    if (percent > row->max) {
        snprintf(error, error_size, "percentage argument must be less or equal to %" PRId64,
                 row->max);
        return -1;
    }
    *field = -percent;
    return 0;
}

/* An empty text is kept as such only where the default is a text. */
static int set_text(const struct setting *row, char **field, struct bytes text, char *error,
                    size_t error_size)
{
    const char *problem = row->check ? row->check(text) : NULL;

    if (!problem && text.len > 0 && memchr(text.data, '\0', text.len))
        problem = "argument must not contain a NUL byte";
    if (problem) return fail(error, error_size, problem);
    alloc_free(*field);
    *field = text.len == 0 && !row->default_text ? NULL : settings_special_string(text);
    return 0;
}

static bool find_word(enum settings_table table, struct bytes text, int *value)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].table != table || !bytes_equal_nocase(text, words[i].text)) continue;
        *value |= words[i].value;
        return true;
    }
    return false;
}

static int fail_words(enum settings_table table, char *error, size_t error_size)
{
    struct buffer text;
    const char *separator = "argument(s) must be one of the following: ";

    buffer_init(&text);
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].table != table) continue;
        buffer_appendf(&text, "%s%s", separator, words[i].text);
        separator = ", ";
    }
    snprintf(error, error_size, "%.*s", (int)text.len, text.data);
    buffer_deinit(&text);
    return -1;
}

static int set_words(const struct setting *row, int *field, const struct bytes *args, size_t nargs,
                     char *error, size_t error_size)
{
    int value = 0;

    for (size_t i = 0; i < nargs; i++)
        if (!find_word(row->table, args[i], &value))
            return fail_words(row->table, error, error_size);
    if (nargs == 0) return fail_words(row->table, error, error_size);
    if (row->table == SETTINGS_TABLE_SHUTDOWN && (value & SETTING_SHUTDOWN_SAVE) &&
        (value & SETTING_SHUTDOWN_NO_SAVE))
        return fail(error, error_size,
                    "shutdown options SAVE and NOSAVE can't be used simultaneously");
    *field = value;
    return 0;
}

int settings_value_set(const struct setting *row, void *field, const struct bytes *args,
                       size_t nargs, bool add, char *error, size_t error_size)
{
    if (!(row->flags & SETTING_MULTI) && nargs != 1)
        return fail(error, error_size, "wrong number of arguments");
    switch (row->kind) {
    case SETTING_BOOL:
        return set_bool(field, args[0], error, error_size);
    case SETTING_INTEGER:
    case SETTING_OCTAL:
        return set_integer(row, field, args[0], error, error_size);
    case SETTING_MEMORY:
        return set_memory(row, field, args[0], error, error_size);
    case SETTING_SHARE:
        return set_share(row, field, args[0], error, error_size);
    case SETTING_TEXT:
        return set_text(row, field, args[0], error, error_size);
    case SETTING_WORD:
    case SETTING_WORDS:
        return set_words(row, field, args, nargs, error, error_size);
    default: {
        const char *problem = settings_special_set(row->kind, field, args, nargs, add);

        return problem ? fail(error, error_size, problem) : 0;
    }
    }
}

/* The first word with this value, or the words whose bits make it up. */
static void print_words(const struct setting *row, int value, struct buffer *out)
{
    const char *separator = "";

    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].table != row->table || words[i].value != value) continue;
        buffer_append_cstr(out, words[i].text);
        return;
    }
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (words[i].table != row->table || !(words[i].value & value)) continue;
        buffer_appendf(out, "%s%s", separator, words[i].text);
        separator = " ";
    }
}

void settings_value_print(const struct setting *row, const void *field, struct buffer *out)
{
    const int64_t *number = field;

    switch (row->kind) {
    case SETTING_BOOL:
        buffer_append_cstr(out, *(const bool *)field ? "yes" : "no");
        break;
    case SETTING_INTEGER:
        buffer_appendf(out, "%" PRId64, *number);
        break;
    case SETTING_OCTAL:
        buffer_appendf(out, "%" PRIo64, (uint64_t)*number);
        break;
    case SETTING_MEMORY:
        buffer_appendf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case SETTING_SHARE:
        buffer_appendf(out, *number < 0 ? "%" PRId64 "%%" : "%" PRId64,
                       *number < 0 ? -*number : *number);
        break;
    case SETTING_TEXT:
        if (*(char *const *)field) buffer_append_cstr(out, *(char *const *)field);
        break;
    case SETTING_WORD:
    case SETTING_WORDS:
        print_words(row, *(const int *)field, out);
        break;
    default:
        settings_special_print(row->kind, field, out);
    }
}

void settings_value_write(const struct setting *row, const void *field, struct buffer *out)
{
    if (row->kind >= SETTING_ADDRESSES) {
        settings_special_write(row, field, out);
        return;
    }
    if (row->kind == SETTING_TEXT && !*(char *const *)field) return;
    buffer_append_cstr(out, row->name);
    buffer_append_char(out, ' ');
    if (row->kind == SETTING_TEXT)
        args_quote(out, bytes_of(*(char *const *)field));
    else if (row->kind == SETTING_MEMORY)
        settings_special_write_memory(*(const uint64_t *)field, out);
    else if (row->kind == SETTING_SHARE && *(const int64_t *)field > 0)
        settings_special_write_memory((uint64_t) * (const int64_t *)field, out);
    else
        settings_value_print(row, field, out);
    buffer_append_char(out, '\n');
}

void settings_value_copy(const struct setting *row, void *to, const void *from)
{
    switch (row->kind) {
    case SETTING_BOOL:
        *(bool *)to = *(const bool *)from;
        break;
    case SETTING_INTEGER:
    case SETTING_OCTAL:
    case SETTING_SHARE:
        *(int64_t *)to = *(const int64_t *)from;
        break;
    case SETTING_MEMORY:
        *(uint64_t *)to = *(const uint64_t *)from;
        break;
    case SETTING_WORD:
    case SETTING_WORDS:
        *(int *)to = *(const int *)from;
        break;
    case SETTING_TEXT: {
        const char *text = *(char *const *)from;

        *(char **)to = text ? settings_special_string(bytes_of(text)) : NULL;
        break;
    }
    default:
        settings_special_copy(row->kind, to, from);
    }
}

void settings_value_deinit(const struct setting *row, void *field)
{
    if (row->kind == SETTING_TEXT) {
        alloc_free(*(char **)field);
        *(char **)field = NULL;
    } else if (row->kind >= SETTING_ADDRESSES) {
        settings_special_deinit(row->kind, field);
    }
}
