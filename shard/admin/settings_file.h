/*
 * Settings file: reading configuration files, and text of the same form from elsewhere.
 *
 * One directive a line: a name and its arguments, in quotes where base/args.h wants them. Lines
 * that start with '#' are comments. `include` reads another file at that place; with wildcards it
 * reads all that match, which may be none. Relative paths start at `dir` as set so far. A later
 * line wins over an earlier one, except that `save`, `user` and `rename-command` collect.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_FILE_H
#define SHOAL_SHARD_ADMIN_SETTINGS_FILE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include <stdbool.h>

/* A series of texts that count as one: the file, standard input, the command line. */
struct settings_file {
    struct settings *settings;
    struct buffer *error; /* what to print before the process ends */
    bool saw_save;        /* the save points are no longer the default ones */
    int depth;            /* of include */
};

/* Starts a series; both pointers stay the caller's. */
void settings_file_init(struct settings_file *file, struct settings *settings,
                        struct buffer *error);

/*
 * Each returns 0, or -1 with some of the settings set and a message of several lines in `error`,
 * without NUL. `name` is how the message calls the text; NULL means the command line.
 */
int settings_file_load(struct settings_file *file, const char *path);
int settings_file_load_fd(struct settings_file *file, int fd, const char *name);
int settings_file_load_text(struct settings_file *file, struct bytes text, const char *name);

/* Ends a series by settings_check(), with the same return. */
int settings_file_finish(struct settings_file *file);

/* What is left of a line without white space at its ends. */
struct bytes settings_file_trim(struct bytes line);

/* Takes the next line, without its newline, off `*text`; false when there is none left. */
bool settings_file_next_line(struct bytes *text, struct bytes *line);

/* Appends what a descriptor still holds. Returns 0, or -1 with errno. */
int settings_file_read_fd(int fd, struct buffer *out);

#endif
