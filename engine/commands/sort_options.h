/*
 * Sort options: what SORT and SORT_RO were asked for, and the patterns of BY and GET.
 *
 * A pattern names, for each element, where a value is: its first '*' stands for the element.
 *
 *   weight_*          the string under that key
 *   object_*->field   a field of the hash under that key; "->" counts behind the '*' only
 *   #                 the element itself (GET)
 *   nosort            no '*': nothing at all. As BY it asks for no sorting.
 */
#ifndef SHOAL_ENGINE_COMMANDS_SORT_OPTIONS_H
#define SHOAL_ENGINE_COMMANDS_SORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum sort_pattern_kind {
    SORT_PATTERN_NOTHING,
    SORT_PATTERN_SELF,
    SORT_PATTERN_STRING,
    SORT_PATTERN_FIELD,
};

/* A key name is `before`, the element, `behind`. The parts lie in the argument. */
struct sort_pattern {
    enum sort_pattern_kind kind;
    struct bytes before, behind;
    struct bytes field; /* SORT_PATTERN_FIELD */
};

struct sort_options {
    bool desc, alpha;
    bool nosort;            /* some BY had no '*' */
    int64_t offset, count;  /* as given; 0 and -1 without LIMIT */
    struct sort_pattern by; /* the last one; SORT_PATTERN_NOTHING: none */
    struct sort_pattern *gets;
    int get_count;
    int store; /* argv index of the last STORE's key; 0: none */
};

enum sort_fault {
    SORT_FAULT_NONE,
    SORT_FAULT_SYNTAX,
    SORT_FAULT_NOT_INT, /* of LIMIT */
};

/* Whether a pattern names keys. */
static inline bool sort_pattern_has_keys(const struct sort_pattern *pattern)
{
    return pattern->kind == SORT_PATTERN_STRING || pattern->kind == SORT_PATTERN_FIELD;
}

/* Reads the options, which are argv[2...]; STORE is allowed if may_store. */
enum sort_fault sort_options_parse(int argc, const struct bytes *argv, bool may_store,
                                   struct sort_options *options);

/* Frees what sort_options_parse() allocated, whatever it answered. */
void sort_options_deinit(struct sort_options *options);

/* The elements [*from, *past) of `count` that LIMIT lets through. */
void sort_options_window(const struct sort_options *options, size_t count, size_t *from,
                         size_t *past);

#endif
