/* List move: see list_move.h. */
#include "engine/commands/list_move.h"

#include <limits.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/list_value.h"
#include "op_handlers.gen.h"

bool list_move_end(struct op *op, int i, bool *front)
{
    *front = op_arg_is(op, i, "left");
    if (*front || op_arg_is(op, i, "right"))
        return true;
    op_error_syntax(op);
    return false;
}

/* The element as an item of its own: integers as text in scratch (NUMBER_I64_MAX bytes),
 * other texts copied to *copy, which the caller frees; blobs are referred to. */
static struct list_item item_of(struct list_element element, char *scratch, char **copy)
{
    if (element.blob != NULL)
        return (struct list_item){.text = element.text, .blob = blob_get(element.blob)};
    if (element.is_int)
        return (struct list_item){
            .text = {scratch, number_format_i64(scratch, element.integer)}};
    *copy = alloc_get(element.text.len);
    memcpy(*copy, element.text.data, element.text.len);
    return (struct list_item){.text = {*copy, element.text.len}};
}

/* The element is put into the destination first and taken from the source then, so that a
 * list of one element that is both is never empty. */
enum list_move_result list_move(struct op *op, bool from_front, bool to_front)
{
    struct key to = op_key(op, 2);
    struct found source, dest;
    if (!list_value_write(op, &op->key, &source))
        return LIST_MOVE_ERROR;
    if (source.entry == NULL)
        return LIST_MOVE_NOTHING;
    if (!list_value_write(op, &to, &dest))
        return LIST_MOVE_ERROR;
    char scratch[NUMBER_I64_MAX], *copy = NULL;
    int64_t index = from_front ? 0 : -1;
    struct list_element element = list_get(list_value_seek(source.entry, index));
    list_value_reply(op, element);
    struct list_item item = item_of(element, scratch, &copy);
    list_value_push(op, &to, &dest, to_front, item);
    alloc_free(copy);
    op_also_changed(op, &to, 'l', to_front ? "lpush" : "rpush");

    source = keyspace_find(op->ks, op->db, &op->key);
    list_value_drop(op, &op->key, &source, from_front, 1);
    list_value_removed(op, &op->key, &source, from_front ? "lpop" : "rpop");
    return LIST_MOVE_DONE;
}

void op_lmove(struct op *op)
{
    bool from_front, to_front;
    if (list_move_end(op, 3, &from_front) && list_move_end(op, 4, &to_front) &&
        list_move(op, from_front, to_front) == LIST_MOVE_NOTHING)
        reply_nil(op->reply);
}

void op_rpoplpush(struct op *op)
{
    if (list_move(op, false, true) == LIST_MOVE_NOTHING)
        reply_nil(op->reply);
}

static bool positive(struct op *op, int i, int64_t *value, const char *error)
{
    if (number_parse_i64(op->argv[i], value) && *value > 0)
        return true;
    reply_error(op->reply, error);
    return false;
}

bool list_move_parse_pop(struct op *op, int at, struct list_move_pop *pop)
{
    int64_t keys, count = 1;
    if (!positive(op, at, &keys, "ERR numkeys should be greater than 0"))
        return false;
    if (keys >= op->argc - at - 1) {
        op_error_syntax(op);
        return false;
    }
    int end = at + 1 + (int)keys;
    if (!list_move_end(op, end, &pop->front))
        return false;
    if (end + 1 < op->argc) {
        if (end + 3 != op->argc || !op_arg_is(op, end + 1, "count")) {
            /* COUNT with a bad number comes before what follows it. */
            if (end + 3 < op->argc && op_arg_is(op, end + 1, "count") &&
                !positive(op, end + 2, &count, "ERR count should be greater than 0"))
                return false;
            op_error_syntax(op);
            return false;
        }
        if (!positive(op, end + 2, &count, "ERR count should be greater than 0"))
            return false;
    }
    pop->first = at + 1;
    pop->keys = (int)keys;
    pop->count = (size_t)count;
    return true;
}

enum list_move_result list_move_pop(struct op *op, const struct list_move_pop *pop)
{
    for (int i = pop->first; i < pop->first + pop->keys; i++) {
        struct key key = op_key(op, i);
        struct found found;
        if (!list_value_write(op, &key, &found))
            return LIST_MOVE_ERROR;
        if (found.entry == NULL)
            continue;
        size_t count = bits_min(pop->count, list_value_count(found.entry));
        reply_array(op->reply, 2);
        reply_bulk(op->reply, key.name);
        list_value_reply_range(op, found.entry, pop->front ? 0 : -1, count, !pop->front);
        list_value_drop(op, &key, &found, pop->front, count);
        list_value_removed(op, &key, &found, pop->front ? "lpop" : "rpop");
        return LIST_MOVE_DONE;
    }
    return LIST_MOVE_NOTHING;
}

void op_lmpop(struct op *op)
{
    struct list_move_pop pop;
    if (list_move_parse_pop(op, 1, &pop) && list_move_pop(op, &pop) == LIST_MOVE_NOTHING)
        reply_nil_array(op->reply);
}
