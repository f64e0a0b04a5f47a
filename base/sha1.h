/*
 * SHA1: names for scripts and digests of data sets, as Redis's clients expect them. Not fit for
 * anything that an attacker must not be able to forge.
 *
 * Source: FIPS 180-4.
 */
#ifndef SHOAL_BASE_SHA1_H
#define SHOAL_BASE_SHA1_H

#include <stddef.h>

#define SHA1_BYTES 20

/* The digest of len bytes. `out` may lie in `data`. */
void sha1(unsigned char out[static SHA1_BYTES], const void *data, size_t len);

#endif
