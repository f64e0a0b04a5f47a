/*
 * Reclaim: frees what was deleted; at once where that is little, in slices where it
 * would hold up the shard (keyspace_reclaim()).
 */
#ifndef SHOAL_ENGINE_KEYSPACE_RECLAIM_H
#define SHOAL_ENGINE_KEYSPACE_RECLAIM_H

#include "engine/keyspace/keyspace.h"

/* Drops the keyspace's reference to a blob. */
void reclaim_blob(struct keyspace *ks, struct blob *blob);

/* Frees the large form of a value. */
void reclaim_object(struct keyspace *ks, const struct object_type *type, void *object);

/* Frees the tables of the slots of a database, with their entries (so many), and the array. */
void reclaim_slots(struct keyspace *ks, struct table *slots, size_t keys);

#endif
