/* Keyspace: see keyspace.h. Expiry by time is in keyspace_background.c, the
 * freeing of what is large in reclaim.c. */
#include "engine/keyspace/keyspace.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/crc.h"
#include "base/hash.h"
#include "engine/keyspace/reclaim.h"

#define RANDOM_TRIES 100                /* at keys that turn out to have expired */
#define WALK_KEYS 64                    /* looked at in a row, at least */
#define SCAN_EXPIRED 64                 /* keys of a bucket that a scan deletes */
#define WALK_STEPS 4096                 /* of these, before a walk gives up */
#define FIND_PARTS 16                   /* expired parts of a value a look-up removes */

static struct bytes item_key(const void *item)
{
    return entry_key(item);
}

static uint64_t item_hash(const void *item, const void *seed)
{
    struct bytes name = entry_key(item);
    return hash_bytes(name.data, name.len, *(const uint64_t *)seed);
}

/* Enough to find an item, and constant, so that the compiler sees what it calls. */
static const struct table_type find_type = {.key = item_key};

void keyspace_init(struct keyspace *ks, uint16_t db_count, uint64_t seed, uint64_t rng_seed)
{
    *ks = (struct keyspace){.seed = seed, .db_count = db_count};
    ks->tables = (struct table_type){.key = item_key, .hash = item_hash, .ctx = &ks->seed};
    ks->dbs = alloc_zeroed(db_count * sizeof *ks->dbs);
    for (uint16_t i = 0; i < db_count; i++) {
        ks->dbs[i].index = i;
        ks->dbs[i].renote_slot = SLOT_COUNT;
    }
    rng_init(&ks->rng, rng_seed);
}

void keyspace_deinit(struct keyspace *ks)
{
    for (uint16_t i = 0; i < ks->db_count; i++)
        keyspace_flush(ks, &ks->dbs[i]);
    while (keyspace_reclaim(ks, SIZE_MAX))
        ;
    alloc_free(ks->dbs);
}

void keyspace_set_access(struct keyspace *ks, struct access_policy policy, uint64_t seconds)
{
    ks->access = policy;
    keyspace_set_clock(ks, seconds);
}

uint16_t keyspace_slot(struct bytes name)
{
    const char *open = memchr(name.data, '{', name.len);
    if (open != NULL) {
        const char *tag = open + 1;
        const char *shut = memchr(tag, '}', name.len - (size_t)(tag - name.data));
        if (shut != NULL && shut > tag)
            return crc16(tag, (size_t)(shut - tag)) & (SLOT_COUNT - 1);
    }
    return crc16(name.data, name.len) & (SLOT_COUNT - 1);
}

struct key keyspace_key(uint64_t seed, struct bytes name)
{
    return (struct key){
        .name = name, .hash = hash_bytes(name.data, name.len, seed), .slot = keyspace_slot(name)};
}

void keyspace_free_value(struct keyspace *ks, struct value value)
{
    if (value.encoding == ENCODING_BLOB)
        reclaim_blob(ks, (struct blob *)(uintptr_t)value.word);
    else if (value.encoding == ENCODING_OBJECT)
        reclaim_object(ks, ks->objects[value.type], (void *)(uintptr_t)value.word);
}

static void entry_free(struct keyspace *ks, struct entry *e)
{
    if (e->encoding != ENCODING_EMBEDDED)
        keyspace_free_value(ks, entry_value(e));
    alloc_free(e);
}

bool keyspace_copy_value(const struct keyspace *ks, struct value value, struct value *copy)
{
    if (value.encoding == ENCODING_OBJECT) {
        const void *from = (const void *)(uintptr_t)value.word;
        value.word = (uint64_t)(uintptr_t)ks->objects[value.type]->copy(from, ks->seed);
    } else if (value.encoding == ENCODING_BLOB) {
        const struct blob *from = (const struct blob *)(uintptr_t)value.word;
        struct blob *blob = blob_try(from->len, from->len);
        if (blob == NULL)
            return false;
        memcpy(blob->data, from->data, from->len);
        value.word = (uint64_t)(uintptr_t)blob;
    }
    *copy = value;
    return true;
}

static struct found find_any(struct db *db, const struct key *key)
{
    struct found found = {0};
    if (unlikely(db->slots == NULL))
        return found;
    found.place = table_find(&db->slots[key->slot], &find_type, key->name, key->hash);
    if (found.place.bucket != NULL)
        found.entry = table_place_item(found.place);
    return found;
}

