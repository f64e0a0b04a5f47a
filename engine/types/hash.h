/*
 * Hash: fields with their values, in two forms behind one set of functions.
 *
 *   small   a listpack: field, value, field, value...
 *   large   a table of items, each one allocation: length, field, length, value
 *           (a length is one byte, or 255 and eight bytes)
 *
 * A hash turns large when a field or value, or their number, exceeds what its
 * hash_edit allows, and stays large. A hash without fields does not exist:
 * hash_edit_close() deletes the key.
 *
 * A hash with a field that expires is ENTRY_TIMED, and stays so when it has none any
 * more. Its small form is that of Redis: field, value, time..., in the order of times, 0
 * being none, which comes last. In its large form the expiry is in the item (hash_item.h),
 * and the hash has an order of them besides (hash_order.h). A field whose time is before
 * ks->now_ms is absent for all readers; its removal is asked for by the keyspace
 * (struct timed_type), or done by an edit that meets it.
 *
 * Readers take the entry, which has to be of TYPE_HASH; editors work in a hash_edit.
 * Views of fields and values are valid until the hash changes. An expiry is in ms since
 * 1970, ENTRY_NO_EXPIRY where there is none.
 */
#ifndef SHOAL_ENGINE_TYPES_HASH_H
#define SHOAL_ENGINE_TYPES_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/random.h"
#include "engine/keyspace/entry_room.h"
#include "engine/keyspace/object.h"

struct hash; /* the large form */
struct hash_order;

/* The latest expiry of a field; Redis's. */
#define HASH_EXPIRY_MAX ((INT64_C(1) << 46) - 1)

/* The row of the large form. */
extern const struct object_type hash_object;

typedef void (*hash_visit)(void *ctx, struct bytes field, struct bytes value);
typedef void (*hash_visit_expiry)(void *ctx, struct bytes field, struct bytes value,
                                  int64_t expiry);

/* Number of fields. O(1), small hashes of more than 32767 fields, and those that have
 * expired and are still to be removed apart (a five-hundredth of those of a large one). */
size_t hash_count(const struct keyspace *ks, const struct entry *e);

/* The value of a field; scratch is used if it is kept as an integer. False: no such
 * field. O(1), O(n) in the small form. */
bool hash_get(const struct keyspace *ks, const struct entry *e, struct bytes field,
              struct bytes *value, char scratch[static NUMBER_I64_MAX]);

/* When a field expires; false: no such field. As hash_get(). */
bool hash_get_expiry(const struct keyspace *ks, const struct entry *e, struct bytes field,
                     int64_t *expiry);

/* Visits all fields. The visitor must not change the hash. */
void hash_each(const struct keyspace *ks, const struct entry *e, hash_visit visit, void *ctx);

/*
 * Visits fields from a cursor on (0: from the start) until `want` were visited, some
 * more to finish a bucket, and returns the cursor to go on with, 0 at the end. The small
 * form is visited whole. A field that is there from the first call to the last is visited
 * at least once (table_scan()). Cursors are below 2^32; others mean the end.
 */
uint64_t hash_scan(const struct keyspace *ks, const struct entry *e, uint64_t cursor, size_t want,
                   hash_visit visit, void *ctx);

/* The same with expiries, and with the fields that have expired and not been removed yet:
 * what is really there. */
uint64_t hash_scan_stored(const struct entry *e, uint64_t cursor, size_t want,
                          hash_visit_expiry visit, void *ctx);

/*
 * Visits `count` fields chosen at random, each choice independent of the others; the hash
 * has fields. Uniform, while no resize of a large hash is under way. O(count), and O(n)
 * once for the small form, and for a large one of which most fields have just expired.
 */
void hash_pick(const struct keyspace *ks, const struct entry *e, struct rng *rng, size_t count,
               hash_visit visit, void *ctx);

/*
 * Visits min(count, fields) different fields chosen at random, not in random order.
 * O(count) for few of a large hash, O(n) otherwise. Source of the choice in one pass:
 * Knuth, The Art of Computer Programming, 3.4.2, algorithm S.
 */
void hash_sample(const struct keyspace *ks, const struct entry *e, struct rng *rng, size_t count,
                 hash_visit visit, void *ctx);

/*
 * An edit of the hash of a key, from hash_edit_open() to hash_edit_close(). In between
 * nothing else may touch the keyspace.
 */
struct hash_edit {
    struct keyspace *ks;
    struct db *db;
    const struct key *key;
    struct found *found;
    uint64_t max_entries, max_value; /* of the small form: fields; bytes of one */
    struct hash *large;              /* NULL: it is small, in `small` */
    struct hash_order *order;        /* of a large one that is timed */
    struct entry_room small;
    bool timed;        /* ENTRY_TIMED */
    size_t expired;    /* fields removed because their time had come */
    int64_t first_ms;  /* when the first field expired before the edit; INT64_MAX: none did */
    /* What hash_edit_find() found. */
    uint64_t hash;            /* of the field, in the large form */
    struct table_place place; /* in the large form */
    uint32_t at;              /* the field in the listpack, or LISTPACK_NONE */
    int64_t expiry;           /* ENTRY_NO_EXPIRY if there is no such field, too */
    char scratch[NUMBER_I64_MAX];
};

/* Opens the hash of found->entry, or a new one if that is NULL. */
void hash_edit_open(struct hash_edit *edit, struct keyspace *ks, struct db *db,
                    const struct key *key, struct found *found, uint64_t max_entries,
                    uint64_t max_value);

/* Looks a field up; the value is a view, valid until the next edit. One that has expired
 * is removed. */
bool hash_edit_find(struct hash_edit *edit, struct bytes field, struct bytes *value);

/* What became of hash_edit_put(). */
enum hash_put {
    HASH_ADDED,
    HASH_UPDATED,
    HASH_NO_MEMORY, /* nothing was changed */
};

/* Gives the field that hash_edit_find() has just looked for a value, and an expiry (up to
 * HASH_EXPIRY_MAX) or none. Neither text may lie in the hash. Uses up what was found. */
enum hash_put hash_edit_put(struct hash_edit *edit, struct bytes field, struct bytes value,
                            int64_t expiry);

/* hash_edit_find(), then hash_edit_put() without an expiry. */
enum hash_put hash_edit_set(struct hash_edit *edit, struct bytes field, struct bytes value);

/* Gives the field that hash_edit_find() has just found another expiry, or takes it away.
 * Uses up what was found. False: no memory. */
bool hash_edit_expire(struct hash_edit *edit, struct bytes field, int64_t expiry);

/* Removes a field; false: there was none. */
bool hash_edit_remove(struct hash_edit *edit, struct bytes field);

/* Ends the edit. False: no field is left, so there is no key (any more). Calls
 * keyspace_changed() for fields that had expired and were removed, and for nothing else. */
bool hash_edit_close(struct hash_edit *edit);

/* Aborts if an invariant of the hash is broken (checked builds, tests). */
void hash_validate(const struct entry *e, uint64_t seed);

#endif
