/* The keyspace under its commands: expiry by time, emptying, swapping and walking databases. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/keyspace/keyspace.h"

#define START_MS INT64_C(1700000000000)

enum { NAME_MAX_BYTES = 48 };

static struct keyspace ks;
static struct db *db;

static void setup(void)
{
    keyspace_init(&ks, 4, 99, 5);
    ks.now_ms = START_MS;
    db = &ks.dbs[0];
}

static void teardown(void)
{
    ks.observers = NULL;
    keyspace_deinit(&ks);
}

TestSuite(keyspace, .init = setup, .fini = teardown);

static struct key key_named(const char *name)
{
    return keyspace_key(ks.seed, bytes_of(name));
}

/* The key of a number; its name is written to `name`. */
static struct key key_numbered(char name[static NAME_MAX_BYTES], const char *format, unsigned n)
{
    snprintf(name, NAME_MAX_BYTES, format, n);
    return key_named(name);
}

static struct entry *put(struct db *to, const struct key *key, struct value value, int64_t expiry)
{
    struct found found = keyspace_write(&ks, to, key);
    return keyspace_put(&ks, to, key, &found, value, expiry);
}

static struct value number(int64_t n)
{
    return (struct value){.type = TYPE_STRING, .encoding = ENCODING_INT, .word = (uint64_t)n};
}

static void delete(struct db *from, const struct key *key)
{
    struct found found = keyspace_find(&ks, from, key);
    cr_assert_not_null(found.entry);
    keyspace_remove(&ks, from, key, &found);
}

static void validate(const struct db *checked)
{
    size_t keys = 0;
    for (uint32_t slot = 0; checked->slots != NULL && slot < SLOT_COUNT; slot++) {
        table_validate(&checked->slots[slot], &ks.tables);
        keys += table_count(&checked->slots[slot]);
        bool busy = checked->busy[slot / 64] >> (slot % 64) & 1;
        cr_assert_eq(busy, table_count(&checked->slots[slot]) > 0);
    }
    cr_assert_eq(keys, checked->keys);
}

/* What the property test knows about each of its keys. */
enum { MODEL_KEYS = 400 };

struct model {
    int64_t expiry[MODEL_KEYS]; /* 0: the key does not exist */
    size_t expired;
};

static void on_change(void *ctx, const struct change *change)
{
    struct model *model = ctx;
    if (change->kind != CHANGE_EXPIRE) return;
    cr_assert_str_eq(change->event, "expired");
    char text[NAME_MAX_BYTES] = "";
    memcpy(text, change->key.name.data, change->key.name.len);
    unsigned n = (unsigned)atoi(text + 4);
    int64_t expiry = model->expiry[n];
    cr_assert(expiry > 0, "%s expired without an expiry", text);
    cr_assert(expiry < ks.now_ms, "%s expired %ld ms early", text, (long)(expiry - ks.now_ms));
    model->expiry[n] = 0;
    model->expired++;
}

/* A life of seconds mostly, sometimes of minutes, hours or days. */
static int64_t random_life(struct rng *rng)
{
    static const int64_t longest[] = {300, 5000, 60000, 600000, 7200000, 200000000};
    return 1 + (int64_t)rng_below(rng, (uint64_t)longest[rng_below(rng, 6)]);
}

static void change_randomly(struct model *model, struct rng *rng)
{
    char name[NAME_MAX_BYTES];
    unsigned n = (unsigned)rng_below(rng, MODEL_KEYS);
    struct key key = key_numbered(name, "key:%u", n);
    /* The look-up itself deletes the key if its time has come, and the model hears of it. */
    struct found found = keyspace_write(&ks, db, &key);
    cr_assert_eq(found.entry != NULL, model->expiry[n] != 0);
    int64_t expiry = ks.now_ms + random_life(rng);
    switch (rng_below(rng, 6)) {
    case 0: /* delete */
        if (found.entry == NULL) break;
        keyspace_remove(&ks, db, &key, &found);
        model->expiry[n] = 0;
        break;
    case 1: /* persist */
        if (found.entry == NULL) break;
        keyspace_expire(&ks, db, &key, &found, ENTRY_NO_EXPIRY);
        model->expiry[n] = ENTRY_NO_EXPIRY;
        break;
    case 2:
    case 3: /* another time, sooner or later */
        if (found.entry == NULL) break;
        keyspace_expire(&ks, db, &key, &found, expiry);
        model->expiry[n] = expiry;
        break;
    default: /* set */
        keyspace_put(&ks, db, &key, &found, number(n), expiry);
        model->expiry[n] = expiry;
    }
}

