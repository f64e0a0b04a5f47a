/* Sort result: the elements of a value as SORT's options want them, in order. */
#ifndef SHOAL_ENGINE_COMMANDS_SORT_RESULT_H
#define SHOAL_ENGINE_COMMANDS_SORT_RESULT_H

#include "engine/commands/op.h"
#include "engine/commands/sort_elements.h"
#include "engine/commands/sort_options.h"
#include "engine/commands/sort_order.h"

struct sort_result {
    struct sort_elements elements;
    struct sort_item *items; /* of all elements; NULL: the elements are in their places */
    size_t from, count;      /* what LIMIT lets through: so many items from there */
};

enum sort_result_state {
    SORT_RESULT_MADE,
    SORT_RESULT_NOT_NUMBERS, /* something to sort by is no number */
    SORT_RESULT_NO_MEMORY,
};

/*
 * Sorts the elements of a value (of a type that sort_elements_of_type() allows; NULL: none).
 * The order is that of the numbers the elements are, or those BY finds; equal ones are in
 * order of their bytes. With ALPHA it is the order of bytes; elements whose BY values are
 * the same stay in the order they had, and those without one come first. Nothing is
 * replied. sort_result_deinit() ends it, whatever the answer.
 */
enum sort_result_state sort_result_make(struct op *op, const struct sort_options *options,
                                        const struct entry *e, struct sort_result *result);

void sort_result_deinit(struct sort_result *result);

/* The i-th element of the result. */
static inline const struct sort_element *sort_result_get(const struct sort_result *result,
                                                         size_t i)
{
    return result->items == NULL ? &result->elements.all[i] : result->items[result->from + i].what;
}

#endif
