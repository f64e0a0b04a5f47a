/* List value: see list_value.h. */
#include "engine/commands/list_value.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/keyspace/reclaim.h"

static bool is_list(struct op *op, const struct entry *e)
{
    return op_is_type(op, e, TYPE_LIST);
}

bool list_value_read(struct op *op, struct found *found)
{
    *found = keyspace_read(op->ks, op->db, &op->key);
    return is_list(op, found->entry);
}

bool list_value_write(struct op *op, const struct key *key, struct found *found)
{
    *found = keyspace_write(op->ks, op->db, key);
    return is_list(op, found->entry);
}

size_t list_value_count(const struct entry *e)
{
    return entry_is_small(e) ? listpack_count(entry_small(e).data)
                             : list_count(entry_object(e));
}

struct list_cursor list_value_seek(const struct entry *e, int64_t index)
{
    return entry_is_small(e) ? list_seek_small(entry_small(e).data, index)
                             : list_seek(entry_object(e), index);
}

void list_value_reply(struct op *op, struct list_element element)
{
    if (element.is_int)
        reply_bulk_int(op->reply, element.integer);
    else if (element.blob != NULL)
        reply_bulk_blob(op->reply, element.blob, 0, element.blob->len);
    else
        reply_bulk(op->reply, element.text);
}

void list_value_reply_range(struct op *op, const struct entry *e, int64_t from, size_t count,
                            bool back)
{
    reply_array(op->reply, count);
    if (count == 0)
        return;
    struct list_cursor cursor = list_value_seek(e, from);
    for (size_t i = 0; i < count; i++) {
        list_value_reply(op, list_get(cursor));
        list_step(&cursor, back);
    }
}

static struct list_limit limit_of(const struct op *op)
{
    return list_limit(op->limits->list_max_listpack_size);
}

bool list_value_append(struct op *op, struct list *list, struct bytes text, struct blob *blob)
{
    struct list_item item = {.text = text};
    if (unlikely(list_limit_is_large(limit_of(op), text))) {
        item.blob = blob != NULL ? blob_get(blob) : blob_try(text.len, text.len);
        if (item.blob == NULL) {
            op_error_memory(op);
            return false;
        }
        if (blob == NULL)
            memcpy(item.blob->data, text.data, text.len);
    }
    list_push(list, limit_of(op), false, item);
    return true;
}

bool list_value_item(struct op *op, int i, struct list_item *item)
{
    struct bytes text = op->argv[i];
    *item = (struct list_item){.text = text};
    if (likely(!list_limit_is_large(limit_of(op), text)))
        return true;
    if (op->blobs != NULL && op->blobs[i] != NULL) {
        item->blob = op->blobs[i];
        op->blobs[i] = NULL;
        return true;
    }
    item->blob = blob_try(text.len, text.len);
    if (item->blob == NULL) {
        op_error_memory(op);
        return false;
    }
    memcpy(item->blob->data, text.data, text.len);
    return true;
}

void list_value_open(struct op *op, struct entry_room *er, const struct key *key,
                     struct found *found)
{
    entry_room_open(er, op->ks, op->db, key, found, TYPE_LIST, 0, listpack_empty());
}

/* The list in the form it needs for so many more bytes and elements, one of which is
 * large: NULL if that is the small one, which a missing list is made in, too. */
static struct list *prepare(struct op *op, const struct key *key, struct found *found,
                            size_t bytes, size_t count, bool large)
{
    struct entry *e = found->entry;
    if (e != NULL && !entry_is_small(e))
        return entry_object(e);
    const char *lp = e == NULL ? listpack_empty().data : entry_small(e).data;
    if (!large && list_limit_allows(limit_of(op), listpack_bytes(lp) + bytes,
                                    listpack_count(lp) + count))
        return NULL;
    struct list *list = list_from(lp);
    struct value value = {.type = TYPE_LIST, .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)list};
    keyspace_put(op->ks, op->db, key, found, value,
                 e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e));
    return list;
}

struct list *list_value_prepare(struct op *op, const struct key *key, struct found *found,
                                struct list_item item)
{
    return prepare(op, key, found, item.text.len, 1, item.blob != NULL);
}

void list_value_push(struct op *op, const struct key *key, struct found *found, bool front,
                     struct list_item item)
{
    struct list *list = list_value_prepare(op, key, found, item);
    if (list != NULL) {
        list_push(list, limit_of(op), front, item);
        return;
    }
    struct entry_room er;
    list_value_open(op, &er, key, found);
    listpack_insert(&er.room, front ? LISTPACK_HEADER : LISTPACK_NONE, item.text);
    entry_room_close(&er);
}

