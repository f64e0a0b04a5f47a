/*
 * Expiry: which keys expire when, for a database of a shard.
 *
 * A hierarchical timing wheel (Varghese and Lauck, SOSP 1987) of four-byte notes:
 * 14 bits of slot and 18 bits of hash. A note points to no memory; when it falls
 * due, the keyspace looks for expired keys of that slot in that part of the hash
 * order. So nothing has to be updated when a key is deleted, moved in memory or
 * given a later expiry: a note too early is renewed for the real time, a stale
 * one is dropped. The promise: each key with an expiry has a note due no later
 * than TICK_MS after it expires.
 *
 * Notes left behind by deleted keys are bounded by the keyspace, which fills a new
 * wheel when they are too many.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_EXPIRY_H
#define SHOAL_ENGINE_KEYSPACE_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPIRY_TICK_MS 128
#define EXPIRY_HASH_BITS 18

struct expiry_wheel;

struct expiry_note {
    uint16_t slot;
    uint32_t hash_part; /* the upper EXPIRY_HASH_BITS bits of the hash */
};

/* now_ms: wall clock, ms. */
struct expiry_wheel *expiry_new(int64_t now_ms);
void expiry_free(struct expiry_wheel *wheel);

/* Notes that a key of this slot and hash expires at at_ms. */
void expiry_add(struct expiry_wheel *wheel, uint16_t slot, uint64_t hash, int64_t at_ms);

/* Takes the next note that is due at now_ms. False: none is. A note is due when its
 * key may have expired, but it may be early or stale: the caller checks, and if
 * keys with an expiry are left in that part of the slot, adds a note for the first
 * of them. */
bool expiry_next(struct expiry_wheel *wheel, int64_t now_ms, struct expiry_note *note);

/* Makes a note that was taken the next one again: there is more to do. */
void expiry_again(struct expiry_wheel *wheel, struct expiry_note note);

/* Notes held. */
size_t expiry_count(const struct expiry_wheel *wheel);

/* Bytes allocated. */
size_t expiry_bytes(const struct expiry_wheel *wheel);

#endif