void keyspace_drop_expired(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found)
{
    const struct entry *e = found->entry;
    if ((e->flags & ENTRY_EXPIRES) != 0 && entry_expiry(e) < ks->now_ms) {
        keyspace_remove(ks, db, key, found);
        ks->counters.expired++;
        keyspace_changed(ks, db, key, CHANGE_EXPIRE, 'x', "expired");
        return;
    }
    const struct timed_type *timed = keyspace_timed(ks, e);
    ks->counters.expired_parts += timed->count(e);
    keyspace_remove(ks, db, key, found);
    keyspace_changed(ks, db, key, CHANGE_EXPIRE, timed->event_class, timed->event);
    keyspace_changed(ks, db, key, CHANGE_EXPIRE, 'g', "del");
}

/* A key that has expired, or parts of its value have. */
static struct found find_due(struct keyspace *ks, struct db *db, const struct key *key,
                             struct found found)
{
    if (keyspace_expired(ks, found.entry)) {
        if (unlikely(ks->keep_expired))
            return (struct found){0};
        keyspace_drop_expired(ks, db, key, &found);
    } else if (!ks->keep_expired) {
        keyspace_timed(ks, found.entry)->expire(ks, db, key, &found, FIND_PARTS);
    }
    return found;
}

struct found keyspace_find(struct keyspace *ks, struct db *db, const struct key *key)
{
    struct found found = find_any(db, key);
    if (likely(found.entry == NULL || !keyspace_due(ks, found.entry)))
        return found;
    return find_due(ks, db, key, found);
}

static void touch(struct keyspace *ks, struct entry *e)
{
    /* Written only when it differs, so that reading leaves the line clean. */
    uint32_t now = ks->access_now;
    if (e->access != now && !ks->no_touch)
        e->access = likely((now & ACCESS_COUNTED) == 0)
                        ? now
                        : access_count(&ks->access, e->access, now, &ks->rng);
}

struct found keyspace_peek(struct keyspace *ks, struct db *db, const struct key *key)
{
    struct found found = keyspace_find(ks, db, key);
    if (found.entry != NULL)
        ks->counters.hits++;
    else
        ks->counters.misses++;
    return found;
}

struct found keyspace_read(struct keyspace *ks, struct db *db, const struct key *key)
{
    struct found found = keyspace_peek(ks, db, key);
    if (found.entry != NULL)
        touch(ks, found.entry);
    return found;
}

struct found keyspace_write(struct keyspace *ks, struct db *db, const struct key *key)
{
    struct found found = keyspace_find(ks, db, key);
    if (found.entry != NULL)
        touch(ks, found.entry);
    return found;
}

static void db_prepare(struct db *db)
{
    if (likely(db->slots != NULL))
        return;
    db->slots = alloc_zeroed(SLOT_COUNT * sizeof *db->slots);
    db->busy = alloc_zeroed(SLOT_COUNT / 8);
}

static void note_expiry(struct keyspace *ks, struct db *db, const struct key *key, int64_t expiry)
{
    assert(ks->now_ms > 0); /* a wheel that began in 1970 would have a long way to go */
    if (db->wheel == NULL)
        db->wheel = expiry_new(ks->now_ms);
    expiry_add(db->wheel, key->slot, key->hash, expiry);
}

/* A key's expiry goes from one value to another: keeps count, and the promise of
 * a note due no later than the expiry. */
static void expiry_moved(struct keyspace *ks, struct db *db, const struct key *key, int64_t from,
                         int64_t to)
{
    if (likely(from == to))
        return;
    if (from == ENTRY_NO_EXPIRY)
        db->expiring++;
    if (to == ENTRY_NO_EXPIRY)
        db->expiring--;
    else if (from == ENTRY_NO_EXPIRY || to < from)
        note_expiry(ks, db, key, to);
}

void keyspace_part_expires(struct keyspace *ks, struct db *db, const struct key *key,
                           int64_t at_ms)
{
    note_expiry(ks, db, key, at_ms);
}

void keyspace_set_timed(struct db *db, struct entry *e)
{
    if ((e->flags & ENTRY_TIMED) == 0)
        db->timed++;
    e->flags |= ENTRY_TIMED;
}

/* A key that had a timed value, or not, has this one: keeps count. */
static void timed_moved(struct db *db, bool was, const struct entry *e)
{
    db->timed -= was;
    db->timed += (e->flags & ENTRY_TIMED) != 0;
}

/* The same for a value that is complete: also keeps the promise of a note due when its
 * first part expires. */