/* As list_value_push_args(), with large arguments among them: all items are made first. */
static bool push_large_args(struct op *op, const struct key *key, struct found *found,
                            bool front, int first)
{
    int count = op->argc - first;
    struct list_item *items = alloc_get((size_t)count * sizeof *items);
    for (int i = 0; i < count; i++) {
        if (list_value_item(op, first + i, &items[i]))
            continue;
        while (i-- > 0)
            blob_put(items[i].blob);
        alloc_free(items);
        return false;
    }
    struct list *list = prepare(op, key, found, 0, 0, true);
    for (int i = 0; i < count; i++)
        list_push(list, limit_of(op), front, items[i]);
    alloc_free(items);
    return true;
}

bool list_value_push_args(struct op *op, const struct key *key, struct found *found, bool front,
                          int first)
{
    struct list_limit limit = limit_of(op);
    size_t bytes = 0;
    for (int i = first; i < op->argc; i++) {
        if (unlikely(list_limit_is_large(limit, op->argv[i])))
            return push_large_args(op, key, found, front, first);
        bytes += op->argv[i].len;
    }
    struct list *list = prepare(op, key, found, bytes, (size_t)(op->argc - first), false);
    if (list != NULL) {
        for (int i = first; i < op->argc; i++)
            list_push(list, limit, front, (struct list_item){.text = op->argv[i]});
        return true;
    }
    struct entry_room er;
    list_value_open(op, &er, key, found);
    for (int i = first; i < op->argc; i++)
        listpack_insert(&er.room, front ? LISTPACK_HEADER : LISTPACK_NONE, op->argv[i]);
    entry_room_close(&er);
    return true;
}

void list_value_drop(struct op *op, const struct key *key, struct found *found, bool front,
                     size_t count)
{
    assert(count <= list_value_count(found->entry));
    if (count == 0)
        return;
    if (!entry_is_small(found->entry)) {
        struct list *cut = list_drop(entry_object(found->entry), front, count);
        if (cut != NULL)
            reclaim_object(op->ks, &list_object, cut);
        return;
    }
    struct entry_room er;
    list_value_open(op, &er, key, found);
    listpack_remove(&er.room,
                    front ? LISTPACK_HEADER : listpack_at(er.room.bytes, -(int64_t)count), count);
    entry_room_close(&er);
}

/* The small form of these elements; embedded bytes stay where they are. False: no memory. */
static bool small_value(const void *lp, struct value *value)
{
    struct bytes small = bytes_make(lp, listpack_bytes(lp));
    *value = (struct value){.type = TYPE_LIST, .encoding = ENCODING_EMBEDDED, .embedded = small};
    if (small.len <= ENTRY_EMBED_MAX)
        return true;
    struct blob *blob = blob_try(small.len, small.len);
    if (blob == NULL)
        return false;
    memcpy(blob->data, small.data, small.len);
    value->encoding = ENCODING_BLOB;
    value->word = (uint64_t)(uintptr_t)blob;
    return true;
}

void list_value_store(struct op *op, const struct key *key, struct list *list)
{
    struct found found = keyspace_write(op->ks, op->db, key);
    const void *lp = list_small(list, limit_of(op));
    struct value value;
    bool small = lp != NULL && small_value(lp, &value);
    if (!small)
        value = (struct value){.type = TYPE_LIST, .encoding = ENCODING_OBJECT,
                               .word = (uint64_t)(uintptr_t)list};
    keyspace_put(op->ks, op->db, key, &found, value, ENTRY_NO_EXPIRY);
    if (small)
        list_free(list);
}

void list_value_shrink(struct op *op, const struct key *key, struct found *found)
{
    struct entry *e = found->entry;
    if (entry_is_small(e))
        return;
    const void *lp = list_small(entry_object(e), list_limit_half(limit_of(op)));
    if (lp == NULL)
        return;
    struct value value;
    if (!small_value(lp, &value))
        return; /* it stays as it is */
    /* The listpack lies in the list, which keyspace_put() would free first. */
    struct entry *made = entry_make(key->name, value, entry_expiry(e), NULL);
    struct value was = entry_value(e);
    keyspace_replace(op->ks, op->db, key, found, made);
    keyspace_free_value(op->ks, was);
}

void list_value_removed(struct op *op, const struct key *key, struct found *found,
                        const char *event)
{
    bool empty = list_value_count(found->entry) == 0;
    if (empty)
        keyspace_remove(op->ks, op->db, key, found);
    else
        list_value_shrink(op, key, found);
    op_changed(op, key, 'l', event);
    if (empty)
        op_emptied(op, key);
}
