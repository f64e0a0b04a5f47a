/* Types: see types.h. */
#include "engine/types/types.h"

#include "engine/types/hash.h"
#include "engine/types/list.h"
#include "engine/types/set.h"
#include "engine/types/stream.h"
#include "engine/types/zset.h"

const struct object_type *const types_objects[TYPE_COUNT] = {
    [TYPE_STRING] = NULL,
    [TYPE_LIST] = &list_object,
    [TYPE_SET] = &set_object,
    [TYPE_ZSET] = &zset_object,
    [TYPE_HASH] = &hash_object,
    [TYPE_STREAM] = &stream_object,
};
