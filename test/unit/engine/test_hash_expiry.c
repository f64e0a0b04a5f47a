/* Fields that expire: random edits and steps of time against a plain array in both forms, and
 * what the keyspace does about them: look-ups, notes, slices, keys that go elsewhere. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "engine/types/hash.h"
#include "test/unit/engine/command_run.h"

#define MODEL_MAX 800

static struct command_run run;
static struct rng rng;

static void setup(void)
{
    command_run_init(&run);
    run.limits.hash_max_listpack_entries = 512;
    run.limits.hash_max_listpack_value = 64;
    rng_init(&rng, 42);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(hash_expiry, .init = setup, .fini = teardown);

static struct db *db(void)
{
    return &run.ks.dbs[run.db];
}

/* The entry as it is stored, nothing removed by looking. */
static struct entry *stored(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    int64_t now_ms = run.ks.now_ms;
    run.ks.now_ms = 0;
    struct entry *e = keyspace_find(&run.ks, db(), &name).entry;
    run.ks.now_ms = now_ms;
    return e;
}

static void count_stored(void *ctx, struct bytes field, struct bytes value, int64_t expiry)
{
    ++*(size_t *)ctx;
}

static size_t stored_fields(const char *key)
{
    size_t count = 0;
    const struct entry *e = stored(key);
    if (e != NULL) hash_scan_stored(e, 0, SIZE_MAX, count_stored, &count);
    return count;
}

/* Lets time pass and does what a shard does meanwhile; how many slices it took. */
static int pass(int64_t ms)
{
    int slices = 1;
    run.ks.now_ms += ms;
    run.events[0] = '\0';
    while (keyspace_expire_due(&run.ks, run.ks.now_ms, 64)) slices++;
    return slices;
}

/* HPEXPIRE key ms of fields <prefix>from to <prefix>until - 1, one by one. */
static void expire_range(const char *key, int from, int until, int ms)
{
    char line[128];
    for (int i = from; i < until; i++) {
        snprintf(line, sizeof line, "HPEXPIRE %s %d FIELDS 1 f%d", key, ms, i);
        run_expect(&run, line, "*1\r\n:1\r\n");
    }
}

static void fill(const char *key, int n)
{
    char line[128];
    for (int i = 0; i < n; i++) {
        snprintf(line, sizeof line, "HSET %s f%d v%d", key, i, i);
        command_run(&run, line);
    }
}

/* --- The model ------------------------------------------------------------------------- */

struct model_field {
    bool there;
    int64_t expiry;
    unsigned value;
};

static struct model_field model[MODEL_MAX];

static bool is_alive(unsigned i)
{
    return model[i].there &&
           (model[i].expiry == ENTRY_NO_EXPIRY || model[i].expiry >= run.ks.now_ms);
}

static size_t alive_count(unsigned fields)
{
    size_t count = 0;
    for (unsigned i = 0; i < fields; i++) count += is_alive(i);
    return count;
}

static struct bytes field_named(unsigned i, char text[static 32])
{
    return bytes_make(text, (size_t)snprintf(text, 32, i % 3 == 0 ? "%u" : "f%u", i));
}

static unsigned field_number(struct bytes field)
{
    char text[32];
    memcpy(text, field.data, field.len);
    text[field.len] = '\0';
    return (unsigned)atoi(text[0] == 'f' ? text + 1 : text);
}

static struct bytes value_of(unsigned number, char text[static 128])
{
    /* Of all lengths up to what a listpack takes and beyond, if the number is large. */
    return bytes_make(text, (size_t)snprintf(text, 128, "%0*u", 1 + (int)(number % 90), number));
}

struct visiting {
    unsigned seen[MODEL_MAX];
    size_t count;
};

static void visit_alive(void *ctx, struct bytes field, struct bytes value)
{
    struct visiting *visiting = ctx;
    unsigned i = field_number(field);
    char text[128];
    cr_assert(is_alive(i));
    cr_assert(bytes_equal(value, value_of(model[i].value, text)));
    visiting->seen[i]++;
    visiting->count++;
}

