/*
 * Settings rewrite: CONFIG REWRITE, which brings a configuration file up to date.
 *
 * Lines that still say what is set stay as they are, with comments, order and spelling. Others are
 * replaced where they stand, or go when there is nothing to say any more. What the file does not
 * mention and is not at its default follows at the end, after a comment that marks the place.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_REWRITE_H
#define SHOAL_SHARD_ADMIN_SETTINGS_REWRITE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"

/*
 * Appends the new content of a file whose content is `old`. `users` replace the lines of users, as
 * in settings->users; NULL leaves these lines alone. `all`: settings at their defaults are written,
 * too.
 */
void settings_rewrite_text(struct bytes old, const struct settings *settings,
                           const struct settings_list *users, bool all, struct buffer *out);

/*
 * Rewrites the file at `path`, which is made if it does not exist: a temporary file beside it,
 * synced to the disk, takes its place, so that a crash leaves the old or the new one. Mode and, if
 * permitted, owner stay. A symbolic link is followed. NULL stands for a server without a file.
 * Returns 0, or -1 with the reply to the client in `error`, of SETTINGS_ERROR_MAX bytes.
 */
int settings_rewrite(const char *path, const struct settings *settings,
                     const struct settings_list *users, bool all, char *error,
                     size_t error_size);

#endif
