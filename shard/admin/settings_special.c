/*
 * Settings special: see the header. One group of functions a kind, the dispatch at the end.
 */
#include "shard/admin/settings_special.h"

#include "base/alloc.h"
#include "base/args.h"
#include "base/number.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 16, OOM_SCORE_MAX = 2000 };

char *settings_special_string(struct bytes text)
{
    char *copy = alloc_get(text.len + 1);

    if (text.len > 0) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

/*
 * As strtoll() with nothing after the number, "" being 0: these kinds have always been read like
 * that. Text too long for a number is none.
 */
static bool parse_loosely(struct bytes text, int64_t *value)
{
    char copy[64], *end;

    if (text.len >= sizeof(copy)) return false;
    if (text.len > 0) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *value = strtoll(copy, &end, 10);
    return end == copy + text.len || (*end == '\0' && text.len == 0);
}

void settings_special_write_memory(uint64_t bytes, struct buffer *out)
{
    static const struct {
        const char *unit;
        unsigned shift;
    } units[] = {{"gb", 30}, {"mb", 20}, {"kb", 10}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        uint64_t unit = UINT64_C(1) << units[i].shift;

        if (bytes == 0 || bytes % unit != 0) continue;
        buffer_appendf(out, "%" PRIu64 "%s", bytes / unit, units[i].unit);
        return;
    }
    buffer_appendf(out, "%" PRIu64, bytes);
}

/* Appends an argument, in quotes if it would not be read back as it is. */
static void write_argument(struct bytes text, struct buffer *out)
{
    bool plain = text.len > 0;

    for (size_t i = 0; i < text.len && plain; i++) {
        char c = text.data[i];

        plain = c > ' ' && c <= '~' && c != '"' && c != '\'';
    }
    if (plain)
        buffer_append_bytes(out, text);
    else
        args_quote(out, text);
}

/* Whether "" is the only argument, which stands for no argument at all. */
static bool is_nothing(const struct bytes *args, size_t nargs)
{
    return nargs == 0 || (nargs == 1 && args[0].len == 0);
}

/* Lists of strings: addresses, users, and pairs of command names. */

static void list_deinit(struct settings_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        alloc_free(list->items[i]);
    alloc_free(list->items);
    *list = (struct settings_list){0};
}

/* Takes the string. */
static void list_push(struct settings_list *list, char *item)
{
    list->items = alloc_resize(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = item;
}

static void list_push_all(struct settings_list *list, const struct bytes *args, size_t nargs)
{
    for (size_t i = 0; i < nargs; i++)
        list_push(list, settings_special_string(args[i]));
}

static void list_copy(struct settings_list *to, const struct settings_list *from)
{
    *to = (struct settings_list){0};
    for (size_t i = 0; i < from->count; i++)
        list_push(to, settings_special_string(bytes_of(from->items[i])));
}

static void list_print(const struct settings_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++)
        buffer_appendf(out, i == 0 ? "%s" : " %s", list->items[i]);
}

static const char *addresses_set(struct settings_list *list, const struct bytes *args, size_t nargs)
{
    if (nargs > ADDRESSES_MAX) return "Too many bind addresses specified.";
    list_deinit(list);
    if (!is_nothing(args, nargs)) list_push_all(list, args, nargs);
    return NULL;
}

static void addresses_write(const struct setting *row, const struct settings_list *list,
                            struct buffer *out)
{
    struct buffer text;

    buffer_init(&text);
    list_print(list, &text);
    if (list->count == 0)
        buffer_appendf(out, "%s \"\"\n", row->name);
    else if (!bytes_equal(buffer_bytes(&text), bytes_of(row->default_text)))
        buffer_appendf(out, "%s %.*s\n", row->name, (int)text.len, text.data);
    buffer_deinit(&text);
}

/* An item is what follows "user" on the line: args_split() gives the name and the rules. */
static const char *users_set(struct settings_list *list, const struct bytes *args, size_t nargs,
                             bool add)
{
    struct buffer line;

    if (nargs == 0) return "Bad directive or wrong number of arguments";
    if (!add) list_deinit(list);
    buffer_init(&line);
    for (size_t i = 0; i < nargs; i++) {
        if (i > 0) buffer_append_char(&line, ' ');
        write_argument(args[i], &line);
    }
    list_push(list, buffer_take(&line, NULL));
    return NULL;
}

static void users_write(const struct setting *row, const struct settings_list *list,
                        struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++)
        buffer_appendf(out, "%s %s\n", row->name, list->items[i]);
}