static void assert_none_overdue(const struct model *model)
{
    size_t keys = 0, expiring = 0;
    for (unsigned n = 0; n < MODEL_KEYS; n++) {
        cr_assert(model->expiry[n] <= 0 || model->expiry[n] >= ks.now_ms - 1000,
                  "key %u is %ld ms late", n, (long)(ks.now_ms - model->expiry[n]));
        keys += model->expiry[n] != 0;
        expiring += model->expiry[n] > 0;
    }
    cr_assert_eq(db->keys, keys);
    cr_assert_eq(db->expiring, expiring);
}

Test(keyspace, every_key_goes_within_a_second_after_its_time_and_never_before)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct model model = {0};
        struct observer observer = {.changed = on_change, .ctx = &model};
        struct rng rng;
        rng_init(&rng, seed);
        ks.observers = &observer;
        for (int step = 0; step < 4000; step++) {
            for (uint64_t i = rng_below(&rng, 8); i > 0; i--)
                change_randomly(&model, &rng);
            /* Mostly short steps, now and then one over hours. */
            ks.now_ms += (int64_t)rng_below(&rng, rng_below(&rng, 50) == 0 ? 20000000 : 400);
            while (keyspace_expire_due(&ks, ks.now_ms, 16))
                ;
            assert_none_overdue(&model);
        }
        cr_assert_gt(model.expired, 500);
        ks.observers = NULL;
        keyspace_flush(&ks, db);
    }
}

Test(keyspace, no_key_expires_by_time_when_expiry_is_passive)
{
    struct key key = key_named("k");
    put(db, &key, number(1), START_MS + 10);
    ks.expire_passive = true;
    ks.now_ms += 5000;
    cr_assert_not(keyspace_expire_due(&ks, ks.now_ms, 100));
    cr_assert_eq(db->keys, 1);
    cr_assert_null(keyspace_read(&ks, db, &key).entry);
    cr_assert_eq(db->keys, 0);
    cr_assert_eq(ks.counters.expired, 1);
}

Test(keyspace, a_key_lives_through_the_millisecond_of_its_expiry)
{
    struct key key = key_named("k");
    put(db, &key, number(1), START_MS + 10);
    ks.now_ms = START_MS + 10;
    cr_assert_not_null(keyspace_read(&ks, db, &key).entry);
    ks.now_ms++;
    cr_assert_null(keyspace_read(&ks, db, &key).entry);
}

Test(keyspace, setting_a_later_expiry_again_and_again_adds_no_notes)
{
    struct key key = key_named("k");
    for (int i = 0; i < 10000; i++)
        put(db, &key, number(i), START_MS + 100000 + i);
    cr_assert_eq(expiry_count(db->wheel), 1);
}

Test(keyspace, creating_and_deleting_keys_in_storms_keeps_the_notes_few)
{
    char name[NAME_MAX_BYTES];
    size_t most = 0;
    for (unsigned n = 0; n < 100; n++) {
        struct key key = key_numbered(name, "kept:%u", n);
        put(db, &key, number(n), START_MS + 90000000 + n);
    }
    for (unsigned n = 0; n < 400000; n++) {
        struct key key = key_numbered(name, "storm:%u", n % 1000);
        put(db, &key, number(n), START_MS + 80000000);
        delete(db, &key);
        if (n % 200 == 0) keyspace_expire_due(&ks, ks.now_ms, 100);
        most = expiry_count(db->wheel) > most ? expiry_count(db->wheel) : most;
    }
    cr_assert_lt(most, 200000, "%zu notes", most);
    /* The keys that stayed have not been forgotten. */
    ks.now_ms = START_MS + 90000000 - 1;
    while (keyspace_expire_due(&ks, ks.now_ms, 1000))
        ;
    cr_assert_eq(db->keys, 100);
    ks.now_ms += 1100;
    while (keyspace_expire_due(&ks, ks.now_ms, 1000))
        ;
    cr_assert_eq(db->keys, 0);
}

