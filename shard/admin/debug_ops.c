/*
 * Debug, the subcommands that shards execute: see debug.h. Each has a row as the command
 * table has them, so that keys are found, locked and merged by the usual ways, alone and
 * inside EXEC. DEBUG SLEEP and POPULATE lock every shard whole: as in Redis, nothing
 * else happens anywhere meanwhile.
 */
#include "shard/admin/debug.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "engine/commands/command_ids.gen.h"
#include "engine/commands/object.h"
#include "engine/commands/op.h"
#include "shard/admin/digest.h"
#include "shard/session/merge.h"

/* ---- On whole shards. ---- */

static void op_sleep(struct op *op)
{
    double seconds = 0;
    number_parse_double(op->argv[2], &seconds);
    if (seconds > 0 && seconds < INT_MAX) {
        int64_t us = (int64_t)(seconds * 1e6);
        struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
        nanosleep(&left, NULL);
    }
    reply_ok(op->reply);
}

static void op_set_active_expire(struct op *op)
{
    int64_t active;
    op->ks->expire_passive = !number_parse_i64(op->argv[2], &active) || active == 0;
    reply_ok(op->reply);
}

static bool positive(struct op *op, int i, int64_t *value)
{
    if (!op_int(op, i, value))
        return false;
    if (*value >= 0)
        return true;
    reply_error(op->reply, "ERR value is out of range, must be positive");
    return false;
}

/* Sets a key, unless there is such a key. False: no memory, an error was replied. */
static bool populate_key(struct op *op, struct bytes name, struct bytes text)
{
    struct key key = keyspace_key(op->ks->seed, name);
    if (!keyspace_owns(op->ks, key.slot))
        return true;
    struct found found = keyspace_find(op->ks, op->db, &key);
    if (found.entry != NULL)
        return true;
    struct value value;
    if (!op_string_value_of(op, text, false, &value))
        return false;
    keyspace_put(op->ks, op->db, &key, &found, value, ENTRY_NO_EXPIRY);
    keyspace_changed(op->ks, op->db, &key, CHANGE_WRITE, 0, "populate");
    return true;
}

/* DEBUG POPULATE count [prefix [size]]: each shard sets those of the keys it owns. */
static void op_populate(struct op *op)
{
    int64_t count, size = 0;
    if (!positive(op, 2, &count) || (op->argc == 5 && !positive(op, 4, &size)))
        return;
    struct bytes prefix = op->argc > 3 ? op->argv[3] : bytes_of("key");
    char *name = alloc_try(prefix.len + 32), text[32];
    char *value = alloc_try_zeroed(bits_max((size_t)size, sizeof text));
    bool well = name != NULL && value != NULL;
    if (!well)
        op_error_memory(op);
    for (int64_t i = 0; well && i < count; i++) {
        memcpy(name, prefix.data, prefix.len);
        int digits = snprintf(name + prefix.len, 32, ":%lld", (long long)i);
        int len = snprintf(text, sizeof text, "value:%lld", (long long)i);
        size_t bytes = size == 0 ? (size_t)len : (size_t)size;
        memcpy(value, text, bits_min((size_t)len, bytes));
        well = populate_key(op, bytes_make(name, prefix.len + (size_t)digits),
                            bytes_make(value, bytes));
    }
    alloc_free(name);
    alloc_free(value);
    if (well)
        reply_ok(op->reply);
}

static void digest_visit(void *ctx, struct entry *entry)
{
    struct digest digest = digest_entry(entry);
    digest_add(ctx, digest.bytes, sizeof digest.bytes);
}

static bool every_slot(void *ctx, uint32_t slot)
{
    (void)ctx;
    (void)slot;
    return true;
}

/* A bulk of MERGE_DIGEST_BYTES for each database: whether it has keys, and what
 * digest_add() makes of the digests of these. merge_digest() makes one digest of them. */
static void op_digest(struct op *op)
{
    size_t len = (size_t)op->ks->db_count * MERGE_DIGEST_BYTES;
    unsigned char *parts = alloc_zeroed(len);
    for (uint16_t i = 0; i < op->ks->db_count; i++) {
        struct db *db = &op->ks->dbs[i];
        struct digest digest = {{0}};
        if (db->keys == 0)
            continue;
        uint64_t cursor = 0;
        for (uint32_t slot = 0; slot < SLOT_COUNT;)
            keyspace_scan(op->ks, db, &slot, &cursor, 1000, every_slot, digest_visit, &digest);
        unsigned char *part = parts + (size_t)i * MERGE_DIGEST_BYTES;
        part[0] = 1;
        memcpy(part + 1, digest.bytes, sizeof digest.bytes);
    }
    reply_bulk(op->reply, bytes_make(parts, len));
    alloc_free(parts);
}

/* ---- On keys. ---- */

static void op_digest_value(struct op *op)
{
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++) {
        struct key key = op_key(op, i);
        const struct entry *e = keyspace_find(op->ks, op->db, &key).entry;
        struct digest digest = {{0}};
        char text[DIGEST_TEXT_SIZE];
        if (e != NULL)
            digest_value(&digest, e);
        digest_text(&digest, text);
        reply_status(op->reply, text);
        if (op->marks != NULL)
            op->marks[i - 2] = reply_here(op->reply);
    }
}

/* The entry of the key; NULL: there is none, the error was replied. */
static const struct entry *entry_of(struct op *op)
{
    const struct entry *e = keyspace_find(op->ks, op->db, &op->key).entry;
    if (e == NULL)
        op_error_no_key(op);
    return e;
}

