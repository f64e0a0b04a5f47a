/* Stream info: XINFO. */
#include "engine/commands/streams_key.h"
#include "engine/commands/streams_reply.h"
#include "op_handlers.gen.h"

#define FULL_COUNT 10 /* entries that FULL shows of everything */
#define WORD_MAX   128 /* bytes of an argument that an error repeats */

/* The stream of the key; NULL: an error was replied. */
static const struct stream *find_stream(struct op *op)
{
    struct stream *s;
    if (!streams_key_read(op, &op->key, &s))
        return NULL;
    if (s == NULL)
        op_error_no_key(op);
    return s;
}

static void field_int(struct op *op, const char *name, int64_t value)
{
    reply_bulk_cstr(op->reply, name);
    reply_int(op->reply, value);
}

static void field_id(struct op *op, const char *name, struct stream_id id)
{
    reply_bulk_cstr(op->reply, name);
    streams_reply_id(op->reply, id);
}

static void field_text(struct op *op, const char *name, struct bytes text)
{
    reply_bulk_cstr(op->reply, name);
    reply_bulk(op->reply, text);
}

/* How far the group has read, and how much is left; null where that is not known. */
static void reply_progress(struct op *op, const struct stream *s, const struct stream_group *group)
{
    int64_t lag;
    reply_bulk_cstr(op->reply, "entries-read");
    if (group->entries_read == STREAM_GROUP_UNKNOWN)
        reply_nil(op->reply);
    else
        reply_int(op->reply, group->entries_read);
    reply_bulk_cstr(op->reply, "lag");
    if (stream_group_lag(s, group, &lag))
        reply_int(op->reply, lag);
    else
        reply_nil(op->reply);
}

/* XINFO GROUPS key */
void op_xinfo_groups(struct op *op)
{
    const struct stream *s = find_stream(op);
    if (s == NULL)
        return;
    reply_array(op->reply, s->groups.count);
    for (size_t i = 0; i < s->groups.count; i++) {
        const struct stream_group *group = stream_group_at(s, i);
        reply_map(op->reply, 6);
        field_text(op, "name", zset_element_member(&group->name));
        field_int(op, "consumers", (int64_t)group->consumers.count);
        field_int(op, "pending", (int64_t)group->pending.count);
        field_id(op, "last-delivered-id", group->last);
        reply_progress(op, s, group);
    }
}

/* XINFO CONSUMERS key group */
void op_xinfo_consumers(struct op *op)
{
    const struct stream *s = find_stream(op);
    if (s == NULL)
        return;
    struct bytes key = op->key.name, name = op->argv[3];
    const struct stream_group *group = stream_group_find(s, name);
    if (group == NULL) {
        reply_errorf(op->reply, "NOGROUP No such consumer group '%.*s' for key name '%.*s'",
                     (int)name.len, name.data, (int)key.len, key.data);
        return;
    }
    int64_t now = op->ks->now_ms;
    reply_array(op->reply, group->consumers.count);
    for (size_t i = 0; i < group->consumers.count; i++) {
        const struct stream_consumer *consumer = stream_group_consumer_at(group, i);
        int64_t idle = now - consumer->seen_ms, active = consumer->active_ms;
        reply_map(op->reply, 4);
        field_text(op, "name", stream_group_consumer_name(consumer));
        field_int(op, "pending", (int64_t)consumer->pending.count);
        field_int(op, "idle", idle < 0 ? 0 : idle);
        field_int(op, "inactive", active == -1 ? -1 : now - active);
    }
}

/* Up to count (0: all) pending entries of a group, or of a consumer: then without its name. */
static void reply_pending(struct op *op, const struct stream_index *index, bool of_group,
                          uint64_t count)
{
    size_t replied = 0;
    reply_bulk_cstr(op->reply, "pending");
    struct reply_mark open = reply_open(op->reply);
    struct stream_index_place place = stream_index_first(index);
    for (; place.leaf != NULL && (count == 0 || replied < count); stream_index_next(&place)) {
        const struct stream_pending *pending = stream_index_value(place);
        reply_array(op->reply, of_group ? 4 : 3);
        streams_reply_id(op->reply, stream_index_id(place));
        if (of_group)
            reply_bulk(op->reply, stream_group_consumer_name(pending->consumer));
        reply_int(op->reply, pending->delivered_ms);
        reply_int(op->reply, pending->deliveries);
        replied++;
    }
    reply_close_array(op->reply, open, replied);
}

