/*
 * Digest: a number of 20 bytes that tells data sets apart (DEBUG DIGEST). It does not
 * depend on the order of keys, nor on how they are spread over shards, and is the one
 * that Redis computes for the same data: SHA1 of what has an order, chained, and
 * exclusive or of what has none.
 */
#ifndef SHOAL_SHARD_ADMIN_DIGEST_H
#define SHOAL_SHARD_ADMIN_DIGEST_H

#include <stddef.h>

#include "base/sha1.h"

struct entry;

struct digest {
    unsigned char bytes[SHA1_BYTES];
};

#define DIGEST_TEXT_SIZE (2 * SHA1_BYTES + 1)

/* Adds another digest, in any order. */
void digest_xor(struct digest *digest, const struct digest *other);

/* Adds data, in any order. */
void digest_add(struct digest *digest, const void *data, size_t len);

/* Adds data behind what was added before: the order matters. */
void digest_mix(struct digest *digest, const void *data, size_t len);

/* Goes on with the value and the expiry of a key. */
void digest_value(struct digest *digest, const struct entry *e);

/* A key with all that belongs to it, from the beginning. */
struct digest digest_entry(const struct entry *e);

/* The digest as hexadecimal digits. */
void digest_text(const struct digest *digest, char text[static DIGEST_TEXT_SIZE]);

#endif
