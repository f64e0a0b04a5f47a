/* The geo commands: replies byte for byte, and searches against a look at every member. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/types/geohash.h"
#include "test/unit/engine/command_run.h"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.zset_max_listpack_entries = 128;
    run.limits.zset_max_listpack_value = 64;
    run_expect(&run, "GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2\r\n");
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(geo, .init = setup, .fini = teardown);

Test(geo, add)
{
    run_expect(&run, "GEOADD s NX 0 0 Palermo", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "GEOADD s CH 1 1 Palermo 2 2 x", ":2\r\n");
    run_expect_events(&run, "z:zadd:s@0 ");
    run_expect(&run, "GEOADD s XX 1 1 new", ":0\r\n");
    run_expect(&run, "GEOADD s NX XX 1 1 new", "-ERR syntax error\r\n");
    run_expect(&run, "GEOADD s 181 1 new",
               "-ERR invalid longitude,latitude pair 181.000000,1.000000\r\n");
}

Test(geo, members)
{
    run_expect(&run, "ZSCORE s Palermo", "$16\r\n3479099956230698\r\n");
    run_expect(&run, "GEODIST s Palermo Catania", "$11\r\n166274.1516\r\n");
    run_expect(&run, "GEODIST s Palermo Catania KM", "$8\r\n166.2742\r\n");
    run_expect(&run, "GEODIST s Palermo none", "$-1\r\n");
    run_expect(&run, "GEODIST s Palermo Catania x",
               "-ERR unsupported unit provided. please use M, KM, FT, MI\r\n");
    run_expect(&run, "GEOHASH s Palermo none Catania",
               "*3\r\n$11\r\nsqc8b49rny0\r\n$-1\r\n$11\r\nsqdtr74hyu0\r\n");
    run_expect(&run, "GEOPOS s Palermo none",
               "*2\r\n*2\r\n$20\r\n13.36138933897018433\r\n$20\r\n38.11555639549629859\r\n*-1\r\n");
}

Test(geo, search)
{
    run_expect(&run, "GEORADIUS s 15 37 200 km WITHDIST DESC",
               "*2\r\n*2\r\n$7\r\nPalermo\r\n$8\r\n190.4424\r\n"
               "*2\r\n$7\r\nCatania\r\n$7\r\n56.4413\r\n");
    run_expect(&run, "GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km COUNT 1",
               "*1\r\n$7\r\nCatania\r\n");
    run_expect(&run, "GEOSEARCH s FROMMEMBER none BYRADIUS 1 m",
               "-ERR could not decode requested zset member\r\n");
    run_expect(&run, "GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 100 km", ":1\r\n");
    run_expect_events(&run, "z:geosearchstore:d@0 ");
    run_expect(&run, "GEORADIUSBYMEMBER none x 1 m STORE d", ":0\r\n");
    run_expect_events(&run, "-g:del:d@0 ");
}

static double uniform(double low, double high)
{
    return low + (high - low) * (rand() / (double)RAND_MAX);
}

/* Away from the poles, and less than a quarter of the way around. */
Test(geo, areas_hold_all_that_is_within)
{
    srand(1);
    for (int round = 0; round < 20000; round++) {
        struct geohash_shape s = {.center = {uniform(-180, 180), uniform(-60, 60)}};
        double reach = uniform(1, 1000) * (1 << rand() % 11);
        s.box = rand() % 2 == 0;
        s.radius = reach;
        s.width = s.height = 2 * reach;
        struct geohash_range areas[GEOHASH_AREAS];
        int count = geohash_areas(&s, areas);
        double span = reach / 50000;
        for (int i = 0; i < 20; i++) {
            struct geohash_point p = {s.center.lon + uniform(-span, span),
                                      s.center.lat + uniform(-span, span)};
            double distance;
            bool found = false;
            if (!geohash_point_good(p) || !geohash_within(&s, p, &distance))
                continue;
            double score = geohash_score(p);
            for (int a = 0; a < count; a++)
                found = found || (score >= areas[a].min && score < areas[a].max);
            cr_assert(found, "%f %f from %f %f, %f m", p.lon, p.lat, s.center.lon, s.center.lat,
                      reach);
        }
    }
}
