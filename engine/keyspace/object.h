/*
 * Object: the large form of a value that is not a string (a list of nodes, a hash
 * table, a tree...), as the keyspace sees it: something to be freed, copied, measured.
 *
 * The small form, a listpack or an intset, is plain bytes: in the entry
 * (ENCODING_EMBEDDED) or in a blob of their own (ENCODING_BLOB). See entry_room.h.
 *
 * The keyspace finds the row of a type in keyspace.objects; the rows are defined by
 * the types, above.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_OBJECT_H
#define SHOAL_ENGINE_KEYSPACE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct entry;
struct found;
struct key;
struct keyspace;

/*
 * What a type whose values may be ENTRY_TIMED knows of them, in either form: parts of
 * such a value expire by themselves (fields of a hash). A part whose time has passed is
 * absent for every reader. The keyspace sees to it that it is removed soon, and that a
 * key all of whose parts have expired is no more.
 */
struct timed_type {
    char event_class; /* of the event that tells that parts have expired, and its name */
    const char *event;

    /* Parts, those that have expired included. */
    size_t (*count)(const struct entry *e);

    /* When the first part expires; INT64_MAX: none will. */
    int64_t (*first)(const struct entry *e);

    /* When the last part expires and leaves nothing; INT64_MAX: some never will. */
    int64_t (*last)(const struct entry *e);

    /* Removes up to `parts` of those that have expired, where some have not, and tells
     * of it; `found` is updated. */
    void (*expire)(struct keyspace *ks, struct db *db, const struct key *key,
                   struct found *found, size_t parts);
};

struct object_type {
    const char *encoding; /* as OBJECT ENCODING says it: "quicklist", "hashtable"... */

    /* Elements: what freeing costs. */
    size_t (*count)(const void *object);

    /* Frees about that many elements; once true is returned, all is freed, the object
     * included. Until then only free_some() may be called on it. */
    bool (*free_some)(void *object, size_t elements);

    /* A copy that shares nothing. seed: of the keyspace's hashes. */
    void *(*copy)(const void *object, uint64_t seed);

    /* Bytes allocated for it; elements beyond `samples` are estimated (0: look at all). */
    size_t (*bytes)(const void *object, size_t samples);

    const struct timed_type *timed; /* NULL: no value of the type is ENTRY_TIMED */
};

#endif
