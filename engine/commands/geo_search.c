/*
 * Geo search: GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and its relatives.
 *
 * One query describes them all. It reads the ranges of scores around the center only, and
 * keeps cursors to what it found: the member is looked at again by its cursor when
 * it is answered. With COUNT and no order, the nearest are meant, unless ANY is said.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/commands/geo_args.h"
#include "engine/commands/zset_key.h"
#include "op_handlers.gen.h"

enum order { UNORDERED, ASCENDING, DESCENDING };

struct query {
    bool search;     /* GEOSEARCH or GEOSEARCHSTORE: the shape is among the options */
    bool may_store;  /* STORE and STOREDIST are options */
    bool source;     /* the source exists */
    bool centered, shaped;
    bool dist, hash, coord, any, store_dist;
    int store;       /* argument that names the key to store in; 0: none */
    int64_t count;   /* 0: all */
    enum order order;
    double unit;     /* metres */
    struct geohash_shape shape;
    struct zset_ref zs;
};

struct hit {
    struct zset_cursor at;
    double distance, score;
    size_t index; /* in the order found */
};

struct hits {
    struct hit *items;
    size_t count, cap;
};

/* A length in argv[i]; the texts are those of what is no number and of less than 0. */
static bool parse_length(struct op *op, int i, double *length, const char *no_number,
                         const char *negative)
{
    if (!number_parse_double(op->argv[i], length))
        reply_error(op->reply, no_number);
    else if (negative != NULL && *length < 0)
        reply_error(op->reply, negative);
    else
        return true;
    return false;
}

/* Radius and unit from argv[i] on. */
static bool parse_radius(struct op *op, int i, struct query *q)
{
    if (!parse_length(op, i, &q->shape.radius, "ERR need numeric radius",
                      "ERR radius cannot be negative") ||
        !geo_args_unit(op, i + 1, &q->unit))
        return false;
    q->shape.radius *= q->unit;
    q->shaped = true;
    return true;
}

/* Width, height and unit from argv[i] on. */
static bool parse_box(struct op *op, int i, struct query *q)
{
    struct geohash_shape *s = &q->shape;
    if (!parse_length(op, i, &s->width, "ERR need numeric width", NULL) ||
        !parse_length(op, i + 1, &s->height, "ERR need numeric height", NULL))
        return false;
    if (s->width < 0 || s->height < 0) {
        reply_error(op->reply, "ERR height or width cannot be negative");
        return false;
    }
    if (!geo_args_unit(op, i + 2, &q->unit))
        return false;
    s->width *= q->unit;
    s->height *= q->unit;
    s->box = q->shaped = true;
    return true;
}

static bool parse_member(struct op *op, int i, struct query *q)
{
    double score;
    q->centered = true;
    if (!q->source)
        return true;
    if (!zset_score(&q->zs, op->argv[i], &score)) {
        reply_error(op->reply, "ERR could not decode requested zset member");
        return false;
    }
    q->shape.center = geohash_point_of(score);
    return true;
}

static bool parse_point(struct op *op, int i, struct query *q)
{
    q->centered = true;
    return geo_args_point(op, i, &q->shape.center);
}

static bool parse_count(struct op *op, int i, struct query *q)
{
    if (!op_int(op, i, &q->count))
        return false;
    if (q->count > 0)
        return true;
    reply_error(op->reply, "ERR COUNT must be > 0");
    return false;
}

/* An option without arguments at argv[i]: whether it is one. */
static bool parse_flag(const struct op *op, int i, struct query *q)
{
    if (op_arg_is(op, i, "withdist"))
        q->dist = true;
    else if (op_arg_is(op, i, "withhash"))
        q->hash = true;
    else if (op_arg_is(op, i, "withcoord"))
        q->coord = true;
    else if (op_arg_is(op, i, "any"))
        q->any = true;
    else if (op_arg_is(op, i, "asc"))
        q->order = ASCENDING;
    else if (op_arg_is(op, i, "desc"))
        q->order = DESCENDING;
    else if (op_arg_is(op, i, "storedist") && q->search && q->store != 0)
        q->store_dist = true;
    else
        return false;
    return true;
}

