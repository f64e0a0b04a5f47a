/*
 * Zset combine: unions, intersections and differences of several sets, answered, stored
 * or counted.
 *
 * Unions and intersections go through the sources from the smallest to the largest, as
 * Redis does, which shows where sums are rounded. A sum that is not a number (of
 * infinities) counts as 0.
 */
#include <math.h>

#include "base/alloc.h"
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_reply.h"
#include "engine/commands/zset_source.h"
#include "op_handlers.gen.h"

enum combination { UNION, INTERSECTION, DIFFERENCE };
enum purpose { ANSWER, STORE, COUNT };
enum aggregate { SUM, MIN, MAX };

struct combine {
    struct op *op;
    enum combination how;
    enum purpose purpose;
    struct zset_source *sources;
    int count;              /* of sources */
    enum aggregate aggregate;
    bool scores;
    int64_t limit;          /* of COUNT; 0: none */
    /* The work: */
    struct zset_builder result;
    const struct zset_source *source; /* whose members are being visited */
    int64_t counted;
};

/* --- arguments -------------------------------------------------------------------- */

/* Opens the sources, numkeys being argv[at]. False: an error was replied. */
static bool open_sources(struct combine *c, int at)
{
    struct op *op = c->op;
    int64_t keys;
    if (!op_int(op, at, &keys))
        return false;
    if (keys < 1) {
        reply_errorf(op->reply, "ERR at least 1 input key is needed for '%s' command",
                     op->command->name);
        return false;
    }
    if (keys > op->argc - (at + 1)) {
        op_error_syntax(op);
        return false;
    }
    c->count = (int)keys;
    c->sources = alloc_get((size_t)keys * sizeof *c->sources);
    for (int i = 0; i < c->count; i++)
        if (!zset_source_open(op, at + 1 + i, &c->sources[i]))
            return false;
    return true;
}

static bool parse_weights(struct combine *c, int at)
{
    for (int i = 0; i < c->count; i++) {
        if (number_parse_double(c->op->argv[at + i], &c->sources[i].weight))
            continue;
        reply_error(c->op->reply, "ERR weight value is not a float");
        return false;
    }
    return true;
}

static bool parse_aggregate(struct combine *c, int at)
{
    if (op_arg_is(c->op, at, "sum"))
        c->aggregate = SUM;
    else if (op_arg_is(c->op, at, "min"))
        c->aggregate = MIN;
    else if (op_arg_is(c->op, at, "max"))
        c->aggregate = MAX;
    else {
        op_error_syntax(c->op);
        return false;
    }
    return true;
}

static bool parse_limit(struct combine *c, int at)
{
    if (number_parse_i64(c->op->argv[at], &c->limit) && c->limit >= 0)
        return true;
    reply_error(c->op->reply, "ERR LIMIT can't be negative");
    return false;
}

/* The option at argv[*i], moved behind its arguments. False: an error was replied. */
static bool parse_option(struct combine *c, int *i)
{
    struct op *op = c->op;
    int at = *i + 1, left = op->argc - at;
    bool weighs = c->how != DIFFERENCE && c->purpose != COUNT;
    if (weighs && left >= c->count && op_arg_is(op, *i, "weights")) {
        *i = at + c->count;
        return parse_weights(c, at);
    }
    *i = at + 1;
    if (weighs && left >= 1 && op_arg_is(op, at - 1, "aggregate"))
        return parse_aggregate(c, at);
    if (c->purpose == COUNT && left >= 1 && op_arg_is(op, at - 1, "limit"))
        return parse_limit(c, at);
    *i = at;
    if (c->purpose == ANSWER && op_arg_is(op, at - 1, "withscores"))
        return c->scores = true;
    op_error_syntax(op);
    return false;
}

static bool parse_options(struct combine *c, int first)
{
    for (int i = first; i < c->op->argc;)
        if (!parse_option(c, &i))
            return false;
    return true;
}

/* --- the work --------------------------------------------------------------------- */

/* Brings the sources in the order of their sizes, equal ones staying as they are. */
static void sort_sources(struct zset_source *sources, int count)
{
    if (count < 2)
        return;
    int half = count / 2;
    sort_sources(sources, half);
    sort_sources(sources + half, count - half);
    struct zset_source *left = alloc_get((size_t)half * sizeof *left);
    memcpy(left, sources, (size_t)half * sizeof *left);
    for (int to = 0, l = 0, r = half; l < half; to++) {
        bool from_right = r < count && zset_source_count(&sources[r]) < zset_source_count(&left[l]);
        sources[to] = from_right ? sources[r++] : left[l++];
    }
    alloc_free(left);
}

