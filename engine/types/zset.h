/*
 * Sorted set: members with scores, in order of (score, bytes of the member).
 *
 * Small form: a listpack of member, score, member, score..., in order; a score that is
 * a whole number is stored as an integer (-0 as 0), others as the shortest text that
 * reads back the same. Large form (struct zset): a table that finds the element of a member, and a
 * counted B+tree of the elements in order (btree.h). The small form becomes large, and
 * never the other way, when it would have more members, or a longer one, than the
 * settings say.
 *
 * Users open a zset_ref on a key and know nothing of the forms:
 *
 *   struct zset_ref zs;                      struct zset_ref zs;
 *   zset_open(&zs, ks, db, key, &found,      zset_read(&zs, entry);
 *             entries, value);               size_t first, past;
 *   struct zset_spot spot;                   zset_score_ranks(&zs, range, &first, &past);
 *   zset_find(&zs, member, &spot);           struct zset_cursor c = zset_at(&zs, first);
 *   zset_put(&zs, &spot, score);             for (; first < past; first++, zset_next(&c))
 *   bool there = zset_close(&zs);                zset_get(&c, &member, &score, scratch);
 *
 * Everything that is a range is a range of ranks [first, past): of scores, of members,
 * by index. Ranks count from 0 at the lowest score. Scores are never NaN.
 *
 * Cost with n members: what is said to be O(log n) is O(n) in the small form, whose n the
 * settings keep small.
 */
#ifndef SHOAL_ENGINE_TYPES_ZSET_H
#define SHOAL_ENGINE_TYPES_ZSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "engine/keyspace/entry_room.h"
#include "engine/keyspace/keyspace.h"
#include "engine/keyspace/object.h"

struct zset;         /* the large form */
struct zset_element; /* a member and its score */
struct btree_leaf;

extern const struct object_type zset_object;

/* An opened sorted set; the fields are private. */
struct zset_ref {
    struct zset *large;        /* NULL: small, or no such key */
    const unsigned char *small; /* the listpack, when opened for reading */
    bool editing;              /* `room` is open: the listpack is in room.room.bytes */
    size_t max_entries, max_value;
    struct entry_room room;
    struct keyspace *ks; /* NULL: for reading */
    struct db *db;
    const struct key *key;
    struct found *found;
};

/* Opens the value of an entry for reading; NULL is an empty set. The entry is of
 * TYPE_ZSET. Nothing is to be closed; the ref is void once the keyspace changes. */
void zset_read(struct zset_ref *zs, const struct entry *e);

/*
 * Opens the key that was looked up for changes; found->entry is of TYPE_ZSET, or NULL
 * for a key that may be made. max_entries, max_value: op_limits.zset_max_listpack_*.
 * key and found stay the caller's until zset_close(); in between nothing else may touch
 * the keyspace. All functions for reading work too.
 */
void zset_open(struct zset_ref *zs, struct keyspace *ks, struct db *db, const struct key *key,
               struct found *found, uint64_t max_entries, uint64_t max_value);

/* Ends the changes and leaves `found` fresh. A set without members is removed from the
 * keyspace (or was never put there): false. Does not call keyspace_changed(). */
bool zset_close(struct zset_ref *zs);

/* Number of members. O(1). */
size_t zset_count(const struct zset_ref *zs);

/* Where a member is or would be; void after a change, but for the one it is used in. */
struct zset_spot {
    bool there;
    double score;         /* if there */
    struct bytes member;  /* what was asked for; the caller's bytes */
    uint64_t hash;        /* large form */
    struct zset_element *element; /* large form, if there */
    uint32_t at;                  /* small form: position of the member, if there */
};

/* Looks a member up; spot->there is returned. O(1) in the large form. */
bool zset_find(const struct zset_ref *zs, struct bytes member, struct zset_spot *spot);

/* As zset_find(), for those who want the score only. */
bool zset_score(const struct zset_ref *zs, struct bytes member, double *score);

enum zset_change { ZSET_SAME, ZSET_UPDATED, ZSET_ADDED };

/* Gives the member of a spot this score, adding it if it is not there. ZSET_SAME: it had
 * that score. The member must not lie in the set. O(log n). */
enum zset_change zset_put(struct zset_ref *zs, const struct zset_spot *spot, double score);

/* Removes the member of a spot, which is there. O(log n). */
void zset_remove(struct zset_ref *zs, const struct zset_spot *spot);

/* Rank of the member of a spot, which is there. O(log n). */
size_t zset_rank(const struct zset_ref *zs, const struct zset_spot *spot);

/* Removes the members of ranks [first, past), past <= count. O(log n + removed). */
void zset_remove_ranks(struct zset_ref *zs, size_t first, size_t past);

/* Scores from min to max, -INFINITY and INFINITY allowed; open: the bound is not in. */
struct zset_score_range {
    double min, max;
    bool min_open, max_open;
};

