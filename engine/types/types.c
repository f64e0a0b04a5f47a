/* Types: see types.h. */
#include "engine/types/types.h"

#include "engine/types/zset.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
    [TYPE_ZSET] = &zset_object,
};
