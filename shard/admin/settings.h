/*
 * Settings: what the configuration file, the command line and CONFIG set.
 *
 * The rows of settings.def give a plain struct with a field each, and a `struct setting` that
 * describes the row. A struct settings is filled at start or by CONFIG SET on a copy of its own,
 * then published for the whole node: from that moment nobody changes it, it is replaced whole. So
 * nothing here takes a lock, and nothing here takes effect either: whoever publishes compares old
 * and new by settings_differ() and acts.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_H
#define SHOAL_SHARD_ADMIN_SETTINGS_H

#include "base/buffer.h"
#include "base/bytes.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes for any error text of this module, with its NUL. */
enum { SETTINGS_ERROR_MAX = 512 };

/* Strings in order. */
struct settings_list {
    char **items;
    size_t count;
};

/* Save when `seconds` have passed and at least `changes` keys changed. */
struct settings_save_point {
    int64_t seconds;
    int64_t changes;
};

struct settings_save_points {
    struct settings_save_point *items;
    size_t count;
};

/* Any bytes, NUL among them; text is NULL when there is no password. */
struct settings_password {
    char *text;
    size_t len;
};

/* What a client may leave unread: 0 means no limit. */
struct settings_output_limit {
    uint64_t hard_bytes;
    uint64_t soft_bytes;
    int64_t soft_seconds;
};

enum settings_client_class {
    SETTINGS_CLIENT_NORMAL,
    SETTINGS_CLIENT_REPLICA,
    SETTINGS_CLIENT_PUBSUB,
    SETTINGS_CLIENT_CLASSES
};

struct settings_output_limits {
    struct settings_output_limit of[SETTINGS_CLIENT_CLASSES];
};

/* The primary to follow; host is NULL when there is none. */
struct settings_primary {
    char *host;
    int port;
};

enum settings_oom_role {
    SETTINGS_OOM_PRIMARY,
    SETTINGS_OOM_REPLICA,
    SETTINGS_OOM_SAVER,
    SETTINGS_OOM_ROLES
};

struct settings_oom_scores {
    int of[SETTINGS_OOM_ROLES];
};

struct settings_percentiles {
    double *items;
    size_t count;
};

/* The bits of notify_keyspace_events. */
enum settings_event {
    SETTINGS_EVENT_KEYSPACE = 1 << 0, /* K */
    SETTINGS_EVENT_KEYEVENT = 1 << 1, /* E */
    SETTINGS_EVENT_GENERIC = 1 << 2,  /* g */
    SETTINGS_EVENT_STRING = 1 << 3,   /* $ */
    SETTINGS_EVENT_LIST = 1 << 4,     /* l */
    SETTINGS_EVENT_SET = 1 << 5,      /* s */
    SETTINGS_EVENT_HASH = 1 << 6,     /* h */
    SETTINGS_EVENT_ZSET = 1 << 7,     /* z */
    SETTINGS_EVENT_EXPIRED = 1 << 8,  /* x */
    SETTINGS_EVENT_EVICTED = 1 << 9,  /* e */
    SETTINGS_EVENT_STREAM = 1 << 10,  /* t */
    SETTINGS_EVENT_MODULE = 1 << 11,  /* d */
    SETTINGS_EVENT_NEW = 1 << 12,     /* n */
    SETTINGS_EVENT_MISS = 1 << 13,    /* m */
    SETTINGS_EVENT_ALL = 0xffc        /* A: all but K, E, n and m */
};

/* The values of the fields that hold a word: SETTING_LOG_LEVEL_NOTICE and so on. */
enum settings_word {
#define TABLE(table)
#define WORD(table, name, text, value) SETTING_##table##_##name = (value),
#include "shard/admin/settings_words.def"
#undef WORD
#undef TABLE
};

/* The tables of words. */
enum settings_table {
#define TABLE(table) SETTINGS_TABLE_##table,
#define WORD(table, name, text, value)
#include "shard/admin/settings_words.def"
#undef WORD
#undef TABLE
};

/* The values, one field a row. Strings and lists belong to the struct. */
struct settings {
#define BOOL(field, ...)                bool field;
#define INTEGER(field, ...)             int64_t field;
#define OCTAL(field, ...)               int64_t field;
#define MEMORY(field, ...)              uint64_t field;
#define SHARE(field, ...)               int64_t field;
#define TEXT(field, ...)                char *field;
#define WORD(field, ...)                int field;
#define WORDS(field, ...)               int field;
#define SPECIAL(kind, type, field, ...) type field;
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
#undef SECTION
#undef REMOVED
};