/* Two items a command: its name and the new one, which is empty to remove it. */
static const char *renames_set(struct settings_list *list, const struct bytes *args, size_t nargs,
                               bool add)
{
    if (nargs != 2) return "Bad directive or wrong number of arguments";
    if (!add) list_deinit(list);
    list_push_all(list, args, nargs);
    return NULL;
}

static void renames_write(const struct setting *row, const struct settings_list *list,
                          struct buffer *out)
{
    assert(list->count % 2 == 0);
    for (size_t i = 0; i < list->count; i += 2) {
        buffer_appendf(out, "%s ", row->name);
        write_argument(bytes_of(list->items[i]), out);
        buffer_append_char(out, ' ');
        write_argument(bytes_of(list->items[i + 1]), out);
        buffer_append_char(out, '\n');
    }
}

/* Save points. */

static const char *save_points_set(struct settings_save_points *points, const struct bytes *args,
                                   size_t nargs, bool add)
{
    struct settings_save_points parsed = {0};
    bool reset = !add || is_nothing(args, nargs);

    if (is_nothing(args, nargs)) nargs = 0;
    if (nargs % 2 != 0) return "Invalid save parameters";
    parsed.count = (reset ? 0 : points->count) + nargs / 2;
    parsed.items = alloc_zeroed(parsed.count * sizeof(*parsed.items));
    for (size_t i = 0; i < nargs; i += 2) {
        struct settings_save_point *point = &parsed.items[parsed.count - nargs / 2 + i / 2];

        if (parse_loosely(args[i], &point->seconds) && point->seconds >= 1 &&
            parse_loosely(args[i + 1], &point->changes) && point->changes >= 0 &&
            point->changes <= INT_MAX)
            continue;
        alloc_free(parsed.items);
        return "Invalid save parameters";
    }
    if (!reset && points->count > 0)
        memcpy(parsed.items, points->items, points->count * sizeof(*parsed.items));
    alloc_free(points->items);
    *points = parsed;
    return NULL;
}

static void save_points_print(const struct settings_save_points *points, struct buffer *out)
{
    for (size_t i = 0; i < points->count; i++)
        buffer_appendf(out, "%s%" PRId64 " %" PRId64, i == 0 ? "" : " ", points->items[i].seconds,
                       points->items[i].changes);
}

static void save_points_write(const struct setting *row, const struct settings_save_points *points,
                              struct buffer *out)
{
    if (points->count == 0) buffer_appendf(out, "%s \"\"\n", row->name);
    for (size_t i = 0; i < points->count; i++)
        buffer_appendf(out, "%s %" PRId64 " %" PRId64 "\n", row->name, points->items[i].seconds,
                       points->items[i].changes);
}

/* The directory: absolute once set. A relative one starts at the old one. */

static void password_deinit(struct settings_password *password)
{
    alloc_free(password->text);
    *password = (struct settings_password){0};
}

static void password_set(struct settings_password *password, struct bytes text)
{
    password_deinit(password);
    if (text.len > 0)
        *password = (struct settings_password){settings_special_string(text), text.len};
}

static struct bytes password_bytes(const struct settings_password *password)
{
    return bytes_make(password->text, password->len);
}

static const char *directory_set(char **field, const struct bytes *args)
{
    struct buffer path;
    char *absolute, *relative;

    if (args[0].len > 0 && memchr(args[0].data, '\0', args[0].len)) return strerror(EINVAL);
    buffer_init(&path);
    if (*field && args[0].len > 0 && args[0].data[0] != '/') buffer_appendf(&path, "%s/", *field);
    buffer_append_bytes(&path, args[0]);
    relative = buffer_take(&path, NULL);
    absolute = realpath(relative, NULL);
    alloc_free(relative);
    if (!absolute) return strerror(errno);

    relative = NULL;
    buffer_appendf(&path, "%s/.", absolute);
    free(absolute);
    absolute = buffer_take(&path, NULL);
    if (access(absolute, X_OK) != 0) {
        alloc_free(absolute);
        return strerror(errno);
    }
    absolute[strlen(absolute) - 2] = '\0';
    alloc_free(*field);
    *field = absolute;
    return NULL;
}

/* The primary. */

static const char *primary_set(struct settings_primary *primary, const struct bytes *args,
                               size_t nargs)
{
    int64_t port = 0;
    bool none;

    if (nargs != 2) return "wrong number of arguments";
    none = bytes_equal_nocase(args[0], "no") && bytes_equal_nocase(args[1], "one");
    if (!none && (!parse_loosely(args[1], &port) || port < 0 || port > 65535))
        return "Invalid master port";
    alloc_free(primary->host);
    primary->host = none ? NULL : settings_special_string(args[0]);
    primary->port = (int)port;
    return NULL;
}