/* Bytes of a string in an RDB file, not compressed. Format: RDB version 11. */
static size_t serialized_bytes(const struct entry *e)
{
    char scratch[NUMBER_I64_MAX];
    struct bytes text = entry_string(e, scratch);
    int64_t number;
    if (text.len <= 11 && number_parse_i64(text, &number)) {
        if (number >= INT8_MIN && number <= INT8_MAX)
            return 2;
        if (number >= INT16_MIN && number <= INT16_MAX)
            return 3;
        if (number >= INT32_MIN && number <= INT32_MAX)
            return 5;
    }
    return text.len + (text.len < 64 ? 1 : text.len < 16384 ? 2 : text.len <= UINT32_MAX ? 5 : 9);
}

static void op_object(struct op *op)
{
    const struct entry *e = entry_of(op);
    if (e == NULL)
        return;
    char text[256];
    snprintf(text, sizeof text,
             "Value at:%p refcount:1 encoding:%s serializedlength:%zu lru:%u lru_seconds_idle:%u",
             (const void *)e, object_encoding_name(op->ks, e),
             e->type == TYPE_STRING ? serialized_bytes(e) : 0, e->access & 0xffffff,
             access_idle(e->access, op->ks->access_now));
    reply_status(op->reply, text);
}

static void op_sdslen(struct op *op)
{
    const struct entry *e = entry_of(op);
    if (e == NULL)
        return;
    if (e->type != TYPE_STRING || e->encoding == ENCODING_INT) {
        reply_error(op->reply, "ERR Not an sds encoded string.");
        return;
    }
    size_t key = entry_key(e).len, value = entry_string_len(e);
    size_t bytes = e->encoding == ENCODING_BLOB ? alloc_usable(entry_blob(e)) : value;
    char text[256];
    snprintf(text, sizeof text,
             "key_sds_len:%zu, key_sds_avail:0, key_zmalloc: %zu, val_sds_len:%zu, "
             "val_sds_avail:0, val_zmalloc: %zu",
             key, entry_bytes(e), value, bytes);
    reply_status(op->reply, text);
}

/* DEBUG LISTPACK, QUICKLIST, HTSTATS-KEY: forms that strings do not have. */
static void op_form(struct op *op)
{
    if (entry_of(op) == NULL)
        return;
    if (op_arg_is(op, 1, "listpack"))
        reply_error(op->reply, "ERR Not a listpack encoded object.");
    else if (op_arg_is(op, 1, "quicklist"))
        reply_error(op->reply, "ERR Not a quicklist encoded object.");
    else
        reply_error(op->reply, "ERR The value stored at the specified key is not represented "
                               "using an hash table");
}

/* ---- The rows. ---- */

static const struct key_spec one_key[] = {{
    .flags = KEY_RO, .begin = KEY_BEGIN_INDEX, .find = KEY_FIND_RANGE, .from = {.index = 2},
    .keys = {.last = 0, .step = 1},
}};
static const struct key_spec all_keys[] = {{
    .flags = KEY_RO, .begin = KEY_BEGIN_INDEX, .find = KEY_FIND_RANGE, .from = {.index = 2},
    .keys = {.last = -1, .step = 1},
}};

#define COMMON                                                                                     \
    .name = "debug", .id = COMMAND_DEBUG, .arity = -2,                                             \
    .acl = ACL_CAT_ADMIN | ACL_CAT_SLOW | ACL_CAT_DANGEROUS
#define FLAGS (CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_PROTECTED)
#define ON_ALL(handler, how, more)                                                                 \
    {                                                                                              \
        COMMON, .where = WHERE_ALL, .merge = how, .flags = FLAGS | (more), .op = handler           \
    }
#define ON_KEY(handler)                                                                            \
    {                                                                                              \
        COMMON, .where = WHERE_KEY, .flags = FLAGS, .first_key = 2, .last_key = 2, .key_step = 1,  \
                .key_specs = one_key, .key_spec_count = 1, .op = handler                           \
    }
#define ON_KEYS(handler)                                                                           \
    {                                                                                              \
        COMMON, .where = WHERE_EACH, .merge = MERGE_KEYS, .flags = FLAGS, .first_key = 2,          \
                .last_key = -1, .key_step = 1, .key_specs = all_keys, .key_spec_count = 1,         \
                .op = handler                                                                      \
    }

static const struct {
    const char *name;
    int min_argc, max_argc;
    struct command command;
} subcommands[] = {
    {"sleep", 3, 3, ON_ALL(op_sleep, MERGE_OK, CMD_WRITE)},
    {"populate", 3, 5, ON_ALL(op_populate, MERGE_OK, CMD_WRITE)},
    {"set-active-expire", 3, 3, ON_ALL(op_set_active_expire, MERGE_OK, CMD_WRITE)},
    {"digest", 2, 2, ON_ALL(op_digest, MERGE_DIGEST, CMD_READONLY)},
    {"digest-value", 2, INT_MAX, ON_KEYS(op_digest_value)},
    {"object", 3, 3, ON_KEY(op_object)},
    {"sdslen", 3, 3, ON_KEY(op_sdslen)},
    {"listpack", 3, 3, ON_KEY(op_form)},
    {"quicklist", 3, 4, ON_KEY(op_form)},
    {"htstats-key", 3, INT_MAX, ON_KEY(op_form)},
};

const struct command *debug_command(const struct command *debug, int argc,
                                    const struct bytes *argv)
{
    for (size_t i = 0; argc > 1 && i < countof(subcommands); i++)
        if (argc >= subcommands[i].min_argc && argc <= subcommands[i].max_argc &&
            bytes_equal_nocase(argv[1], subcommands[i].name))
            return &subcommands[i].command;
    return debug;
}