Test(keyspace, keys_whose_notes_are_being_rebuilt_still_go_in_time)
{
    char name[NAME_MAX_BYTES];
    struct key kept = key_named("kept");
    put(db, &kept, number(1), START_MS + 500);
    for (unsigned n = 0; n < 70000; n++) {
        struct key key = key_numbered(name, "storm:%u", n % 100);
        put(db, &key, number(n), START_MS + 80000000);
        delete(db, &key);
    }
    /* Due when the rebuilding begins; noted anew for the next tick. */
    ks.now_ms = START_MS + 1000;
    while (keyspace_expire_due(&ks, ks.now_ms, 1000))
        ;
    ks.now_ms += 2 * EXPIRY_TICK_MS;
    while (keyspace_expire_due(&ks, ks.now_ms, 1000))
        ;
    cr_assert_eq(db->keys, 0);
    cr_assert_lt(expiry_count(db->wheel), 10);
}

/* Names of keys of one slot whose notes are all the same. */
static unsigned names_of_one_part(char names[][NAME_MAX_BYTES], unsigned max)
{
    enum { TRIED = 400000 };
    char name[NAME_MAX_BYTES];
    uint8_t *times = calloc(1u << EXPIRY_HASH_BITS, 1);
    uint32_t best = 0;
    for (unsigned n = 0; n < TRIED; n++) {
        uint32_t part = (uint32_t)(key_numbered(name, "{p}%u", n).hash >> (64 - EXPIRY_HASH_BITS));
        if (++times[part] > times[best]) best = part;
    }
    free(times);
    unsigned count = 0;
    for (unsigned n = 0; n < TRIED && count < max; n++)
        if (key_numbered(names[count], "{p}%u", n).hash >> (64 - EXPIRY_HASH_BITS) == best) count++;
    return count;
}

Test(keyspace, notes_of_keys_that_share_one_do_not_multiply)
{
    char names[6][NAME_MAX_BYTES];
    unsigned count = names_of_one_part(names, 6);
    cr_assert_geq(count, 5);
    int64_t expiry = START_MS + 300000000;
    for (unsigned n = 0; n < count; n++) {
        struct key key = key_named(names[n]);
        put(db, &key, number(n), expiry + n * 5000);
    }
    while (db->keys > 0) {
        ks.now_ms += db->keys == count ? 1000 : 300;
        while (keyspace_expire_due(&ks, ks.now_ms, 100))
            ;
        cr_assert_leq(expiry_count(db->wheel), count);
        size_t gone = ks.now_ms <= expiry ? 0 : (size_t)(ks.now_ms - expiry + 4999) / 5000;
        size_t late = ks.now_ms <= expiry + 1000 ? 0 : (size_t)(ks.now_ms - expiry + 3999) / 5000;
        cr_assert(db->keys >= count - (gone < count ? gone : count));
        cr_assert(db->keys <= count - (late < count ? late : count));
    }
}

static struct value blob_of(const void *data, size_t len)
{
    struct blob *blob = blob_try(len, len);
    cr_assert_not_null(blob);
    memcpy(blob->data, data, len);
    return (struct value){
        .type = TYPE_STRING, .encoding = ENCODING_BLOB, .word = (uint64_t)(uintptr_t)blob};
}

static void fill(struct db *to, unsigned count)
{
    char name[NAME_MAX_BYTES], text[5000];
    memset(text, 'x', sizeof text);
    for (unsigned n = 0; n < count; n++) {
        /* Some slots hold many keys. */
        struct key key = key_numbered(name, n % 2 ? "{tag}%u" : "%u", n);
        put(to, &key, n % 10 == 0 ? blob_of(text, sizeof text) : number(n),
            n % 3 == 0 ? START_MS + n + 1 : ENTRY_NO_EXPIRY);
    }
}

Test(keyspace, a_flushed_database_is_empty_at_once_and_freed_bit_by_bit)
{
    fill(db, 5000);
    struct db *other = &ks.dbs[1];
    fill(other, 100);
    keyspace_flush(&ks, db);
    cr_assert_eq(db->keys, 0);
    cr_assert_eq(db->expiring, 0);
    struct key key = key_named("0");
    cr_assert_null(keyspace_find(&ks, db, &key).entry);
    fill(db, 50); /* is used again while the old keys are still being freed */
    int slices = 1;
    for (; keyspace_reclaim(&ks, 100); slices++)
        ;
    cr_assert(slices >= 20 && slices <= 60, "%d slices", slices);
    cr_assert_not(keyspace_has_garbage(&ks));
    cr_assert_eq(db->keys, 50);
    cr_assert_eq(other->keys, 100);
    validate(db);
}

