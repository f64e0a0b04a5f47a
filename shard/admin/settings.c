/*
 * Settings: the table and what is done by its rows. See the header; the kinds of values are in
 * settings_value.c.
 */
#include "shard/admin/settings.h"

#include "base/alloc.h"
#include "base/args.h"
#include "base/log.h"
#include "shard/admin/settings_special.h"
#include "shard/admin/settings_text.h"
#include "shard/admin/settings_value.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static_assert(SETTING_LOG_LEVEL_DEBUG == (int)LOG_LEVEL_DEBUG, "levels are those of the log");
static_assert(SETTING_LOG_LEVEL_NOTHING == (int)LOG_LEVEL_NOTHING, "levels are those of the log");
static_assert(SETTING_SYSLOG_FACILITY_USER == LOG_USER, "facilities are those of syslog.h");
static_assert(SETTING_SYSLOG_FACILITY_LOCAL0 == LOG_LOCAL0, "facilities are those of syslog.h");
static_assert(SETTING_SYSLOG_FACILITY_LOCAL7 == LOG_LOCAL7, "facilities are those of syslog.h");

/* The flags as settings.def spells them. */
enum {
    IMMUTABLE = SETTING_IMMUTABLE,
    HIDDEN = SETTING_HIDDEN,
    MULTI = SETTING_MULTI,
    SENSITIVE = SETTING_SENSITIVE,
    PROTECTED = SETTING_PROTECTED,
    NOT_LOADING = SETTING_NOT_LOADING,
    MEANINGLESS = SETTING_MEANINGLESS,
    LATER = SETTING_LATER,
    FILE_ONLY = SETTING_FILE_ONLY,
    ALWAYS = SETTING_ALWAYS
};

#define ROW(kind_, field_, name_, alias_, default_, flags_, doc_, ...)                             \
    {.name = (name_),                                                                              \
     .alias = (alias_),                                                                            \
     .default_text = (default_),                                                                   \
     .doc = (doc_),                                                                                \
     .offset = offsetof(struct settings, field_),                                                  \
     .flags = (flags_),                                                                            \
     .kind = SETTING_##kind_,                                                                      \
     __VA_ARGS__},
#define RANGE(min_, max_) .min = (int64_t)(min_), .max = (int64_t)(max_)

