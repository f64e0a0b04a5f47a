/*
 * Geo args: positions, distances and units as the geo commands are given them, and how
 * positions and distances are answered.
 */
#ifndef SHOAL_ENGINE_COMMANDS_GEO_ARGS_H
#define SHOAL_ENGINE_COMMANDS_GEO_ARGS_H

#include "engine/commands/op.h"
#include "engine/types/geohash.h"

/* Longitude and latitude in argv[i] and argv[i + 1]. False: an error was replied. */
bool geo_args_point(struct op *op, int i, struct geohash_point *p);

/* A unit in argv[i], in any case, as metres. False: an error was replied. */
bool geo_args_unit(struct op *op, int i, double *metres);

/* A bulk of the distance with 4 decimals. */
void geo_args_reply_distance(struct reply *reply, double distance);

/* An array of longitude and latitude. */
void geo_args_reply_point(struct reply *reply, struct geohash_point p);

#endif
