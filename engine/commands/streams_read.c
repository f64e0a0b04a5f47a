/*
 * Stream reading: XREAD and XREADGROUP, which may wait for entries.
 *
 * A command that waits is run again as a whole. "$" has become the id it stood for then; ">"
 * stays what it is, since the group knows how far it has read. A waiting XREADGROUP has made
 * its consumer, the one thing that a command does before it waits; so it does in Redis.
 */
#include "base/alloc.h"
#include "engine/commands/streams_args.h"
#include "engine/commands/streams_key.h"
#include "engine/commands/streams_reply.h"
#include "op_handlers.gen.h"

/* A stream to read from. */
struct source {
    struct key key;
    struct stream *s;           /* NULL: there is no such key */
    struct stream_group *group; /* of XREADGROUP */
    bool new_only;              /* ">" */
    struct stream_id after;     /* entries behind this one are wanted */
};

struct reading {
    int group;    /* argument with the name of the group, the consumer's follows; 0: XREAD */
    bool no_ack;
    bool blocks;
    int64_t timeout_ms;
    uint64_t count; /* entries of each stream; 0: all */
    int first;      /* argument with the first key */
    int streams;
    struct source *sources;
    size_t replied; /* streams in the reply */
    struct reply_mark open;
};

/* ---- Arguments. ---- */

/* The time-out in argv[i], in milliseconds. */
static bool read_timeout(struct op *op, int i, int64_t *timeout_ms)
{
    if (!op_int_or(op, i, timeout_ms, "ERR timeout is not an integer or out of range"))
        return false;
    if (*timeout_ms >= 0 && *timeout_ms <= INT64_MAX - op->ks->now_ms)
        return true;
    reply_error(op->reply, *timeout_ms < 0 ? "ERR timeout is negative"
                                           : "ERR timeout is out of range");
    return false;
}

/* Reads what comes behind STREAMS, which begins at argv[i]. */
static bool read_streams(struct op *op, int i, bool grouped, struct reading *r)
{
    int count = op->argc - i;
    if (count % 2 != 0) {
        reply_errorf(op->reply, "ERR Unbalanced '%s' list of streams: for each stream key an ID "
                                "or '%c' must be specified.",
                     op->command->name, grouped ? '>' : '$');
        return false;
    }
    r->first = i;
    r->streams = count / 2;
    return true;
}

/* Whether an option is only XREADGROUP's; if this is XREAD an error is replied. */
static bool is_for_groups(struct op *op, bool grouped, const char *option)
{
    if (!grouped)
        reply_errorf(op->reply, "ERR The %s option is only supported by XREADGROUP. You called "
                                "XREAD instead.",
                     option);
    return grouped;
}

/* Reads an option at argv[i]: the index of its last argument, or 0 after an error. */
static int read_option(struct op *op, int i, bool grouped, struct reading *r)
{
    bool more = i + 1 < op->argc;
    if (more && op_arg_is(op, i, "block")) {
        r->blocks = true;
        return read_timeout(op, i + 1, &r->timeout_ms) ? i + 1 : 0;
    }
    if (more && op_arg_is(op, i, "count")) {
        int64_t count;
        if (!op_int(op, i + 1, &count))
            return 0;
        r->count = count < 0 ? 0 : (uint64_t)count;
        return i + 1;
    }
    if (i + 2 < op->argc && op_arg_is(op, i, "group")) {
        r->group = i + 1;
        return is_for_groups(op, grouped, "GROUP") ? i + 2 : 0;
    }
    if (op_arg_is(op, i, "noack")) {
        r->no_ack = true;
        return is_for_groups(op, grouped, "NOACK") ? i : 0;
    }
    op_error_syntax(op);
    return 0;
}

/* Reads the arguments up to the keys; false: an error was replied. */
static bool read_options(struct op *op, bool grouped, struct reading *r)
{
    *r = (struct reading){0};
    for (int i = 1; i < op->argc && r->first == 0; i++) {
        if (op_arg_is(op, i, "streams") && i + 1 < op->argc) {
            if (!read_streams(op, i + 1, grouped, r))
                return false;
        } else {
            i = read_option(op, i, grouped, r);
            if (i == 0)
                return false;
        }
    }
    if (r->first == 0) {
        op_error_syntax(op);
        return false;
    }
    if (!grouped || r->group != 0)
        return true;
    reply_error(op->reply, "ERR Missing GROUP option for XREADGROUP");
    return false;
}

/* Reads the id of a stream, argv[i]. */
static bool read_after(struct op *op, int i, bool grouped, struct source *source)
{
    if (bytes_equal(op->argv[i], bytes_of("$"))) {
        if (!grouped) {
            source->after = source->s == NULL ? stream_id_zero : source->s->last;
            return true;
        }
        reply_error(op->reply, "ERR The $ ID is meaningless in the context of XREADGROUP: you "
                               "want to read the history of this consumer by specifying a proper "
                               "ID, or use the > ID to get new messages. The $ ID would just "
                               "return an empty result set.");
        return false;
    }
    if (bytes_equal(op->argv[i], bytes_of(">"))) {
        source->new_only = true;
        if (grouped)
            return true;
        reply_error(op->reply, "ERR The > ID can be specified only when calling XREADGROUP using "
                               "the GROUP <group> <consumer> option.");
        return false;
    }
    if (!streams_args_id(op, i, &source->after))
        return false;
    /* The highest id stands for ">", as in Redis. */
    source->new_only = grouped && stream_id_compare(source->after, stream_id_max) == 0;
    return true;
}

