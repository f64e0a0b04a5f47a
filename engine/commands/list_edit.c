/*
 * List edit: commands that change a list elsewhere than at one end.
 */
#include "engine/commands/list_value.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

static struct list_limit limit_of(const struct op *op)
{
    return list_limit(op->limits->list_max_listpack_size);
}

void op_lset(struct op *op)
{
    struct found found;
    int64_t index;
    if (!list_value_write(op, &op->key, &found))
        return;
    if (found.entry == NULL) {
        op_error_no_key(op);
        return;
    }
    if (!op_int(op, 2, &index))
        return;
    if (!list_cursor_ok(list_value_seek(found.entry, index))) {
        reply_error(op->reply, "ERR index out of range");
        return;
    }
    struct list_item item;
    if (!list_value_item(op, 3, &item))
        return;
    struct list *list = list_value_prepare(op, &op->key, &found, item);
    if (list != NULL) {
        list_replace(list, limit_of(op), list_seek(list, index), item);
        list_value_shrink(op, &op->key, &found);
    } else {
        struct entry_room er;
        list_value_open(op, &er, &op->key, &found);
        listpack_replace(&er.room, listpack_at(er.room.bytes, index), item.text);
        entry_room_close(&er);
    }
    reply_ok(op->reply);
    op_changed(op, &op->key, 'l', "lset");
}

/* The index of the first element that is this text, or -1. */
static int64_t index_of(const struct entry *e, struct bytes text)
{
    struct list_wanted wanted = list_wanted(text);
    struct list_cursor cursor = list_value_seek(e, 0);
    for (int64_t i = 0; list_cursor_ok(cursor); i++, list_step(&cursor, false))
        if (list_is(cursor, &wanted))
            return i;
    return -1;
}

static void insert(struct op *op, struct found *found, int64_t index, bool after,
                   struct list_item item)
{
    struct list *list = list_value_prepare(op, &op->key, found, item);
    if (list != NULL) {
        list_insert(list, limit_of(op), list_seek(list, index), after, item);
        return;
    }
    struct entry_room er;
    list_value_open(op, &er, &op->key, found);
    uint32_t at = listpack_at(er.room.bytes, index);
    listpack_insert(&er.room, after ? listpack_next(er.room.bytes, at) : at, item.text);
    entry_room_close(&er);
}

/* LINSERT key BEFORE|AFTER pivot element */
void op_linsert(struct op *op)
{
    bool after = op_arg_is(op, 2, "after");
    if (!after && !op_arg_is(op, 2, "before")) {
        op_error_syntax(op);
        return;
    }
    struct found found;
    if (!list_value_write(op, &op->key, &found))
        return;
    if (found.entry == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    int64_t index = index_of(found.entry, op->argv[3]);
    if (index < 0) {
        reply_int(op->reply, -1);
        return;
    }
    struct list_item item;
    if (!list_value_item(op, 4, &item))
        return;
    insert(op, &found, index, after, item);
    reply_int(op->reply, (int64_t)list_value_count(found.entry));
    op_changed(op, &op->key, 'l', "linsert");
}

/* Each of these removes up to `most` elements that are the wanted text; how many. */
static uint64_t remove_large(struct op *op, struct list *list, const struct list_wanted *wanted,
                             uint64_t most, bool back)
{
    uint64_t removed = 0;
    struct list_cursor cursor = list_seek(list, back ? -1 : 0);
    while (list_cursor_ok(cursor) && removed < most) {
        if (list_is(cursor, wanted)) {
            list_remove(list, limit_of(op), &cursor, back);
            removed++;
        } else {
            list_step(&cursor, back);
        }
    }
    return removed;
}

static uint64_t remove_small(struct op *op, struct found *found, const struct list_wanted *wanted,
                             uint64_t most, bool back)
{
    struct entry_room er;
    uint64_t removed = 0;
    list_value_open(op, &er, &op->key, found);
    struct list_cursor cursor = list_seek_small(er.room.bytes, back ? -1 : 0);
    while (list_cursor_ok(cursor) && removed < most) {
        struct list_cursor here = cursor;
        bool is_wanted = list_is(here, wanted);
        if (!is_wanted || back)
            list_step(&cursor, back);
        if (!is_wanted)
            continue;
        uint32_t behind = listpack_remove(&er.room, here.at, 1);
        if (!back)
            cursor.at = behind;
        removed++;
    }
    entry_room_close(&er);
    return removed;
}

/* LREM key count element: from the front, or from the back if count is negative. */
void op_lrem(struct op *op)
{
    int64_t count;
    struct found found;
    if (!op_int(op, 2, &count) || !list_value_write(op, &op->key, &found))
        return;
    if (found.entry == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    struct list_wanted wanted = list_wanted(op->argv[3]);
    bool back = count < 0;
    uint64_t most = count == 0 ? UINT64_MAX : back ? -(uint64_t)count : (uint64_t)count;
    uint64_t removed = entry_is_small(found.entry)
                           ? remove_small(op, &found, &wanted, most, back)
                           : remove_large(op, entry_object(found.entry), &wanted, most, back);
    reply_int(op->reply, (int64_t)removed);
    if (removed > 0)
        list_value_removed(op, &op->key, &found, "lrem");
}

/* LTRIM key first last. It tells a change even where all elements stay, as Redis does. */
void op_ltrim(struct op *op)
{
    int64_t first, last;
    struct found found;
    if (!op_int(op, 2, &first) || !op_int(op, 3, &last) ||
        !list_value_write(op, &op->key, &found))
        return;
    reply_ok(op->reply);
    if (found.entry == NULL)
        return;
    int64_t count = (int64_t)list_value_count(found.entry);
    if (first < 0)
        first = first < -count ? 0 : first + count;
    if (last < 0)
        last = last < -count ? -1 : last + count;
    last = last < count ? last : count - 1;
    if (first > last) {
        first = count;
        last = count - 1;
    }
    list_value_drop(op, &op->key, &found, false, (size_t)(count - 1 - last));
    list_value_drop(op, &op->key, &found, true, (size_t)first);
    list_value_removed(op, &op->key, &found, "ltrim");
}