static double weighted(const struct zset_source *source, double score)
{
    double product = source->weight * score;
    return isnan(product) ? 0 : product;
}

static double aggregated(enum aggregate how, double a, double b)
{
    if (how == MIN)
        return b < a ? b : a;
    if (how == MAX)
        return b > a ? b : a;
    double sum = a + b;
    return isnan(sum) ? 0 : sum;
}

static bool add_to_union(void *ctx, struct bytes member, double score)
{
    struct combine *c = ctx;
    double value = weighted(c->source, score);
    double *there = zset_builder_find(&c->result, member);
    if (there != NULL)
        *there = aggregated(c->aggregate, *there, value);
    else
        zset_builder_add(&c->result, member, value);
    return true;
}

static bool add_to_intersection(void *ctx, struct bytes member, double score)
{
    struct combine *c = ctx;
    double value = weighted(c->source, score), other;
    for (int i = 1; i < c->count; i++) {
        if (!zset_source_score(&c->sources[i], member, &other))
            return true;
        value = aggregated(c->aggregate, value, c->sources[i].weight * other);
    }
    c->counted++;
    if (c->purpose == COUNT)
        return c->counted != c->limit;
    zset_builder_add(&c->result, member, value);
    return true;
}

static bool add_to_difference(void *ctx, struct bytes member, double score)
{
    struct combine *c = ctx;
    double other;
    for (int i = 1; i < c->count; i++)
        if (zset_source_score(&c->sources[i], member, &other))
            return true;
    zset_builder_add(&c->result, member, score);
    return true;
}

static void visit(struct combine *c, int i,
                  bool (*add)(void *ctx, struct bytes member, double score))
{
    c->source = &c->sources[i];
    zset_source_each(c->source, add, c);
}

static void work(struct combine *c)
{
    if (c->how == DIFFERENCE) {
        visit(c, 0, add_to_difference);
        return;
    }
    sort_sources(c->sources, c->count);
    if (c->how == INTERSECTION)
        visit(c, 0, add_to_intersection);
    else
        for (int i = 0; i < c->count; i++)
            visit(c, i, add_to_union);
}

static void answer(struct combine *c)
{
    size_t count = zset_builder_count(&c->result);
    zset_builder_sort(&c->result);
    zset_reply_members(c->op->reply, count, c->scores);
    for (size_t rank = 0; rank < count; rank++) {
        struct bytes member;
        double score;
        zset_builder_get(&c->result, rank, &member, &score);
        zset_reply_member(c->op->reply, member, score, c->scores);
    }
    zset_builder_deinit(&c->result);
}

static void combine(struct op *op, enum combination how, enum purpose purpose)
{
    static const char *const events[] = {"zunionstore", "zinterstore", "zdiffstore"};
    struct combine c = {.op = op, .how = how, .purpose = purpose};
    int at = purpose == STORE ? 2 : 1;
    if (open_sources(&c, at) && parse_options(&c, at + 1 + c.count)) {
        zset_builder_init(&c.result, op->ks->seed);
        work(&c);
        if (purpose == STORE) {
            zset_key_store(op, &op->key, &c.result, events[how]);
        } else if (purpose == ANSWER) {
            answer(&c);
        } else {
            zset_builder_deinit(&c.result);
            reply_int(op->reply, c.counted);
        }
    }
    alloc_free(c.sources);
}

void op_zunion(struct op *op)
{
    combine(op, UNION, ANSWER);
}

void op_zunionstore(struct op *op)
{
    combine(op, UNION, STORE);
}

void op_zinter(struct op *op)
{
    combine(op, INTERSECTION, ANSWER);
}

void op_zinterstore(struct op *op)
{
    combine(op, INTERSECTION, STORE);
}

void op_zintercard(struct op *op)
{
    combine(op, INTERSECTION, COUNT);
}

void op_zdiff(struct op *op)
{
    combine(op, DIFFERENCE, ANSWER);
}

void op_zdiffstore(struct op *op)
{
    combine(op, DIFFERENCE, STORE);
}