static void primary_print(const struct settings_primary *primary, struct buffer *out)
{
    if (primary->host) buffer_appendf(out, "%s %d", primary->host, primary->port);
}

/* Limits of output buffers. */

static bool find_class(struct bytes name, enum settings_client_class *class)
{
    if (bytes_equal_nocase(name, "normal"))
        *class = SETTINGS_CLIENT_NORMAL;
    else if (bytes_equal_nocase(name, "replica") || bytes_equal_nocase(name, "slave"))
        *class = SETTINGS_CLIENT_REPLICA;
    else if (bytes_equal_nocase(name, "pubsub"))
        *class = SETTINGS_CLIENT_PUBSUB;
    else
        return false;
    return true;
}

static const char *output_limits_set(struct settings_output_limits *limits,
                                     const struct bytes *args, size_t nargs)
{
    struct settings_output_limits parsed = *limits;

    if (nargs % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
    for (size_t i = 0; i < nargs; i += 4) {
        struct settings_output_limit limit;
        enum settings_client_class class;

        if (!find_class(args[i], &class))
            return "Invalid client class specified in buffer limit configuration.";
        if (!number_parse_memory(args[i + 1], &limit.hard_bytes) ||
            !number_parse_memory(args[i + 2], &limit.soft_bytes) ||
            !parse_loosely(args[i + 3], &limit.soft_seconds) || limit.soft_seconds < 0)
            return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        parsed.of[class] = limit;
    }
    *limits = parsed;
    return NULL;
}

static void output_limits_print(const struct settings_output_limits *limits, struct buffer *out)
{
    static const char *const names[] = {"normal", "slave", "pubsub"};

    for (int i = 0; i < SETTINGS_CLIENT_CLASSES; i++)
        buffer_appendf(out, "%s%s %" PRIu64 " %" PRIu64 " %" PRId64, i == 0 ? "" : " ", names[i],
                       limits->of[i].hard_bytes, limits->of[i].soft_bytes,
                       limits->of[i].soft_seconds);
}

static void output_limits_write(const struct setting *row,
                                const struct settings_output_limits *limits, struct buffer *out)
{
    static const char *const names[] = {"normal", "replica", "pubsub"};

    for (int i = 0; i < SETTINGS_CLIENT_CLASSES; i++) {
        buffer_appendf(out, "%s %s ", row->name, names[i]);
        settings_special_write_memory(limits->of[i].hard_bytes, out);
        buffer_append_char(out, ' ');
        settings_special_write_memory(limits->of[i].soft_bytes, out);
        buffer_appendf(out, " %" PRId64 "\n", limits->of[i].soft_seconds);
    }
}

/* Scores for the kernel's choice of whom to kill. */

static const char *oom_scores_set(struct settings_oom_scores *scores, const struct bytes *args,
                                  size_t nargs)
{
    struct settings_oom_scores parsed;

    if (nargs != SETTINGS_OOM_ROLES) return "wrong number of arguments";
    for (size_t i = 0; i < SETTINGS_OOM_ROLES; i++) {
        int64_t value;

        if (!parse_loosely(args[i], &value) || value < -OOM_SCORE_MAX || value > OOM_SCORE_MAX)
            return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        parsed.of[i] = (int)value;
    }
    *scores = parsed;
    return NULL;
}

static void oom_scores_print(const struct settings_oom_scores *scores, struct buffer *out)
{
    for (int i = 0; i < SETTINGS_OOM_ROLES; i++)
        buffer_appendf(out, i == 0 ? "%d" : " %d", scores->of[i]);
}

/* Percentiles. */

static const char *percentiles_set(struct settings_percentiles *percentiles,
                                   const struct bytes *args, size_t nargs)
{
    struct settings_percentiles parsed = {.count = is_nothing(args, nargs) ? 0 : nargs};
    const char *problem = NULL;

    parsed.items = alloc_zeroed(parsed.count * sizeof(*parsed.items));
    for (size_t i = 0; i < parsed.count && !problem; i++) {
        if (!number_parse_double(args[i], &parsed.items[i]))
            problem = "Invalid latency-tracking-info-percentiles parameters";
        else if (parsed.items[i] < 0 || parsed.items[i] > 100)
            problem = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    }
    alloc_free(problem ? parsed.items : percentiles->items);
    if (!problem) *percentiles = parsed;
    return problem;
}

/* Six decimals, without zeros at the end. */
static void percentiles_print(const struct settings_percentiles *percentiles, struct buffer *out)
{
    for (size_t i = 0; i < percentiles->count; i++) {
        buffer_appendf(out, i == 0 ? "%f" : " %f", percentiles->items[i]);
        while (out->data[out->len - 1] == '0')
            out->len--;
        if (out->data[out->len - 1] == '.') out->len--;
    }
}

/* Events, in the order in which they are shown. */

static const struct {
    char letter;
    int bits;
} event_letters[] = {
    {'A', SETTINGS_EVENT_ALL},      {'g', SETTINGS_EVENT_GENERIC},  {'$', SETTINGS_EVENT_STRING},
    {'l', SETTINGS_EVENT_LIST},     {'s', SETTINGS_EVENT_SET},      {'h', SETTINGS_EVENT_HASH},
    {'z', SETTINGS_EVENT_ZSET},     {'x', SETTINGS_EVENT_EXPIRED},  {'e', SETTINGS_EVENT_EVICTED},
    {'t', SETTINGS_EVENT_STREAM},   {'d', SETTINGS_EVENT_MODULE},   {'n', SETTINGS_EVENT_NEW},
    {'K', SETTINGS_EVENT_KEYSPACE}, {'E', SETTINGS_EVENT_KEYEVENT}, {'m', SETTINGS_EVENT_MISS},
};

enum { EVENT_LETTERS = sizeof(event_letters) / sizeof(event_letters[0]) };

static const char *events_set(int *field, struct bytes text)
{
    int bits = 0;

    for (size_t i = 0; i < text.len; i++) {
        size_t k = 0;

        while (k < EVENT_LETTERS && event_letters[k].letter != text.data[i])
            k++;
        if (k == EVENT_LETTERS) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
        bits |= event_letters[k].bits;
    }
    *field = bits;
    return NULL;
}

/* A letter is shown if all of its bits are left; `n` hides behind A, as in Redis. */
static void events_print(int bits, struct buffer *out)
{
    if ((bits & SETTINGS_EVENT_ALL) == SETTINGS_EVENT_ALL) bits &= ~SETTINGS_EVENT_NEW;
    for (size_t k = 0; k < EVENT_LETTERS; k++) {
        if ((bits & event_letters[k].bits) != event_letters[k].bits) continue;
        buffer_append_char(out, event_letters[k].letter);
        bits &= ~event_letters[k].bits;
    }
}

/* The dispatch. */

const char *settings_special_set(enum setting_kind kind, void *field, const struct bytes *args,
                                 size_t nargs, bool add)
{
    switch (kind) {
    case SETTING_ADDRESSES:
        return addresses_set(field, args, nargs);
    case SETTING_USERS:
        return users_set(field, args, nargs, add);
    case SETTING_RENAMES:
        return renames_set(field, args, nargs, add);
    case SETTING_SAVE_POINTS:
        return save_points_set(field, args, nargs, add);
    case SETTING_DIRECTORY:
        return directory_set(field, args);
    case SETTING_PASSWORD:
        password_set(field, args[0]);
        return NULL;
    case SETTING_PRIMARY:
        return primary_set(field, args, nargs);
    case SETTING_OUTPUT_LIMITS:
        return output_limits_set(field, args, nargs);
    case SETTING_OOM_SCORES:
        return oom_scores_set(field, args, nargs);
    case SETTING_PERCENTILES:
        return percentiles_set(field, args, nargs);
    default:
        assert(kind == SETTING_EVENTS);
        return events_set(field, args[0]);
    }
}

void settings_special_print(enum setting_kind kind, const void *field, struct buffer *out)
{
    switch (kind) {
    case SETTING_ADDRESSES:
    case SETTING_USERS:
    case SETTING_RENAMES:
        list_print(field, out);
        break;
    case SETTING_SAVE_POINTS:
        save_points_print(field, out);
        break;
    case SETTING_DIRECTORY:
        if (*(char *const *)field) buffer_append_cstr(out, *(char *const *)field);
        break;
    case SETTING_PASSWORD:
        buffer_append_bytes(out, password_bytes(field));
        break;
    case SETTING_PRIMARY:
        primary_print(field, out);
        break;
    case SETTING_OUTPUT_LIMITS:
        output_limits_print(field, out);
        break;
    case SETTING_OOM_SCORES:
        oom_scores_print(field, out);
        break;
    case SETTING_PERCENTILES:
        percentiles_print(field, out);
        break;
    default:
        assert(kind == SETTING_EVENTS);
        events_print(*(const int *)field, out);
    }
}

/* What print shows, in quotes if it needs any. */
static void write_printed(const struct setting *row, const void *field, struct buffer *out)
{
    struct buffer text;
    bool quoted = row->kind == SETTING_DIRECTORY || row->kind == SETTING_PASSWORD ||
                  row->kind == SETTING_EVENTS;

    buffer_init(&text);
    settings_special_print(row->kind, field, &text);
    buffer_appendf(out, "%s ", row->name);
    if (quoted || text.len == 0)
        args_quote(out, buffer_bytes(&text));
    else
        buffer_append_bytes(out, buffer_bytes(&text));
    buffer_append_char(out, '\n');
    buffer_deinit(&text);
}

void settings_special_write(const struct setting *row, const void *field, struct buffer *out)
{
    switch (row->kind) {
    case SETTING_ADDRESSES:
        addresses_write(row, field, out);
        break;
    case SETTING_USERS:
        users_write(row, field, out);
        break;
    case SETTING_RENAMES:
        renames_write(row, field, out);
        break;
    case SETTING_SAVE_POINTS:
        save_points_write(row, field, out);
        break;
    case SETTING_OUTPUT_LIMITS:
        output_limits_write(row, field, out);
        break;
    case SETTING_PASSWORD:
        if (((const struct settings_password *)field)->text) write_printed(row, field, out);
        break;
    case SETTING_PRIMARY:
        if (((const struct settings_primary *)field)->host) write_printed(row, field, out);
        break;
    default:
        write_printed(row, field, out);
    }
}

void settings_special_copy(enum setting_kind kind, void *to, const void *from)
{
    switch (kind) {
    case SETTING_ADDRESSES:
    case SETTING_USERS:
    case SETTING_RENAMES:
        list_copy(to, from);
        break;
    case SETTING_SAVE_POINTS: {
        const struct settings_save_points *points = from;
        struct settings_save_points *copy = to;

        *copy = *points;
        copy->items = alloc_zeroed(points->count * sizeof(*points->items));
        if (points->count > 0)
            memcpy(copy->items, points->items, points->count * sizeof(*points->items));
        break;
    }
    case SETTING_DIRECTORY: {
        const char *path = *(char *const *)from;

        *(char **)to = path ? settings_special_string(bytes_of(path)) : NULL;
        break;
    }
    case SETTING_PASSWORD:
        *(struct settings_password *)to = (struct settings_password){0};
        password_set(to, password_bytes(from));
        break;
    case SETTING_PRIMARY: {
        const struct settings_primary *primary = from;
        struct settings_primary *copy = to;

        *copy = *primary;
        if (primary->host) copy->host = settings_special_string(bytes_of(primary->host));
        break;
    }
    case SETTING_PERCENTILES: {
        const struct settings_percentiles *percentiles = from;
        struct settings_percentiles *copy = to;

        *copy = *percentiles;
        copy->items = alloc_zeroed(percentiles->count * sizeof(*percentiles->items));
        if (percentiles->count > 0)
            memcpy(copy->items, percentiles->items,
                   percentiles->count * sizeof(*percentiles->items));
        break;
    }
    case SETTING_OUTPUT_LIMITS:
        *(struct settings_output_limits *)to = *(const struct settings_output_limits *)from;
        break;
    case SETTING_OOM_SCORES:
        *(struct settings_oom_scores *)to = *(const struct settings_oom_scores *)from;
        break;
    default:
        assert(kind == SETTING_EVENTS);
        *(int *)to = *(const int *)from;
    }
}

void settings_special_deinit(enum setting_kind kind, void *field)
{
    switch (kind) {
    case SETTING_ADDRESSES:
    case SETTING_USERS:
    case SETTING_RENAMES:
        list_deinit(field);
        break;
    case SETTING_SAVE_POINTS:
        alloc_free(((struct settings_save_points *)field)->items);
        *(struct settings_save_points *)field = (struct settings_save_points){0};
        break;
    case SETTING_DIRECTORY:
        alloc_free(*(char **)field);
        *(char **)field = NULL;
        break;
    case SETTING_PASSWORD:
        password_deinit(field);
        break;
    case SETTING_PRIMARY:
        alloc_free(((struct settings_primary *)field)->host);
        *(struct settings_primary *)field = (struct settings_primary){0};
        break;
    case SETTING_PERCENTILES:
        alloc_free(((struct settings_percentiles *)field)->items);
        *(struct settings_percentiles *)field = (struct settings_percentiles){0};
        break;
    default:
        break;
    }
}
