/* Streams: adding, reading by range, removing. */
#include "engine/commands/streams_args.h"
#include "engine/commands/streams_key.h"
#include "engine/commands/streams_reply.h"
#include "op_handlers.gen.h"

/* The id of the entry to be added; false: an error was replied. s may be NULL. */
static bool choose_id(struct op *op, const struct stream *s, const struct streams_args_add *args,
                      struct stream_id *id)
{
    struct stream_id last = s == NULL ? stream_id_zero : s->last;
    if (stream_id_compare(last, stream_id_max) == 0) {
        reply_error(op->reply, "ERR The stream has exhausted the last possible ID, unable to "
                               "add more items");
        return false;
    }
    *id = args->id;
    bool next = false; /* the id behind the last one */
    if (!args->id_given) {
        *id = (struct stream_id){(uint64_t)op->ks->now_ms, 0};
        next = id->ms <= last.ms;
    } else if (!args->seq_given) {
        next = id->ms == last.ms && last.seq != UINT64_MAX;
    }
    if (next) {
        *id = last;
        stream_id_increment(id);
    }
    if (stream_id_compare(*id, last) > 0)
        return true;
    reply_error(op->reply, "ERR The ID specified in XADD is equal or smaller than the target "
                           "stream top item");
    return false;
}

static bool is_too_large(const struct bytes *pairs, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += pairs[i].len;
    return bytes > STREAM_ENTRY_MAX;
}

/* Trims as the options say; how many entries went. */
static uint64_t trim(struct op *op, struct stream *s, const struct streams_args_add *args)
{
    struct stream *rest;
    if (!args->trims)
        return 0;
    uint64_t removed = stream_trim(s, &args->trim, &rest);
    streams_key_discard(op, rest);
    return removed;
}

/* XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT n]] *|id field value ... */
void op_xadd(struct op *op)
{
    struct streams_args_add args;
    struct stream *s;
    struct stream_id id;
    int at = streams_args_options(op, true, &args);
    if (at == 0)
        return;
    const struct bytes *pairs = op->argv + at + 1;
    int count = op->argc - at - 1;
    if (count < 2 || count % 2 != 0) {
        op_error_arity(op);
        return;
    }
    if (args.id_given && args.seq_given && stream_id_is_zero(args.id)) {
        reply_error(op->reply, "ERR The ID specified in XADD must be greater than 0-0");
        return;
    }
    if (!streams_key_write(op, &op->key, &s))
        return;
    if (s == NULL && args.no_make) {
        reply_nil(op->reply);
        return;
    }
    if (!choose_id(op, s, &args, &id))
        return;
    if (is_too_large(pairs, (size_t)count)) {
        reply_error(op->reply, "ERR Elements are too large to be stored");
        return;
    }
    struct stream_limits limits = {op->limits->stream_node_max_bytes,
                                   op->limits->stream_node_max_entries};
    struct stream *made = s == NULL ? stream_new() : NULL;
    if (!stream_append(s == NULL ? made : s, id, pairs, (size_t)count / 2, limits)) {
        if (made != NULL)
            stream_free(made);
        op_error_memory(op);
        return;
    }
    if (made != NULL)
        streams_key_put(op, &op->key, made);
    uint64_t removed = trim(op, s == NULL ? made : s, &args);
    streams_reply_id(op->reply, id);
    op_changed(op, &op->key, 't', "xadd");
    if (removed > 0)
        op_also_changed(op, &op->key, 't', "xtrim");
}

/* XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT n] */
void op_xtrim(struct op *op)
{
    struct streams_args_add args;
    struct stream *s;
    if (streams_args_options(op, false, &args) == 0 || !streams_key_write(op, &op->key, &s))
        return;
    uint64_t removed = s == NULL ? 0 : trim(op, s, &args);
    reply_int(op->reply, (int64_t)removed);
    if (removed > 0)
        op_changed(op, &op->key, 't', "xtrim");
}

