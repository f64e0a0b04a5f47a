/*
 * Set edit: changes a set, and with it its form, by the rules of Redis 7.2: an intset
 * that gets a member that is no integer becomes a listpack, or a table if it is too
 * large for that; an intset with too many members and a listpack with too many, or too
 * long ones, become tables; nothing goes back.
 *
 *   struct set_edit edit;
 *   set_edit_open(&edit, ks, db, key, &found, limits, &first, members);
 *   added += set_edit_add(&edit, &member);
 *   left = set_edit_close(&edit);
 *
 * In between, nothing else may touch the keyspace. Instead of a key's set it may be one
 * that is being built: set_edit_begin(), then set_edit_store() or set_edit_drop().
 */
#ifndef SHOAL_ENGINE_TYPES_SET_EDIT_H
#define SHOAL_ENGINE_TYPES_SET_EDIT_H

#include "base/room.h"
#include "engine/keyspace/entry_room.h"
#include "engine/types/set.h"

/* Up to where sets keep their small forms. */
struct set_limits {
    uint64_t intset_entries, listpack_entries, listpack_value;
};

struct set_edit {
    enum set_form form;
    struct room *room; /* of a small form */
    struct set *large; /* SET_TABLE */
    struct set_limits limits;
    struct keyspace *ks;
    bool made; /* the table was made by this edit: the key does not hold it yet */
    struct entry_room er; /* of a key that exists or will */
    struct room own;      /* of a set that is being built */
};

/*
 * Opens the set of a key that was found (found->entry NULL: a new one, which must get a
 * member before it is closed). first and members: what will be added, which decides the
 * form it starts in or is brought into; members 0: nothing will be.
 */
void set_edit_open(struct set_edit *edit, struct keyspace *ks, struct db *db,
                   const struct key *key, struct found *found, struct set_limits limits,
                   struct set_member *first, size_t members);

/* Ends the edit; how many members there are. With none the key holds an empty set,
 * which the caller removes at once. */
size_t set_edit_close(struct set_edit *edit);

/* A set of its own, empty. */
void set_edit_begin(struct set_edit *edit, struct keyspace *ks, struct set_limits limits);

/* Puts a set that was built, and has members, under a key, without expiry. */
void set_edit_store(struct set_edit *edit, struct db *db, const struct key *key,
                    struct found *found);

/* Throws a set that was built away; a large one bit by bit. */
void set_edit_drop(struct set_edit *edit);

/* Adds or removes a member; whether that changed anything. The member's text must not
 * lie in the set. */
bool set_edit_add(struct set_edit *edit, struct set_member *member);
bool set_edit_remove(struct set_edit *edit, struct set_member *member);

/*
 * Takes that many members out (no more than there are) which are chosen at random, any
 * choice being as likely; visit sees each before it goes. O(want); in small forms O(n)
 * and the bytes that move up, want times.
 */
void set_edit_take(struct set_edit *edit, struct rng *rng, size_t want,
                   bool (*visit)(void *ctx, struct set_member *member), void *ctx);

/* The set as it is now; valid until the next change. */
struct set_view set_edit_view(const struct set_edit *edit);

#endif
