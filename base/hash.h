/*
 * Hash: XXH3, 64 bits, seeded.
 *
 * The code is inlined from xxhash.h, so that the short keys a server mostly sees cost no call. The
 * seed is random per process and keeps clients from choosing keys that collide. Values are not
 * stable across machines of different byte order and are not for files.
 */
#ifndef SHOAL_BASE_HASH_H
#define SHOAL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

#endif
