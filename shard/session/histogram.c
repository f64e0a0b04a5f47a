/* Histogram: see histogram.h. */
#include "shard/session/histogram.h"

#include <assert.h>

uint64_t histogram_low(unsigned bucket)
{
    assert(bucket < HISTOGRAM_BUCKETS);
    if (bucket < 16)
        return bucket;
    return (uint64_t)(8 + bucket % 8) << (bucket / 8 - 1);
}

uint64_t histogram_high(unsigned bucket)
{
    return bucket + 1 == HISTOGRAM_BUCKETS ? UINT64_MAX : histogram_low(bucket + 1) - 1;
}

uint64_t histogram_total(const uint64_t *counts)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += counts[i];
    return total;
}

double histogram_percentile(const uint64_t *counts, double percent)
{
    uint64_t total = histogram_total(counts), seen = 0;
    double wanted = percent / 100 * (double)total;
    if (wanted < 1)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && total > 0; i++) {
        if (counts[i] == 0)
            continue;
        if ((double)(seen + counts[i]) >= wanted) {
            double part = (wanted - (double)seen) / (double)counts[i];
            double low = (double)histogram_low(i), high = (double)histogram_high(i);
            return low + (high - low) * part;
        }
        seen += counts[i];
    }
    return 0;
}

uint64_t histogram_until(const uint64_t *counts, double ticks)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double low = (double)histogram_low(i), high = (double)histogram_high(i);
        if ((low + high) / 2 > ticks)
            break;
        seen += counts[i];
    }
    return seen;
}
