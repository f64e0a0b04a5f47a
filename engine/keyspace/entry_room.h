/*
 * Entry room: edits the small form of a key's value (listpack, intset) in place,
 * whether it lies in the entry or in a blob, or makes it for a new key.
 *
 *   struct entry_room er;
 *   entry_room_open(&er, ks, db, key, &found, TYPE_HASH, 0, empty);
 *   ... listpack_append(&er.room, ...) ...
 *   entry_room_close(&er);
 *
 * In between, nothing else may touch the keyspace. Up to ENTRY_EMBED_MAX bytes are kept
 * in the entry, more in a blob. Closing writes the length down, gives back memory
 * that is not worth keeping and leaves `found` fresh. It does not call
 * keyspace_changed().
 */
#ifndef SHOAL_ENGINE_KEYSPACE_ENTRY_ROOM_H
#define SHOAL_ENGINE_KEYSPACE_ENTRY_ROOM_H

#include "base/room.h"
#include "engine/keyspace/keyspace.h"

#define ENTRY_ROOM_FIRST 32 /* bytes for a value that is being made */

struct entry_room {
    struct room room;
    struct keyspace *ks;
    struct db *db;
    const struct key *key;
    struct found *found;
    uint8_t type, flags; /* of a value that is being made */
    unsigned char first[ENTRY_ROOM_FIRST];
};

/*
 * Opens the small value of found->entry, which must have one, or a new one of this
 * type (and flags of ENTRY_OF_VALUE) that starts as the bytes of `empty`, at most
 * ENTRY_ROOM_FIRST: the entry is made when it is closed, or outgrows them.
 */
void entry_room_open(struct entry_room *er, struct keyspace *ks, struct db *db,
                     const struct key *key, struct found *found, uint8_t type, uint8_t flags,
                     struct bytes empty);

/* The value stays: its length is written down. found->entry is set. */
void entry_room_close(struct entry_room *er);

/* The small value of an entry, for reading: a listpack or intset. */
static inline struct bytes entry_small(const struct entry *e)
{
    assert(e->type != TYPE_STRING && e->encoding != ENCODING_OBJECT);
    if (e->encoding == ENCODING_EMBEDDED)
        return entry_embedded(e);
    const struct blob *blob = entry_blob(e);
    return (struct bytes){blob->data, blob->len};
}

/* True if the value is in its small form. */
static inline bool entry_is_small(const struct entry *e)
{
    return e->encoding != ENCODING_OBJECT;
}

#endif
