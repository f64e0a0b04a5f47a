/*
 * Table: the hash table of a slot, and of sets and hashes above their compact
 * encodings.
 *
 * Buckets are one cache line: seven one-byte fingerprints and a byte of state,
 * then seven words. A word is a 48-bit pointer to an item with 16 bits of the
 * item's hash above it, its tag, so that a resize and nearly every mismatch are
 * settled without touching the item. The table never follows that pointer itself: it
 * may be an address with marks in its low bits, if the holder's table_type knows. A
 * bucket that overflows gives its seventh word to a pointer to a chained bucket.
 *
 * Buckets are ordered by hash: the position of an item is the upper 32 bits of
 * its hash, and bucket = position * bucket_count / 2^32. So a scan cursor is a
 * position, which stays true whatever the table grows or shrinks to meanwhile,
 * and the number of buckets need not be a power of two: sizes follow the
 * allocator's size classes, four to a doubling, which keeps memory close to
 * what the items need at any count.
 *
 * The tag is those 16 bits of the position that decide, together with the bucket,
 * on the bucket in a table of another size; positions have no finer resolution than
 * that. Only a table that grows beyond TABLE_WIDE_BUCKETS or TABLE_FINE_BUCKETS needs
 * a finer one than the tags tell, and has to hash its items.
 *
 * Tables up to TABLE_ATOMIC_BUCKETS are resized at once (microseconds, since
 * items are not touched); larger ones move a few buckets with each change and
 * with table_step(). New buckets are zeroed as the move comes to them, and the
 * memory of old ones that are empty is given back in pieces, so that no change
 * takes time in proportion to the table.
 *
 * The whole table is one word to its holder (zero when empty): the address of
 * the buckets, their size class, and whether a resize is under way. A lookup
 * therefore costs the bucket and the item, and nothing else.
 *
 * Not safe for concurrent use: it belongs to the shard that owns it.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_TABLE_H
#define SHOAL_ENGINE_KEYSPACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TABLE_BUCKET_ITEMS 7
#define TABLE_ATOMIC_BUCKETS 1023
#define TABLE_WIDE_BUCKETS 8192
#define TABLE_FINE_BUCKETS 65536
#define TABLE_POINTER_MASK ((UINT64_C(1) << 48) - 1)
#define TABLE_RESIZING (UINT64_C(1) << 63)

struct table_bucket {
    uint8_t fingerprint[TABLE_BUCKET_ITEMS];
    uint8_t state; /* bits 0..6: word in use; bit 7: word 6 is the chain */
    uint64_t word[TABLE_BUCKET_ITEMS];
};

/* Zero-initialised is an empty table. */
struct table {
    uint64_t root; /* TABLE_RESIZING | size class << 48 | address of bucket 0, or 0 */
};

/* How a table learns the key of an item it holds a pointer to. */
struct table_type {
    struct bytes (*key)(const void *item);
    uint64_t (*hash)(const void *item, const void *ctx); /* above TABLE_WIDE_BUCKETS only */
    const void *ctx;
};

/* Where an item is: valid until the table changes. */
struct table_place {
    struct table_bucket *bucket; /* NULL: not found */
    unsigned index;
};

extern const uint32_t table_class_buckets[];

static inline void *table_item(uint64_t word)
{
    return (void *)(uintptr_t)(word & TABLE_POINTER_MASK);
}

static inline void *table_place_item(struct table_place place)
{
    return table_item(place.bucket->word[place.index]);
}

/* The words of a bucket (not of its chain) whose fingerprint equals that of the
 * hash, as a mask of bits 0..6. */
static inline unsigned table_bucket_match(const struct table_bucket *bucket, uint64_t hash)
{
    uint64_t prints;
    __builtin_memcpy(&prints, bucket, 8);
    uint64_t diff = prints ^ (UINT64_C(0x0101010101010101) * (uint8_t)hash);
    uint64_t zero = (diff - UINT64_C(0x0101010101010101)) & ~diff & UINT64_C(0x8080808080808080);
    unsigned used = bucket->state & 0x80 ? bucket->state & 0x3f : bucket->state & 0x7f;
    /* Gather the top bits of the eight bytes into one byte. */
    unsigned mask = (unsigned)((zero >> 7) * UINT64_C(0x0102040810204080) >> 56);
    return mask & used;
}

