/*
 * Client name: what a client tells about itself: its name (CLIENT SETNAME, HELLO), and
 * the name and version of its library (CLIENT SETINFO). They stand in CLIENT LIST
 * between spaces, so they hold none.
 */
#ifndef SHOAL_SHARD_SESSION_CLIENT_NAME_H
#define SHOAL_SHARD_SESSION_CLIENT_NAME_H

#include <stdbool.h>

#include "base/bytes.h"
#include "net/reply.h"

/* Whether all bytes are visible ASCII characters. */
bool client_name_is_valid(struct bytes text);

/* As client_name_is_valid(); replies with the error of CLIENT SETNAME if not. */
bool client_name_check(struct reply *reply, struct bytes name);

/* Makes *field, allocated or NULL, a copy of the text; NULL for an empty one. */
void client_name_set(char **field, struct bytes text);

#endif
