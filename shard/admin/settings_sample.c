/*
 * Settings sample: see the header.
 */
#include "shard/admin/settings_sample.h"

#include "base/args.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include "shard/admin/settings_file.h"
#include <assert.h>
#include <string.h>

/* Columns of a comment, with its "# ". */
enum { WIDTH = 80 };

/* Headings and settings in the order of the table; one of the two is NULL. */
static const struct {
    const char *title;
    const char *name;
} items[] = {
#define BOOL(field, name, ...)                {NULL, name},
#define INTEGER(field, name, ...)             {NULL, name},
#define OCTAL(field, name, ...)               {NULL, name},
#define MEMORY(field, name, ...)              {NULL, name},
#define SHARE(field, name, ...)               {NULL, name},
#define TEXT(field, name, ...)                {NULL, name},
#define WORD(field, name, ...)                {NULL, name},
#define WORDS(field, name, ...)               {NULL, name},
#define SPECIAL(kind, type, field, name, ...) {NULL, name},
#define SECTION(title)                        {title, NULL},
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

static const char introduction[] =
    "The settings of Shoal, each with its default. To change one, take the '#' away from the start "
    "of its line. The server reads a file when it is started with the path as its first argument. "
    "Options on the command line win over the file: --port 7000.\n"
    "Sizes take a unit: 1k is 1000 bytes, 1kb 1024, and so on with m, mb, g and gb. Values with "
    "spaces want quotes. include reads another file at its place, or all files that match a "
    "pattern: include /etc/shoal/conf.d/*.conf";

/* Appends a line of words that fits, starting with "# ". */
static void append_paragraph(struct buffer *out, struct bytes text)
{
    const char *p = text.data, *end = p + text.len;
    size_t column = 0;

    while (p < end) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        size_t len = space ? (size_t)(space - p) : (size_t)(end - p);

        if (column > 0 && column + 1 + len > WIDTH) {
            buffer_append_char(out, '\n');
            column = 0;
        }
        buffer_append_cstr(out, column == 0 ? "# " : " ");
        buffer_append(out, p, len);
        column += len + (column == 0 ? 2 : 1);
        p += len + (space != NULL);
    }
    buffer_append_char(out, '\n');
}

static void append_text(struct buffer *out, const char *text)
{
    struct bytes rest = bytes_of(text), paragraph;

    while (settings_file_next_line(&rest, &paragraph))
        append_paragraph(out, paragraph);
}

/* Appends "name value" for the default of a row: more than one line for some. */
static void append_default(struct buffer *out, const struct settings *defaults,
                           const struct setting *row)
{
    const char *value = row->default_text;

    if (row->kind == SETTING_OUTPUT_LIMITS) {
        settings_write(defaults, row, out);
        return;
    }
    if (row->kind == SETTING_PRIMARY) value = "no one";
    if (row->kind == SETTING_USERS) value = "default on nopass ~* &* +@all";
    if (row->kind == SETTING_RENAMES) value = "FLUSHALL \"\"";
    buffer_appendf(out, "%s ", row->name);
    if (!value || value[0] == '\0' || (row->kind == SETTING_TEXT && strchr(value, ' ')))
        args_quote(out, bytes_of(value ? value : ""));
    else
        buffer_append_cstr(out, value);
    buffer_append_char(out, '\n');
}

static void append_setting(struct buffer *out, const struct settings *defaults,
                           const struct setting *row)
{
    struct buffer lines = {0};
    struct bytes rest, line;

    buffer_append_char(out, '\n');
    append_text(out, row->doc);
    if (row->flags & SETTING_LATER)
        append_text(out, "Accepted; this version does not act on it yet.");
    append_default(&lines, defaults, row);
    rest = buffer_bytes(&lines);
    while (settings_file_next_line(&rest, &line)) {
        buffer_append_char(out, '#');
        buffer_append_bytes(out, line);
        buffer_append_char(out, '\n');
    }
    buffer_deinit(&lines);
}

void settings_sample(struct buffer *out)
{
    struct settings *defaults = settings_new_default();

    append_text(out, introduction);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        const struct setting *row;

        if (items[i].title) {
            buffer_appendf(out, "\n\n### %s\n", items[i].title);
            continue;
        }
        row = settings_find(bytes_of(items[i].name));
        assert(row);
        if (!(row->flags & SETTING_HIDDEN)) append_setting(out, defaults, row);
    }
    settings_free(defaults);
}
