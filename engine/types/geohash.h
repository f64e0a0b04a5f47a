/*
 * Geohash: positions on Earth as numbers whose order keeps neighbours together.
 *
 * A cell of step s is one of 2^s by 2^s of the plane of longitudes (-180 to 180) and
 * latitudes (the limits of the Web Mercator projection); its number has the bits of the
 * latitude at even places and those of the longitude at odd ones (a Z-order curve).
 * Members of geo sets have the number of their cell of step 26 as their score, so that
 * those of a larger cell lie in one range of scores. Distances are by the haversine
 * formula on a sphere. Everything here is O(1) and pure.
 */
#ifndef SHOAL_ENGINE_TYPES_GEOHASH_H
#define SHOAL_ENGINE_TYPES_GEOHASH_H

#include <stdbool.h>
#include <stdint.h>

#define GEOHASH_STEP 26
#define GEOHASH_LON_MAX 180.0
#define GEOHASH_LAT_MAX 85.05112878
#define GEOHASH_TEXT 11
#define GEOHASH_AREAS 9

/* Degrees. */
struct geohash_point {
    double lon, lat;
};

/* What is searched: a circle, or a box whose sides are as long as said; metres. */
struct geohash_shape {
    struct geohash_point center;
    bool box;
    double radius;
    double width, height;
};

/* Scores from min up to, not including, max. */
struct geohash_range {
    double min, max;
};

/* Whether a position is within the limits. False for what is no number. */
bool geohash_point_good(struct geohash_point p);

/* The score of a position that is good. */
double geohash_score(struct geohash_point p);

/* The middle of the cell of a score; any score gives some position within the limits. */
struct geohash_point geohash_point_of(double score);

/* The geohash of everybody else (latitudes from -90 to 90, base 32) of the middle of the
 * cell of a score; its last letter is always 0. No NUL is written. */
void geohash_text(double score, char out[static GEOHASH_TEXT]);

/* Metres between two positions. */
double geohash_distance(struct geohash_point a, struct geohash_point b);

/* Whether a position is in the shape; *distance is that to the center, in metres. */
bool geohash_within(const struct geohash_shape *shape, struct geohash_point p, double *distance);

/* The ranges of scores where members in the shape may be: the cell of its center and
 * those around it that it can reach, without a range twice. Returns their number. */
int geohash_areas(const struct geohash_shape *shape, struct geohash_range out[GEOHASH_AREAS]);

#endif
