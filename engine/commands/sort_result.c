/* Sort result: see sort_result.h. */
#include "engine/commands/sort_result.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/sort_keys.h"

#define SLICE_BYTES 7 /* of a text in a key; the eighth says how many there were */
#define SLICE_MORE  9 /* in the eighth: the text goes on. 0: no text, 1: none left */
#define AHEAD 8 /* items to prefetch for */

struct sorter {
    const struct sort_element *all;
    const struct sort_value *by; /* ALPHA with BY: the texts, in the order of `all`; or NULL */
    bool alpha, desc;
};

/* --- Keys. */

/* Whether a text is a number, by the rules of SORT: those of strtod(), up to a NUL, an
 * empty text being 0; not a number, too large and too small are refused. */
static bool read_number(struct bytes text, double *number)
{
    if (likely(number_parse_double(text, number)) &&
        (fabs(*number) >= DBL_MIN || *number == 0))
        return true;
    char *copy = alloc_try(text.len + 1), *end;
    if (copy == NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *number = strtod(copy, &end);
    bool good = *end == '\0' && errno != ERANGE && !isnan(*number);
    alloc_free(copy);
    return good;
}

/* A key in the order of numbers; that of 0 for -0. */
static uint64_t number_key(double number)
{
    uint64_t bits;
    number += 0.0;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* A key in the order of what follows `depth` bytes of the texts. */
static uint64_t text_key(struct bytes text, size_t depth)
{
    unsigned char slice[SLICE_BYTES + 1] = {0};
    uint64_t key;
    size_t left = text.len > depth ? text.len - depth : 0;
    if (left > 0)
        memcpy(slice, text.data + depth, bits_min(left, SLICE_BYTES));
    slice[SLICE_BYTES] = (unsigned char)(bits_min(left, SLICE_BYTES + 1) + 1);
    memcpy(&key, slice, sizeof key);
    return be64toh(key);
}

static uint64_t directed(const struct sorter *sorter, uint64_t key)
{
    return sorter->desc ? ~key : key;
}

/* The text an element is sorted by. False: it has none. */
static bool text_of(const struct sorter *sorter, const struct sort_element *element,
                    char *scratch, struct bytes *text)
{
    const struct sort_value *by = sorter->by == NULL ? NULL : &sorter->by[element - sorter->all];
    if (by != NULL && !by->there)
        return false;
    *text = sort_element_text(by == NULL ? element : &by->element, scratch);
    return true;
}

/* Items that were sorted once refer to elements in no order: their waits for memory overlap. */
static void prefetch_ahead(const struct sort_item *items, size_t n, size_t i)
{
    if (i + 2 * AHEAD >= n)
        return;
    const struct sort_element *soon = items[i + AHEAD].what;
    bits_prefetch(items[i + 2 * AHEAD].what);
    bits_prefetch(soon->data);
}

static void set_text_keys(const struct sorter *sorter, struct sort_item *items, size_t n,
                          size_t depth)
{
    for (size_t i = 0; i < n; i++) {
        char scratch[NUMBER_I64_MAX];
        struct bytes text;
        prefetch_ahead(items, n, i);
        bool there = text_of(sorter, items[i].what, scratch, &text);
        items[i].key = directed(sorter, there ? text_key(text, depth) : 0);
    }
}

/* The next bytes of the texts; after the last ones, the places the elements had. */
static bool next_keys(const void *ctx, unsigned level, struct sort_item *items, size_t n)
{
    const struct sorter *sorter = ctx;
    unsigned slice = sorter->alpha ? level : level - 1;
    if (slice == 0 || (directed(sorter, items[0].key) & 0xff) == SLICE_MORE)
        set_text_keys(sorter, items, n, (size_t)slice * SLICE_BYTES);
    else
        for (size_t i = 0; i < n; i++)
            items[i].key = (uint64_t)(uintptr_t)items[i].what;
    return true;
}

static int compare(const void *ctx, const void *a, const void *b)
{
    const struct sorter *sorter = ctx;
    char scratch_a[NUMBER_I64_MAX], scratch_b[NUMBER_I64_MAX];
    struct bytes text_a = {0}, text_b = {0};
    bool has_a = text_of(sorter, a, scratch_a, &text_a);
    bool has_b = text_of(sorter, b, scratch_b, &text_b);
    int order = has_a && has_b ? bytes_compare(text_a, text_b) : has_a - has_b;
    if (order != 0)
        return sorter->desc ? -order : order;
    return (a > b) - (a < b);
}

/* --- What to sort by. */

static bool number_of(const struct sort_element *element, double *number)
{
    if (element->data != NULL)
        return read_number(bytes_make(element->data, element->len), number);
    *number = (double)element->integer;
    return true;
}

/* Gives the items the keys of their numbers; of what BY found, where `values` is set. An
 * element for which it found nothing counts as 0. */
static bool set_number_keys(const struct sorter *sorter, const struct sort_value *values,
                            struct sort_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double number = 0;
        const struct sort_element *element = values == NULL ? items[i].what : &values[i].element;
        if ((values == NULL || values[i].there) && !number_of(element, &number))
            return false;
        items[i].key = directed(sorter, number_key(number));
    }
    return true;
}

static bool set_number_keys_by(struct op *op, const struct sorter *sorter,
                               const struct sort_pattern *by, struct sort_item *items, size_t n)
{
    struct sort_value values[SORT_KEYS_GROUP];
    const struct sort_element *group[SORT_KEYS_GROUP];
    for (size_t at = 0; at < n; at += SORT_KEYS_GROUP) {
        size_t some = bits_min(n - at, SORT_KEYS_GROUP);
        for (size_t i = 0; i < some; i++)
            group[i] = &sorter->all[at + i];
        sort_keys_look_up(op, by, group, some, values);
        if (!set_number_keys(sorter, values, items + at, some))
            return false;
    }
    return true;
}

static void look_up_all(struct op *op, const struct sorter *sorter,
                        const struct sort_pattern *by, struct sort_value *values, size_t n)
{
    const struct sort_element *group[SORT_KEYS_GROUP];
    for (size_t at = 0; at < n; at += SORT_KEYS_GROUP) {
        size_t some = bits_min(n - at, SORT_KEYS_GROUP);
        for (size_t i = 0; i < some; i++)
            group[i] = &sorter->all[at + i];
        sort_keys_look_up(op, by, group, some, values + at);
    }
}

/* --- The whole. */

static enum sort_result_state set_keys(struct op *op, const struct sort_options *options,
                                       struct sorter *sorter, struct sort_value **values,
                                       struct sort_item *items, size_t n)
{
    bool by_keys = sort_pattern_has_keys(&options->by);
    if (!options->alpha) {
        bool good = by_keys ? set_number_keys_by(op, sorter, &options->by, items, n)
                            : set_number_keys(sorter, NULL, items, n);
        return good ? SORT_RESULT_MADE : SORT_RESULT_NOT_NUMBERS;
    }
    if (by_keys) {
        *values = alloc_try(n * sizeof **values);
        if (*values == NULL)
            return SORT_RESULT_NO_MEMORY;
        look_up_all(op, sorter, &options->by, *values, n);
        sorter->by = *values;
    }
    set_text_keys(sorter, items, n, 0);
    return SORT_RESULT_MADE;
}

static enum sort_result_state sort_elements(struct op *op, const struct sort_options *options,
                                            struct sort_result *result)
{
    size_t n = result->elements.count;
    struct sorter sorter = {
        .all = result->elements.all, .alpha = options->alpha, .desc = options->desc};
    struct sort_value *values = NULL;
    struct sort_item *scratch = alloc_try(n * sizeof *scratch);
    result->items = alloc_try(n * sizeof *result->items);
    enum sort_result_state state = SORT_RESULT_NO_MEMORY;
    if (scratch != NULL && result->items != NULL) {
        for (size_t i = 0; i < n; i++)
            result->items[i] = (struct sort_item){.what = &sorter.all[i]};
        state = set_keys(op, options, &sorter, &values, result->items, n);
    }
    if (state == SORT_RESULT_MADE) {
        struct sort_order order = {
            .next_keys = next_keys, .compare = compare, .ctx = &sorter, .rng = &op->ks->rng};
        sort_order(&order, result->items, scratch, n, result->from, result->from + result->count);
    }
    alloc_free(scratch);
    alloc_free(values);
    return state;
}

enum sort_result_state sort_result_make(struct op *op, const struct sort_options *options,
                                        const struct entry *e, struct sort_result *result)
{
    struct sort_options how = *options;
    size_t count = sort_elements_count(e), past;
    *result = (struct sort_result){0};
    sort_options_window(options, count, &result->from, &past);
    result->count = past - result->from;
    /* The members of a set have no order: one that is stored must not depend on chance. */
    if (how.nosort && how.store > 0 && !sort_elements_ordered(e)) {
        how.nosort = false;
        how.alpha = true;
        how.by = (struct sort_pattern){0};
    }
    if (how.nosort) {
        bool backwards = how.desc && sort_elements_ordered(e);
        return sort_elements_load(&result->elements, e, result->from, past, backwards)
                   ? SORT_RESULT_MADE
                   : SORT_RESULT_NO_MEMORY;
    }
    if (!sort_elements_load(&result->elements, e, 0, count, false))
        return SORT_RESULT_NO_MEMORY;
    return sort_elements(op, &how, result);
}

void sort_result_deinit(struct sort_result *result)
{
    alloc_free(result->items);
    result->items = NULL;
    sort_elements_deinit(&result->elements);
}
