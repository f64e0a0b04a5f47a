/*
 * Settings config: what CONFIG GET and CONFIG SET do to settings, errors included.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_CONFIG_H
#define SHOAL_SHARD_ADMIN_SETTINGS_CONFIG_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include <stdbool.h>
#include <stddef.h>

/* What matters about the moment and the client. */
struct settings_config_caller {
    bool may_set_protected; /* by enable-protected-configs */
    bool is_loading;        /* data is being loaded */
};

enum settings_config_result {
    SETTINGS_CONFIG_OK,
    SETTINGS_CONFIG_LOADING, /* answered with the error of commands during loading */
    SETTINGS_CONFIG_REFUSED  /* answered with the text */
};

/*
 * CONFIG SET: `args` are names and values in turn. All are set or none: OK gives in `*changed` a
 * copy of `now` with the new values, for the caller to publish or, if they cannot take effect, to
 * settings_free(). REFUSED appends the reply to `error`, with its "ERR " and without end of line.
 */
enum settings_config_result settings_config_set(const struct settings *now,
                                                const struct bytes *args, size_t nargs,
                                                struct settings_config_caller caller,
                                                struct settings **changed, struct buffer *error);

/*
 * Appends the reply to a CONFIG SET whose values were fine but could not take effect, such as a
 * port that is in use.
 */
void settings_config_refuse(struct buffer *error, const char *name, const char *problem);

/*
 * CONFIG GET: calls `visit` with each name that matches a pattern, and its value. A name without
 * wildcards is given back as the client wrote it, hidden settings want one, and an alias is a name
 * of its own. The order is that of the patterns, then of the table. Returns the number of names;
 * `visit` may be NULL to ask for that alone.
 */
size_t settings_config_get(const struct settings *settings, const struct bytes *patterns,
                           size_t npatterns,
                           void (*visit)(void *context, struct bytes name, struct bytes value),
                           void *context);

#endif