Test(keyspace, keys_whose_values_wait_to_be_freed_are_counted_once)
{
    static char text[3 << 20];
    struct key key = key_named("large");
    put(db, &key, blob_of(text, sizeof text), ENTRY_NO_EXPIRY);
    struct found found = keyspace_find(&ks, db, &key);
    keyspace_remove(&ks, db, &key, &found);
    cr_assert_eq(ks.reclaim.keys, 1);
    put(db, &key, blob_of(text, sizeof text), ENTRY_NO_EXPIRY);
    fill(db, 100);
    keyspace_flush(&ks, db);
    cr_assert_eq(ks.reclaim.keys, 102);
    cr_assert_eq(ks.counters.reclaimed, 0);
    while (keyspace_reclaim(&ks, 10))
        ;
    cr_assert_eq(ks.reclaim.keys, 0);
    cr_assert_eq(ks.counters.reclaimed, 102);
}

Test(keyspace, several_flushes_are_reclaimed_one_after_the_other)
{
    for (int i = 0; i < 5; i++) {
        fill(db, 300);
        keyspace_flush(&ks, db);
    }
    while (keyspace_reclaim(&ks, 50))
        ;
    cr_assert_not(keyspace_has_garbage(&ks));
}

Test(keyspace, swapped_databases_exchange_keys_and_expiries_but_not_their_numbers)
{
    struct db *other = &ks.dbs[3];
    struct key first = key_named("first"), second = key_named("second");
    put(db, &first, number(1), START_MS + 1000);
    put(other, &second, number(2), ENTRY_NO_EXPIRY);
    keyspace_swap(&ks, db, other);
    cr_assert_eq(db->index, 0);
    cr_assert_eq(other->index, 3);
    cr_assert_not_null(keyspace_find(&ks, other, &first).entry);
    cr_assert_not_null(keyspace_find(&ks, db, &second).entry);
    cr_assert_null(keyspace_find(&ks, db, &first).entry);
    ks.now_ms += 2000;
    keyspace_expire_due(&ks, ks.now_ms, 100);
    cr_assert_eq(other->keys, 0);
    cr_assert_eq(db->keys, 1);
}

static void long_key_round_trip(size_t len)
{
    char *name = alloc_get(len);
    memset(name, 'k', len);
    struct key key = keyspace_key(ks.seed, bytes_make(name, len));
    struct value embedded = {
        .type = TYPE_STRING, .encoding = ENCODING_EMBEDDED, .embedded = bytes_of("value")};
    char scratch[NUMBER_I64_MAX];
    put(db, &key, embedded, ENTRY_NO_EXPIRY);
    struct found found = keyspace_find(&ks, db, &key);
    int64_t expiries[] = {START_MS + 5000, START_MS + 9000, ENTRY_NO_EXPIRY, START_MS + 7000};
    for (int i = 0; i < 4; i++) {
        found = keyspace_find(&ks, db, &key);
        found.entry->access = 77;
        keyspace_expire(&ks, db, &key, &found, expiries[i]);
        found = keyspace_find(&ks, db, &key);
        cr_assert_not_null(found.entry);
        cr_assert_eq(entry_expiry(found.entry), expiries[i]);
        cr_assert_eq(found.entry->access, 77);
        cr_assert(bytes_equal(entry_key(found.entry), key.name));
        cr_assert(bytes_equal(entry_string(found.entry, scratch), bytes_of("value")));
    }
    put(db, &key, number(-5), START_MS + 6000);
    found = keyspace_find(&ks, db, &key);
    cr_assert_eq(entry_int(found.entry), -5);
    cr_assert(bytes_equal(entry_key(found.entry), key.name));
    ks.now_ms += 7200;
    while (keyspace_expire_due(&ks, ks.now_ms, 100))
        ;
    cr_assert_eq(db->keys, 0);
    ks.now_ms = START_MS;
    alloc_free(name);
}

Test(keyspace, keys_of_any_length_keep_name_value_and_expiry)
{
    static const size_t lengths[] = {0, 1, 255, 256, 257, 65534, 65535, 65536, 300000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        long_key_round_trip(lengths[i]);
        keyspace_flush(&ks, db);
    }
}

Test(keyspace, a_slot_holds_very_many_keys)
{
    char name[NAME_MAX_BYTES];
    enum { MANY = 120000 };
    for (unsigned n = 0; n < MANY; n++) {
        struct key key = key_numbered(name, "{one}%u", n);
        put(db, &key, number(n), ENTRY_NO_EXPIRY);
    }
    validate(db);
    for (unsigned n = 0; n < MANY; n++) {
        struct key key = key_numbered(name, "{one}%u", n);
        struct found found = keyspace_find(&ks, db, &key);
        cr_assert_not_null(found.entry);
        cr_assert_eq(entry_int(found.entry), n);
        if (n % 100 != 0) keyspace_remove(&ks, db, &key, &found);
    }
    validate(db);
    cr_assert_eq(db->keys, MANY / 100);
}

