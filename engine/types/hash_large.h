/*
 * Hash, inside: what hash.c and hash_random.c share and others need not see.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_LARGE_H
#define SHOAL_ENGINE_TYPES_HASH_LARGE_H

#include "engine/keyspace/table.h"
#include "engine/types/hash.h"
#include "engine/types/listpack.h"

struct hash {
    struct table table; /* of items (hash_item.h) */
};

/* Visits the pair of a listpack whose field is at that position. */
static inline void hash_visit_pair(const void *lp, uint32_t at, hash_visit visit, void *ctx)
{
    char field[NUMBER_I64_MAX], value[NUMBER_I64_MAX];
    visit(ctx, listpack_text(lp, at, field),
          listpack_text(lp, listpack_next(lp, at), value));
}

#endif
