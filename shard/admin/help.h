/* Help: the answer to the HELP subcommand of a container command. */
#ifndef SHOAL_SHARD_ADMIN_HELP_H
#define SHOAL_SHARD_ADMIN_HELP_H

#include <stddef.h>

struct client;

/* Replies with the lines between the heading and the entry for HELP itself. `name` is
 * the command's, in upper case. Call as help_reply(client, "CONFIG", lines, countof(lines)). */
void help_reply(struct client *client, const char *name, const char *const *lines, size_t count);
#endif
