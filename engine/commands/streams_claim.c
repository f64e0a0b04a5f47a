/* Stream claim: pending entries change hands: XCLAIM, XAUTOCLAIM. */
#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/streams_args.h"
#include "engine/commands/streams_key.h"
#include "engine/commands/streams_reply.h"
#include "op_handlers.gen.h"

#define COUNT_DEFAULT 100 /* entries that XAUTOCLAIM claims */
#define LOOKS 10          /* pending entries that it looks at for each of these */

struct claim {
    struct stream *s;
    struct stream_group *group;
    struct stream_consumer *consumer; /* who gets the entries */
    int64_t min_idle_ms;
    int64_t delivered_ms; /* -1: not given */
    int64_t deliveries;   /* -1: not given */
    bool force, just_id;
    struct stream_id last; /* LASTID */
};

/* Finds the group argv[2] of a stream, which may be NULL; an error is replied if there is none. */
static bool find_group(struct op *op, struct claim *claim)
{
    struct bytes key = op->key.name, name = op->argv[2];
    claim->group = claim->s == NULL ? NULL : stream_group_find(claim->s, name);
    if (claim->group == NULL)
        reply_errorf(op->reply, "NOGROUP No such key '%.*s' or consumer group '%.*s'",
                     (int)key.len, key.data, (int)name.len, name.data);
    return claim->group != NULL;
}

static bool read_min_idle(struct op *op, struct claim *claim, const char *error)
{
    if (!op_int_or(op, 4, &claim->min_idle_ms, error))
        return false;
    if (claim->min_idle_ms < 0)
        claim->min_idle_ms = 0;
    return true;
}

/* Reads an option of XCLAIM with its value, argv[i] and what follows. */
static bool read_value(struct op *op, int i, struct claim *claim)
{
    if (op_arg_is(op, i, "idle")) {
        int64_t idle;
        if (!op_int_or(op, i + 1, &idle, "ERR Invalid IDLE option argument for XCLAIM"))
            return false;
        if (__builtin_sub_overflow(op->ks->now_ms, idle, &claim->delivered_ms))
            claim->delivered_ms = op->ks->now_ms;
        return true;
    }
    if (op_arg_is(op, i, "time"))
        return op_int_or(op, i + 1, &claim->delivered_ms,
                         "ERR Invalid TIME option argument for XCLAIM");
    if (op_arg_is(op, i, "retrycount"))
        return op_int_or(op, i + 1, &claim->deliveries,
                         "ERR Invalid RETRYCOUNT option argument for XCLAIM");
    return streams_args_id(op, i + 1, &claim->last);
}

/* Reads the options of XCLAIM from argv[i] on. */
static bool read_options(struct op *op, int i, struct claim *claim)
{
    for (; i < op->argc; i++) {
        struct bytes word = op->argv[i];
        bool valued = op_arg_is(op, i, "idle") || op_arg_is(op, i, "time") ||
                      op_arg_is(op, i, "retrycount") || op_arg_is(op, i, "lastid");
        if (op_arg_is(op, i, "force")) {
            claim->force = true;
        } else if (op_arg_is(op, i, "justid")) {
            claim->just_id = true;
        } else if (valued && i + 1 < op->argc) {
            if (!read_value(op, i++, claim))
                return false;
        } else {
            reply_errorf(op->reply, "ERR Unrecognized XCLAIM option '%.*s'", (int)word.len,
                         word.data);
            return false;
        }
    }
    return true;
}

/* Gives a pending entry to the consumer of the claim. */
static void hand_over(struct op *op, const struct claim *claim, struct stream_pending *pending,
                      struct stream_id id)
{
    stream_group_claim(pending, claim->consumer, id);
    pending->delivered_ms = claim->delivered_ms;
    if (claim->deliveries >= 0)
        pending->deliveries = claim->deliveries;
    else if (!claim->just_id)
        pending->deliveries++;
    claim->consumer->active_ms = op->ks->now_ms;
}

static bool is_idle(struct op *op, const struct claim *claim, const struct stream_pending *pending)
{
    return claim->min_idle_ms == 0 ||
           op->ks->now_ms - pending->delivered_ms >= claim->min_idle_ms;
}

/* Claims an entry if it is there and pending, or to be made so; whether it was claimed. What is
 * pending but gone from the stream is forgotten. */
static bool claim_one(struct op *op, const struct claim *claim, struct stream_id id, bool *changed)
{
    struct stream_pending *pending = stream_group_pending(claim->group, id);
    if (!stream_has(claim->s, id)) {
        *changed = stream_group_acknowledge(claim->group, id) || *changed;
        return false;
    }
    if (pending == NULL) {
        if (!claim->force)
            return false;
        pending = stream_group_force(claim->group, claim->consumer, id);
    } else if (!is_idle(op, claim, pending)) {
        return false;
    }
    hand_over(op, claim, pending, id);
    *changed = true;
    return true;
}

static void reply_claimed(struct op *op, const struct claim *claim, struct stream_id id)
{
    if (claim->just_id)
        streams_reply_id(op->reply, id);
    else
        streams_reply_entry_of(op->reply, claim->s, id);
}