static void timed_put(struct keyspace *ks, struct db *db, const struct key *key, bool was,
                      const struct entry *e)
{
    timed_moved(db, was, e);
    if (likely((e->flags & ENTRY_TIMED) == 0))
        return;
    int64_t first_ms = keyspace_timed(ks, e)->first(e);
    if (first_ms != INT64_MAX)
        note_expiry(ks, db, key, first_ms);
}

static bool is_timed(const struct entry *e)
{
    return e != NULL && (e->flags & ENTRY_TIMED) != 0;
}

/* The database has its first keys, or its last ones are gone. */
static void note_nonempty(struct keyspace *ks, const struct db *db)
{
    uint64_t bit = keyspace_db_bit(db->index);
    ks->nonempty = db->keys > 0 ? ks->nonempty | bit : ks->nonempty & ~bit;
}

static void entry_add(struct keyspace *ks, struct db *db, const struct key *key,
                      struct found *found)
{
    db_prepare(db);
    struct table *table = &db->slots[key->slot];
    table_add(table, &ks->tables, found->entry, key->hash);
    db->busy[key->slot / 64] |= UINT64_C(1) << (key->slot % 64);
    if (unlikely(db->keys++ == 0))
        note_nonempty(ks, db);
    /* The place is looked up again by who needs it. */
    found->place = (struct table_place){NULL, 0};
}

/* The place of a key that was just added. */
static void found_place(const struct db *db, const struct key *key, struct found *found)
{
    if (found->place.bucket == NULL)
        found->place = table_find(&db->slots[key->slot], &find_type, key->name, key->hash);
}

struct entry *keyspace_put(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found, struct value value, int64_t expiry)
{
    struct entry *old = found->entry;
    if (old == NULL) {
        found->entry = entry_make(key->name, value, expiry, NULL);
        found->entry->access = access_new(ks->access_now);
        entry_add(ks, db, key, found);
        expiry_moved(ks, db, key, ENTRY_NO_EXPIRY, expiry);
        timed_put(ks, db, key, false, found->entry);
        return found->entry;
    }
    found_place(db, key, found);
    int64_t before = entry_expiry(old);
    /* A count of uses stays with the key. */
    uint32_t access = ks->access.lfu ? old->access : ks->access_now;
    bool was_timed = is_timed(old);
    if (old->encoding >= ENCODING_BLOB &&
        !(value.encoding == old->encoding && value.word == entry_word(old)))
        keyspace_free_value(ks, entry_value(old));
    /* The name may lie in the old entry (a command on what it just read). */
    struct bytes stored = entry_key(old);
    bool inside = key->name.data == stored.data;
    struct entry *e = entry_make(key->name, value, expiry, inside ? NULL : old);
    if (inside)
        alloc_free(old);
    e->access = access;
    if (e != old)
        table_replace(found->place, e);
    found->entry = e;
    expiry_moved(ks, db, key, before, expiry);
    timed_put(ks, db, key, was_timed, e);
    return e;
}

void keyspace_replace(struct keyspace *ks, struct db *db, const struct key *key,
                      struct found *found, struct entry *e)
{
    struct entry *old = found->entry;
    int64_t before = old == NULL ? ENTRY_NO_EXPIRY : entry_expiry(old);
    e->access = old == NULL ? access_new(ks->access_now) : old->access;
    timed_moved(db, is_timed(old), e);
    found->entry = e;
    if (old == NULL) {
        entry_add(ks, db, key, found);
    } else {
        found_place(db, key, found);
        table_replace(found->place, e);
        alloc_free(old);
    }
    expiry_moved(ks, db, key, before, entry_expiry(e));
}

/* Takes the entry out of its table, leaving it allocated. */
static void entry_unlink(struct keyspace *ks, struct db *db, const struct key *key,
                         const struct found *found)
{
    struct table *table = &db->slots[key->slot];
    struct found here = *found;
    found_place(db, key, &here);
    expiry_moved(ks, db, key, entry_expiry(found->entry), ENTRY_NO_EXPIRY);
    db->timed -= is_timed(found->entry);
    table_remove(table, &ks->tables, here.place, key->hash);
    if (table->root == 0)
        db->busy[key->slot / 64] &= ~(UINT64_C(1) << (key->slot % 64));
    if (unlikely(--db->keys == 0))
        note_nonempty(ks, db);
}

void keyspace_remove(struct keyspace *ks, struct db *db, const struct key *key,
                     struct found *found)
{
    entry_unlink(ks, db, key, found);
    entry_free(ks, found->entry);
    *found = (struct found){0};
}

