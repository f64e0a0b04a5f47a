/* Geohash: see geohash.h. */
#include "engine/types/geohash.h"

#include <math.h>
#include <stddef.h>

#define EARTH_RADIUS 6372797.560856
#define MERCATOR_HALF 20037726.37 /* metres from the middle of the map to its border */
#define PI 3.14159265358979323846

/* A cell by its column and row, counted from the south-west. */
struct cell {
    uint32_t lon, lat;
};

struct area {
    struct geohash_point min, max;
};

static double radians(double degrees)
{
    return degrees * (PI / 180.0);
}

static double degrees(double radians)
{
    return radians / (PI / 180.0);
}

/* The bits of a number, each followed by a zero. */
static uint64_t spread(uint32_t value)
{
    uint64_t v = value;
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v | v << 2) & UINT64_C(0x3333333333333333);
    return (v | v << 1) & UINT64_C(0x5555555555555555);
}

/* The even bits of a number. */
static uint32_t gather(uint64_t v)
{
    v &= UINT64_C(0x5555555555555555);
    v = (v | v >> 1) & UINT64_C(0x3333333333333333);
    v = (v | v >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v | v >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(v | v >> 16);
}

static uint64_t cell_bits(struct cell c)
{
    return spread(c.lat) | spread(c.lon) << 1;
}

/* A position at the upper limit is in the cell past the last one, as in Redis. */
static struct cell cell_of(struct geohash_point p, double lat_max, int step)
{
    double cells = (double)(UINT64_C(1) << step);
    double lon = (p.lon + GEOHASH_LON_MAX) / (2 * GEOHASH_LON_MAX);
    double lat = (p.lat + lat_max) / (2 * lat_max);
    return (struct cell){(uint32_t)(lon * cells), (uint32_t)(lat * cells)};
}

static struct area cell_area(struct cell c, int step)
{
    double cells = (double)(UINT64_C(1) << step);
    double lon = 2 * GEOHASH_LON_MAX, lat = 2 * GEOHASH_LAT_MAX;
    return (struct area){
        {-GEOHASH_LON_MAX + c.lon / cells * lon, -GEOHASH_LAT_MAX + c.lat / cells * lat},
        {-GEOHASH_LON_MAX + (c.lon + 1.0) / cells * lon,
         -GEOHASH_LAT_MAX + (c.lat + 1.0) / cells * lat},
    };
}

bool geohash_point_good(struct geohash_point p)
{
    return p.lon >= -GEOHASH_LON_MAX && p.lon <= GEOHASH_LON_MAX && p.lat >= -GEOHASH_LAT_MAX &&
           p.lat <= GEOHASH_LAT_MAX;
}

double geohash_score(struct geohash_point p)
{
    return (double)cell_bits(cell_of(p, GEOHASH_LAT_MAX, GEOHASH_STEP));
}

/* Scores that ZADD gave may be any number; the conversions of those out of range are what
 * x86-64 makes of them in Redis. */
static uint64_t score_bits(double score)
{
    if (score >= -0x1p63 && score < 0x1p63)
        return (uint64_t)(int64_t)score;
    if (score < 0)
        return UINT64_C(1) << 63;
    return score < 0x1p64 ? (uint64_t)score : 0;
}

static double clamp(double value, double limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

struct geohash_point geohash_point_of(double score)
{
    uint64_t bits = score_bits(score);
    struct area a = cell_area((struct cell){gather(bits >> 1), gather(bits)}, GEOHASH_STEP);
    return (struct geohash_point){clamp((a.min.lon + a.max.lon) / 2, GEOHASH_LON_MAX),
                                  clamp((a.min.lat + a.max.lat) / 2, GEOHASH_LAT_MAX)};
}

void geohash_text(double score, char out[static GEOHASH_TEXT])
{
    static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    uint64_t bits = cell_bits(cell_of(geohash_point_of(score), 90, GEOHASH_STEP));
    for (int i = 0; i < GEOHASH_TEXT - 1; i++)
        out[i] = letters[bits >> (2 * GEOHASH_STEP - 5 * (i + 1)) & 31];
    out[GEOHASH_TEXT - 1] = letters[0];
}

static double lat_distance(double a, double b)
{
    return EARTH_RADIUS * fabs(radians(b) - radians(a));
}

double geohash_distance(struct geohash_point a, struct geohash_point b)
{
    double lat_a = radians(a.lat), lat_b = radians(b.lat);
    double v = sin((radians(b.lon) - radians(a.lon)) / 2);
    if (v == 0)
        return lat_distance(a.lat, b.lat);
    double u = sin((lat_b - lat_a) / 2);
    return 2.0 * EARTH_RADIUS * asin(sqrt(u * u + cos(lat_a) * cos(lat_b) * v * v));
}

bool geohash_within(const struct geohash_shape *shape, struct geohash_point p, double *distance)
{
    struct geohash_point c = shape->center;
    if (shape->box) {
        struct geohash_point side = {c.lon, p.lat};
        if (lat_distance(p.lat, c.lat) > shape->height / 2 ||
            geohash_distance(p, side) > shape->width / 2)
            return false;
    }
    *distance = geohash_distance(c, p);
    return shape->box || *distance <= shape->radius;
}

/* The degrees the shape reaches to, which may be past the limits. Its widest parallel is
 * taken to be the one nearest to a pole. */
static struct area shape_bounds(const struct geohash_shape *shape)
{
    double height = shape->box ? shape->height / 2 : shape->radius;
    double width = shape->box ? shape->width / 2 : shape->radius;
    struct geohash_point c = shape->center;
    double lat = degrees(height / EARTH_RADIUS);
    double widest = c.lat < 0 ? c.lat - lat : c.lat + lat;
    double lon = degrees(width / EARTH_RADIUS / cos(radians(widest)));
    return (struct area){{c.lon - lon, c.lat - lat}, {c.lon + lon, c.lat + lat}};
}

/* The step whose cells are about as large as the radius. */
static int step_of(double radius, double lat)
{
    if (radius == 0)
        return GEOHASH_STEP;
    int step = -1;
    for (; radius < MERCATOR_HALF; radius *= 2)
        step++;
    /* Cells are narrower near the poles. */
    step -= (fabs(lat) > 66) + (fabs(lat) > 80);
    return step < 1 ? 1 : step > GEOHASH_STEP ? GEOHASH_STEP : step;
}

static struct cell neighbour(struct cell c, int east, int north, int step)
{
    uint32_t mask = (UINT32_C(1) << step) - 1;
    if (east != 0)
        c.lon = (c.lon + (uint32_t)east) & mask;
    if (north != 0)
        c.lat = (c.lat + (uint32_t)north) & mask;
    return c;
}

/* Whether the cells around one do not reach as far as the shape. */
static bool falls_short(struct cell c, int step, const struct area *bounds)
{
    return cell_area(neighbour(c, 0, 1, step), step).max.lat < bounds->max.lat ||
           cell_area(neighbour(c, 0, -1, step), step).min.lat > bounds->min.lat ||
           cell_area(neighbour(c, 1, 0, step), step).max.lon < bounds->max.lon ||
           cell_area(neighbour(c, -1, 0, step), step).min.lon > bounds->min.lon;
}

int geohash_areas(const struct geohash_shape *shape, struct geohash_range out[GEOHASH_AREAS])
{
    static const struct {
        int east, north;
    } around[GEOHASH_AREAS] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0},
                               {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    struct area bounds = shape_bounds(shape);
    double radius = shape->box ? sqrt(shape->width / 2 * (shape->width / 2) +
                                      shape->height / 2 * (shape->height / 2))
                               : shape->radius;
    int step = step_of(radius, shape->center.lat);
    struct cell c = cell_of(shape->center, GEOHASH_LAT_MAX, step);
    if (step > 1 && falls_short(c, step, &bounds))
        c = cell_of(shape->center, GEOHASH_LAT_MAX, --step);
    struct area a = cell_area(c, step);
    bool skip = step >= 2;
    bool south = !(skip && a.min.lat < bounds.min.lat);
    bool north = !(skip && a.max.lat > bounds.max.lat);
    bool west = !(skip && a.min.lon < bounds.min.lon);
    bool east = !(skip && a.max.lon > bounds.max.lon);
    double scale = (double)(UINT64_C(1) << 2 * (GEOHASH_STEP - step));
    int count = 0;
    for (int i = 0; i < GEOHASH_AREAS; i++) {
        int e = around[i].east, n = around[i].north;
        if ((e > 0 && !east) || (e < 0 && !west) || (n > 0 && !north) || (n < 0 && !south))
            continue;
        uint64_t bits = cell_bits(neighbour(c, e, n, step));
        struct geohash_range range = {(double)bits * scale, (double)(bits + 1) * scale};
        bool twice = false;
        for (int j = 0; j < count; j++)
            twice = twice || out[j].min == range.min;
        if (!twice)
            out[count++] = range;
    }
    return count;
}
