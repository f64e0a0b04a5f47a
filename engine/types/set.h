/*
 * Set: the members of a set, whichever of its three forms it has.
 *
 *   intset     integers only, up to set-max-intset-entries
 *   listpack   short and few members
 *   table      the large form: a hash table of members, each one allocation
 *
 * Readers see a set through a view: count, look-up, walk, random choice are the same
 * for all forms. Changes go through set_edit.h. A member is written as text, as an
 * integer, or as both: what is missing is made when it is needed, once.
 *
 * A set belongs to whoever owns its key; nothing here is safe for concurrent use.
 */
#ifndef SHOAL_ENGINE_TYPES_SET_H
#define SHOAL_ENGINE_TYPES_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/number.h"
#include "base/random.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/object.h"
#include "engine/keyspace/table.h"

enum set_form {
    SET_NONE, /* no key: a set without members */
    SET_INTSET,
    SET_LISTPACK,
    SET_TABLE,
};

/* The large form. */
struct set {
    struct table table;
    uint64_t seed; /* of the members' hashes */
};

/* A set to be read; valid until the set or its key changes. */
struct set_view {
    enum set_form form;
    const void *small; /* SET_INTSET, SET_LISTPACK */
    struct set *large; /* SET_TABLE */
};

enum set_number { SET_NUMBER_UNKNOWN, SET_NUMBER_YES, SET_NUMBER_NO };

/* A member, or what may be one. Its text may lie in itself: it must not be moved. */
struct set_member {
    struct bytes text; /* data NULL: not written yet, it is an integer */
    int64_t integer;
    uint64_t hash;
    enum set_number number;
    bool hashed;
    const void *item; /* names it in the table it was found in; no address. Or NULL */
    char scratch[NUMBER_I64_MAX];
};

extern const struct object_type set_object;

/* ---- Members. ---- */

void set_member_init(struct set_member *member, struct bytes text);
void set_member_init_int(struct set_member *member, int64_t integer);

/* The element of a listpack at that position. */
void set_member_init_at(struct set_member *member, const void *listpack, uint32_t at);

/* The text of the member, valid as long as the member and what its text lies in. */
struct bytes set_member_text(struct set_member *member);

/* Whether the member is a 64-bit integer in its one decimal form: member->integer. */
bool set_member_is_int(struct set_member *member);

uint64_t set_member_hash(struct set_member *member, uint64_t seed);

/* ---- Reading. ---- */

/* The set of an entry, which is one (or NULL: the empty set). */
struct set_view set_view(const struct entry *e);

/* Number of members; O(1). */
size_t set_count(struct set_view view);

/* Whether the set has this member. O(1), O(log n) in an intset, O(n) in a listpack. */
bool set_has(struct set_view view, struct set_member *member);

/* Calls visit for each member until it answers false. It must not change the set. */
void set_each(struct set_view view, bool (*visit)(void *ctx, struct set_member *member),
              void *ctx);

/*
 * Goes on with a walk from a cursor (0 at the start) and returns the next one, 0 at
 * the end. Small forms are visited whole at any cursor; of a table about `want` members,
 * with the guarantee of table_scan().
 */
uint64_t set_scan(struct set_view view, uint64_t cursor, size_t want,
                  bool (*visit)(void *ctx, struct set_member *member), void *ctx);

/*
 * A member chosen at random from a set that has some; every member is as likely. In a
 * table: a bucket at a random position, then one of PICK places, most of which are
 * vacant, so that members of full buckets have no disadvantage (rejection sampling).
 * O(1); O(n) in a listpack. Moves a resize of the table on.
 */
void set_random(struct set_view view, struct rng *rng, struct set_member *member);

/* ---- The large form. ---- */

struct set *set_new(uint64_t seed);

/* Adds or removes a member; whether that changed anything. What is removed may lie in
 * the set. */
bool set_add(struct set *set, struct set_member *member);
bool set_remove(struct set *set, struct set_member *member);

/* Aborts if an invariant is broken: the table's, members found by their hash, small
 * forms well-formed and without duplicates. O(n), O(n^2) in a listpack. */
void set_validate(struct set_view view);

#endif
