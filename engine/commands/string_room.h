/*
 * String room: makes the string of a key writable in place, for the commands that
 * change a part of it.
 *
 * Short strings stay inside their entry, longer ones in a blob. A blob that a reply
 * or another thread still refers to is copied first. A string that grows gets room
 * to spare, so that a series of appends costs its length and not its square.
 */
#ifndef SHOAL_ENGINE_COMMANDS_STRING_ROOM_H
#define SHOAL_ENGINE_COMMANDS_STRING_ROOM_H

#include <stddef.h>

#include "engine/commands/op.h"

/*
 * The bytes of the string at `key`, as many as it has or `len` if that is more; at
 * least one. `found` is the fresh result of keyspace_write(); a missing key is
 * created (without expiry), an existing one must hold a string. Of the bytes that are
 * new, those before zero_to are zero, the others are for the caller to fill. The
 * value counts as edited (OBJECT ENCODING raw). NULL: no memory, nothing was changed
 * and an error was replied. The pointer is good until the keyspace changes again.
 */
char *string_room(struct op *op, const struct key *key, struct found *found, size_t len,
                  size_t zero_to);

/* Makes the string of an entry shorter, in place: `len` bytes, no more than it has. It is
 * embedded or in a blob that is nobody else's, as string_room() leaves it. */
void string_room_cut(struct entry *e, size_t len);

/* Whether a string of size + more bytes is allowed; replies an error otherwise. */
bool string_room_allowed(struct op *op, size_t size, size_t more);

#endif
