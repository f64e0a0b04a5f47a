/*
 * Wait restore: what was taken out of a list or sorted set for a client that is gone goes
 * back to where it was. What such a reply holds is all that is known of it, so the reply is
 * read again.
 */
#ifndef SHOAL_SHARD_SESSION_WAIT_RESTORE_H
#define SHOAL_SHARD_SESSION_WAIT_RESTORE_H

#include <stdbool.h>

#include "shard/session/wait.h"

/* Makes part->restore, the command that undoes what part->reply reports, and empties the
 * reply. False: there is nothing to undo (errors; what was moved to another list or noted as
 * pending in a group is not lost). */
bool wait_restore_make(struct wait_part *part);

#endif