static void expect_all(const struct entry *e, unsigned fields)
{
    struct visiting each = {.count = 0}, sample = {.count = 0};
    size_t alive = alive_count(fields), wanted = 1 + (size_t)rng_below(&rng, alive + 2);
    cr_assert_eq(hash_count(&run.ks, e), alive);
    hash_each(&run.ks, e, visit_alive, &each);
    cr_assert_eq(each.count, alive);
    hash_sample(&run.ks, e, &rng, wanted, visit_alive, &sample);
    cr_assert_eq(sample.count, wanted < alive ? wanted : alive);
    for (unsigned i = 0; i < fields; i++) {
        cr_assert_leq(each.seen[i], 1);
        cr_assert_leq(sample.seen[i], 1);
    }
    hash_pick(&run.ks, e, &rng, 3, visit_alive, &sample);
    hash_pick(&run.ks, e, &rng, 1, visit_alive, &sample);
}

static void expect_as_model(unsigned fields)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of("h"));
    run.ks.keep_expired = rng_below(&rng, 2) == 0; /* then a look-up removes nothing */
    const struct entry *e = keyspace_find(&run.ks, db(), &name).entry;
    run.ks.keep_expired = false;
    cr_assert_eq(e != NULL, alive_count(fields) > 0);
    if (e == NULL) return;
    hash_validate(e, run.ks.seed);
    expect_all(e, fields);
    for (unsigned i = 0; i < fields; i++) {
        char text[32], scratch[NUMBER_I64_MAX];
        struct bytes value, field = field_named(i, text);
        int64_t expiry;
        cr_assert_eq(hash_get(&run.ks, e, field, &value, scratch), is_alive(i));
        cr_assert_eq(hash_get_expiry(&run.ks, e, field, &expiry), is_alive(i));
        if (is_alive(i)) cr_assert_eq(expiry, model[i].expiry);
    }
}

static int64_t any_expiry(void)
{
    if (rng_below(&rng, 3) == 0) return ENTRY_NO_EXPIRY;
    static const uint64_t spans[] = {3, 50, 1000, 100000};
    return run.ks.now_ms + 1 + (int64_t)rng_below(&rng, spans[rng_below(&rng, 4)]);
}

static void edit_field(struct hash_edit *edit, unsigned i, unsigned largest)
{
    char name[32], text[128];
    struct bytes old, field = field_named(i, name);
    bool there = hash_edit_find(edit, field, &old);
    cr_assert_eq(there, is_alive(i));
    if (there) {
        cr_assert_eq(edit->expiry, model[i].expiry);
        cr_assert(bytes_equal(old, value_of(model[i].value, text)));
    }
    uint64_t what = rng_below(&rng, 10);
    if (what < 3) {
        cr_assert_eq(hash_edit_remove(edit, field), there);
        model[i].there = false;
    } else if (what < 6 && there) {
        model[i].expiry = any_expiry();
        cr_assert(hash_edit_expire(edit, field, model[i].expiry));
    } else {
        int64_t expiry = rng_below(&rng, 2) == 0 && there ? model[i].expiry : any_expiry();
        model[i] = (struct model_field){true, expiry, (unsigned)rng_below(&rng, largest)};
        enum hash_put put = hash_edit_put(edit, field, value_of(model[i].value, text), expiry);
        cr_assert_eq(put, there ? HASH_UPDATED : HASH_ADDED);
    }
}

static void edit_some(unsigned fields, unsigned largest, uint64_t max_entries)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of("h"));
    struct found found = keyspace_find(&run.ks, db(), &name);
    struct hash_edit edit;
    hash_edit_open(&edit, &run.ks, db(), &name, &found, max_entries, 64);
    for (uint64_t steps = 1 + rng_below(&rng, 8); steps > 0; steps--)
        edit_field(&edit, (unsigned)rng_below(&rng, fields), largest);
    cr_assert_eq(hash_edit_close(&edit), alive_count(fields) > 0);
}

