/*
 * Object: commands that look into how the value of a key is stored. None of them
 * counts as a use of the key.
 */
#include <limits.h>

#include "base/alloc.h"
#include "engine/commands/object.h"
#include "engine/commands/op.h"
#include "op_handlers.gen.h"

#define EMBSTR_MAX 44        /* longest string that clients know as embstr */
#define SHARED_INTS 10000    /* integers from 0 below this are shared in Redis */
#define SHARED_REFS INT_MAX  /* ... and have so many references */

#define POLICY_NOTE                                                                                \
    " Please note that when switching between policies at runtime LRU and LFU data will take "     \
    "some time to adjust."

/* What an encoding is called: a row per encoding of a type. */
static const struct {
    uint8_t type, encoding;
    const char *name;
} encoding_names[] = {
    {TYPE_STRING, ENCODING_EMBEDDED, "embstr"}, /* raw when long or edited */
    {TYPE_STRING, ENCODING_INT, "int"},
    {TYPE_STRING, ENCODING_BLOB, "raw"},
};

static const char *encoding_name(const struct entry *e)
{
    if (e->type == TYPE_STRING && e->encoding == ENCODING_EMBEDDED &&
        (e->flags & ENTRY_EDITED || entry_embedded_len(e) > EMBSTR_MAX))
        return "raw";
    for (size_t i = 0; i < sizeof encoding_names / sizeof encoding_names[0]; i++)
        if (encoding_names[i].type == e->type && encoding_names[i].encoding == e->encoding)
            return encoding_names[i].name;
    return "unknown";
}

const char *object_encoding_name(const struct entry *e)
{
    return encoding_name(e);
}

/* The entry of the key; NULL: there is none, nil was replied. */
static const struct entry *object_of(struct op *op)
{
    const struct entry *e = keyspace_peek(op->ks, op->db, &op->key).entry;
    if (e == NULL)
        reply_nil(op->reply);
    return e;
}

void op_object_encoding(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e != NULL)
        reply_bulk_cstr(op->reply, encoding_name(e));
}

void op_object_refcount(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    bool shared = e->type == TYPE_STRING && e->encoding == ENCODING_INT &&
                  (uint64_t)entry_int(e) < SHARED_INTS;
    reply_int(op->reply, shared ? SHARED_REFS : 1);
}

void op_object_idletime(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    if (op->limits->lfu) {
        reply_error(op->reply, "ERR An LFU maxmemory policy is selected, idle time not tracked."
                               POLICY_NOTE);
        return;
    }
    uint32_t now = op->ks->access_now;
    reply_int(op->reply, e->access < now ? now - e->access : 0);
}

/* The counter is the lowest byte of the access word, as in Redis's own layout. */
void op_object_freq(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    if (!op->limits->lfu) {
        reply_error(op->reply, "ERR An LFU maxmemory policy is not selected, access frequency "
                               "not tracked." POLICY_NOTE);
        return;
    }
    reply_int(op->reply, e->access & 0xff);
}

/* Reads [SAMPLES count], which matters to no value that is measured exactly; false:
 * an error was replied. */
static bool samples_parse(struct op *op)
{
    for (int i = 3; i < op->argc; i += 2) {
        int64_t samples = -1;
        if (op_arg_is(op, i, "samples") && i + 1 < op->argc && !op_int(op, i + 1, &samples))
            return false;
        if (samples < 0) {
            op_error_syntax(op);
            return false;
        }
    }
    return true;
}

/* MEMORY USAGE key [SAMPLES count]: the entry, what it points to, and its share of
 * the table of its slot. */
void op_memory_usage(struct op *op)
{
    if (!samples_parse(op))
        return;
    const struct entry *e = keyspace_find(op->ks, op->db, &op->key).entry;
    if (e == NULL) {
        reply_nil(op->reply);
        return;
    }
    const struct table *table = &op->db->slots[op->key.slot];
    size_t bytes = entry_bytes(e) + table_bytes(table) / table_count(table);
    if (e->encoding == ENCODING_BLOB)
        bytes += alloc_usable(entry_blob(e));
    reply_int(op->reply, (int64_t)bytes);
}
