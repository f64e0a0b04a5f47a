/* Types: see types.h. */
#include "engine/types/types.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
};
