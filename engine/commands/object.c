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

#define SAMPLES_DEFAULT 5      /* elements of a large value that MEMORY USAGE looks at */

#define POLICY_NOTE                                                                                \
    " Please note that when switching between policies at runtime LRU and LFU data will take "     \
    "some time to adjust."

static const char *string_encoding(const struct entry *e)
{
    if (e->encoding == ENCODING_INT)
        return "int";
    if (e->encoding == ENCODING_BLOB || e->flags & ENTRY_EDITED ||
        entry_embedded_len(e) > EMBSTR_MAX)
        return "raw";
    return "embstr";
}

const char *object_encoding_name(const struct keyspace *ks, const struct entry *e)
{
    if (e->type == TYPE_STRING)
        return string_encoding(e);
    if (e->encoding == ENCODING_OBJECT)
        return ks->objects[e->type]->encoding;
    if (e->type == TYPE_HASH && e->flags & ENTRY_TIMED)
        return "listpackex";
    return e->type == TYPE_SET && e->flags & ENTRY_INTSET ? "intset" : "listpack";
}

size_t object_bytes(const struct keyspace *ks, const struct entry *e, size_t samples)
{
    size_t bytes = entry_bytes(e);
    if (e->encoding == ENCODING_BLOB)
        bytes += alloc_usable(entry_blob(e));
    else if (e->encoding == ENCODING_OBJECT)
        bytes += ks->objects[e->type]->bytes(entry_object(e), samples);
    return bytes;
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
        reply_bulk_cstr(op->reply, object_encoding_name(op->ks, e));
}

void op_object_refcount(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    bool shared = !op->limits->ints_unshared && e->type == TYPE_STRING &&
                  e->encoding == ENCODING_INT && (uint64_t)entry_int(e) < SHARED_INTS;
    reply_int(op->reply, shared ? SHARED_REFS : 1);
}

void op_object_idletime(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    if (op->ks->access.lfu) {
        reply_error(op->reply, "ERR An LFU maxmemory policy is selected, idle time not tracked."
                               POLICY_NOTE);
        return;
    }
    reply_int(op->reply, access_idle(e->access, op->ks->access_now));
}

void op_object_freq(struct op *op)
{
    const struct entry *e = object_of(op);
    if (e == NULL)
        return;
    if (!op->ks->access.lfu) {
        reply_error(op->reply, "ERR An LFU maxmemory policy is not selected, access frequency "
                               "not tracked." POLICY_NOTE);
        return;
    }
    reply_int(op->reply, access_frequency(&op->ks->access, e->access, op->ks->access_now));
}

/* Reads [SAMPLES count]; false: an error was replied. */
static bool samples_parse(struct op *op, size_t *count)
{
    *count = SAMPLES_DEFAULT;
    for (int i = 3; i < op->argc; i += 2) {
        int64_t samples = -1;
        if (op_arg_is(op, i, "samples") && i + 1 < op->argc && !op_int(op, i + 1, &samples))
            return false;
        if (samples < 0) {
            op_error_syntax(op);
            return false;
        }
        *count = (size_t)samples;
    }
    return true;
}

/* MEMORY USAGE key [SAMPLES count]: the entry, what it points to, and its share of
 * the table of its slot. */
void op_memory_usage(struct op *op)
{
    size_t samples;
    if (!samples_parse(op, &samples))
        return;
    const struct entry *e = keyspace_find(op->ks, op->db, &op->key).entry;
    if (e == NULL) {
        reply_nil(op->reply);
        return;
    }
    const struct table *table = &op->db->slots[op->key.slot];
    size_t bytes = object_bytes(op->ks, e, samples) + table_bytes(table) / table_count(table);
    reply_int(op->reply, (int64_t)bytes);
}
