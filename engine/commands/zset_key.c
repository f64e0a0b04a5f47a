/* Zset key: see zset_key.h. */
#include "engine/commands/zset_key.h"

bool zset_key_read(struct op *op, const struct key *key, struct zset_ref *zs, bool *there)
{
    const struct entry *e = keyspace_read(op->ks, op->db, key).entry;
    if (!op_is_type(op, e, TYPE_ZSET))
        return false;
    if (there != NULL)
        *there = e != NULL;
    zset_read(zs, e);
    return true;
}

bool zset_key_write(struct op *op, const struct key *key, struct found *found,
                    struct zset_ref *zs)
{
    *found = keyspace_write(op->ks, op->db, key);
    if (!op_is_type(op, found->entry, TYPE_ZSET))
        return false;
    zset_open(zs, op->ks, op->db, key, found, op->limits->zset_max_listpack_entries,
              op->limits->zset_max_listpack_value);
    return true;
}

void zset_key_changed(struct op *op, const struct key *key, struct zset_ref *zs,
                      const char *event)
{
    bool there = zset_close(zs);
    op_changed(op, key, 'z', event);
    if (!there)
        op_emptied(op, key);
}

void zset_key_store(struct op *op, const struct key *key, struct zset_builder *b,
                    const char *event)
{
    struct found found = keyspace_write(op->ks, op->db, key);
    size_t count = zset_builder_count(b);
    struct value value;
    if (zset_builder_value(b, op->limits->zset_max_listpack_entries,
                           op->limits->zset_max_listpack_value, &value)) {
        keyspace_put(op->ks, op->db, key, &found, value, ENTRY_NO_EXPIRY);
        op_changed(op, key, 'z', event);
    } else if (found.entry != NULL) {
        keyspace_remove(op->ks, op->db, key, &found);
        op_deleted(op, key);
    }
    zset_builder_deinit(b);
    reply_int(op->reply, (int64_t)count);
}