/* Edits, steps of time short and long, active expiry now and then, the key renamed to and fro. */
static void edit_at_random(unsigned fields, int edits, unsigned largest, uint64_t max_entries)
{
    memset(model, 0, sizeof model);
    for (int n = 0; n < edits; n++) {
        edit_some(fields, largest, max_entries);
        if (rng_below(&rng, 4) == 0) run.ks.now_ms += (int64_t)rng_below(&rng, 40);
        if (rng_below(&rng, 60) == 0) run.ks.now_ms += (int64_t)rng_below(&rng, 20000);
        if (rng_below(&rng, 30) == 0) pass(0);
        if (rng_below(&rng, 50) == 0) {
            bool there = alive_count(fields) > 0;
            cr_assert_eq(command_run(&run, "RENAME h other")[0] == '+', there);
            command_run(&run, "COPY other h");
            command_run(&run, "DEL other");
        }
        if (n % 16 == 0) expect_as_model(fields);
    }
    /* A second after the last expiry only those without one are there. */
    pass(200000);
    pass(1000);
    expect_as_model(fields);
    cr_assert_eq(stored_fields("h"), alive_count(fields));
    command_run(&run, "DEL h");
    cr_assert_eq(db()->timed, 0);
}

Test(hash_expiry, small_hashes_do_what_a_plain_array_does)
{
    edit_at_random(12, 4000, 60, 512);
}

Test(hash_expiry, hashes_of_all_sizes_do_what_a_plain_array_does)
{
    edit_at_random(200, 4000, 60, 40);
    edit_at_random(40, 4000, 100000, 20);
}

Test(hash_expiry, hundreds_of_fields_too)
{
    edit_at_random(MODEL_MAX, 6000, 100000, 100);
}

Test(hash_expiry, long_fields_keep_their_expiry)
{
    static char name[70000];
    memset(name, 'x', sizeof name);
    struct key key = keyspace_key(run.ks.seed, bytes_of("h"));
    struct found found = {0};
    struct hash_edit edit;
    static const size_t lengths[] = {254, 255, 65534, 65535, 65536, 70000};
    hash_edit_open(&edit, &run.ks, db(), &key, &found, 512, 64);
    for (size_t i = 0; i < countof(lengths); i++) {
        struct bytes old, field = bytes_make(name, lengths[i]);
        hash_edit_set(&edit, field, bytes_of("v"));
        cr_assert(hash_edit_find(&edit, field, &old));
        cr_assert(hash_edit_expire(&edit, field, HASH_EXPIRY_MAX));
        cr_assert(hash_edit_find(&edit, field, &old));
        cr_assert(hash_edit_expire(&edit, field, 2000000 + (int64_t)i));
    }
    hash_edit_close(&edit);
    hash_validate(found.entry, run.ks.seed);
    for (size_t i = 0; i < countof(lengths); i++) {
        int64_t expiry;
        cr_assert(hash_get_expiry(&run.ks, found.entry, bytes_make(name, lengths[i]), &expiry));
        cr_assert_eq(expiry, 2000000 + (int64_t)i);
    }
}

/* --- The keyspace ---------------------------------------------------------------------- */

Test(hash_expiry, a_look_up_removes_a_few_and_tells_of_it)
{
    run.limits.hash_max_listpack_entries = 0;
    fill("h", 100);
    expire_range("h", 0, 50, 10);
    run.ks.now_ms += 11;
    run_expect(&run, "HLEN h", ":50\r\n");
    run_expect_events(&run, "h:hexpired:h@0 ");
    size_t left = stored_fields("h");
    cr_assert(left > 50 && left < 100, "%zu", left);
    run.ks.keep_expired = true;
    run_expect(&run, "HLEN h", ":50\r\n");
    run_expect(&run, "HGET h f3", "$-1\r\n");
    run_expect_events(&run, "");
    cr_assert_eq(stored_fields("h"), left);
    run.ks.keep_expired = false;
    pass(0);
    pass(200);
    cr_assert_eq(stored_fields("h"), 50);
    cr_assert_eq(run.ks.counters.expired_parts, 50);
}