/* How often each of the kept keys was visited; keys that come and go are not counted. */
struct visits {
    unsigned seen[3000];
    unsigned total;
};

static void visit(void *ctx, struct entry *e)
{
    struct visits *visits = ctx;
    struct bytes name = entry_key(e);
    visits->total++;
    if (memchr(name.data, ':', name.len) != NULL) visits->seen[entry_int(e)]++;
}

static bool mine(void *ctx, uint32_t slot)
{
    return keyspace_owns(&ks, slot);
}

static void come_or_go(bool come, unsigned from, unsigned count)
{
    char name[NAME_MAX_BYTES];
    for (unsigned n = from; n < from + count; n++) {
        struct key key = key_numbered(name, n % 4 == 0 ? "%u" : "{t}%u", n);
        struct found found = keyspace_find(&ks, db, &key);
        if (come && found.entry == NULL)
            keyspace_put(&ks, db, &key, &found, number(n), ENTRY_NO_EXPIRY);
        else if (!come && found.entry != NULL)
            keyspace_remove(&ks, db, &key, &found);
    }
}

/* Walks while keys come (or go, then come) between the pages; all kept keys must be seen. */
static void walk(bool growing, size_t page, unsigned churn, unsigned kept)
{
    char name[NAME_MAX_BYTES];
    for (unsigned n = 0; n < kept; n++) {
        struct key key = key_numbered(name, n % 4 == 0 ? "k:%u" : "{t}k:%u", n);
        put(db, &key, number(n), ENTRY_NO_EXPIRY);
    }
    unsigned extra = growing ? 0 : 100000;
    come_or_go(true, 0, extra);
    struct visits *visits = calloc(1, sizeof *visits);
    uint32_t slot = 0;
    uint64_t cursor = 0;
    while (slot < SLOT_COUNT) {
        keyspace_scan(&ks, db, &slot, &cursor, page, mine, visit, visits);
        if (growing && extra < 100000) {
            come_or_go(true, extra, churn);
            extra += churn;
        } else if (!growing && extra > churn) {
            extra -= churn;
            come_or_go(false, extra, churn);
        }
    }
    for (unsigned n = 0; n < kept; n++)
        cr_assert_geq(visits->seen[n], 1, "key %u was passed over", n);
    free(visits);
    validate(db);
}

Test(keyspace, a_walk_sees_every_key_that_stays_while_tables_grow)
{
    walk(true, 10, 300, 3000);
}

Test(keyspace, a_walk_sees_every_key_that_stays_while_tables_shrink)
{
    walk(false, 10, 300, 3000);
}

Test(keyspace, a_walk_of_a_still_keyspace_sees_every_key_once)
{
    fill(db, 3000);
    struct visits visits = {0};
    uint32_t slot = 0;
    uint64_t cursor = 0;
    while (slot < SLOT_COUNT)
        keyspace_scan(&ks, db, &slot, &cursor, 7, mine, visit, &visits);
    cr_assert_eq(visits.total, 3000);
}

static void mark_seen(void *ctx, void *item)
{
    ((char *)ctx)[entry_int(item)] = 1;
}

/* Walks the slot of the keys "{r}<number>" while nothing changes. */
static void assert_walk_sees(unsigned from, unsigned to)
{
    const struct table *table = &db->slots[key_named("{r}").slot];
    char *seen = calloc(to, 1);
    uint64_t cursor = 0;
    do
        cursor = table_scan(table, cursor, mark_seen, seen);
    while (cursor != 0);
    for (unsigned n = from; n < to; n++)
        cr_assert(seen[n], "key %u was passed over", n);
    free(seen);
}

Test(keyspace, a_walk_sees_every_key_at_any_point_of_a_resize)
{
    enum { MANY = 30000 };
    char name[NAME_MAX_BYTES];
    const struct table *table = NULL;
    unsigned walks = 0;
    for (unsigned n = 0; n < MANY; n++) {
        struct key key = key_numbered(name, "{r}%u", n);
        put(db, &key, number(n), ENTRY_NO_EXPIRY);
        table = &db->slots[key.slot];
        if (!table_resizing(table) || n % 5 != 0) continue;
        assert_walk_sees(0, n + 1);
        walks++;
    }
    cr_assert_gt(walks, 50);
    walks = 0;
    for (unsigned n = 0; n < MANY; n++) {
        struct key key = key_numbered(name, "{r}%u", n);
        delete(db, &key);
        if (n + 1 == MANY || !table_resizing(table) || n % 5 != 0) continue;
        assert_walk_sees(n + 1, MANY);
        walks++;
    }
    cr_assert_gt(walks, 50);
}

