/* Sets: what the commands on sets share. */
#ifndef SHOAL_ENGINE_COMMANDS_SETS_H
#define SHOAL_ENGINE_COMMANDS_SETS_H

#include <stdbool.h>

#include "engine/types/set.h"
#include "engine/types/set_edit.h"

struct op;
struct reply;

/* Up to where sets keep their small forms, by the settings. */
struct set_limits sets_limits(const struct op *op);

/* For set_each() and its like: ctx is the reply the member is written to. */
bool sets_reply_member(void *ctx, struct set_member *member);

/* A key's set has changed by this command (and its event), and has so many members left:
 * with none the key is deleted. Tells the observers. */
void sets_changed(struct op *op, const struct key *key, struct found *found, const char *event,
                  size_t left);

#endif