static void last_field_goes(void)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HPEXPIRE h 10 FIELDS 2 a b", "*2\r\n:1\r\n:1\r\n");
    run.ks.now_ms += 10;
    run_expect(&run, "EXISTS h", ":1\r\n");
    run.ks.now_ms++;
    run.ks.keep_expired = true;
    run_expect(&run, "EXISTS h", ":0\r\n");
    run_expect(&run, "HGETALL h", "*0\r\n");
    run_expect(&run, "TYPE h", "+none\r\n");
    run_expect(&run, "RANDOMKEY", "*2\r\n:0\r\n$-1\r\n");
    run.ks.keep_expired = false;
    cr_assert_not_null(stored("h"));
    run_expect(&run, "EXISTS h", ":0\r\n");
    run_expect_events(&run, "h:hexpired:h@0 g:del:h@0 ");
    cr_assert_null(stored("h"));
    cr_assert_eq(db()->keys, 0);
    cr_assert_eq(db()->timed, 0);
}

Test(hash_expiry, a_key_goes_with_its_last_field)
{
    last_field_goes();
    run.limits.hash_max_listpack_entries = 0;
    last_field_goes();
}

static void removed_on_time(void)
{
    run_expect(&run, "HSET h a 1 b 2 c 3", ":3\r\n");
    run_expect(&run, "HPEXPIRE h 5000 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HPEXPIRE h 100 FIELDS 1 b", "*1\r\n:1\r\n");
    pass(301);
    run_expect_events(&run, "h:hexpired:h@0 ");
    cr_assert_eq(stored_fields("h"), 2);
    pass(4000);
    run_expect_events(&run, "");
    run_expect(&run, "HPEXPIRE h 1000 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HPEXPIRE h 1000 FIELDS 1 c", "*1\r\n:1\r\n");
    pass(1201);
    run_expect_events(&run, "h:hexpired:h@0 g:del:h@0 ");
    cr_assert_null(stored("h"));
}

Test(hash_expiry, fields_go_by_themselves)
{
    removed_on_time();
    run.limits.hash_max_listpack_entries = 0;
    removed_on_time();
}

Test(hash_expiry, many_fields_at_once_go_in_slices)
{
    fill("h", 20000);
    expire_range("h", 0, 19999, 1000);
    run.ks.now_ms += 1300;
    int slices = 0;
    size_t before = 20000;
    bool more = true;
    while (more) {
        more = keyspace_expire_due(&run.ks, run.ks.now_ms, 64);
        size_t left = stored_fields("h");
        cr_assert_leq(before - left, 64 * 16);
        before = left;
        slices++;
    }
    cr_assert_eq(before, 1);
    cr_assert_lt(slices, 30);
    hash_validate(stored("h"), run.ks.seed);
    run_expect(&run, "HGETALL h", "*2\r\n$6\r\nf19999\r\n$6\r\nv19999\r\n");
}

Test(hash_expiry, a_hash_of_which_all_goes_is_freed_in_slices)
{
    fill("h", 5000);
    expire_range("h", 0, 5000, 1000);
    pass(1300);
    cr_assert_null(stored("h"));
    cr_assert(keyspace_has_garbage(&run.ks));
    int slices = 1;
    while (keyspace_reclaim(&run.ks, 100)) slices++;
    cr_assert_geq(slices, 20);
}

/* Takes the value of h away and puts it into another keyspace, as a loan does. */
static void lend(struct keyspace *to)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of("h"));
    struct found found = keyspace_find(&run.ks, db(), &name), none = {0};
    struct entry *holder;
    struct value value = keyspace_take(&run.ks, db(), &name, &found, &holder);
    keyspace_put(to, &to->dbs[0], &name, &none, value, ENTRY_NO_EXPIRY);
    alloc_free(holder);
}

static void arrives_elsewhere(void)
{
    struct keyspace other;
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HPEXPIRE h 1000 FIELDS 1 a", "*1\r\n:1\r\n");
    keyspace_init(&other, 1, run.ks.seed, 3);
    other.objects = run.ks.objects;
    other.now_ms = run.ks.now_ms;
    lend(&other);
    cr_assert_eq(db()->timed, 0);
    cr_assert_eq(other.dbs[0].timed, 1);
    other.now_ms += 1300;
    while (keyspace_expire_due(&other, other.now_ms, 64))
        ;
    cr_assert_eq(other.counters.expired_parts, 1);
    keyspace_deinit(&other);
}