/* Looks up the streams and groups and reads the ids, one after the other. */
static bool read_sources(struct op *op, struct reading *r)
{
    bool grouped = r->group != 0;
    for (int i = 0; i < r->streams; i++) {
        struct source *source = &r->sources[i];
        source->key = op_key(op, r->first + i);
        if (!streams_key_read(op, &source->key, &source->s))
            return false;
        if (grouped && source->s != NULL)
            source->group = stream_group_find(source->s, op->argv[r->group]);
        if (grouped && source->group == NULL) {
            struct bytes key = source->key.name, group = op->argv[r->group];
            reply_errorf(op->reply, "NOGROUP No such key '%.*s' or consumer group '%.*s' in "
                                    "XREADGROUP with GROUP option",
                         (int)key.len, key.data, (int)group.len, group.data);
            return false;
        }
        if (!read_after(op, r->first + r->streams + i, grouped, source))
            return false;
    }
    return true;
}

/* ---- Replies. ---- */

/* Begins the reply of a stream. */
static void open_stream(struct op *op, struct reading *r, const struct source *source)
{
    if (r->replied++ == 0)
        r->open = reply_open(op->reply);
    if (op->reply->resp == 2)
        reply_array(op->reply, 2);
    reply_bulk(op->reply, source->key.name);
}

/* Replies with entries that nobody of the group got, which the consumer gets now. */
static void reply_new(struct op *op, struct reading *r, struct source *source,
                      struct stream_consumer *consumer)
{
    struct stream_group *group = source->group;
    struct stream_id low = group->last;
    struct stream_cursor c;
    size_t replied = 0;
    struct reply_mark open = reply_open(op->reply);
    bool there = stream_id_increment(&low) && stream_seek(&c, source->s, low, stream_id_max, false);
    while (there) {
        stream_group_advance(source->s, group, c.entry.id);
        if (!r->no_ack) {
            stream_group_deliver(group, consumer, c.entry.id, op->ks->now_ms);
            consumer->active_ms = op->ks->now_ms;
        }
        streams_reply_entry(op->reply, &c);
        replied++;
        there = replied != r->count && stream_step(&c);
    }
    reply_close_array(op->reply, open, replied);
    if (replied > 0)
        op_changed_quietly(op, &source->key);
}

/* Replies with what is pending of the consumer; entries that are gone have null for fields. */
static void reply_history(struct op *op, struct reading *r, struct source *source,
                          struct stream_consumer *consumer)
{
    struct stream_id low = source->after;
    struct stream_index_place place = {0};
    size_t replied = 0, delivered = 0;
    struct reply_mark open = reply_open(op->reply);
    if (stream_id_increment(&low))
        place = stream_index_at_least(&consumer->pending, low);
    for (; place.leaf != NULL && (r->count == 0 || replied < r->count); stream_index_next(&place)) {
        struct stream_id id = stream_index_id(place);
        struct stream_pending *pending = stream_index_value(place);
        if (streams_reply_entry_of(op->reply, source->s, id)) {
            pending->delivered_ms = op->ks->now_ms;
            pending->deliveries++;
            delivered++;
        } else {
            reply_array(op->reply, 2);
            streams_reply_id(op->reply, id);
            reply_nil_array(op->reply);
        }
        replied++;
    }
    reply_close_array(op->reply, open, replied);
    if (delivered > 0)
        op_changed_quietly(op, &source->key);
}

static void serve_group(struct op *op, struct reading *r, struct source *source)
{
    struct stream_consumer *consumer = streams_key_consumer(op, &source->key, source->group,
                                                            op->argv[r->group + 1]);
    if (!source->new_only) {
        open_stream(op, r, source);
        reply_history(op, r, source, consumer);
    } else if (source->s->length > 0 &&
               stream_id_compare(stream_top(source->s), source->group->last) > 0) {
        open_stream(op, r, source);
        reply_new(op, r, source, consumer);
    }
}

static void serve(struct op *op, struct reading *r, struct source *source)
{
    const struct stream *s = source->s;
    if (s == NULL || s->length == 0 || stream_id_compare(stream_top(s), source->after) <= 0)
        return;
    struct stream_id low = source->after;
    stream_id_increment(&low);
    open_stream(op, r, source);
    streams_reply_range(op->reply, s, low, stream_id_max, false, r->count);
}

/* Nothing was found: waits, or replies that there is nothing. */
static void wait_or_null(struct op *op, const struct reading *r)
{
    if (!r->blocks || !op_waits(op, r->timeout_ms)) {
        reply_nil_array(op->reply);
        return;
    }
    for (int i = 0; i < r->streams; i++) {
        int at = r->first + r->streams + i;
        char text[STREAM_ID_TEXT];
        if (bytes_equal(op->argv[at], bytes_of("$")))
            op_wait_arg(op, at,
                        bytes_make(text, stream_id_format(text, r->sources[i].after)));
    }
}

static void run(struct op *op, bool grouped)
{
    struct reading r;
    if (!read_options(op, grouped, &r))
        return;
    r.sources = alloc_zeroed((size_t)r.streams * sizeof *r.sources);
    if (read_sources(op, &r)) {
        for (int i = 0; i < r.streams; i++) {
            if (grouped)
                serve_group(op, &r, &r.sources[i]);
            else
                serve(op, &r, &r.sources[i]);
        }
        if (r.replied == 0)
            wait_or_null(op, &r);
        else if (op->reply->resp == 2)
            reply_close_array(op->reply, r.open, r.replied);
        else
            reply_close_map(op->reply, r.open, r.replied);
    }
    alloc_free(r.sources);
}

/* XREAD [COUNT n] [BLOCK ms] STREAMS key... id... */
void op_xread(struct op *op)
{
    run(op, false);
}

/* XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key... id... */
void op_xreadgroup(struct op *op)
{
    run(op, true);
}
