/*
 * Sort: SORT and SORT_RO.
 *
 *   sort_options.c    what was asked for
 *   sort_elements.c   the elements of the value
 *   sort_keys.c       the values that BY and GET find under other keys
 *   sort_result.c     the elements in order, by keys of 64 bits
 *   sort_order.c      the sorting itself
 */
#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/list_value.h"
#include "engine/commands/sort_keys.h"
#include "engine/commands/sort_result.h"
#include "op_handlers.gen.h"

/* Takes what is found for the elements, in the order of the reply. False: an error. */
typedef bool (*sink_fn)(struct op *op, void *ctx, const struct sort_value *value);

static bool reply_value(struct op *op, void *ctx, const struct sort_value *value)
{
    const struct sort_element *element = &value->element;
    if (!value->there)
        reply_nil(op->reply);
    else if (element->data == NULL)
        reply_bulk_int(op->reply, element->integer);
    else if (element->blob != NULL)
        reply_bulk_blob(op->reply, element->blob, 0, element->len);
    else
        reply_bulk(op->reply, bytes_make(element->data, element->len));
    return true;
}

static bool store_value(struct op *op, void *ctx, const struct sort_value *value)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes text = bytes_of("");
    if (value->there)
        text = sort_element_text(&value->element, scratch);
    return list_value_append(op, ctx, text, value->element.blob);
}

/* What GET finds for a group of elements, one element after the other. */
static bool get_group(struct op *op, const struct sort_options *options,
                      const struct sort_element *const *group, size_t n,
                      struct sort_value *values, sink_fn sink, void *ctx)
{
    size_t gets = (size_t)options->get_count;
    for (size_t get = 0; get < gets; get++)
        sort_keys_look_up(op, &options->gets[get], group, n, values + get * SORT_KEYS_GROUP);
    for (size_t i = 0; i < n; i++)
        for (size_t get = 0; get < gets; get++)
            if (!sink(op, ctx, &values[get * SORT_KEYS_GROUP + i]))
                return false;
    return true;
}

/* Puts the elements, or what GET finds for them, into the sink. */
static bool put_result(struct op *op, const struct sort_options *options,
                       const struct sort_result *result, sink_fn sink, void *ctx)
{
    static const struct sort_pattern self = {.kind = SORT_PATTERN_SELF};
    struct sort_options what = *options;
    if (what.get_count == 0) {
        what.gets = (struct sort_pattern *)&self;
        what.get_count = 1;
    }
    const struct sort_element *group[SORT_KEYS_GROUP];
    struct sort_value *values =
        alloc_get((size_t)what.get_count * SORT_KEYS_GROUP * sizeof *values);
    bool good = true;
    for (size_t at = 0; good && at < result->count; at += SORT_KEYS_GROUP) {
        size_t n = bits_min(result->count - at, SORT_KEYS_GROUP);
        for (size_t i = 0; i < n; i++)
            bits_prefetch(group[i] = sort_result_get(result, at + i));
        for (size_t i = 0; i < n; i++)
            bits_prefetch(group[i]->data);
        good = get_group(op, &what, group, n, values, sink, ctx);
    }
    alloc_free(values);
    return good;
}

static void reply_result(struct op *op, const struct sort_options *options,
                         const struct sort_result *result)
{
    size_t gets = options->get_count == 0 ? 1 : (size_t)options->get_count;
    reply_array(op->reply, result->count * gets);
    put_result(op, options, result, reply_value, NULL);
}

static void store_result(struct op *op, const struct sort_options *options,
                         const struct sort_result *result)
{
    struct key key = op_key(op, options->store);
    if (result->count == 0) {
        struct found found = keyspace_write(op->ks, op->db, &key);
        if (found.entry != NULL) {
            keyspace_remove(op->ks, op->db, &key, &found);
            op_deleted(op, &key);
        }
        reply_int(op->reply, 0);
        return;
    }
    struct list *list = list_new();
    if (!put_result(op, options, result, store_value, list)) {
        list_free(list);
        return;
    }
    size_t count = list_count(list);
    list_value_store(op, &key, list);
    op_changed(op, &key, 'l', "sortstore");
    reply_int(op->reply, (int64_t)count);
}

static void sort_key(struct op *op, const struct sort_options *options)
{
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (e != NULL && !sort_elements_of_type(e)) {
        op_error_wrong_type(op);
        return;
    }
    struct sort_result result;
    switch (sort_result_make(op, options, e, &result)) {
    case SORT_RESULT_MADE:
        if (options->store > 0)
            store_result(op, options, &result);
        else
            reply_result(op, options, &result);
        break;
    case SORT_RESULT_NOT_NUMBERS:
        reply_error(op->reply, "ERR One or more scores can't be converted into double");
        break;
    case SORT_RESULT_NO_MEMORY:
        op_error_memory(op);
        break;
    }
    sort_result_deinit(&result);
}

static void sort(struct op *op, bool may_store)
{
    struct sort_options options;
    switch (sort_options_parse(op->argc, op->argv, may_store, &options)) {
    case SORT_FAULT_NONE:
        sort_key(op, &options);
        break;
    case SORT_FAULT_SYNTAX:
        op_error_syntax(op);
        break;
    case SORT_FAULT_NOT_INT:
        reply_error(op->reply, "ERR value is not an integer or out of range");
        break;
    }
    sort_options_deinit(&options);
}

/* SORT key [BY pattern] [LIMIT offset count] [GET pattern...] [ASC|DESC] [ALPHA] [STORE key] */
void op_sort(struct op *op)
{
    sort(op, true);
}

/* SORT_RO, the same without STORE */
void op_sort_ro(struct op *op)
{
    sort(op, false);
}