/* A bound of a range of members, for sets whose scores are all the same. */
enum zset_lex_kind {
    ZSET_LEX_FIRST,  /* "-": before every member */
    ZSET_LEX_CLOSED, /* "[text": the text is in */
    ZSET_LEX_OPEN,   /* "(text": the text is not in */
    ZSET_LEX_LAST,   /* "+": after every member */
};

struct zset_lex_bound {
    enum zset_lex_kind kind;
    struct bytes text;
};

struct zset_lex_range {
    struct zset_lex_bound min, max;
};

/* The ranks [*first, *past) of the members in a range; *first == *past if there are
 * none, also when max is below min. O(log n). */
void zset_score_ranks(const struct zset_ref *zs, struct zset_score_range range, size_t *first,
                      size_t *past);
void zset_lex_ranks(const struct zset_ref *zs, struct zset_lex_range range, size_t *first,
                    size_t *past);

/* A place in the order; the fields are private. Void after a change of the set. */
struct zset_cursor {
    const struct btree_leaf *leaf; /* large form */
    uint32_t at;                   /* index in the leaf, or position in the listpack */
    const unsigned char *small;    /* small form */
};

#define ZSET_SCRATCH NUMBER_I64_MAX

/* At the member of that rank; at no member if there is none. O(log n). */
struct zset_cursor zset_at(const struct zset_ref *zs, size_t rank);

/* Whether the cursor is at a member. */
bool zset_valid(const struct zset_cursor *c);

/* To the neighbour in order; at no member after the last or before the first. The
 * cursor must be at a member. O(1). */
void zset_next(struct zset_cursor *c);
void zset_prev(struct zset_cursor *c);

/* The member and its score (either may be NULL). The bytes lie in the set or in scratch
 * (ZSET_SCRATCH bytes). */
void zset_get(const struct zset_cursor *c, struct bytes *member, double *score, char *scratch);

/*
 * Visits some members in no order and returns the cursor to continue with, 0 at the end;
 * start with 0. Guarantees: table_scan(). The small form is visited at once. The member's
 * bytes are valid during the visit.
 */
uint64_t zset_scan(const struct zset_ref *zs, uint64_t cursor,
                   void (*visit)(void *ctx, struct bytes member, double score), void *ctx);

/*
 * Builder: makes a sorted set from members in any order (ZUNIONSTORE, ZRANGESTORE...).
 *
 *   zset_builder_init(&b, ks->seed);
 *   double *sum = zset_builder_find(&b, member);
 *   if (sum != NULL) *sum += score; else zset_builder_add(&b, member, score);
 *   ... zset_builder_sort(&b), zset_builder_get(&b, i, ...) to read it in order ...
 *   if (zset_builder_value(&b, entries, value, &v)) keyspace_put(..., v, ENTRY_NO_EXPIRY);
 *   zset_builder_deinit(&b);
 */
struct zset_builder {
    struct zset *set;              /* its tree is empty until the value is made */
    struct zset_element **sorted;  /* NULL until zset_builder_sort() */
    size_t longest;                /* bytes of the longest member */
    size_t bytes;                  /* of all members */
    unsigned char *listpack;       /* what an embedded value points to */
};

/* seed: of the keyspace's hashes. */
void zset_builder_init(struct zset_builder *b, uint64_t seed);

/* Frees what was not made into a value. */
void zset_builder_deinit(struct zset_builder *b);

size_t zset_builder_count(const struct zset_builder *b);

/* The score of a member, which may be changed before zset_builder_sort(); NULL: it is
 * not there. Valid as long as the builder. O(1). */
double *zset_builder_find(const struct zset_builder *b, struct bytes member);

/* Adds a member that is not there; the bytes are copied. Not after sorting. O(1). */
void zset_builder_add(struct zset_builder *b, struct bytes member, double score);

/* Takes a member out, if it is there: whether it was. Not after sorting. O(1). */
bool zset_builder_remove(struct zset_builder *b, struct bytes member);

/* Brings the members in order; done once. O(n log n). */
void zset_builder_sort(struct zset_builder *b);

/* The member of that rank, after sorting. The bytes stay as long as the builder. */
void zset_builder_get(const struct zset_builder *b, size_t rank, struct bytes *member,
                      double *score);

/*
 * The value, small or large as the limits say (sorts if that was not done); false: there
 * are no members. Only zset_builder_deinit() may follow, after the value was put: an
 * embedded one lies in the builder.
 */
bool zset_builder_value(struct zset_builder *b, uint64_t max_entries, uint64_t max_value,
                        struct value *value);

/* Aborts if an invariant of the value of an entry is broken (tests, checked builds). */
void zset_validate(const struct entry *e, uint64_t seed);

#endif
