/* Types: see types.h. */
#include "engine/types/types.h"

#include "engine/types/hash.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
    [TYPE_HASH] = &hash_object,
#include "engine/types/set.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
    [TYPE_SET] = &set_object,
#include "engine/types/list.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
    [TYPE_LIST] = &list_object,
};
