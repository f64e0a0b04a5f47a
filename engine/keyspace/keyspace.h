/*
 * Keyspace: the keys of one shard, in all databases.
 *
 * A database has a table for each hash slot (an empty slot is one zero word). All
 * reading and writing of keys goes through here, and every change ends in
 * keyspace_changed(), the one seam where others learn of it.
 *
 * Time stands still within a command: now_ms is set by the runtime before a batch
 * of commands is executed. A key whose expiry has passed is treated as absent by
 * every look-up and deleted by the first that meets it. So are the parts of a timed
 * value (object.h), some of them at each look-up of their key.
 *
 * Belongs to its shard; nothing here may be called by another thread.
 */
#ifndef SHOAL_ENGINE_KEYSPACE_KEYSPACE_H
#define SHOAL_ENGINE_KEYSPACE_KEYSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/random.h"
#include "engine/keyspace/access.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/expiry.h"
#include "engine/keyspace/object.h"
#include "engine/keyspace/table.h"

#define SLOT_COUNT 16384

struct reclaim;

/* A key's name and what follows from it. */
struct key {
    struct bytes name;
    uint64_t hash; /* seeded XXH3 of the whole name */
    uint16_t slot; /* CRC16 of the hash tag or name, modulo SLOT_COUNT */
};

struct db {
    uint16_t index;
    struct table *slots; /* SLOT_COUNT of them; NULL while the database was never used */
    uint64_t *busy;      /* bit s: slot s has keys */
    size_t keys;
    size_t expiring; /* keys with an expiry */
    size_t timed;    /* keys whose values are ENTRY_TIMED */
    struct expiry_wheel *wheel; /* NULL: nothing ever had an expiry */
    uint32_t renote_slot; /* notes are being rebuilt from this slot on; SLOT_COUNT: not */
};

/* What happened to a key, for those who want to know. */
enum change_kind {
    CHANGE_WRITE,  /* created or changed */
    CHANGE_DELETE, /* deleted by a command */
    CHANGE_EXPIRE, /* deleted because its expiry passed */
    CHANGE_FLUSH,  /* the whole database was emptied (or swapped): key is not set */
};

struct change {
    enum change_kind kind;
    uint16_t db;
    struct key key;
    bool also; /* it goes with another change that is told: both count as one */
    char event_class; /* as in notify-keyspace-events: '$', 'g', 'x'...; '-': not to be sent */
    const char *event; /* its name: "set", "del", "expired"... */
};

struct observer {
    void (*changed)(void *ctx, const struct change *change);
    void *ctx;
    struct observer *next;
};

/* What was deleted and is too large to be freed at once: emptied databases, objects,
 * large blobs; freed in slices by keyspace_reclaim(). */
struct reclaim_list {
    struct reclaim *first, *last;
    uint64_t keys; /* whose values are still to be freed */
};

struct keyspace_counters {
    uint64_t hits, misses;
    uint64_t expired;        /* keys deleted because their time had come */
    uint64_t expired_parts;  /* parts of timed values that went so */
    uint64_t changes;        /* told by keyspace_changed(), but for expired keys */
    uint64_t expire_cycles_us; /* time spent looking for expired keys */
    uint64_t reclaimed;        /* keys whose values keyspace_reclaim() freed */
};

struct keyspace {
    uint64_t seed;
    struct table_type tables; /* of the slots; refers to seed, so a keyspace stays where it is */
    struct db *dbs;
    uint16_t db_count;
    uint64_t nonempty;     /* keyspace_db_bit() of the databases that have keys */
    const uint64_t *owned; /* bit s: slot s is this shard's; NULL: all are. The runtime's. */
    /* Whether a slot of another shard is known to have no keys in a database; NULL: that
     * is never known. The runtime's. */
    bool (*vacant)(const void *ctx, uint32_t slot, uint16_t db);
    const void *vacant_ctx;
    bool expire_passive; /* DEBUG SET-ACTIVE-EXPIRE 0: only look-ups delete expired keys */
    bool keep_expired;   /* look-ups do not see expired keys, but leave them: reading only */
    int64_t now_ms;
    struct access_policy access; /* set by keyspace_set_access() */
    uint32_t access_now;         /* for entry.access: access_clock() */
    bool no_touch;       /* look-ups do not count as an access (CLIENT NO-TOUCH) */
    struct rng rng;
    struct observer *observers;
    struct keyspace_counters counters;
    struct reclaim_list reclaim;
    /* Row i is of the large form of type i; a constant of who made the keyspace. NULL:
     * there are only strings. */
    const struct object_type *const *objects;
};

/* seed: of the hash of keys and members, the same for all shards of a node. */
void keyspace_init(struct keyspace *ks, uint16_t db_count, uint64_t seed, uint64_t rng_seed);
void keyspace_deinit(struct keyspace *ks);

