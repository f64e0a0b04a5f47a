/*
 * Keyspace, what goes on between commands: deleting keys whose time has come, in slices
 * whose size the caller sets.
 */
#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/hash.h"
#include "engine/keyspace/keyspace.h"
#include "engine/keyspace/reclaim.h"

#define STALE_NOTES_MIN 65536
#define RENOTE_SLOTS 64
#define PART_KEYS 64
#define NOTE_PARTS 16 /* expired parts of a value that go for one note */

void keyspace_flush(struct keyspace *ks, struct db *db)
{
    if (db->slots == NULL)
        return;
    reclaim_slots(ks, db->slots, db->keys);
    alloc_free(db->busy);
    expiry_free(db->wheel);
    *db = (struct db){.index = db->index, .renote_slot = SLOT_COUNT};
    ks->nonempty &= ~keyspace_db_bit(db->index);
    keyspace_changed(ks, db, NULL, CHANGE_FLUSH, 'g', "flushdb");
}

/* The keys of a slot that belong to a note: those of which something has expired, and
 * when the first of the others will. */
struct part {
    struct keyspace *ks;
    uint32_t hash_part;
    int64_t earliest; /* INT64_MAX: of no other key will anything expire */
    size_t count;
    bool more; /* did not all fit */
    struct {
        struct entry *entry;
        uint64_t hash;
    } keys[PART_KEYS];
};

static void part_wake(struct part *part, int64_t at_ms)
{
    if (at_ms < part->earliest)
        part->earliest = at_ms;
}

static void part_visit(void *ctx, void *item)
{
    struct part *part = ctx;
    struct entry *e = item;
    if (!(e->flags & (ENTRY_EXPIRES | ENTRY_TIMED)))
        return;
    struct bytes name = entry_key(e);
    uint64_t hash = hash_bytes(name.data, name.len, part->ks->seed);
    if (hash >> (64 - EXPIRY_HASH_BITS) != part->hash_part)
        return;
    if (!keyspace_due(part->ks, e)) {
        part_wake(part, keyspace_wake(part->ks, e));
        return;
    }
    if (part->count == PART_KEYS) {
        part->more = true;
        return;
    }
    part->keys[part->count].entry = e;
    part->keys[part->count++].hash = hash;
}

int64_t keyspace_expire_entry(struct keyspace *ks, struct db *db, struct entry *e, uint64_t hash,
                              uint16_t slot)
{
    /* The name is needed after the entry is gone. */
    struct bytes name = entry_key(e);
    char small[256];
    char *copy = name.len <= sizeof small ? small : alloc_get(name.len);
    memcpy(copy, name.data, name.len);
    struct key key = {.name = bytes_make(copy, name.len), .hash = hash, .slot = slot};
    struct found found = {
        .entry = e, .place = table_find(&db->slots[slot], &ks->tables, key.name, hash)};
    assert(found.place.bucket != NULL);
    int64_t next_ms = INT64_MAX;
    if (keyspace_expired(ks, e)) {
        keyspace_drop_expired(ks, db, &key, &found);
    } else {
        keyspace_timed(ks, e)->expire(ks, db, &key, &found, NOTE_PARTS);
        next_ms = keyspace_wake(ks, found.entry);
    }
    if (copy != small)
        alloc_free(copy);
    return next_ms;
}

static void note_due(struct keyspace *ks, struct db *db, struct expiry_note note)
{
    const struct table *table = &db->slots[note.slot];
    struct part part = {.ks = ks, .hash_part = note.hash_part, .earliest = INT64_MAX};
    /* The positions of this part of the hash order. */
    uint64_t cursor = (uint64_t)note.hash_part << (32 - EXPIRY_HASH_BITS);
    uint64_t end = cursor + (UINT64_C(1) << (32 - EXPIRY_HASH_BITS));
    do
        cursor = table_scan(table, cursor, part_visit, &part);
    while (cursor != 0 && cursor < end);
    for (size_t i = 0; i < part.count; i++)
        part_wake(&part, keyspace_expire_entry(ks, db, part.keys[i].entry, part.keys[i].hash,
                                               note.slot));
    /* One note for what is left, so that the notes of keys that share a part do not
     * multiply: it will find the others when it falls due for the first of them. */
    if (part.more || part.earliest < ks->now_ms)
        expiry_again(db->wheel, note);
    else if (part.earliest != INT64_MAX)
        expiry_add(db->wheel, note.slot, (uint64_t)note.hash_part << (64 - EXPIRY_HASH_BITS),
                   part.earliest);
}

struct renote {
    struct keyspace *ks;
    struct db *db;
    uint16_t slot;
};

static void renote_entry(void *ctx, void *item)
{
    struct renote *renote = ctx;
    const struct entry *e = item;
    if (!(e->flags & (ENTRY_EXPIRES | ENTRY_TIMED)))
        return;
    int64_t wake_ms = keyspace_wake(renote->ks, e);
    if (wake_ms == INT64_MAX)
        return;
    struct bytes name = entry_key(e);
    expiry_add(renote->db->wheel, renote->slot, hash_bytes(name.data, name.len, renote->ks->seed),
               wake_ms);
}

/* Notes of deleted keys pile up when keys with far expiries are created and
 * deleted all the time. When they outnumber the keys by far, the wheel is thrown
 * away and filled again from the keys, a few slots at a time. */
static void renote(struct keyspace *ks, struct db *db)
{
    if (db->renote_slot == SLOT_COUNT) {
        if (expiry_count(db->wheel) < STALE_NOTES_MIN + 4 * (db->expiring + db->timed))
            return;
        expiry_free(db->wheel);
        db->wheel = expiry_new(ks->now_ms);
        db->renote_slot = 0;
    }
    struct renote ctx = {.ks = ks, .db = db};
    for (int i = 0; i < RENOTE_SLOTS && db->renote_slot < SLOT_COUNT; i++, db->renote_slot++) {
        uint64_t cursor = 0;
        ctx.slot = (uint16_t)db->renote_slot;
        do
            cursor = table_scan(&db->slots[db->renote_slot], cursor, renote_entry, &ctx);
        while (cursor != 0);
    }
}

bool keyspace_expire_due(struct keyspace *ks, int64_t now_ms, size_t notes)
{
    if (ks->expire_passive)
        return false;
    bool rebuilding = false;
    for (uint16_t i = 0; i < ks->db_count; i++) {
        struct db *db = &ks->dbs[i];
        if (db->wheel == NULL)
            continue;
        renote(ks, db);
        rebuilding = rebuilding || db->renote_slot < SLOT_COUNT;
        struct expiry_note note;
        while (notes > 0 && expiry_next(db->wheel, now_ms, &note)) {
            note_due(ks, db, note);
            notes--;
        }
    }
    return notes == 0 || rebuilding;
}
