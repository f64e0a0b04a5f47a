/*
 * Histogram: how durations are spread, in ticks of the processor's counter.
 *
 * Buckets as in HdrHistogram: eight for each power of two, so that a bucket is at most
 * an eighth as wide as what it holds, and none is looked for: its number is a few
 * shifts. Counts are plain arrays of HISTOGRAM_BUCKETS; those of several shards add up.
 */
#ifndef SHOAL_SHARD_SESSION_HISTOGRAM_H
#define SHOAL_SHARD_SESSION_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 496 /* for all of 64 bits */

/* The bucket of a duration. */
static inline unsigned histogram_bucket(uint64_t ticks)
{
    unsigned shift = 60 - (unsigned)__builtin_clzll(ticks | 8);
    return shift * 8 + (unsigned)(ticks >> shift);
}

/* The shortest and the longest duration in a bucket. */
uint64_t histogram_low(unsigned bucket);
uint64_t histogram_high(unsigned bucket);

uint64_t histogram_total(const uint64_t *counts);

/* The duration that `percent` of all (0 to 100) do not exceed, as if those in a bucket
 * were spread evenly over it; 0 for an empty histogram. */
double histogram_percentile(const uint64_t *counts, double percent);

/* How many durations are at most this, judged by the middle of their bucket. */
uint64_t histogram_until(const uint64_t *counts, double ticks);

#endif
