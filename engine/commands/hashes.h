/*
 * Hashes: what the commands of hashes that change one share.
 */
#ifndef SHOAL_ENGINE_COMMANDS_HASHES_H
#define SHOAL_ENGINE_COMMANDS_HASHES_H

#include <stdbool.h>

#include "base/bytes.h"

struct op;
struct found;
struct hash_edit;

/* Looks the command's key up for a change; found->entry is NULL if there is none. False:
 * the key is of another type, an error was replied. */
bool hashes_find(struct op *op, struct found *found);

/* Opens the hash that was found, or a new one, for an edit. */
void hashes_open(struct op *op, struct found *found, struct hash_edit *edit);

/* Opens the hash of the command's key, or a new one, for an edit. False: the key is of
 * another type, an error was replied. `found` has to live as long as the edit. */
bool hashes_edit(struct op *op, struct found *found, struct hash_edit *edit);

/* Gives the field that was just looked for a value, ends the edit and tells of it. The
 * expiry of the field stays. False: no memory, an error was replied. */
bool hashes_put(struct op *op, struct hash_edit *edit, struct bytes field, struct bytes value,
                const char *event);

#endif
