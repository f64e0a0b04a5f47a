/*
 * Sort keys: the keys beside the sorted one that BY and GET of SORT look at.
 *
 * Their names follow from the elements, so nobody knows them before the source is at hand.
 * Whoever brings keys of several shards together asks sort_reaches_out() first, and once the
 * source is there sort_pattern_keys().
 */
#ifndef SHOAL_ENGINE_COMMANDS_SORT_KEYS_H
#define SHOAL_ENGINE_COMMANDS_SORT_KEYS_H

#include "engine/commands/op.h"
#include "engine/commands/sort_elements.h"
#include "engine/commands/sort_options.h"

/* Whether SORT or SORT_RO with these arguments looks at keys that follow from the elements. */
bool sort_reaches_out(int argc, const struct bytes *argv);

/*
 * Calls each with the name of every key that BY and GET may look at, some maybe more than
 * once; the source, argv[1], is in op->ks. A name is valid during the call. Nothing is
 * replied or counted. The keyspace must not change meanwhile.
 */
void sort_pattern_keys(const struct op *op, void (*each)(void *ctx, struct bytes name), void *ctx);

/* What a pattern gives for an element. */
struct sort_value {
    bool there;
    struct sort_element element; /* refers to the value of a key, or to the element */
};

/* How many elements are looked up at a time, so that their waits for memory overlap. */
#define SORT_KEYS_GROUP 16

/* What a pattern gives for each of n elements, SORT_KEYS_GROUP at most; keys that are looked
 * at count as read. */
void sort_keys_look_up(struct op *op, const struct sort_pattern *pattern,
                       const struct sort_element *const *elements, size_t n,
                       struct sort_value *values);

#endif
