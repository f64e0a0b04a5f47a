/*
 * Geo: GEOADD, GEODIST, GEOHASH and GEOPOS, and what all geo commands share (geo_args.h).
 *
 * Members are those of a sorted set whose scores are geohashes.
 */
#include "base/number.h"
#include "engine/commands/geo_args.h"
#include "engine/commands/zset_key.h"
#include "op_handlers.gen.h"

bool geo_args_point(struct op *op, int i, struct geohash_point *p)
{
    if (!op_double(op, i, &p->lon) || !op_double(op, i + 1, &p->lat))
        return false;
    if (geohash_point_good(*p))
        return true;
    reply_errorf(op->reply, "ERR invalid longitude,latitude pair %f,%f", p->lon, p->lat);
    return false;
}

bool geo_args_unit(struct op *op, int i, double *metres)
{
    static const struct {
        const char *name;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        if (op_arg_is(op, i, units[u].name)) {
            *metres = units[u].metres;
            return true;
        }
    }
    reply_error(op->reply, "ERR unsupported unit provided. please use M, KM, FT, MI");
    return false;
}

void geo_args_reply_distance(struct reply *reply, double distance)
{
    reply_bulkf(reply, "%.4f", distance);
}

/* The same digits in both protocols: a double in RESP3, a bulk in RESP2. */
static void reply_degrees(struct reply *reply, double degrees)
{
    char text[64];
    if (reply->resp != 3) {
        reply_ldouble_human(reply, degrees);
        return;
    }
    size_t len = number_format_ldouble_human(text + 1, sizeof text - 3, degrees);
    text[0] = ',';
    text[len + 1] = '\r';
    text[len + 2] = '\n';
    reply_raw(reply, text, len + 3);
}

void geo_args_reply_point(struct reply *reply, struct geohash_point p)
{
    reply_array(reply, 2);
    reply_degrees(reply, p.lon);
    reply_degrees(reply, p.lat);
}

/* Adds the triples from argv[first] on, whose positions are known to be good. */
static void add_triples(struct op *op, int first, bool nx, bool xx, bool changed)
{
    struct zset_ref zs;
    struct found found;
    int64_t added = 0, updated = 0;
    if (!zset_key_write(op, &op->key, &found, &zs))
        return;
    for (int i = first; i < op->argc; i += 3) {
        struct geohash_point p = {0, 0};
        number_parse_double(op->argv[i], &p.lon);
        number_parse_double(op->argv[i + 1], &p.lat);
        struct zset_spot spot;
        if (zset_find(&zs, op->argv[i + 2], &spot) ? nx : xx)
            continue;
        enum zset_change change = zset_put(&zs, &spot, geohash_score(p));
        added += change == ZSET_ADDED;
        updated += change == ZSET_UPDATED;
    }
    if (added + updated > 0)
        zset_key_changed(op, &op->key, &zs, "zadd");
    else
        zset_close(&zs);
    reply_int(op->reply, changed ? added + updated : added);
}

void op_geoadd(struct op *op)
{
    bool nx = false, xx = false, changed = false;
    int i = 2;
    for (; i < op->argc; i++) {
        if (op_arg_is(op, i, "nx"))
            nx = true;
        else if (op_arg_is(op, i, "xx"))
            xx = true;
        else if (op_arg_is(op, i, "ch"))
            changed = true;
        else
            break;
    }
    if (i == op->argc || (op->argc - i) % 3 != 0 || (nx && xx)) {
        op_error_syntax(op);
        return;
    }
    struct geohash_point p;
    for (int j = i; j < op->argc; j += 3)
        if (!geo_args_point(op, j, &p))
            return;
    add_triples(op, i, nx, xx, changed);
}

void op_geodist(struct op *op)
{
    double unit = 1, from, to;
    struct zset_ref zs;
    if (op->argc > 5) {
        op_error_syntax(op);
        return;
    }
    if (op->argc == 5 && !geo_args_unit(op, 4, &unit))
        return;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    if (!zset_score(&zs, op->argv[2], &from) || !zset_score(&zs, op->argv[3], &to)) {
        reply_nil(op->reply);
        return;
    }
    double metres = geohash_distance(geohash_point_of(from), geohash_point_of(to));
    geo_args_reply_distance(op->reply, metres / unit);
}

void op_geohash(struct op *op)
{
    struct zset_ref zs;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++) {
        double score;
        char text[GEOHASH_TEXT];
        if (!zset_score(&zs, op->argv[i], &score)) {
            reply_nil(op->reply);
            continue;
        }
        geohash_text(score, text);
        reply_bulk(op->reply, bytes_make(text, sizeof text));
    }
}

void op_geopos(struct op *op)
{
    struct zset_ref zs;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    reply_array(op->reply, (size_t)op->argc - 2);
    for (int i = 2; i < op->argc; i++) {
        double score;
        if (zset_score(&zs, op->argv[i], &score))
            geo_args_reply_point(op->reply, geohash_point_of(score));
        else
            reply_nil_array(op->reply);
    }
}
