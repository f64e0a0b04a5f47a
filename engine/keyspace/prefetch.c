/* Prefetch: see prefetch.h. */
#include "engine/keyspace/prefetch.h"

#include "base/bits.h"

static void prefetch_entry(const struct table_bucket *bucket, uint64_t hash, uint64_t tag)
{
    for (unsigned match = table_bucket_match(bucket, hash); match != 0; match &= match - 1) {
        uint64_t word = bucket->word[__builtin_ctz(match)];
        if (unlikely((word ^ tag) >> 48 != 0))
            continue;
        /* Entries are not aligned to lines: a short one often lies across two. */
        const char *entry = table_item(word);
        bits_prefetch(entry);
        bits_prefetch(entry + CACHE_LINE);
    }
}

static void prefetch_group(const struct db *db, const struct key *keys, size_t n)
{
    const struct table_bucket *homes[PREFETCH_GROUP];
    for (size_t i = 0; i < n; i++)
        bits_prefetch(&db->slots[keys[i].slot]);
    for (size_t i = 0; i < n; i++) {
        homes[i] = table_home(&db->slots[keys[i].slot], keys[i].hash);
        if (homes[i] != NULL)
            bits_prefetch(homes[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (homes[i] != NULL) {
            uint32_t buckets = table_root_size(db->slots[keys[i].slot].root);
            prefetch_entry(homes[i], keys[i].hash, table_tag(buckets, keys[i].hash));
        }
}

void prefetch_keys(const struct db *db, const struct key *keys, size_t n)
{
    if (n < 2 || db->slots == NULL)
        return;
    for (size_t at = 0; at < n; at += PREFETCH_GROUP)
        prefetch_group(db, keys + at, bits_min(n - at, PREFETCH_GROUP));
}