/* XCLAIM key group consumer min-idle id... [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID]
 * [LASTID id] */
void op_xclaim(struct op *op)
{
    struct claim claim = {.delivered_ms = -1, .deliveries = -1};
    struct stream_id id;
    int past = 5; /* the argument behind the ids */
    bool changed = false;
    if (!streams_key_write(op, &op->key, &claim.s) || !find_group(op, &claim) ||
        !read_min_idle(op, &claim, "ERR Invalid min-idle-time argument for XCLAIM"))
        return;
    while (past < op->argc && streams_args_parse_id(op->argv[past], &id))
        past++;
    if (!read_options(op, past, &claim))
        return;
    if (claim.delivered_ms < 0 || claim.delivered_ms > op->ks->now_ms)
        claim.delivered_ms = op->ks->now_ms;
    if (stream_id_compare(claim.last, claim.group->last) > 0) {
        claim.group->last = claim.last;
        changed = true;
    }
    claim.consumer = streams_key_consumer(op, &op->key, claim.group, op->argv[3]);
    size_t claimed = 0;
    struct reply_mark open = reply_open(op->reply);
    for (int i = 5; i < past; i++) {
        if (!streams_args_parse_id(op->argv[i], &id) || !claim_one(op, &claim, id, &changed))
            continue;
        reply_claimed(op, &claim, id);
        claimed++;
    }
    reply_close_array(op->reply, open, claimed);
    if (changed)
        op_changed_quietly(op, &op->key);
}

/* Ids that are gathered for the reply. */
struct id_list {
    struct stream_id *ids;
    size_t count, cap;
};

static void gather(struct id_list *list, struct stream_id id)
{
    if (list->count == list->cap) {
        list->cap = bits_max(16, list->cap * 2);
        list->ids = alloc_resize(list->ids, list->cap * sizeof *list->ids);
    }
    list->ids[list->count++] = id;
}

/* Reads start [COUNT n] [JUSTID] from argv[5] on. */
static bool read_auto(struct op *op, struct claim *claim, struct stream_id *start, int64_t *count)
{
    *count = COUNT_DEFAULT;
    if (!streams_args_low(op, 5, start))
        return false;
    for (int i = 6; i < op->argc; i++) {
        if (op_arg_is(op, i, "count") && i + 1 < op->argc) {
            int64_t max = INT64_MAX / (int64_t)sizeof(struct stream_id);
            if (!op_int_or(op, ++i, count, "ERR COUNT must be > 0"))
                return false;
            if (*count < 1 || *count > max) {
                reply_error(op->reply, "ERR COUNT must be > 0");
                return false;
            }
        } else if (op_arg_is(op, i, "justid")) {
            claim->just_id = true;
        } else {
            op_error_syntax(op);
            return false;
        }
    }
    return true;
}

/* Claims what is idle from *start on, up to count entries; gone ones count as well. *start
 * becomes where to go on, 0-0 at the end. */
static void claim_idle(struct op *op, const struct claim *claim, struct stream_id *start,
                       int64_t count, struct id_list *claimed, struct id_list *gone)
{
    struct stream_group *group = claim->group;
    struct stream_index_place place = stream_index_at_least(&group->pending, *start);
    for (int64_t looks = count * LOOKS; looks > 0 && count > 0 && place.leaf != NULL; looks--) {
        struct stream_id id = stream_index_id(place);
        struct stream_pending *pending = stream_index_value(place);
        if (!stream_has(claim->s, id)) {
            stream_group_acknowledge(group, id);
            gather(gone, id);
            count--;
            place = stream_index_at_least(&group->pending, id);
            continue;
        }
        if (is_idle(op, claim, pending)) {
            hand_over(op, claim, pending, id);
            gather(claimed, id);
            count--;
        }
        stream_index_next(&place);
    }
    *start = place.leaf == NULL ? stream_id_zero : stream_index_id(place);
}

/* XAUTOCLAIM key group consumer min-idle start [COUNT n] [JUSTID] */
void op_xautoclaim(struct op *op)
{
    struct claim claim = {.delivered_ms = op->ks->now_ms, .deliveries = -1};
    struct id_list claimed = {0}, gone = {0};
    struct stream_id start;
    int64_t count;
    if (!read_min_idle(op, &claim, "ERR Invalid min-idle-time argument for XAUTOCLAIM") ||
        !read_auto(op, &claim, &start, &count) || !streams_key_write(op, &op->key, &claim.s) ||
        !find_group(op, &claim))
        return;
    claim.consumer = streams_key_consumer(op, &op->key, claim.group, op->argv[3]);
    claim_idle(op, &claim, &start, count, &claimed, &gone);
    reply_array(op->reply, 3);
    streams_reply_id(op->reply, start);
    reply_array(op->reply, claimed.count);
    for (size_t i = 0; i < claimed.count; i++)
        reply_claimed(op, &claim, claimed.ids[i]);
    reply_array(op->reply, gone.count);
    for (size_t i = 0; i < gone.count; i++)
        streams_reply_id(op->reply, gone.ids[i]);
    if (claimed.count + gone.count > 0)
        op_changed_quietly(op, &op->key);
    alloc_free(claimed.ids);
    alloc_free(gone.ids);
}