/* The slot of a key name. Source: Redis Cluster specification, "hash tags". */
uint16_t keyspace_slot(struct bytes name);

struct key keyspace_key(uint64_t seed, struct bytes name);

/* Sets how uses of keys are noted from now on. */
void keyspace_set_access(struct keyspace *ks, struct access_policy policy, uint64_t seconds);

/* Sets the time that uses of keys are noted with, by a clock that does not go back. */
static inline void keyspace_set_clock(struct keyspace *ks, uint64_t seconds)
{
    ks->access_now = access_clock(&ks->access, seconds);
}

/* Where a key is; place.bucket is NULL when it is not there. Valid until the next
 * change of the keyspace. */
struct found {
    struct entry *entry; /* NULL: no such key */
    struct table_place place;
};

/* Looks a key up without counting it as an access. */
struct found keyspace_find(struct keyspace *ks, struct db *db, const struct key *key);

/* Looks a key up for a reading command: counts the hit or miss and the access. */
struct found keyspace_read(struct keyspace *ks, struct db *db, const struct key *key);

/* As keyspace_read(), but the key does not count as used by it (TTL, EXISTS...). */
struct found keyspace_peek(struct keyspace *ks, struct db *db, const struct key *key);

/* Looks a key up for a command that is going to change it. */
struct found keyspace_write(struct keyspace *ks, struct db *db, const struct key *key);

/*
 * Gives a key this value (taken over) and expiry (or ENTRY_NO_EXPIRY), replacing
 * what was there; `found` is the fresh result of a look-up of the key and is
 * updated. An embedded value must not lie in the entry it replaces. Does not
 * call keyspace_changed().
 */
struct entry *keyspace_put(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found, struct value value, int64_t expiry);

/* Deletes a key that was found, value included. Does not call keyspace_changed(). */
void keyspace_remove(struct keyspace *ks, struct db *db, const struct key *key,
                     struct found *found);

/* Takes the value out of a key that was found, and deletes the key. The caller owns
 * the value; an embedded one lies in *holder, which the caller frees with
 * alloc_free() (NULL otherwise). Does not call keyspace_changed(). */
struct value keyspace_take(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found, struct entry **holder);

/* Sets or clears (ENTRY_NO_EXPIRY) the expiry of a key that was found. */
void keyspace_expire(struct keyspace *ks, struct db *db, const struct key *key,
                     struct found *found, int64_t expiry);

/* Makes a value ENTRY_TIMED; the caller gives it the form that goes with it. */
void keyspace_set_timed(struct db *db, struct entry *e);

/* Tells that a part of a timed value expires at that time, which is earlier than any told
 * before (keyspace_put() asks by itself). */
void keyspace_part_expires(struct keyspace *ks, struct db *db, const struct key *key,
                           int64_t at_ms);

/* Deletes a key that was found and has expired, and tells of it. */
void keyspace_drop_expired(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found);

/* Copies a value, giving the copy memory of its own; embedded bytes stay where they
 * are. False: no memory, the copy is not set. */
bool keyspace_copy_value(const struct keyspace *ks, struct value value, struct value *copy);

/* Drops a value nobody took; a large one is left to keyspace_reclaim(). */
void keyspace_free_value(struct keyspace *ks, struct value value);

/*
 * Puts an entry that was made for this key (taken over) in the place of the one that
 * was found, or adds it. The old entry is freed but not what its value word points
 * to: the new one has that, or the caller. The new entry may have been made from the
 * bytes of the old one. Sets `found`, and the access time of a key that is new.
 */
void keyspace_replace(struct keyspace *ks, struct db *db, const struct key *key,
                      struct found *found, struct entry *e);

/* Tells the observers that a key changed. Every command that changed one calls
 * this, once a key, after the change. */
void keyspace_changed(struct keyspace *ks, struct db *db, const struct key *key,
                      enum change_kind kind, char event_class, const char *event);

/* The same for what goes with another change, of this key or another one: a value that became
 * empty and is gone, the old name of a renamed key. Both count as one. */
void keyspace_also_changed(struct keyspace *ks, struct db *db, const struct key *key,
                           enum change_kind kind, char event_class, const char *event);

/* Registers and withdraws an observer, whose memory stays the caller's. Either may be
 * called from inside an observer. */
void keyspace_observe(struct keyspace *ks, struct observer *observer);
void keyspace_unobserve(struct keyspace *ks, struct observer *observer);

/* Empties a database; its memory is freed bit by bit by keyspace_reclaim(). */
void keyspace_flush(struct keyspace *ks, struct db *db);

/* Exchanges the contents of two databases. */
void keyspace_swap(struct keyspace *ks, struct db *a, struct db *b);

