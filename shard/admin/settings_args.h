/*
 * Settings args: the command line of the server.
 *
 *   shoal-server [file] [-] [--name value...]... [-]
 *
 * The file comes first, then standard input if there is a "-" (at the start or the end), then the
 * options: the last to set something wins. What starts with "--" after a name without a value is
 * its value; other words that start with "-" are values too.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_ARGS_H
#define SHOAL_SHARD_ADMIN_SETTINGS_ARGS_H

#include "base/buffer.h"
#include "shard/admin/settings.h"

/*
 * Sets what the command line asks for, `argv[0]` being the program. `*path` becomes the file's
 * absolute path, which the caller frees with alloc_free(), or NULL without a file. Standard input
 * is read from the descriptor `input`. Returns 0, or -1 with a message as settings_file_load()
 * gives in `error`; `*path` is set in either case.
 */
int settings_args_load(struct settings *settings, int argc, char *const *argv, int input,
                       char **path, struct buffer *error);

#endif
