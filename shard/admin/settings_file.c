/*
 * Settings file: see the header.
 */
#include "shard/admin/settings_file.h"

#include "base/alloc.h"
#include "base/args.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#ifndef SHOAL_VERSION
#error "the build defines SHOAL_VERSION"
#endif

/* Files that include each other end here. */
enum { DEPTH_MAX = 16 };

/* Where reading is, for messages. */
struct place {
    const char *name;
    unsigned line_number;
    struct bytes line;
};

void settings_file_init(struct settings_file *file, struct settings *settings, struct buffer *error)
{
    *file = (struct settings_file){.settings = settings, .error = error};
}

struct bytes settings_file_trim(struct bytes line)
{
    while (line.len > 0 && strchr(" \t\r\n", line.data[0]) && line.data[0])
        line = bytes_make(line.data + 1, line.len - 1);
    while (line.len > 0 && strchr(" \t\r\n", line.data[line.len - 1]) && line.data[line.len - 1])
        line.len--;
    return line;
}

bool settings_file_next_line(struct bytes *text, struct bytes *line)
{
    const char *end;

    if (text->len == 0) return false;
    end = memchr(text->data, '\n', text->len);
    line->data = text->data;
    line->len = end ? (size_t)(end - text->data) : text->len;
    text->data += line->len + (end != NULL);
    text->len -= line->len + (end != NULL);
    return true;
}

int settings_file_read_fd(int fd, struct buffer *out)
{
    for (;;) {
        ssize_t n;

        buffer_reserve(out, 4096);
        n = read(fd, out->data + out->len, out->cap - out->len);
        if (n == 0) return 0;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        out->len += (size_t)n;
    }
}

/* The line as a message may show it: passwords stay out of it. */
static void append_line(struct buffer *out, struct bytes line)
{
    size_t len = 0;
    const struct setting *row;

    while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
        len++;
    row = settings_find(bytes_make(line.data, len));
    if (row && (row->flags & SETTING_SENSITIVE))
        buffer_appendf(out, ">>> '%s (hidden)'\n", row->name);
    else
        buffer_appendf(out, ">>> '%.*s'\n", (int)line.len, line.data);
}

static int fail(struct settings_file *file, const struct place *place, const char *problem)
{
    struct buffer *error = file->error;

    buffer_appendf(error, "\n*** FATAL CONFIG FILE ERROR (Shoal %s) ***\n", SHOAL_VERSION);
    if (place && place->name)
        buffer_appendf(error, "Reading the configuration file, at line %u of %s\n",
                       place->line_number, place->name);
    else if (place)
        buffer_append_cstr(error, "Reading the command line\n");
    if (place) append_line(error, place->line);
    buffer_appendf(error, "%s\n", problem);
    return -1;
}

static int fail_open(struct settings_file *file, const char *path)
{
    buffer_appendf(file->error, "Fatal error, can't open config file '%s': %s\n", path,
                   strerror(errno));
    return -1;
}

static int include(struct settings_file *file, const struct place *place, struct bytes path)
{
    struct buffer full = {0};
    char *cstr;
    int result;

    if (file->depth == DEPTH_MAX) return fail(file, place, "include is nested too deeply");
    if (path.len > 0 && path.data[0] != '/') buffer_appendf(&full, "%s/", file->settings->dir);
    buffer_append_bytes(&full, path);
    cstr = buffer_take(&full, NULL);
    file->depth++;
    result = settings_file_load(file, cstr);
    file->depth--;
    alloc_free(cstr);
    return result;
}

/* Carries out the arguments of a line, of which there is one at least. */
static int load_directive(struct settings_file *file, const struct place *place,
                          const struct bytes *args, size_t nargs)
{
    const struct setting *row = settings_find(args[0]);
    char problem[SETTINGS_ERROR_MAX];
    int result;

    if (row) {
        bool replace = row->kind == SETTING_SAVE_POINTS && !file->saw_save;

        if (replace) file->saw_save = true;
        result = (replace ? settings_set : settings_add)(file->settings, args[0], args + 1,
                                                         nargs - 1, problem, sizeof(problem));
        return result == 0 ? 0 : fail(file, place, problem);
    }
    if (settings_is_removed(args[0]) && nargs == 2) return 0;
    if (bytes_equal_nocase(args[0], "include") && nargs == 2) return include(file, place, args[1]);
    if (bytes_equal_nocase(args[0], "loadmodule"))
        return fail(file, place, "loadmodule: Shoal does not load modules");
    if (bytes_equal_nocase(args[0], "sentinel"))
        return fail(file, place, "sentinel directive while not in sentinel mode");
    return fail(file, place, "Bad directive or wrong number of arguments");
}

int settings_file_load_text(struct settings_file *file, struct bytes text, const char *name)
{
    struct place place = {.name = name};
    struct bytes line;

    while (settings_file_next_line(&text, &line)) {
        struct bytes_list args;
        int result = 0;

        place.line_number++;
        place.line = settings_file_trim(line);
        if (place.line.len == 0 || place.line.data[0] == '#') continue;
        if (args_split(place.line, &args) != 0)
            return fail(file, &place, "Unbalanced quotes in configuration line");
        if (args.count > 0) result = load_directive(file, &place, args.items, args.count);
        args_deinit(&args);
        if (result != 0) return result;
    }
    return 0;
}

int settings_file_load_fd(struct settings_file *file, int fd, const char *name)
{
    struct buffer text = {0};
    int result;

    if (settings_file_read_fd(fd, &text) == 0)
        result = settings_file_load_text(file, buffer_bytes(&text), name);
    else
        result = fail_open(file, name);
    buffer_deinit(&text);
    return result;
}

static int load_one(struct settings_file *file, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), result;

    if (fd < 0) return fail_open(file, path);
    result = settings_file_load_fd(file, fd, path);
    close(fd);
    return result;
}

int settings_file_load(struct settings_file *file, const char *path)
{
    glob_t found;
    int result = 0;

    if (!strpbrk(path, "*?[")) return load_one(file, path);
    if (glob(path, 0, NULL, &found) != 0) return 0;
    for (size_t i = 0; i < found.gl_pathc && result == 0; i++)
        result = load_one(file, found.gl_pathv[i]);
    globfree(&found);
    return result;
}

int settings_file_finish(struct settings_file *file)
{
    char problem[SETTINGS_ERROR_MAX];

    if (settings_check(file->settings, problem, sizeof(problem)) == 0) return 0;
    return fail(file, NULL, problem);
}