Test(hash_expiry, a_value_that_arrives_is_noted_there)
{
    arrives_elsewhere();
    run.limits.hash_max_listpack_entries = 0;
    arrives_elsewhere();
}

static void goes_elsewhere(const char *line, const char *key, uint16_t number)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HPEXPIRE h 1000 FIELDS 1 a", "*1\r\n:1\r\n");
    command_run(&run, line);
    run.db = number;
    char ask[64];
    snprintf(ask, sizeof ask, "HPTTL %s FIELDS 2 a b", key);
    run_expect(&run, ask, "*2\r\n:1000\r\n:-1\r\n");
    hash_validate(stored(key), run.ks.seed);
    pass(1300);
    cr_assert_eq(stored_fields(key), 1);
    run.db = 0;
    command_run(&run, "FLUSHALL");
    while (keyspace_reclaim(&run.ks, SIZE_MAX))
        ;
}

static void rename_copy_move(void)
{
    goes_elsewhere("RENAME h k", "k", 0);
    goes_elsewhere("COPY h k", "k", 0);
    goes_elsewhere("COPY h k DB 3", "k", 3);
    goes_elsewhere("MOVE h 2", "h", 2);
    goes_elsewhere("SWAPDB 0 1", "h", 1);
}

Test(hash_expiry, the_expiry_of_fields_goes_along_with_the_key)
{
    rename_copy_move();
    run.limits.hash_max_listpack_entries = 0;
    rename_copy_move();
}

Test(hash_expiry, a_wheel_full_of_stale_notes_is_filled_again)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    for (int i = 0; i < 70000; i++) {
        char line[64];
        snprintf(line, sizeof line, "HPEXPIRE h %d FIELDS 1 a", 500000 - i);
        command_run(&run, line);
    }
    cr_assert_gt(expiry_count(db()->wheel), 65536);
    pass(0);
    cr_assert_leq(expiry_count(db()->wheel), 1);
    pass(430200);
    pass(200);
    cr_assert_eq(stored_fields("h"), 1);
}

Test(hash_expiry, both_expiries_of_a_key_hold)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HPEXPIRE h 3000 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "PEXPIRE h 6000", ":1\r\n");
    pass(3300);
    cr_assert_eq(stored_fields("h"), 1);
    run_expect(&run, "PTTL h", ":2700\r\n");
    pass(2700);
    pass(200);
    run_expect_events(&run, "x:expired:h@0 ");
    cr_assert_null(stored("h"));
}

Test(hash_expiry, hashes_without_it_have_no_byte_for_it)
{
    if (ALLOC_PLAIN) cr_skip_test("the allocator of the sanitizer has sizes of its own");
    run.limits.hash_max_listpack_entries = 0;
    run_expect(&run, "HSET h abcdef 0123456789abcdef", ":1\r\n");
    size_t plain = hash_object.bytes(entry_object(stored("h")), 0);
    cr_assert_eq(alloc_usable(entry_object(stored("h"))), 8);
    run_expect(&run, "HPEXPIRE h 10 FIELDS 1 abcdef", "*1\r\n:1\r\n");
    cr_assert_gt(hash_object.bytes(entry_object(stored("h")), 0), plain);
}

/* Nearly all fields have expired and none has been removed: the few others are found. */
Test(hash_expiry, the_survivors_are_chosen_evenly)
{
    fill("h", 2000);
    expire_range("h", 3, 2000, 10);
    run.ks.now_ms += 11;
    run.ks.keep_expired = true;
    int seen[3] = {0};
    for (int i = 0; i < 300; i++) {
        const char *reply = command_run(&run, "HRANDFIELD h");
        cr_assert(strncmp(reply, "$2\r\nf", 5) == 0 && reply[5] >= '0' && reply[5] <= '2');
        seen[reply[5] - '0']++;
    }
    for (int i = 0; i < 3; i++) cr_assert(seen[i] > 60, "%d", seen[i]);
    cr_assert(strncmp(command_run(&run, "HRANDFIELD h 10"), "*3\r\n", 4) == 0);
    cr_assert(strncmp(command_run(&run, "HRANDFIELD h -7"), "*7\r\n", 4) == 0);
    cr_assert_eq(stored_fields("h"), 2000);
}