/* An option with arguments at argv[i]; its number of arguments, -1: an error was replied. */
static int parse_option(struct op *op, int i, struct query *q)
{
    int left = op->argc - i - 1;
    if (left >= 1 && op_arg_is(op, i, "count"))
        return parse_count(op, i + 1, q) ? 1 : -1;
    bool dist = op_arg_is(op, i, "storedist");
    if (left >= 1 && q->may_store && (dist || op_arg_is(op, i, "store"))) {
        q->store = i + 1;
        q->store_dist = dist;
        return 1;
    }
    if (q->search && left >= 1 && !q->centered && op_arg_is(op, i, "frommember"))
        return parse_member(op, i + 1, q) ? 1 : -1;
    if (q->search && left >= 2 && !q->centered && op_arg_is(op, i, "fromlonlat"))
        return parse_point(op, i + 1, q) ? 2 : -1;
    if (q->search && left >= 2 && !q->shaped && op_arg_is(op, i, "byradius"))
        return parse_radius(op, i + 1, q) ? 2 : -1;
    if (q->search && left >= 3 && !q->shaped && op_arg_is(op, i, "bybox"))
        return parse_box(op, i + 1, q) ? 3 : -1;
    op_error_syntax(op);
    return -1;
}

/* Reads the options from argv[i] on and whether they agree. */
static bool parse_options(struct op *op, int i, struct query *q)
{
    for (; i < op->argc; i++) {
        if (parse_flag(op, i, q))
            continue;
        int arguments = parse_option(op, i, q);
        if (arguments < 0)
            return false;
        i += arguments;
    }
    int name = (int)op->argv[0].len;
    if (q->store != 0 && (q->dist || q->hash || q->coord))
        reply_errorf(op->reply,
                     "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                     q->search ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
    else if (!q->centered)
        reply_errorf(op->reply, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified "
                     "for %.*s", name, op->argv[0].data);
    else if (!q->shaped)
        reply_errorf(op->reply, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s",
                     name, op->argv[0].data);
    else if (q->any && q->count == 0)
        reply_error(op->reply, "ERR the ANY argument requires COUNT argument");
    else
        return true;
    return false;
}

static void add_hit(struct hits *hits, const struct zset_cursor *at, double score,
                    double distance)
{
    if (hits->count == hits->cap) {
        hits->cap = hits->cap == 0 ? 16 : hits->cap * 2;
        hits->items = alloc_resize(hits->items, hits->cap * sizeof *hits->items);
    }
    hits->items[hits->count] = (struct hit){*at, distance, score, hits->count};
    hits->count++;
}

/* The members of a range of scores that lie in the shape, until there are `most`. */
static void search_range(struct query *q, struct geohash_range range, size_t most,
                         struct hits *hits)
{
    size_t first, past;
    struct zset_score_range scores = {.min = range.min, .max = range.max, .max_open = true};
    zset_score_ranks(&q->zs, scores, &first, &past);
    if (first == past)
        return;
    struct zset_cursor c = zset_at(&q->zs, first);
    for (; first < past && hits->count < most; first++, zset_next(&c)) {
        double score, distance;
        zset_get(&c, NULL, &score, NULL);
        if (geohash_within(&q->shape, geohash_point_of(score), &distance))
            add_hit(hits, &c, score, distance);
    }
}

static int compare_hits(const void *left, const void *right)
{
    const struct hit *a = left, *b = right;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int compare_hits_down(const void *left, const void *right)
{
    const struct hit *a = left, *b = right;
    if (a->distance != b->distance)
        return a->distance > b->distance ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Finds what the query asks for, in its order. */
static void search(struct query *q, struct hits *hits)
{
    struct geohash_range areas[GEOHASH_AREAS];
    int count = geohash_areas(&q->shape, areas);
    size_t most = q->any ? (size_t)q->count : SIZE_MAX;
    for (int i = 0; i < count && hits->count < most; i++)
        search_range(q, areas[i], most, hits);
    if (q->count != 0 && q->order == UNORDERED && !q->any)
        q->order = ASCENDING;
    if (q->order != UNORDERED && hits->count > 1)
        qsort(hits->items, hits->count, sizeof *hits->items,
              q->order == ASCENDING ? compare_hits : compare_hits_down);
    if (q->count != 0 && hits->count > (size_t)q->count)
        hits->count = (size_t)q->count;
}

static void reply_hits(struct op *op, const struct query *q, const struct hits *hits)
{
    size_t options = (size_t)q->dist + q->hash + q->coord;
    reply_array(op->reply, hits->count);
    for (size_t i = 0; i < hits->count; i++) {
        const struct hit *hit = &hits->items[i];
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        zset_get(&hit->at, &member, NULL, scratch);
        if (options > 0)
            reply_array(op->reply, options + 1);
        reply_bulk(op->reply, member);
        if (q->dist)
            geo_args_reply_distance(op->reply, hit->distance / q->unit);
        if (q->hash)
            reply_int(op->reply, (int64_t)hit->score);
        if (q->coord)
            geo_args_reply_point(op->reply, geohash_point_of(hit->score));
    }
}

static void store_hits(struct op *op, const struct query *q, const struct hits *hits)
{
    struct key key = op_key(op, q->store);
    struct zset_builder b;
    zset_builder_init(&b, op->ks->seed);
    for (size_t i = 0; i < hits->count; i++) {
        const struct hit *hit = &hits->items[i];
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        zset_get(&hit->at, &member, NULL, scratch);
        zset_builder_add(&b, member, q->store_dist ? hit->distance / q->unit : hit->score);
    }
    zset_key_store(op, &key, &b, q->search ? "geosearchstore" : "georadiusstore");
}

static void run_query(struct op *op, struct query *q)
{
    struct hits hits = {0};
    if (q->source)
        search(q, &hits);
    if (q->store != 0)
        store_hits(op, q, &hits);
    else
        reply_hits(op, q, &hits);
    alloc_free(hits.items);
}

static bool open_source(struct op *op, int i, struct query *q)
{
    struct key key = op_key(op, i);
    return zset_key_read(op, &key, &q->zs, &q->source);
}

static void radius_of_point(struct op *op, bool may_store)
{
    struct query q = {.may_store = may_store, .unit = 1};
    if (open_source(op, 1, &q) && parse_point(op, 2, &q) && parse_radius(op, 4, &q) &&
        parse_options(op, 6, &q))
        run_query(op, &q);
}

/* Without a source Redis does not look at the radius. */
static void radius_of_member(struct op *op, bool may_store)
{
    struct query q = {.may_store = may_store, .unit = 1, .centered = true, .shaped = true};
    if (!open_source(op, 1, &q))
        return;
    if (q.source && !(parse_member(op, 2, &q) && parse_radius(op, 3, &q)))
        return;
    if (parse_options(op, 5, &q))
        run_query(op, &q);
}

void op_georadius(struct op *op)
{
    radius_of_point(op, true);
}

void op_georadius_ro(struct op *op)
{
    radius_of_point(op, false);
}

void op_georadiusbymember(struct op *op)
{
    radius_of_member(op, true);
}

void op_georadiusbymember_ro(struct op *op)
{
    radius_of_member(op, false);
}

void op_geosearch(struct op *op)
{
    struct query q = {.search = true, .unit = 1};
    if (open_source(op, 1, &q) && parse_options(op, 2, &q))
        run_query(op, &q);
}

void op_geosearchstore(struct op *op)
{
    struct query q = {.search = true, .unit = 1, .store = 1};
    if (open_source(op, 2, &q) && parse_options(op, 3, &q))
        run_query(op, &q);
}
