/* Set sample: several members of a set, chosen at random, none twice. */
#ifndef SHOAL_ENGINE_TYPES_SET_SAMPLE_H
#define SHOAL_ENGINE_TYPES_SET_SAMPLE_H

#include <stddef.h>

#include "base/random.h"
#include "engine/types/set.h"

/*
 * Calls visit for `want` different members (no more than there are), any choice being as
 * likely. O(want) for a small part of a table, whose members come in random order; a walk
 * over the set otherwise, in its order.
 */
void set_sample(struct set_view view, struct rng *rng, size_t want,
                bool (*visit)(void *ctx, struct set_member *member), void *ctx);

#endif
