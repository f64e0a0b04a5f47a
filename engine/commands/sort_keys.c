/* Sort keys: see sort_keys.h. */
#include "engine/commands/sort_keys.h"

#include <assert.h>

#include "base/buffer.h"
#include "engine/commands/sort_result.h"
#include "engine/keyspace/prefetch.h"
#include "engine/types/hash.h"

static void put_name(struct buffer *buffer, const struct sort_pattern *pattern,
                     const struct sort_element *element)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes text = sort_element_text(element, scratch);
    buffer_append(buffer, pattern->before.data, pattern->before.len);
    buffer_append(buffer, text.data, text.len);
    buffer_append(buffer, pattern->behind.data, pattern->behind.len);
}

static struct sort_value value_of(const struct op *op, const struct sort_pattern *pattern,
                                  const struct entry *e)
{
    char scratch[NUMBER_I64_MAX];
    struct sort_value value = {.there = true};
    struct bytes text;
    if (e == NULL || e->type != (pattern->kind == SORT_PATTERN_FIELD ? TYPE_HASH : TYPE_STRING))
        return (struct sort_value){0};
    if (pattern->kind == SORT_PATTERN_FIELD) {
        value.there = hash_get(op->ks, e, pattern->field, &text, scratch);
        if (value.there)
            value.element = sort_element_of(text, scratch);
    } else if (e->encoding == ENCODING_INT) {
        value.element.integer = entry_int(e);
    } else {
        text = entry_string(e, scratch);
        value.element = (struct sort_element){
            .data = text.data, .len = text.len,
            .blob = e->encoding == ENCODING_BLOB ? entry_blob(e) : NULL};
    }
    return value;
}

static void look_up_keys(struct op *op, const struct sort_pattern *pattern,
                         const struct sort_element *const *elements, size_t n,
                         struct sort_value *values)
{
    struct buffer names = {0};
    size_t ends[SORT_KEYS_GROUP], begin = 0;
    struct key keys[SORT_KEYS_GROUP];
    assert(n > 0 && n <= SORT_KEYS_GROUP);
    for (size_t i = 0; i < n; i++) {
        put_name(&names, pattern, elements[i]);
        ends[i] = names.len;
    }
    for (size_t i = 0; i < n; begin = ends[i++])
        keys[i] = keyspace_key(op->ks->seed, bytes_make(names.data + begin, ends[i] - begin));
    prefetch_keys(op->db, keys, n);
    /* What the values refer to stays where it is: no look-up removes fields of a hash. */
    bool keep_expired = op->ks->keep_expired;
    op->ks->keep_expired = true;
    for (size_t i = 0; i < n; i++)
        values[i] = value_of(op, pattern, keyspace_read(op->ks, op->db, &keys[i]).entry);
    op->ks->keep_expired = keep_expired;
    buffer_deinit(&names);
}

void sort_keys_look_up(struct op *op, const struct sort_pattern *pattern,
                       const struct sort_element *const *elements, size_t n,
                       struct sort_value *values)
{
    if (sort_pattern_has_keys(pattern)) {
        look_up_keys(op, pattern, elements, n, values);
        return;
    }
    for (size_t i = 0; i < n; i++)
        values[i] = pattern->kind == SORT_PATTERN_SELF
                        ? (struct sort_value){.there = true, .element = *elements[i]}
                        : (struct sort_value){0};
}

/* Whether the order depends on keys. */
static bool orders_by_keys(const struct sort_options *options)
{
    return !options->nosort && sort_pattern_has_keys(&options->by);
}

static bool gets_reach_out(const struct sort_options *options)
{
    for (int i = 0; i < options->get_count; i++)
        if (sort_pattern_has_keys(&options->gets[i]))
            return true;
    return false;
}

bool sort_reaches_out(int argc, const struct bytes *argv)
{
    struct sort_options options;
    bool reaches = sort_options_parse(argc, argv, true, &options) == SORT_FAULT_NONE &&
                   (orders_by_keys(&options) || gets_reach_out(&options));
    sort_options_deinit(&options);
    return reaches;
}

struct naming {
    void (*each)(void *ctx, struct bytes name);
    void *ctx;
    struct buffer name;
};

static void name_key(struct naming *naming, const struct sort_pattern *pattern,
                     const struct sort_element *element)
{
    if (!sort_pattern_has_keys(pattern))
        return;
    buffer_clear(&naming->name);
    put_name(&naming->name, pattern, element);
    naming->each(naming->ctx, buffer_bytes(&naming->name));
}

static void name_gets(struct naming *naming, const struct sort_options *options,
                      const struct sort_element *element)
{
    for (int i = 0; i < options->get_count; i++)
        name_key(naming, &options->gets[i], element);
}

/* Until the weights are there it is unknown which elements are in the result. */
static void name_all(const struct sort_options *options, const struct entry *e,
                     struct naming *naming)
{
    struct sort_elements elements;
    if (sort_elements_load(&elements, e, 0, sort_elements_count(e), false))
        for (size_t i = 0; i < elements.count; i++) {
            name_key(naming, &options->by, &elements.all[i]);
            name_gets(naming, options, &elements.all[i]);
        }
    sort_elements_deinit(&elements);
}

static void name_result(const struct op *op, const struct sort_options *options,
                        const struct entry *e, struct naming *naming)
{
    struct sort_result result;
    struct op looking = *op;
    if (sort_result_make(&looking, options, e, &result) == SORT_RESULT_MADE)
        for (size_t i = 0; i < result.count; i++)
            name_gets(naming, options, sort_result_get(&result, i));
    sort_result_deinit(&result);
}

void sort_pattern_keys(const struct op *op, void (*each)(void *ctx, struct bytes name), void *ctx)
{
    struct sort_options options;
    struct naming naming = {.each = each, .ctx = ctx};
    struct key key = op_key(op, 1);
    const struct entry *e = keyspace_find(op->ks, op->db, &key).entry;
    enum sort_fault fault = sort_options_parse(op->argc, op->argv, true, &options);
    if (fault == SORT_FAULT_NONE && e != NULL && sort_elements_of_type(e)) {
        if (orders_by_keys(&options))
            name_all(&options, e, &naming);
        else if (gets_reach_out(&options))
            name_result(op, &options, e, &naming);
    }
    sort_options_deinit(&options);
    buffer_deinit(&naming.name);
}