void op_xlen(struct op *op)
{
    struct stream *s;
    if (streams_key_read(op, &op->key, &s))
        reply_int(op->reply, s == NULL ? 0 : (int64_t)s->length);
}

/* XRANGE key start end [COUNT n]; XREVRANGE key end start [COUNT n] */
static void range(struct op *op, bool back)
{
    struct stream_id low, high;
    int64_t count;
    struct stream *s;
    if (!streams_args_low(op, back ? 3 : 2, &low) || !streams_args_high(op, back ? 2 : 3, &high) ||
        !streams_args_count(op, 4, &count) || !streams_key_read(op, &op->key, &s))
        return;
    if (s == NULL)
        reply_array(op->reply, 0);
    else if (count == 0)
        reply_nil_array(op->reply);
    else
        streams_reply_range(op->reply, s, low, high, back, count < 0 ? 0 : (uint64_t)count);
}

void op_xrange(struct op *op)
{
    range(op, false);
}

void op_xrevrange(struct op *op)
{
    range(op, true);
}

/* XDEL key id...: all ids are read before anything is deleted. */
void op_xdel(struct op *op)
{
    struct stream *s;
    struct stream_id id;
    int64_t deleted = 0;
    if (!streams_key_write(op, &op->key, &s))
        return;
    if (s == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    for (int i = 2; i < op->argc; i++)
        if (!streams_args_id(op, i, &id))
            return;
    for (int i = 2; i < op->argc; i++)
        deleted += streams_args_parse_id(op->argv[i], &id) && stream_delete(s, id);
    reply_int(op->reply, deleted);
    if (deleted > 0)
        op_changed(op, &op->key, 't', "xdel");
}

struct set_id {
    struct stream_id id, max_deleted; /* 0-0: not given */
    int64_t added;                    /* -1: not given */
};

/* Reads id [ENTRIESADDED n] [MAXDELETEDID id]; false: an error was replied. */
static bool read_set_id(struct op *op, struct set_id *args)
{
    *args = (struct set_id){.added = -1};
    if (!streams_args_id(op, 2, &args->id))
        return false;
    for (int i = 3; i < op->argc; i += 2) {
        bool more = i + 1 < op->argc;
        if (more && op_arg_is(op, i, "entriesadded")) {
            if (!op_int(op, i + 1, &args->added))
                return false;
            if (args->added < 0) {
                reply_error(op->reply, "ERR entries_added must be positive");
                return false;
            }
        } else if (more && op_arg_is(op, i, "maxdeletedid")) {
            if (!streams_args_id(op, i + 1, &args->max_deleted))
                return false;
            if (stream_id_compare(args->id, args->max_deleted) < 0) {
                reply_error(op->reply, "ERR The ID specified in XSETID is smaller than the "
                                       "provided max_deleted_entry_id");
                return false;
            }
        } else {
            op_error_syntax(op);
            return false;
        }
    }
    return true;
}

/* XSETID key id [ENTRIESADDED n] [MAXDELETEDID id] */
void op_xsetid(struct op *op)
{
    struct set_id args;
    struct stream *s;
    const char *error = NULL;
    if (!read_set_id(op, &args) || !streams_key_write(op, &op->key, &s))
        return;
    if (s == NULL) {
        op_error_no_key(op);
        return;
    }
    if (stream_id_compare(args.id, s->max_deleted) < 0)
        error = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
    else if (s->length > 0 && stream_id_compare(args.id, stream_top(s)) < 0)
        error = "ERR The ID specified in XSETID is smaller than the target stream top item";
    else if (s->length > 0 && args.added != -1 && s->length > (uint64_t)args.added)
        error = "ERR The entries_added specified in XSETID is smaller than the target stream "
                "length";
    if (error != NULL) {
        reply_error(op->reply, error);
        return;
    }
    s->last = args.id;
    if (args.added != -1)
        s->added = (uint64_t)args.added;
    if (!stream_id_is_zero(args.max_deleted))
        s->max_deleted = args.max_deleted;
    reply_ok(op->reply);
    op_changed(op, &op->key, 't', "xsetid");
}