Test(keyspace, a_walk_stops_at_the_first_slot_of_another_shard)
{
    uint64_t owned[SLOT_COUNT / 64];
    memset(owned, 0xff, sizeof owned);
    owned[100 / 64] &= ~(UINT64_C(1) << (100 % 64));
    ks.owned = owned;
    fill(db, 3000);
    struct visits visits = {0};
    uint32_t slot = 0;
    uint64_t cursor = 0;
    keyspace_scan(&ks, db, &slot, &cursor, SIZE_MAX, mine, visit, &visits);
    cr_assert_eq(slot, 100);
    cr_assert_eq(cursor, 0);
    slot = 101;
    keyspace_scan(&ks, db, &slot, &cursor, SIZE_MAX, mine, visit, &visits);
    cr_assert_eq(slot, SLOT_COUNT);
    cr_assert_eq(visits.total, 3000 - table_count(&db->slots[100]));
}

Test(keyspace, a_random_key_is_any_of_the_keys_about_as_often)
{
    char name[NAME_MAX_BYTES];
    unsigned times[8] = {0};
    for (unsigned n = 0; n < 8; n++) {
        struct key key = key_numbered(name, "%u", n);
        put(db, &key, number(n), ENTRY_NO_EXPIRY);
    }
    struct key expired = key_named("expired");
    put(db, &expired, number(100), START_MS + 1);
    ks.now_ms += 10;
    for (int i = 0; i < 8000; i++) {
        const struct entry *e = keyspace_random(&ks, db);
        cr_assert_not_null(e);
        cr_assert_lt(entry_int(e), 8);
        times[entry_int(e)]++;
    }
    for (unsigned n = 0; n < 8; n++)
        cr_assert(times[n] > 700 && times[n] < 1300, "key %u: %u times", n, times[n]);
}

Test(keyspace, a_random_key_is_found_among_very_many_expired_ones)
{
    char name[NAME_MAX_BYTES];
    for (unsigned n = 0; n < 2000; n++) {
        struct key key = key_numbered(name, "%u", n);
        put(db, &key, number(n), START_MS + 1);
    }
    struct key alive = key_named("alive");
    put(db, &alive, number(-1), ENTRY_NO_EXPIRY);
    ks.now_ms += 10;
    for (int i = 0; i < 20; i++) {
        const struct entry *e = keyspace_random(&ks, db);
        cr_assert_not_null(e);
        cr_assert_eq(entry_int(e), -1);
    }
    delete(db, &alive);
    cr_assert_null(keyspace_random(&ks, db));
}

Test(keyspace, it_knows_which_databases_have_keys)
{
    struct key a = key_named("a"), b = key_named("b");
    cr_assert_eq(ks.nonempty, 0);
    put(db, &a, number(1), ENTRY_NO_EXPIRY);
    put(db, &b, number(1), ENTRY_NO_EXPIRY);
    put(&ks.dbs[2], &a, number(1), START_MS + 1);
    cr_assert_eq(ks.nonempty, 5);
    delete(db, &a);
    cr_assert_eq(ks.nonempty, 5);
    keyspace_swap(&ks, db, &ks.dbs[1]);
    cr_assert_eq(ks.nonempty, 6);
    ks.now_ms += 10;
    cr_assert_null(keyspace_find(&ks, &ks.dbs[2], &a).entry);
    cr_assert_eq(ks.nonempty, 2);
    keyspace_flush(&ks, &ks.dbs[1]);
    cr_assert_eq(ks.nonempty, 0);
}

Test(keyspace, databases_beyond_the_sixty_fourth_are_not_told_apart)
{
    struct keyspace many;
    keyspace_init(&many, 70, 99, 5);
    struct key key = keyspace_key(many.seed, bytes_of("a"));
    struct found none = {0};
    keyspace_put(&many, &many.dbs[64], &key, &none, number(1), ENTRY_NO_EXPIRY);
    cr_assert_eq(many.nonempty, 0);
    keyspace_deinit(&many);
}
