/*
 * Settings config: CONFIG GET and CONFIG SET. See the header.
 */
#include "shard/admin/settings_config.h"

#include "base/alloc.h"
#include "base/glob.h"
#include "shard/admin/settings_value.h"
#include <string.h>

/* A row under one of its names: "slave-priority" and "replica-priority" are two of these. */
struct named_row {
    const struct setting *row;
    const char *name;
};

static struct named_row find_named(struct bytes name)
{
    const struct setting *row = settings_find(name);

    if (!row || (row->flags & SETTING_FILE_ONLY)) return (struct named_row){0};
    return (struct named_row){row, bytes_equal_nocase(name, row->name) ? row->name : row->alias};
}

static void refuse(struct buffer *error, struct bytes name, const char *problem)
{
    buffer_append_cstr(error, "ERR CONFIG SET failed (possibly related to argument '");
    buffer_append_bytes(error, name);
    buffer_appendf(error, "') - %s", problem);
}

void settings_config_refuse(struct buffer *error, const char *name, const char *problem)
{
    refuse(error, bytes_of(name), problem);
}

/* Whether a name came before, under the same spelling but for case. */
static bool is_repeated(const struct bytes *args, size_t at)
{
    for (size_t i = 0; i < at; i += 2)
        if (bytes_equal_nocase_bytes(args[i], args[at])) return true;
    return false;
}

/* What is to be known of all names before any value is looked at. */
static enum settings_config_result check_names(const struct bytes *args, size_t nargs,
                                               struct settings_config_caller caller,
                                               struct buffer *error)
{
    for (size_t i = 0; i < nargs; i += 2) {
        const struct setting *row = find_named(args[i]).row;
        const char *problem = NULL;

        if (!row) {
            buffer_append_cstr(error,
                               "ERR Unknown option or number of arguments for CONFIG SET - '");
            buffer_append_bytes(error, args[i]);
            buffer_append_char(error, '\'');
            return SETTINGS_CONFIG_REFUSED;
        }
        if (row->flags & SETTING_IMMUTABLE)
            problem = "can't set immutable config";
        else if ((row->flags & SETTING_PROTECTED) && !caller.may_set_protected)
            problem = "can't set protected config";
        else if ((row->flags & SETTING_NOT_LOADING) && caller.is_loading)
            return SETTINGS_CONFIG_LOADING;
        else if (is_repeated(args, i))
            problem = "duplicate parameter";
        if (!problem) continue;
        refuse(error, args[i], problem);
        return SETTINGS_CONFIG_REFUSED;
    }
    return SETTINGS_CONFIG_OK;
}

/*
 * Sets one value. Several arguments are separated by a space each, without quotes: two spaces in a
 * row have an empty argument between them.
 */
static int set_value(struct settings *settings, const struct setting *row, struct bytes value,
                     char *error, size_t error_size)
{
    void *field = (char *)settings + row->offset;
    struct bytes *parts;
    size_t count = 0, start = 0;
    int result;

    if (!(row->flags & SETTING_MULTI))
        return settings_value_set(row, field, &value, 1, false, error, error_size);
    parts = alloc_get((value.len + 1) * sizeof(*parts));
    for (size_t i = 0; i <= value.len && value.len > 0; i++) {
        if (i < value.len && value.data[i] != ' ') continue;
        parts[count++] = bytes_make(value.data + start, i - start);
        start = i + 1;
    }
    result = settings_value_set(row, field, parts, count, false, error, error_size);
    alloc_free(parts);
    return result;
}

enum settings_config_result settings_config_set(const struct settings *now,
                                                const struct bytes *args, size_t nargs,
                                                struct settings_config_caller caller,
                                                struct settings **changed, struct buffer *error)
{
    enum settings_config_result result;
    char problem[SETTINGS_ERROR_MAX];
    struct settings *copy;

    if (nargs == 0 || nargs % 2 != 0) {
        buffer_append_cstr(error, "ERR syntax error");
        return SETTINGS_CONFIG_REFUSED;
    }
    result = check_names(args, nargs, caller, error);
    if (result != SETTINGS_CONFIG_OK) return result;

    copy = settings_copy(now);
    for (size_t i = 0; i < nargs; i += 2) {
        struct named_row named = find_named(args[i]);

        if (set_value(copy, named.row, args[i + 1], problem, sizeof(problem)) == 0) continue;
        refuse(error, bytes_of(named.name), problem);
        settings_free(copy);
        return SETTINGS_CONFIG_REFUSED;
    }
    if (settings_check(copy, problem, sizeof(problem)) != 0) {
        buffer_appendf(error, "ERR CONFIG SET failed - %s", problem);
        settings_free(copy);
        return SETTINGS_CONFIG_REFUSED;
    }
    *changed = copy;
    return SETTINGS_CONFIG_OK;
}

/* A CONFIG GET on its way. */
struct lookup {
    const struct settings *settings;
    bool *seen; /* two flags a row: its name, its alias */
    size_t count;
    void (*visit)(void *context, struct bytes name, struct bytes value);
    void *context;
};

/* Reports a row by the name `shown`, unless it was already. */
static void report(struct lookup *lookup, const struct setting *row, bool by_alias,
                   struct bytes shown)
{
    size_t total;
    bool *seen = &lookup->seen[(size_t)(row - settings_rows(&total)) * 2 + by_alias];
    struct buffer value;

    if (*seen) return;
    *seen = true;
    lookup->count++;
    if (!lookup->visit) return;
    buffer_init(&value);
    settings_get(lookup->settings, row, &value);
    lookup->visit(lookup->context, shown, buffer_bytes(&value));
    buffer_deinit(&value);
}

static bool has_wildcard(struct bytes pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.data[i] == '*' || pattern.data[i] == '?' || pattern.data[i] == '[') return true;
    return false;
}

static void report_matches(struct lookup *lookup, struct bytes pattern)
{
    size_t total;
    const struct setting *rows = settings_rows(&total);

    for (const struct setting *row = rows; row < rows + total; row++) {
        if (row->flags & (SETTING_HIDDEN | SETTING_FILE_ONLY)) continue;
        if (glob_match(pattern, bytes_of(row->name), true))
            report(lookup, row, false, bytes_of(row->name));
        if (row->alias && glob_match(pattern, bytes_of(row->alias), true))
            report(lookup, row, true, bytes_of(row->alias));
    }
}

size_t settings_config_get(const struct settings *settings, const struct bytes *patterns,
                           size_t npatterns,
                           void (*visit)(void *context, struct bytes name, struct bytes value),
                           void *context)
{
    struct lookup lookup = {.settings = settings, .visit = visit, .context = context};
    size_t total;

    settings_rows(&total);
    lookup.seen = alloc_zeroed(total * 2 * sizeof(*lookup.seen));
    for (size_t i = 0; i < npatterns; i++) {
        struct named_row named = find_named(patterns[i]);

        if (has_wildcard(patterns[i]))
            report_matches(&lookup, patterns[i]);
        else if (named.row)
            report(&lookup, named.row, named.name != named.row->name, patterns[i]);
    }
    alloc_free(lookup.seen);
    return lookup.count;
}