static const struct setting rows[] = {
#define BOOL(field, name, alias, value, flags, doc) ROW(BOOL, field, name, alias, value, flags, doc)
#define INTEGER(field, name, alias, value, min, max, flags, doc)                                   \
    ROW(INTEGER, field, name, alias, value, flags, doc, RANGE(min, max))
#define OCTAL(field, name, alias, value, min, max, flags, doc)                                     \
    ROW(OCTAL, field, name, alias, value, flags, doc, RANGE(min, max))
#define MEMORY(field, name, alias, value, min, max, flags, doc)                                    \
    ROW(MEMORY, field, name, alias, value, flags, doc, RANGE(min, max))
#define SHARE(field, name, alias, value, max, flags, doc)                                          \
    ROW(SHARE, field, name, alias, value, flags, doc, RANGE(0, max))
#define TEXT(field, name, alias, value, check_, flags, doc)                                        \
    ROW(TEXT, field, name, alias, value, flags, doc, .check = (check_))
#define WORD(field, name, alias, value, words, flags, doc)                                         \
    ROW(WORD, field, name, alias, value, flags, doc, .table = SETTINGS_TABLE_##words)
#define WORDS(field, name, alias, value, words, flags, doc)                                        \
    ROW(WORDS, field, name, alias, value, flags, doc, .table = SETTINGS_TABLE_##words)
#define SPECIAL(kind, type, field, name, alias, value, flags, doc)                                 \
    ROW(kind, field, name, alias, value, flags, doc)
#define SECTION(title)
#define REMOVED(name)
#include "shard/admin/settings.def"
#undef BOOL
#undef INTEGER
#undef OCTAL
#undef MEMORY
#undef SHARE
#undef TEXT
#undef WORD
#undef WORDS
#undef SPECIAL
#undef REMOVED
#undef SECTION
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The smallest replication backlog, in bytes, that is of any use. */
enum { BACKLOG_MIN = 16384 };

static const char *const removed[] = {
#define BOOL(...)
#define INTEGER(...)
#define OCTAL(...)
#define MEMORY(...)
#define SHARE(...)
#define TEXT(...)
#define WORD(...)
#define WORDS(...)
#define SPECIAL(...)
#define SECTION(title)
#define REMOVED(name) name,
#include "shard/admin/settings.def"
#undef BOOL
#undef INTEGER
#undef OCTAL
#undef MEMORY
#undef SHARE
#undef TEXT
#undef WORD
#undef WORDS
#undef SPECIAL
#undef SECTION
#undef REMOVED
};

static void *field_of(struct settings *settings, const struct setting *row)
{
    return (char *)settings + row->offset;
}

static const void *const_field_of(const struct settings *settings, const struct setting *row)
{
    return (const char *)settings + row->offset;
}

const struct setting *settings_rows(size_t *count)
{
    *count = ROWS;
    return rows;
}

const struct setting *settings_find(struct bytes name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (bytes_equal_nocase(name, rows[i].name)) return &rows[i];
        if (rows[i].alias && bytes_equal_nocase(name, rows[i].alias)) return &rows[i];
    }
    return NULL;
}

bool settings_is_removed(struct bytes name)
{
    for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
        if (bytes_equal_nocase(name, removed[i])) return true;
    return false;
}

struct settings *settings_new_default(void)
{
    struct settings *settings = alloc_zeroed(sizeof(*settings));
    char error[SETTINGS_ERROR_MAX];

    for (size_t i = 0; i < ROWS; i++) {
        struct bytes name = bytes_of(rows[i].name), value;

        if (!rows[i].default_text) continue;
        value = bytes_of(rows[i].default_text);
        if (settings_set(settings, name, &value, 1, error, sizeof(error)) == 0) continue;
        /* Nothing but the world can fail a default: the working directory may be gone. */
        assert(rows[i].kind == SETTING_DIRECTORY);
        settings->dir = settings_special_string(value);
    }
    return settings;
}

struct settings *settings_copy(const struct settings *settings)
{
    struct settings *copy = alloc_zeroed(sizeof(*copy));

    for (size_t i = 0; i < ROWS; i++)
        settings_value_copy(&rows[i], field_of(copy, &rows[i]), const_field_of(settings, &rows[i]));
    return copy;
}

void settings_free(struct settings *settings)
{
    if (!settings) return;
    for (size_t i = 0; i < ROWS; i++)
        settings_value_deinit(&rows[i], field_of(settings, &rows[i]));
    alloc_free(settings);
}

/* Whether a single argument may hold several. */
static bool splits(const struct setting *row)
{
    return (row->flags & SETTING_MULTI) && !(row->flags & SETTING_FILE_ONLY);
}

static int set(struct settings *settings, struct bytes name, const struct bytes *args, size_t nargs,
               bool add, char *error, size_t error_size)
{
    const struct setting *row = settings_find(name);
    struct bytes_list parts;
    int result;

    if (!row) {
        snprintf(error, error_size, "Bad directive or wrong number of arguments");
        return -1;
    }
    if (!splits(row) || nargs != 1 || args[0].len == 0)
        return settings_value_set(row, field_of(settings, row), args, nargs, add, error,
                                  error_size);
    if (args_split(args[0], &parts) != 0) {
        snprintf(error, error_size, "Unbalanced quotes in configuration line");
        return -1;
    }
    result = settings_value_set(row, field_of(settings, row), parts.items, parts.count, add, error,
                                error_size);
    args_deinit(&parts);
    return result;
}

int settings_set(struct settings *settings, struct bytes name, const struct bytes *args,
                 size_t nargs, char *error, size_t error_size)
{
    return set(settings, name, args, nargs, false, error, error_size);
}

int settings_add(struct settings *settings, struct bytes name, const struct bytes *args,
                 size_t nargs, char *error, size_t error_size)
{
    return set(settings, name, args, nargs, true, error, error_size);
}

void settings_get(const struct settings *settings, const struct setting *row, struct buffer *out)
{
    settings_value_print(row, const_field_of(settings, row), out);
}

void settings_write(const struct settings *settings, const struct setting *row, struct buffer *out)
{
    settings_value_write(row, const_field_of(settings, row), out);
}

bool settings_differ(const struct settings *a, const struct settings *b, const struct setting *row)
{
    struct buffer texts[2] = {{0}, {0}};
    bool differ;

    settings_get(a, row, &texts[0]);
    settings_get(b, row, &texts[1]);
    differ = !bytes_equal(buffer_bytes(&texts[0]), buffer_bytes(&texts[1]));
    buffer_deinit(&texts[0]);
    buffer_deinit(&texts[1]);
    return differ;
}

int settings_check(struct settings *settings, char *error, size_t error_size)
{
    const char *problem = NULL;

    if (settings->hz < 1) settings->hz = 1;
    if (settings->hz > 500) settings->hz = 500;
    if (settings->cluster_enabled) settings->databases = 1;
    if (settings->repl_backlog_size < BACKLOG_MIN) settings->repl_backlog_size = BACKLOG_MIN;
    if (settings->cluster_enabled && settings->replicaof.host)
        problem = "replicaof directive not allowed in cluster mode";
    else if (settings->aclfile[0] != '\0' && settings->users.count > 0)
        problem = "users come from the configuration file or from aclfile, not from both";
    if (!problem) return 0;
    snprintf(error, error_size, "%s", problem);
    return -1;
}

/* Whether a value asks for something that the server would have to do. */
static bool asks_for_something(const struct settings *settings, const struct setting *row)
{
    struct buffer text = {0};
    bool asks;

    settings_get(settings, row, &text);
    asks = text.len > 0 && !bytes_equal(buffer_bytes(&text), bytes_of("no"));
    buffer_deinit(&text);
    return asks;
}

void settings_each_notice(const struct settings *settings, const struct settings *before,
                          void (*visit)(void *context, const char *line), void *context)
{
    struct settings *defaults = before ? NULL : settings_new_default();
    struct buffer line = {0};

    for (size_t i = 0; i < ROWS; i++) {
        const struct setting *row = &rows[i];

        if (!(row->flags & (SETTING_MEANINGLESS | SETTING_LATER))) continue;
        if (!settings_differ(settings, before ? before : defaults, row)) continue;
        if (!asks_for_something(settings, row)) continue;
        buffer_clear(&line);
        buffer_appendf(&line, "'%s' is accepted but %s", row->name,
                       row->flags & SETTING_LATER ? "this version does not act on it yet"
                                                  : "has no effect in Shoal");
        buffer_append_char(&line, '\0');
        visit(context, line.data);
    }
    buffer_deinit(&line);
    settings_free(defaults);
}