/* Frees some of what was deleted, as much work as that many entries. True if more is
 * left. */
bool keyspace_reclaim(struct keyspace *ks, size_t entries);

/* Whether something is left for keyspace_reclaim(). */
static inline bool keyspace_has_garbage(const struct keyspace *ks)
{
    return ks->reclaim.first != NULL;
}

/*
 * Deletes keys whose time has come, looking at up to `notes` notes of the wheels;
 * also goes on rebuilding wheels that hold too many stale notes. True if it should
 * be called again soon: more is due already, or a wheel is not rebuilt yet, whose
 * missing notes may be due. now_ms is the real time.
 */
bool keyspace_expire_due(struct keyspace *ks, int64_t now_ms, size_t notes);

/*
 * Walks a database from a cursor position on: calls visit for the entries of one
 * bucket at least, and goes on through the slots for which mine says true until
 * `want` entries were visited. Sets *slot and *cursor to continue with; *slot is
 * SLOT_COUNT at the end, or the first slot that is not mine. Expired keys are
 * passed over (and not deleted). See table_scan() for the guarantee.
 */
void keyspace_scan(struct keyspace *ks, struct db *db, uint32_t *slot, uint64_t *cursor,
                   size_t want, bool (*mine)(void *ctx, uint32_t slot),
                   void (*visit)(void *ctx, struct entry *entry), void *ctx);

/* The same, and deletes the expired keys that it meets, unless they are to be kept. The
 * entries visited stay where they are at least until the next bucket. */
void keyspace_scan_reaping(struct keyspace *ks, struct db *db, uint32_t *slot, uint64_t *cursor,
                           size_t want, bool (*mine)(void *ctx, uint32_t slot),
                           void (*visit)(void *ctx, struct entry *entry), void *ctx);

/* Deletes the key of an entry that has expired, or some of the parts of its value that have;
 * its hash and slot. Returns when the next thing of it expires, ms, or INT64_MAX. */
int64_t keyspace_expire_entry(struct keyspace *ks, struct db *db, struct entry *e, uint64_t hash,
                              uint16_t slot);

/* A key chosen at random that has not expired; NULL if there is none. Any slot that
 * has keys is as likely as another, and so is any key of a small slot. Where nearly
 * all keys have expired without having been deleted, it looks at one after the other,
 * and gives up after some hundred thousands. */
struct entry *keyspace_random(struct keyspace *ks, struct db *db);

/* The bit of a database in `nonempty`; 0 for those beyond the 64th, which have none. */
static inline uint64_t keyspace_db_bit(uint16_t index)
{
    return index < 64 ? UINT64_C(1) << index : 0;
}

/* Whether a slot is this shard's. */
static inline bool keyspace_owns(const struct keyspace *ks, uint32_t slot)
{
    return ks->owned == NULL || (ks->owned[slot / 64] >> (slot % 64) & 1) != 0;
}

/* Whether a walk through a database has to go elsewhere for the keys of a slot. */
static inline bool keyspace_lies_elsewhere(const struct keyspace *ks, uint32_t slot, uint16_t db)
{
    return !keyspace_owns(ks, slot) &&
           (ks->vacant == NULL || !ks->vacant(ks->vacant_ctx, slot, db));
}

static inline const struct timed_type *keyspace_timed(const struct keyspace *ks,
                                                     const struct entry *e)
{
    return ks->objects[e->type]->timed;
}

/* Whether the entry's time has come, or that of the last part of its value. */
static inline bool keyspace_expired(const struct keyspace *ks, const struct entry *e)
{
    if ((e->flags & ENTRY_EXPIRES) != 0 && entry_expiry(e) < ks->now_ms)
        return true;
    return (e->flags & ENTRY_TIMED) != 0 && keyspace_timed(ks, e)->last(e) < ks->now_ms;
}

/* When the entry expires, or the first part of its value; INT64_MAX: never. */
static inline int64_t keyspace_wake(const struct keyspace *ks, const struct entry *e)
{
    int64_t key_ms = (e->flags & ENTRY_EXPIRES) != 0 ? entry_expiry(e) : INT64_MAX;
    int64_t part_ms = (e->flags & ENTRY_TIMED) != 0 ? keyspace_timed(ks, e)->first(e) : INT64_MAX;
    return key_ms < part_ms ? key_ms : part_ms;
}

/* Whether the entry has expired, or something of its value. */
static inline bool keyspace_due(const struct keyspace *ks, const struct entry *e)
{
    if (likely((e->flags & (ENTRY_EXPIRES | ENTRY_TIMED)) == 0))
        return false;
    if (likely((e->flags & ENTRY_TIMED) == 0))
        return entry_expiry(e) < ks->now_ms;
    return keyspace_wake(ks, e) < ks->now_ms;
}

#endif