enum setting_kind {
    SETTING_BOOL,
    SETTING_INTEGER,
    SETTING_OCTAL,
    SETTING_MEMORY,
    SETTING_SHARE,
    SETTING_TEXT,
    SETTING_WORD,
    SETTING_WORDS,
    SETTING_ADDRESSES,
    SETTING_SAVE_POINTS,
    SETTING_DIRECTORY,
    SETTING_PASSWORD,
    SETTING_PRIMARY,
    SETTING_USERS,
    SETTING_RENAMES,
    SETTING_OUTPUT_LIMITS,
    SETTING_OOM_SCORES,
    SETTING_PERCENTILES,
    SETTING_EVENTS
};

/* The flags of a row. settings.def says what each means. */
enum setting_flag {
    SETTING_IMMUTABLE = 1 << 0,
    SETTING_HIDDEN = 1 << 1,
    SETTING_MULTI = 1 << 2,
    SETTING_SENSITIVE = 1 << 3,
    SETTING_PROTECTED = 1 << 4,
    SETTING_NOT_LOADING = 1 << 5,
    SETTING_MEANINGLESS = 1 << 6,
    SETTING_LATER = 1 << 7,
    SETTING_FILE_ONLY = 1 << 8,
    SETTING_ALWAYS = 1 << 9
};

/* A row. */
struct setting {
    const char *name;
    const char *alias;        /* an older name, or NULL */
    const char *default_text; /* as in a file; NULL for nothing */
    const char *doc;
    size_t offset;  /* of the field in struct settings */
    int64_t min;    /* MEMORY: the bits of a uint64_t */
    int64_t max;    /* the same */
    unsigned flags; /* of enum setting_flag */
    enum setting_kind kind;
    enum settings_table table;                /* WORD and WORDS */
    const char *(*check)(struct bytes value); /* TEXT: what is wrong with it, NULL if nothing */
};

/* All rows, in the order of settings.def. */
const struct setting *settings_rows(size_t *count);

/* The row of a name or alias, in any case; NULL when there is none. */
const struct setting *settings_find(struct bytes name);

/* Whether a directive of earlier versions is still accepted in files, and ignored. */
bool settings_is_removed(struct bytes name);

/*
 * Settings at their defaults; `dir` is the working directory of the process. The caller frees them
 * with settings_free().
 */
struct settings *settings_new_default(void);

/* A copy that shares nothing. Freed by settings_free(). */
struct settings *settings_copy(const struct settings *settings);

/* NULL is fine. */
void settings_free(struct settings *settings);

/*
 * Sets one setting as a file or the command line does, replacing its value. Several arguments may
 * also come as one, separated by white space, except for `user` and `rename-command`. Returns 0, or
 * -1 with a text in `error` (of SETTINGS_ERROR_MAX bytes) and nothing changed.
 */
int settings_set(struct settings *settings, struct bytes name, const struct bytes *args,
                 size_t nargs, char *error, size_t error_size);

/*
 * As settings_set(), but `save`, `user` and `rename-command` keep what they have and get more;
 * other settings are replaced all the same.
 */
int settings_add(struct settings *settings, struct bytes name, const struct bytes *args,
                 size_t nargs, char *error, size_t error_size);

/* Appends the value as CONFIG GET shows it. */
void settings_get(const struct settings *settings, const struct setting *row, struct buffer *out);

/*
 * Appends the value as lines of a configuration file, each with its newline: one, none when the
 * absence of a line says it, or several.
 */
void settings_write(const struct settings *settings, const struct setting *row, struct buffer *out);

/* Whether the two have different values in a row. */
bool settings_differ(const struct settings *a, const struct settings *b, const struct setting *row);

/*
 * What no row can see alone, once all are set. Refuses combinations that make no sense, with a text
 * in `error`, and corrects values that are off: `hz` goes to 1 to 500, `repl_backlog_size` to 16 kb
 * at least, `databases` to 1 in a cluster. Returns 0 or -1.
 */
int settings_check(struct settings *settings, char *error, size_t error_size);

/*
 * Calls `visit` with a line for the log about each setting that differs from `before` and has no
 * effect here, or none yet. `before` NULL means the defaults, as at start. Values that ask for
 * nothing ("no", empty) get no line. Values are not shown.
 */
void settings_each_notice(const struct settings *settings, const struct settings *before,
                          void (*visit)(void *context, const char *line), void *context);

#endif