struct value keyspace_take(struct keyspace *ks, struct db *db, const struct key *key,
                           struct found *found, struct entry **holder)
{
    struct entry *e = found->entry;
    entry_unlink(ks, db, key, found);
    *found = (struct found){0};
    struct value value = entry_value(e);
    *holder = e->encoding == ENCODING_EMBEDDED ? e : NULL;
    if (*holder == NULL)
        alloc_free(e);
    return value;
}

void keyspace_expire(struct keyspace *ks, struct db *db, const struct key *key,
                     struct found *found, int64_t expiry)
{
    found_place(db, key, found);
    int64_t before = entry_expiry(found->entry);
    struct entry *e = entry_set_expiry(found->entry, expiry);
    if (e != found->entry) {
        table_replace(found->place, e);
        found->entry = e;
    }
    expiry_moved(ks, db, key, before, expiry);
}

/* Not inlined: nobody listens, mostly. */
static __attribute__((noinline)) void tell(struct keyspace *ks, struct change change,
                                           const struct key *key)
{
    if (key != NULL)
        change.key = *key;
    for (struct observer *o = ks->observers, *next; o != NULL; o = next) {
        next = o->next;
        o->changed(o->ctx, &change);
    }
}

void keyspace_changed(struct keyspace *ks, struct db *db, const struct key *key,
                      enum change_kind kind, char event_class, const char *event)
{
    ks->counters.changes += kind != CHANGE_EXPIRE;
    if (unlikely(ks->observers != NULL))
        tell(ks, (struct change){.kind = kind, .db = db->index, .event_class = event_class,
                                 .event = event}, key);
}

void keyspace_also_changed(struct keyspace *ks, struct db *db, const struct key *key,
                           enum change_kind kind, char event_class, const char *event)
{
    if (unlikely(ks->observers != NULL))
        tell(ks, (struct change){.kind = kind, .db = db->index, .also = true,
                                 .event_class = event_class, .event = event}, key);
}

void keyspace_observe(struct keyspace *ks, struct observer *observer)
{
    observer->next = ks->observers;
    ks->observers = observer;
}

void keyspace_unobserve(struct keyspace *ks, struct observer *observer)
{
    struct observer **at = &ks->observers;
    while (*at != observer)
        at = &(*at)->next;
    *at = observer->next;
}

void keyspace_swap(struct keyspace *ks, struct db *a, struct db *b)
{
    struct db was = *a;
    *a = *b;
    *b = was;
    b->index = a->index;
    a->index = was.index;
    note_nonempty(ks, a);
    note_nonempty(ks, b);
    keyspace_changed(ks, a, NULL, CHANGE_FLUSH, 'g', "swapdb");
    keyspace_also_changed(ks, b, NULL, CHANGE_FLUSH, 'g', "swapdb");
}

/* The first slot from `slot` on that has keys, SLOT_COUNT if none. */
static uint32_t next_busy(const struct db *db, uint32_t slot)
{
    if (slot >= SLOT_COUNT)
        return SLOT_COUNT;
    uint64_t word = db->busy[slot / 64] & (~UINT64_C(0) << (slot % 64));
    for (uint32_t i = slot / 64;;) {
        if (word != 0)
            return i * 64 + (uint32_t)__builtin_ctzll(word);
        if (++i == SLOT_COUNT / 64)
            return SLOT_COUNT;
        word = db->busy[i];
    }
}

struct scan {
    struct keyspace *ks;
    bool (*mine)(void *ctx, uint32_t slot);
    void (*visit)(void *ctx, struct entry *entry);
    void *ctx;
    size_t seen;
    bool reaping;
    size_t expired_count;
    struct entry *expired[SCAN_EXPIRED]; /* of one bucket, to be deleted after it */
};

static void scan_item(void *ctx, void *item)
{
    struct scan *scan = ctx;
    scan->seen++;
    if (!keyspace_expired(scan->ks, item))
        scan->visit(scan->ctx, item);
    else if (scan->reaping && scan->expired_count < SCAN_EXPIRED)
        scan->expired[scan->expired_count++] = item;
}

static void scan_expired_item(void *ctx, void *item)
{
    struct scan *scan = ctx;
    if (keyspace_expired(scan->ks, item) && scan->expired_count < SCAN_EXPIRED)
        scan->expired[scan->expired_count++] = item;
}

/* Deletes the expired keys of the bucket at the cursor, those that did not fit, too: as
 * keys go the table shrinks, and what is left gets crowded. */
