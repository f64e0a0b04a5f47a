/*
 * Prefetch: brings what a look-up will read into the cache, for many keys at once.
 *
 * A look-up is a chain of dependent loads: the slot's word, the bucket, the entry.
 * Done key by key, each waits for memory in turn; done stage by stage over a group
 * of keys, the waits overlap. The idea is that of group prefetching (Chen, Ailamaki,
 * Gibbons and Mowry, ICDE 2004).
 *
 * Only hints: nothing is changed, counted or expired, and a key that is not there
 * costs nothing but the attempt. While a table is being resized, keys that were not
 * moved yet are simply not prefetched.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_PREFETCH_H
#define SHOAL_ENGINE_KEYSPACE_PREFETCH_H

#include <stddef.h>

#include "engine/keyspace/keyspace.h"

/* A good number of keys to look ahead: about as many loads as a core keeps in flight,
 * and few enough that the first is still in the cache when the last has come. */
#define PREFETCH_GROUP 16

/* Prefetches the entries of n keys of one database (any n; one key is left alone,
 * as there is nothing to overlap). Call it right before the keys are looked up. */
void prefetch_keys(const struct db *db, const struct key *keys, size_t n);

#endif
