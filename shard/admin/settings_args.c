/*
 * Settings args: options are turned into the lines of a file and read as one. See the header.
 */
#include "shard/admin/settings_args.h"

#include "base/args.h"
#include "base/bytes.h"
#include "shard/admin/settings_file.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The options as lines, and whether to read standard input. */
struct options {
    struct buffer lines;
    bool input;
};

/* Whether an option is a name and nothing more, "--port" and not "--port 7000". */
static bool is_bare(const char *arg)
{
    struct bytes_list parts;
    bool bare = args_split(bytes_of(arg), &parts) == 0 && parts.count == 1;

    args_deinit(&parts);
    return bare;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] == '-';
}

/*
 * An option after a bare name would be its value, but scripts write "--save" followed by the next
 * option, or by nothing, and mean no save points.
 */
static void collect(struct options *options, int argc, char *const *argv, int first)
{
    bool has_value = true; /* the option before has one, or there is none */

    for (int i = first; i < argc; i++) {
        bool is_last = i == argc - 1;

        if (strcmp(argv[i], "-") == 0 && (i == 1 || is_last)) {
            options->input = true;
        } else if (has_value && is_option(argv[i])) {
            if (options->lines.len > 0) buffer_append_char(&options->lines, '\n');
            buffer_appendf(&options->lines, "%s ", argv[i] + 2);
            has_value = !is_bare(argv[i]);
            if (strcasecmp(argv[i], "--save") != 0) continue;
            if (!is_last && !is_option(argv[i + 1])) continue;
            buffer_append_cstr(&options->lines, "\"\"");
            has_value = true;
        } else {
            args_quote(&options->lines, bytes_of(argv[i]));
            buffer_append_char(&options->lines, ' ');
            has_value = true;
        }
    }
}

/* A path that does not depend on the working directory, which `dir` holds as long as it is new. */
static char *absolute_path(const struct settings *settings, const char *path)
{
    struct buffer full = {0};

    if (path[0] != '/') buffer_appendf(&full, "%s/", settings->dir);
    buffer_append_cstr(&full, path);
    return buffer_take(&full, NULL);
}

int settings_args_load(struct settings *settings, int argc, char *const *argv, int input,
                       char **path, struct buffer *error)
{
    bool has_file = argc > 1 && argv[1][0] != '-';
    struct options options = {0};
    struct settings_file file;
    int result = 0;

    *path = has_file ? absolute_path(settings, argv[1]) : NULL;
    collect(&options, argc, argv, has_file ? 2 : 1);
    settings_file_init(&file, settings, error);
    if (has_file) result = settings_file_load(&file, *path);
    if (result == 0 && options.input)
        result = settings_file_load_fd(&file, input, "standard input");
    if (result == 0) result = settings_file_load_text(&file, buffer_bytes(&options.lines), NULL);
    if (result == 0) result = settings_file_finish(&file);
    buffer_deinit(&options.lines);
    return result;
}
