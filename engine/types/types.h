/*
 * Types: the rows of the large forms of all types, by enum value_type: what
 * keyspace.objects points to.
 */
#ifndef SHOAL_ENGINE_TYPES_TYPES_H
#define SHOAL_ENGINE_TYPES_TYPES_H

#include "engine/keyspace/entry.h"
#include "engine/keyspace/object.h"

/* Of TYPE_COUNT; NULL for strings. */
extern const struct object_type *const types_objects[TYPE_COUNT];

#endif
