/* Config rewrite: CONFIG REWRITE, for the commands that do it. */
#ifndef SHOAL_SHARD_ADMIN_CONFIG_REWRITE_H
#define SHOAL_SHARD_ADMIN_CONFIG_REWRITE_H

#include <stdbool.h>

struct client;

/* Rewrites the configuration file, `all`: with what is at its default, and answers the client. */
void config_rewrite(struct client *client, bool all);

#endif