static void scan_reap(struct scan *scan, struct db *db, uint32_t slot, uint64_t cursor)
{
    while (scan->expired_count > 0) {
        bool full = scan->expired_count == SCAN_EXPIRED;
        for (size_t i = 0; i < scan->expired_count; i++) {
            struct entry *e = scan->expired[i];
            uint64_t hash = item_hash(e, &scan->ks->seed);
            keyspace_expire_entry(scan->ks, db, e, hash, (uint16_t)slot);
        }
        scan->expired_count = 0;
        if (full)
            table_scan(&db->slots[slot], cursor, scan_expired_item, scan);
    }
}

static void scan_slots(struct scan *scan, struct db *db, uint32_t *slot, uint64_t *cursor,
                       size_t want)
{
    bool (*mine)(void *ctx, uint32_t slot) = scan->mine;
    void *ctx = scan->ctx;
    while (*slot < SLOT_COUNT && mine(ctx, *slot)) {
        if (db->slots == NULL || db->slots[*slot].root == 0) {
            /* On to the next slot with keys, as long as the slots between are ours. */
            uint32_t busy = db->slots == NULL ? SLOT_COUNT : next_busy(db, *slot);
            *cursor = 0;
            do
                ++*slot;
            while (*slot < busy && mine(ctx, *slot));
            continue;
        }
        uint64_t next = table_scan(&db->slots[*slot], *cursor, scan_item, scan);
        if (unlikely(scan->expired_count > 0))
            scan_reap(scan, db, *slot, *cursor);
        *cursor = next;
        if (*cursor == 0)
            ++*slot;
        if (scan->seen >= want)
            return;
    }
}

void keyspace_scan(struct keyspace *ks, struct db *db, uint32_t *slot, uint64_t *cursor,
                   size_t want, bool (*mine)(void *ctx, uint32_t slot),
                   void (*visit)(void *ctx, struct entry *entry), void *ctx)
{
    struct scan scan = {.ks = ks, .mine = mine, .visit = visit, .ctx = ctx};
    scan_slots(&scan, db, slot, cursor, want);
}

void keyspace_scan_reaping(struct keyspace *ks, struct db *db, uint32_t *slot, uint64_t *cursor,
                           size_t want, bool (*mine)(void *ctx, uint32_t slot),
                           void (*visit)(void *ctx, struct entry *entry), void *ctx)
{
    struct scan scan = {
        .ks = ks, .mine = mine, .visit = visit, .ctx = ctx, .reaping = !ks->keep_expired};
    scan_slots(&scan, db, slot, cursor, want);
}

/* The slot that has keys with so many such slots before it. */
static uint32_t nth_busy(const struct db *db, uint32_t n)
{
    uint32_t i = 0;
    for (uint32_t here; n >= (here = (uint32_t)__builtin_popcountll(db->busy[i])); i++)
        n -= here;
    uint64_t word = db->busy[i];
    while (n-- > 0)
        word &= word - 1;
    return i * 64 + (uint32_t)__builtin_ctzll(word);
}

static bool any_slot(void *ctx, uint32_t slot)
{
    return true;
}

static void keep_last(void *ctx, struct entry *entry)
{
    *(struct entry **)ctx = entry;
}

/* A key that has not expired, by looking at one after the other from some slot on. */
static struct entry *walk_to_alive(struct keyspace *ks, struct db *db, uint32_t first)
{
    struct entry *alive = NULL;
    uint64_t cursor = 0;
    uint32_t slot = first;
    bool wrapped = false;
    for (int steps = 0; steps < WALK_STEPS && alive == NULL; steps++) {
        keyspace_scan(ks, db, &slot, &cursor, WALK_KEYS, any_slot, keep_last, &alive);
        if (wrapped && slot > first)
            break;
        if (slot == SLOT_COUNT) {
            wrapped = true;
            slot = 0;
            cursor = 0;
        }
    }
    return alive;
}

struct entry *keyspace_random(struct keyspace *ks, struct db *db)
{
    if (db->keys == 0)
        return NULL;
    uint32_t busy = 0, slot = 0;
    for (uint32_t i = 0; i < SLOT_COUNT / 64; i++)
        busy += (uint32_t)__builtin_popcountll(db->busy[i]);
    for (int i = 0; i < RANDOM_TRIES; i++) {
        slot = nth_busy(db, (uint32_t)rng_below(&ks->rng, busy));
        struct entry *e = table_random(&db->slots[slot], rng_next(&ks->rng));
        if (!keyspace_expired(ks, e))
            return e;
    }
    return walk_to_alive(ks, db, slot);
}
