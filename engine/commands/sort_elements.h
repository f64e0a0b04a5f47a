/*
 * Sort elements: the elements of the list, set or sorted set that is sorted.
 *
 * They refer to the value where they can. It must not change as long as they are used;
 * other keys may expire meanwhile.
 */
#ifndef SHOAL_ENGINE_COMMANDS_SORT_ELEMENTS_H
#define SHOAL_ENGINE_COMMANDS_SORT_ELEMENTS_H

#include "base/blob.h"
#include "base/number.h"
#include "engine/keyspace/entry.h"

struct sort_element {
    const char *data; /* NULL: an integer */
    union {
        size_t len;
        int64_t integer;
    };
    struct blob *blob; /* the value's, that holds the text; or NULL */
};

/* Texts that have no other place. */
struct sort_arena {
    struct sort_chunk *last;
};

struct sort_elements {
    struct sort_element *all;
    size_t count;
    struct sort_arena arena;
};

/* Copies a text to where it stays until sort_arena_deinit(). */
struct bytes sort_arena_keep(struct sort_arena *arena, struct bytes text);
void sort_arena_deinit(struct sort_arena *arena);

/* Whether SORT takes values of this type. */
bool sort_elements_of_type(const struct entry *e);

/* How many elements a value has; NULL: none. */
size_t sort_elements_count(const struct entry *e);

/* Whether the elements of a value have an order of their own. */
bool sort_elements_ordered(const struct entry *e);

/*
 * Loads the elements [from, past) of a value, in its order or, where it has one, backwards;
 * those of a set are loaded as they come. False: no memory. Either way sort_elements_deinit()
 * ends it.
 */
bool sort_elements_load(struct sort_elements *elements, const struct entry *e, size_t from,
                        size_t past, bool backwards);
void sort_elements_deinit(struct sort_elements *elements);

/* An element of a text that a reader of values gave: if that lies in scratch, where readers
 * write integers, of the integer. */
struct sort_element sort_element_of(struct bytes text, const char *scratch);

/* The text of an element; scratch (NUMBER_I64_MAX bytes) is used for integers. */
static inline struct bytes sort_element_text(const struct sort_element *element, char *scratch)
{
    if (element->data != NULL)
        return bytes_make(element->data, element->len);
    return bytes_make(scratch, number_format_i64(scratch, element->integer));
}

#endif
