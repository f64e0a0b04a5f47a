/*
 * String edit: parts of strings: APPEND, SETRANGE, GETRANGE and its old name SUBSTR.
 */
#include "engine/commands/op.h"
#include "engine/commands/string_room.h"
#include "op_handlers.gen.h"

static void append_to_new(struct op *op, struct found *found)
{
    struct value value;
    size_t len = op->argv[2].len;
    if (!op_string_value(op, 2, &value))
        return;
    keyspace_put(op->ks, op->db, &op->key, found, value, ENTRY_NO_EXPIRY);
    op_changed(op, &op->key, '$', "append");
    reply_int(op->reply, (int64_t)len);
}

void op_append(struct op *op)
{
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (found.entry == NULL) {
        append_to_new(op, &found);
        return;
    }
    if (!op_is_type(op, found.entry, TYPE_STRING))
        return;
    struct bytes more = op->argv[2];
    size_t old = entry_string_len(found.entry);
    if (!string_room_allowed(op, old, more.len))
        return;
    char *data = string_room(op, &op->key, &found, old + more.len, 0);
    if (data == NULL)
        return;
    if (more.len > 0)
        memcpy(data + old, more.data, more.len);
    op_changed(op, &op->key, '$', "append");
    reply_int(op->reply, (int64_t)(old + more.len));
}

void op_setrange(struct op *op)
{
    int64_t offset;
    if (!op_int(op, 2, &offset))
        return;
    if (offset < 0) {
        reply_error(op->reply, "ERR offset is out of range");
        return;
    }
    struct found found = keyspace_write(op->ks, op->db, &op->key);
    if (!op_is_type(op, found.entry, TYPE_STRING))
        return;
    struct bytes part = op->argv[3];
    size_t old = found.entry == NULL ? 0 : entry_string_len(found.entry);
    size_t start = (size_t)offset;
    if (part.len == 0) {
        reply_int(op->reply, (int64_t)old);
        return;
    }
    if (!string_room_allowed(op, start, part.len))
        return;
    char *data = string_room(op, &op->key, &found, start + part.len, start);
    if (data == NULL)
        return;
    memcpy(data + start, part.data, part.len);
    op_changed(op, &op->key, '$', "setrange");
    reply_int(op->reply, (int64_t)(start + part.len > old ? start + part.len : old));
}

static void reply_range(struct op *op, const struct entry *e, size_t start, size_t len)
{
    if (e->encoding == ENCODING_BLOB) {
        reply_bulk_blob(op->reply, entry_blob(e), start, len);
        return;
    }
    char scratch[NUMBER_I64_MAX];
    reply_bulk(op->reply, bytes_make(entry_string(e, scratch).data + start, len));
}

void op_getrange(struct op *op)
{
    int64_t start, end;
    if (!op_int(op, 2, &start) || !op_int(op, 3, &end))
        return;
    const struct entry *e = keyspace_read(op->ks, op->db, &op->key).entry;
    if (!op_is_type(op, e, TYPE_STRING))
        return;
    int64_t len = e == NULL ? 0 : (int64_t)entry_string_len(e);
    /* Positions before the beginning count as the beginning, unless the order of the
     * two was wrong to begin with. */
    bool backwards = start < 0 && end < 0 && start > end;
    if (start < 0)
        start = start + len < 0 ? 0 : start + len;
    if (end < 0)
        end = end + len < 0 ? 0 : end + len;
    if (end >= len)
        end = len - 1;
    if (backwards || start > end)
        reply_bulk(op->reply, bytes_of(""));
    else
        reply_range(op, e, (size_t)start, (size_t)(end - start + 1));
}

void op_substr(struct op *op)
{
    op_getrange(op);
}
