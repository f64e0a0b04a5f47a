/* Stream key: see streams_key.h. */
#include "engine/commands/streams_key.h"

#include "engine/keyspace/reclaim.h"

static bool open_found(struct op *op, struct found found, struct stream **s)
{
    *s = NULL;
    if (!op_is_type(op, found.entry, TYPE_STREAM))
        return false;
    if (found.entry != NULL)
        *s = entry_object(found.entry);
    return true;
}

bool streams_key_read(struct op *op, const struct key *key, struct stream **s)
{
    return open_found(op, keyspace_read(op->ks, op->db, key), s);
}

bool streams_key_write(struct op *op, const struct key *key, struct stream **s)
{
    return open_found(op, keyspace_write(op->ks, op->db, key), s);
}

void streams_key_put(struct op *op, const struct key *key, struct stream *s)
{
    struct value value = {.type = TYPE_STREAM, .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)s};
    struct found found = keyspace_find(op->ks, op->db, key);
    keyspace_put(op->ks, op->db, key, &found, value, ENTRY_NO_EXPIRY);
}

void streams_key_discard(struct op *op, struct stream *rest)
{
    if (rest != NULL)
        reclaim_object(op->ks, &stream_object, rest);
}

void streams_key_discard_group(struct op *op, struct stream_group *group)
{
    reclaim_object(op->ks, &stream_group_object, group);
}

struct stream_consumer *streams_key_consumer(struct op *op, const struct key *key,
                                             struct stream_group *group, struct bytes name)
{
    struct stream_consumer *consumer = stream_group_consumer(group, name);
    if (consumer == NULL) {
        consumer = stream_group_add_consumer(group, name, op->ks->now_ms);
        op_changed(op, key, 't', "xgroup-createconsumer");
    }
    consumer->seen_ms = op->ks->now_ms;
    return consumer;
}