static void reply_full_group(struct op *op, const struct stream *s,
                             const struct stream_group *group, uint64_t count)
{
    reply_map(op->reply, 7);
    field_text(op, "name", zset_element_member(&group->name));
    field_id(op, "last-delivered-id", group->last);
    reply_progress(op, s, group);
    field_int(op, "pel-count", (int64_t)group->pending.count);
    reply_pending(op, &group->pending, true, count);
    reply_bulk_cstr(op->reply, "consumers");
    reply_array(op->reply, group->consumers.count);
    for (size_t i = 0; i < group->consumers.count; i++) {
        const struct stream_consumer *consumer = stream_group_consumer_at(group, i);
        reply_map(op->reply, 5);
        field_text(op, "name", stream_group_consumer_name(consumer));
        field_int(op, "seen-time", consumer->seen_ms);
        field_int(op, "active-time", consumer->active_ms);
        field_int(op, "pel-count", (int64_t)consumer->pending.count);
        reply_pending(op, &consumer->pending, false, count);
    }
}

/* The first or the last entry, or null. */
static void field_edge(struct op *op, const char *name, const struct stream *s, bool back)
{
    struct stream_cursor c;
    reply_bulk_cstr(op->reply, name);
    if (stream_seek(&c, s, stream_id_zero, stream_id_max, back))
        streams_reply_entry(op->reply, &c);
    else
        reply_nil(op->reply);
}

/* What both forms begin with. There is no radix tree here: its keys are the nodes of the
 * stream, and its nodes as many as a tree of one level would have. */
static void reply_head(struct op *op, const struct stream *s)
{
    field_int(op, "length", (int64_t)s->length);
    field_int(op, "radix-tree-keys", (int64_t)s->nodes.count);
    field_int(op, "radix-tree-nodes", (int64_t)s->nodes.count + 1);
    field_id(op, "last-generated-id", s->last);
    field_id(op, "max-deleted-entry-id", s->max_deleted);
    field_int(op, "entries-added", (int64_t)s->added);
    field_id(op, "recorded-first-entry-id", s->first);
}

/* Reads [FULL [COUNT n]]. */
static bool read_full(struct op *op, bool *full, int64_t *count)
{
    *full = op->argc > 3;
    *count = FULL_COUNT;
    bool counted = op->argc == 6;
    if (*full && ((op->argc != 4 && !counted) || !op_arg_is(op, 3, "full") ||
                  (counted && !op_arg_is(op, 4, "count")))) {
        struct bytes word = op->argv[1];
        int len = word.len < WORD_MAX ? (int)word.len : WORD_MAX;
        reply_errorf(op->reply,
                     "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try XINFO "
                     "HELP.",
                     len, word.data);
        return false;
    }
    if (counted && !op_int(op, 5, count))
        return false;
    if (*count < 0)
        *count = FULL_COUNT;
    return true;
}

/* XINFO STREAM key [FULL [COUNT n]] */
void op_xinfo_stream(struct op *op)
{
    bool full;
    int64_t count;
    const struct stream *s = find_stream(op);
    if (s == NULL || !read_full(op, &full, &count))
        return;
    reply_map(op->reply, full ? 9 : 10);
    reply_head(op, s);
    if (!full) {
        field_int(op, "groups", (int64_t)s->groups.count);
        field_edge(op, "first-entry", s, false);
        field_edge(op, "last-entry", s, true);
        return;
    }
    reply_bulk_cstr(op->reply, "entries");
    streams_reply_range(op->reply, s, stream_id_zero, stream_id_max, false, (uint64_t)count);
    reply_bulk_cstr(op->reply, "groups");
    reply_array(op->reply, s->groups.count);
    for (size_t i = 0; i < s->groups.count; i++)
        reply_full_group(op, s, stream_group_at(s, i), (uint64_t)count);
}
