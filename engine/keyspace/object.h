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
};

#endif
