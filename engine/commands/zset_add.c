/*
 * Zset add: ZADD and ZINCRBY.
 *
 * All scores are read before the first member is added, so that an error adds none. Only
 * an increment can make a score that is not a number, and it is the only one then.
 */
#include <math.h>

#include "engine/commands/zset_key.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

struct add_options {
    bool nx, xx, gt, lt, changed, increment;
};

/* Reads ZADD's options from argv[2] on; the index of the first score. */
static int parse_options(const struct op *op, struct add_options *o)
{
    int i = 2;
    for (; i < op->argc; i++) {
        if (op_arg_is(op, i, "nx"))
            o->nx = true;
        else if (op_arg_is(op, i, "xx"))
            o->xx = true;
        else if (op_arg_is(op, i, "gt"))
            o->gt = true;
        else if (op_arg_is(op, i, "lt"))
            o->lt = true;
        else if (op_arg_is(op, i, "ch"))
            o->changed = true;
        else if (op_arg_is(op, i, "incr"))
            o->increment = true;
        else
            break;
    }
    return i;
}

/* What is wrong with the options and the number of arguments after them; NULL: nothing. */
static const char *options_error(const struct add_options *o, int arguments)
{
    if (arguments == 0 || arguments % 2 != 0)
        return "ERR syntax error";
    if (o->nx && o->xx)
        return "ERR XX and NX options at the same time are not compatible";
    if ((o->gt && o->nx) || (o->lt && o->nx) || (o->gt && o->lt))
        return "ERR GT, LT, and/or NX options at the same time are not compatible";
    if (o->increment && arguments > 2)
        return "ERR INCR option supports a single increment-element pair";
    return NULL;
}

enum added { ADDED_NOT, ADDED_SAME, ADDED_UPDATED, ADDED_NEW, ADDED_NAN };

/* Adds a member, or changes its score, as far as the options want it. *score is the
 * increment where that is asked for, and becomes the score then. */
static enum added add_member(struct zset_ref *zs, const struct add_options *o,
                             struct bytes member, double *score)
{
    struct zset_spot spot;
    if (!zset_find(zs, member, &spot)) {
        if (o->xx)
            return ADDED_NOT;
        zset_put(zs, &spot, *score);
        return ADDED_NEW;
    }
    if (o->nx)
        return ADDED_NOT;
    if (o->increment)
        *score += spot.score;
    if (isnan(*score))
        return ADDED_NAN;
    if ((o->lt && *score >= spot.score) || (o->gt && *score <= spot.score))
        return ADDED_NOT;
    return zset_put(zs, &spot, *score) == ZSET_SAME ? ADDED_SAME : ADDED_UPDATED;
}

/* The only member of an increment: answers its new score, or nil if the options did not
 * want it. */
static void add_increment(struct op *op, const struct add_options *o, struct zset_ref *zs,
                          struct bytes member, double score)
{
    enum added added = add_member(zs, o, member, &score);
    if (added == ADDED_NEW || added == ADDED_UPDATED)
        zset_key_changed(op, &op->key, zs, "zincr");
    else
        zset_close(zs);
    if (added == ADDED_NAN)
        reply_error(op->reply, "ERR resulting score is not a number (NaN)");
    else if (added == ADDED_NOT)
        reply_nil(op->reply);
    else
        zset_reply_score(op->reply, score);
}

/* Adds the pairs from argv[first] on, whose scores are known to be good. */
static void add_pairs(struct op *op, const struct add_options *o, struct zset_ref *zs, int first)
{
    int64_t new = 0, updated = 0;
    for (int i = first; i < op->argc; i += 2) {
        double score = 0;
        number_parse_double(op->argv[i], &score);
        enum added added = add_member(zs, o, op->argv[i + 1], &score);
        new += added == ADDED_NEW;
        updated += added == ADDED_UPDATED;
    }
    if (new + updated > 0)
        zset_key_changed(op, &op->key, zs, "zadd");
    else
        zset_close(zs);
    reply_int(op->reply, o->changed ? new + updated : new);
}

static void add(struct op *op, const struct add_options *o, int first)
{
    double score = 0;
    for (int i = first; i < op->argc; i += 2)
        if (!op_double(op, i, &score))
            return;
    struct zset_ref zs;
    struct found found;
    if (!zset_key_write(op, &op->key, &found, &zs))
        return;
    if (o->increment)
        add_increment(op, o, &zs, op->argv[first + 1], score);
    else
        add_pairs(op, o, &zs, first);
}

static void add_with_options(struct op *op, bool increment)
{
    struct add_options o = {.increment = increment};
    int first = parse_options(op, &o);
    const char *error = options_error(&o, op->argc - first);
    if (error != NULL)
        reply_error(op->reply, error);
    else
        add(op, &o, first);
}

void op_zadd(struct op *op)
{
    add_with_options(op, false);
}

/* Has the arguments of ZADD INCR: a word that is an option of ZADD is one here, too, and
 * then one argument is missing. */
void op_zincrby(struct op *op)
{
    add_with_options(op, true);
}