/* Buckets of a table whose word this is. */
static inline uint32_t table_root_size(uint64_t root)
{
    return table_class_buckets[root >> 48 & 0x7fff];
}

/* The lower bits of a position that count for nothing in a table of so many buckets. The
 * positions of one bucket then differ in the 16 bits above them, at most. */
static inline unsigned table_shift(uint32_t buckets)
{
    return buckets <= TABLE_WIDE_BUCKETS ? 16 : buckets <= TABLE_FINE_BUCKETS ? 3 : 0;
}

/* The tag of this hash in a table of so many buckets, in the uppermost 16 bits; what is
 * below them has no meaning. */
static inline uint64_t table_tag(uint32_t buckets, uint64_t hash)
{
    return hash << (16 - table_shift(buckets));
}

/* The bucket where an item of this hash lives; NULL for an empty table and while a
 * resize is under way. */
static inline struct table_bucket *table_home(const struct table *table, uint64_t hash)
{
    uint64_t root = table->root;
    if (root == 0 || (root & TABLE_RESIZING) != 0)
        return NULL;
    uint32_t n = table_root_size(root);
    unsigned shift = table_shift(n);
    uint64_t position = hash >> 32 >> shift << shift;
    return (struct table_bucket *)(uintptr_t)(root & TABLE_POINTER_MASK) + (position * n >> 32);
}

/* Items in the table. */
size_t table_count(const struct table *table);

/* Bytes the table itself has allocated, the items not included. */
size_t table_bytes(const struct table *table);

/* Finds the item with this key; hash is the key's 64-bit hash. */
struct table_place table_find(const struct table *table, const struct table_type *type,
                              struct bytes key, uint64_t hash);

/* Adds an item whose key is known not to be in the table. The item's address
 * has to fit 48 bits. Invalidates places. */
void table_add(struct table *table, const struct table_type *type, void *item, uint64_t hash);

/* Puts another item with the same key in the place of one. */
static inline void table_replace(struct table_place place, void *item)
{
    uint64_t *word = &place.bucket->word[place.index];
    *word = (*word & ~TABLE_POINTER_MASK) | (uint64_t)(uintptr_t)item;
}

/* Takes the item at a place out of the table, without freeing it; the hash is
 * that of its key. Invalidates places. The table may shrink. */
void table_remove(struct table *table, const struct table_type *type, struct table_place place,
                  uint64_t hash);

/*
 * Visits the items of the bucket that holds the position of the cursor and
 * returns the cursor to continue with, 0 at the end. Start with 0. An item that
 * stays in the table from the first call to the last is visited at least once,
 * whatever resizes happen between calls; it may be visited again only if the
 * table was resized in between. The visitor must not change the table. The
 * cursor needs 32 bits.
 */
uint64_t table_scan(const struct table *table, uint64_t cursor,
                    void (*visit)(void *ctx, void *item), void *ctx);

/* An item chosen at random: uniform over buckets, then over the bucket. NULL if
 * the table is empty. */
void *table_random(const struct table *table, uint64_t random);

/* Moves up to that many buckets of a resize under way. True if more is left. */
bool table_step(struct table *table, const struct table_type *type, unsigned buckets);

/* True while a resize is under way. */
bool table_resizing(const struct table *table);

/* Calls visit for each item (which may free it) and frees the table, leaving it
 * empty. visit may be NULL. */
void table_clear(struct table *table, void (*visit)(void *ctx, void *item), void *ctx);

/*
 * Like table_clear() but stops after about `budget` items. True if more is left.
 * Until it returns false only table_drain() may be called on the table.
 */
bool table_drain(struct table *table, void (*visit)(void *ctx, void *item), void *ctx,
                 size_t budget);

/* Aborts if an invariant of the table is broken (checked builds, tests). */
void table_validate(const struct table *table, const struct table_type *type);

#endif
