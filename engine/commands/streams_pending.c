/* Stream pending: what was delivered and is not acknowledged: XACK, XPENDING. */
#include "engine/commands/streams_args.h"
#include "engine/commands/streams_key.h"
#include "engine/commands/streams_reply.h"
#include "op_handlers.gen.h"

/* XACK key group id...: all ids are read before anything is done. */
void op_xack(struct op *op)
{
    struct stream *s;
    struct stream_id id;
    int64_t acknowledged = 0;
    if (!streams_key_write(op, &op->key, &s))
        return;
    struct stream_group *group = s == NULL ? NULL : stream_group_find(s, op->argv[2]);
    if (group == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    for (int i = 3; i < op->argc; i++)
        if (!streams_args_id(op, i, &id))
            return;
    for (int i = 3; i < op->argc; i++)
        acknowledged += streams_args_parse_id(op->argv[i], &id) &&
                        stream_group_acknowledge(group, id);
    reply_int(op->reply, acknowledged);
    if (acknowledged > 0)
        op_changed_quietly(op, &op->key);
}

struct pending_args {
    int64_t min_idle_ms;
    struct stream_id low, high;
    int64_t count;
    int consumer; /* argument with its name; 0: all consumers */
};

/* Reads [IDLE ms] start end count [consumer] from argv[3] on. */
static bool read_pending(struct op *op, struct pending_args *args)
{
    int i = 3;
    *args = (struct pending_args){0};
    if (op->argc < 6 || op->argc > 9) {
        op_error_syntax(op);
        return false;
    }
    if (op_arg_is(op, i, "idle")) {
        if (!op_int(op, i + 1, &args->min_idle_ms))
            return false;
        if (op->argc < 8) {
            op_error_syntax(op);
            return false;
        }
        i += 2;
    }
    if (!op_int(op, i + 2, &args->count) || !streams_args_low(op, i, &args->low) ||
        !streams_args_high(op, i + 1, &args->high))
        return false;
    args->consumer = i + 3 < op->argc ? i + 3 : 0;
    return true;
}

/* How many entries are pending, from which id to which, and how many of each consumer. */
static void reply_summary(struct op *op, const struct stream_group *group)
{
    size_t count = group->pending.count, consumers = 0;
    reply_array(op->reply, 4);
    reply_int(op->reply, (int64_t)count);
    if (count == 0) {
        reply_nil(op->reply);
        reply_nil(op->reply);
        reply_nil_array(op->reply);
        return;
    }
    streams_reply_id(op->reply, stream_index_id(stream_index_first(&group->pending)));
    streams_reply_id(op->reply, stream_index_id(stream_index_last(&group->pending)));
    struct reply_mark open = reply_open(op->reply);
    for (size_t i = 0; i < group->consumers.count; i++) {
        const struct stream_consumer *consumer = stream_group_consumer_at(group, i);
        if (consumer->pending.count == 0)
            continue;
        reply_array(op->reply, 2);
        reply_bulk(op->reply, stream_group_consumer_name(consumer));
        reply_bulk_int(op->reply, (int64_t)consumer->pending.count);
        consumers++;
    }
    reply_close_array(op->reply, open, consumers);
}

static void reply_pending(struct op *op, const struct stream_index *index,
                          const struct pending_args *args)
{
    int64_t now = op->ks->now_ms, replied = 0;
    struct reply_mark open = reply_open(op->reply);
    struct stream_index_place place = stream_index_at_least(index, args->low);
    for (; place.leaf != NULL && replied < args->count; stream_index_next(&place)) {
        struct stream_id id = stream_index_id(place);
        const struct stream_pending *pending = stream_index_value(place);
        int64_t idle = now - pending->delivered_ms;
        if (stream_id_compare(id, args->high) > 0)
            break;
        if (args->min_idle_ms != 0 && idle < args->min_idle_ms)
            continue;
        reply_array(op->reply, 4);
        streams_reply_id(op->reply, id);
        reply_bulk(op->reply, stream_group_consumer_name(pending->consumer));
        reply_int(op->reply, idle < 0 ? 0 : idle);
        reply_int(op->reply, pending->deliveries);
        replied++;
    }
    reply_close_array(op->reply, open, (size_t)replied);
}

/* XPENDING key group [[IDLE ms] start end count [consumer]] */
void op_xpending(struct op *op)
{
    struct pending_args args = {0};
    struct stream *s;
    bool summary = op->argc == 3;
    if ((!summary && !read_pending(op, &args)) || !streams_key_read(op, &op->key, &s))
        return;
    struct bytes key = op->key.name, name = op->argv[2];
    const struct stream_group *group = s == NULL ? NULL : stream_group_find(s, name);
    if (group == NULL) {
        reply_errorf(op->reply, "NOGROUP No such key '%.*s' or consumer group '%.*s'",
                     (int)key.len, key.data, (int)name.len, name.data);
        return;
    }
    if (summary) {
        reply_summary(op, group);
        return;
    }
    const struct stream_consumer *consumer = NULL;
    if (args.consumer != 0) {
        consumer = stream_group_consumer(group, op->argv[args.consumer]);
        if (consumer == NULL) {
            reply_array(op->reply, 0);
            return;
        }
    }
    reply_pending(op, consumer == NULL ? &group->pending : &consumer->pending, &args);
}
