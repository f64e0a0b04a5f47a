/* Hashes: random edits against a plain array in both forms, choices at random, cursors, and
 * the replies and events of the commands. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "engine/types/hash.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define MODEL_MAX 3000

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

TestSuite(hash, .init = setup, .fini = teardown);
TestSuite(hashes, .init = setup, .fini = teardown);

static struct found found_of(const char *key, struct key *name)
{
    *name = keyspace_key(run.ks.seed, bytes_of(key));
    return keyspace_find(&run.ks, &run.ks.dbs[0], name);
}

static struct entry *entry_of(const char *key)
{
    struct key name;
    return found_of(key, &name).entry;
}

static bool is_small(const char *key)
{
    return entry_is_small(entry_of(key));
}

/* HSET key <prefix>0 <prefix>0 ... up to n. */
static void fill(const char *key, const char *prefix, int n)
{
    char line[128];
    for (int i = 0; i < n; i++) {
        snprintf(line, sizeof line, "HSET %s %s%d %s%d", key, prefix, i, prefix, i);
        command_run(&run, line);
    }
}

/* --- The structure -------------------------------------------------------------------- */

struct model {
    char *values[MODEL_MAX]; /* of field "f<i>"; NULL: not there */
    size_t lens[MODEL_MAX];
    size_t count;
};

static struct model model;

static struct bytes field_named(unsigned i, char text[static 32])
{
    /* Some fields read as integers, which a listpack keeps otherwise. */
    return bytes_make(text, (size_t)snprintf(text, 32, i % 3 == 0 ? "%u" : "f%u", i));
}

static size_t any_value(char *out, bool short_only)
{
    static const size_t lengths[] = {0, 1, 5, 16, 64, 65, 254, 255, 256, 5000};
    if (rng_below(&rng, 3) == 0)
        return number_format_i64(out, (int64_t)(rng_next(&rng) >> rng_below(&rng, 64)));
    size_t len = lengths[rng_below(&rng, short_only ? 5 : 10)];
    for (size_t i = 0; i < len; i++) out[i] = (char)rng_next(&rng);
    return len;
}

static void model_set(unsigned i, const char *value, size_t len)
{
    model.count += model.values[i] == NULL;
    free(model.values[i]);
    model.values[i] = malloc(len + 1);
    memcpy(model.values[i], value, len);
    model.lens[i] = len;
}

static bool model_remove(unsigned i)
{
    bool there = model.values[i] != NULL;
    model.count -= there;
    free(model.values[i]);
    model.values[i] = NULL;
    return there;
}

static void expect_as_model(const struct entry *e, unsigned fields)
{
    if (model.count == 0) {
        cr_assert_null(e);
        return;
    }
    hash_validate(e, run.ks.seed);
    cr_assert_eq(hash_count(&run.ks, e), model.count);
    for (unsigned i = 0; i < fields; i++) {
        char name[32], scratch[NUMBER_I64_MAX];
        struct bytes value;
        bool there = hash_get(&run.ks, e, field_named(i, name), &value, scratch);
        cr_assert_eq(there, model.values[i] != NULL);
        if (there)
            cr_assert(bytes_equal(value, bytes_make(model.values[i], model.lens[i])));
    }
}

/* Edits of some steps each, as a command makes them; more removals than additions now and
 * then, so that hashes also vanish. */
static void edit_at_random(unsigned fields, int edits, bool short_only, uint64_t max_entries)
{
    static char value[8192];
    for (int n = 0; n < edits; n++) {
        struct key name;
        struct found found = found_of("h", &name);
        struct hash_edit edit;
        hash_edit_open(&edit, &run.ks, &run.ks.dbs[0], &name, &found, max_entries, 64);
        uint64_t removals = n / 50 % 3 == 2 ? 9 : 3;
        for (uint64_t steps = 1 + rng_below(&rng, 8); steps > 0; steps--) {
            unsigned i = (unsigned)rng_below(&rng, fields);
            char text[32];
            struct bytes field = field_named(i, text);
            if (rng_below(&rng, 10) < removals) {
                cr_assert_eq(hash_edit_remove(&edit, field), model_remove(i));
                continue;
            }
            size_t len = any_value(value, short_only);
            enum hash_put expected = model.values[i] == NULL ? HASH_ADDED : HASH_UPDATED;
            cr_assert_eq(hash_edit_set(&edit, field, bytes_make(value, len)), expected);
            model_set(i, value, len);
        }
        bool left = hash_edit_close(&edit);
        cr_assert_eq(left, model.count > 0);
        if (n % 16 == 0) expect_as_model(entry_of("h"), fields);
    }
    expect_as_model(entry_of("h"), fields);
    for (unsigned i = 0; i < fields; i++) model_remove(i);
}

Test(hash, small_hashes_do_what_a_plain_array_does)
{
    edit_at_random(12, 3000, true, 512);
}

Test(hash, hashes_of_all_sizes_do_what_a_plain_array_does)
{
    edit_at_random(200, 3000, true, 40);
}

Test(hash, large_values_too)
{
    edit_at_random(60, 3000, false, 40);
}

Test(hash, thousands_of_fields_too)
{
    edit_at_random(MODEL_MAX, 6000, false, 512);
}

static void mark(void *ctx, struct bytes field, struct bytes value)
{
    unsigned *seen = ctx;
    char text[32];
    memcpy(text, field.data + 1, field.len - 1);
    text[field.len - 1] = '\0';
    seen[atoi(text)]++;
    cr_assert(bytes_equal(field, value));
}

/* Chi-squared over `cells` cells that should be equally full. */
static double unevenness(const unsigned *seen, unsigned cells, size_t drawn)
{
    double expected = (double)drawn / cells, sum = 0;
    for (unsigned i = 0; i < cells; i++)
        sum += ((double)seen[i] - expected) * ((double)seen[i] - expected) / expected;
    return sum;
}

static void expect_even(const char *key, unsigned fields)
{
    static unsigned seen[2000];
    memset(seen, 0, sizeof seen);
    size_t drawn = (size_t)fields * 100;
    hash_pick(&run.ks, entry_of(key), &rng, drawn, mark, seen);
    cr_assert_lt(unevenness(seen, fields, drawn), fields * 1.3);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < drawn; i += 10)
        hash_sample(&run.ks, entry_of(key), &rng, 10, mark, seen);
    cr_assert_lt(unevenness(seen, fields, drawn), fields * 1.3);
}

Test(hash, each_field_is_as_likely_as_any_other)
{
    fill("small", "f", 100);
    fill("large", "f", 2000);
    cr_assert(is_small("small"));
    cr_assert_not(is_small("large"));
    expect_even("small", 100);
    expect_even("large", 2000);
}

static void expect_sample(const char *key, unsigned fields, size_t count)
{
    static unsigned seen[2000];
    memset(seen, 0, sizeof seen);
    hash_sample(&run.ks, entry_of(key), &rng, count, mark, seen);
    size_t different = 0;
    for (unsigned i = 0; i < fields; i++) {
        cr_assert_leq(seen[i], 1);
        different += seen[i];
    }
    cr_assert_eq(different, count < fields ? count : fields);
}

Test(hash, a_sample_has_no_field_twice)
{
    fill("small", "f", 100);
    fill("large", "f", 2000);
    static const size_t counts[] = {1, 2, 99, 100, 101, 600, 665, 666, 667, 1999, 2000, 2001};
    for (size_t i = 0; i < countof(counts); i++) {
        expect_sample("small", 100, counts[i]);
        expect_sample("large", 2000, counts[i]);
    }
}

Test(hash, a_scan_finds_what_stays_while_the_hash_grows_and_shrinks)
{
    static unsigned seen[2000];
    fill("h", "f", 600);
    uint64_t cursor = 0;
    int calls = 0;
    do {
        struct key name;
        struct found found = found_of("h", &name);
        memset(seen + 600, 0, sizeof seen - 600 * sizeof seen[0]);
        cursor = hash_scan(&run.ks, found.entry, cursor, 10, mark, seen);
        struct hash_edit edit;
        hash_edit_open(&edit, &run.ks, &run.ks.dbs[0], &name, &found, 512, 64);
        for (unsigned i = 0; i < 40; i++) {
            char text[32];
            unsigned at = 600 + (unsigned)(calls / 20 * 40) + i;
            struct bytes field = bytes_make(text, (size_t)snprintf(text, 32, "f%u", at % 2000));
            if (at % 2000 >= 600 && calls % 20 < 10)
                hash_edit_set(&edit, field, field);
            else if (at % 2000 >= 600)
                hash_edit_remove(&edit, field);
        }
        hash_edit_close(&edit);
        cr_assert_lt(++calls, 1000);
    } while (cursor != 0);
    cr_assert_gt(calls, 10);
    for (unsigned i = 0; i < 600; i++) cr_assert_geq(seen[i], 1, "f%u was passed over", i);
}

Test(hash, a_field_of_6_bytes_with_a_value_of_16_takes_52_bytes_at_most)
{
    if (ALLOC_PLAIN) cr_skip_test("the allocator of the sanitizer has sizes of its own");
    char line[64];
    for (int i = 0; i < 200000; i++) {
        snprintf(line, sizeof line, "HSET h f%05d 0123456789abcdef", i % 100000);
        command_run(&run, line);
    }
    const struct entry *e = entry_of("h");
    size_t bytes = hash_object.bytes(entry_object(e), 0);
    cr_assert_eq(hash_count(&run.ks, e), 100000);
    cr_assert_leq(bytes, 100000 * 52, "%.1f bytes a field", (double)bytes / 100000);
}

Test(hash, values_that_fit_are_changed_in_place)
{
    run.limits.hash_max_listpack_entries = 0;
    command_run(&run, "HSET h f 0123456789");
    cr_assert_not(is_small("h"));
    char scratch[NUMBER_I64_MAX];
    struct bytes before, after;
    hash_get(&run.ks, entry_of("h"), bytes_of("f"), &before, scratch);
    command_run(&run, "HSET h f 9876");
    hash_get(&run.ks, entry_of("h"), bytes_of("f"), &after, scratch);
    cr_assert_eq(before.data, after.data);
    run_expect(&run, "HGET h f", "$4\r\n9876\r\n");
}

Test(hash, a_large_hash_is_copied_measured_and_freed_in_slices)
{
    fill("h", "f", 1000);
    const struct entry *e = entry_of("h");
    size_t whole = hash_object.bytes(entry_object(e), 0);
    size_t estimated = hash_object.bytes(entry_object(e), 5);
    cr_assert_gt(estimated, whole * 8 / 10);
    cr_assert_lt(estimated, whole * 12 / 10);
    run_expect(&run, "COPY h copy", ":1\r\n");
    hash_validate(entry_of("copy"), run.ks.seed);
    cr_assert_eq(hash_count(&run.ks, entry_of("copy")), 1000);
    run_expect(&run, "HDEL copy f1", ":1\r\n");
    run_expect(&run, "HGET h f1", "$2\r\nf1\r\n");
    run_expect(&run, "UNLINK h", ":1\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    int slices = 1;
    while (keyspace_reclaim(&run.ks, 100)) slices++;
    cr_assert_geq(slices, 5);
}

/* --- The commands ---------------------------------------------------------------------- */

/* Each test of replies runs in both forms. */
static void both_forms(void (*test)(void))
{
    test();
    run_expect(&run, "DEL h", ":1\r\n");
    run.limits.hash_max_listpack_entries = 0;
    test();
    cr_assert_not(is_small("h"));
}

static void set_and_get(void)
{
    run_expect(&run, "HSET h f v", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
    run_expect(&run, "HSET h f w g 12 '' ''", ":2\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
    run_expect(&run, "HSET h a 1 a 2", ":1\r\n");
    run_expect(&run, "HMSET h a 3", "+OK\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
    run_expect(&run, "HGET h f", "$1\r\nw\r\n");
    run_expect(&run, "HGET h ''", "$0\r\n\r\n");
    run_expect(&run, "HGET h no", "$-1\r\n");
    run_expect(&run, "HMGET h a no g a", "*4\r\n$1\r\n3\r\n$-1\r\n$2\r\n12\r\n$1\r\n3\r\n");
    run_expect(&run, "HLEN h", ":4\r\n");
    run_expect(&run, "HEXISTS h f", ":1\r\n");
    run_expect(&run, "HEXISTS h no", ":0\r\n");
    run_expect(&run, "HSTRLEN h g", ":2\r\n");
    run_expect(&run, "HSTRLEN h no", ":0\r\n");
    run_expect(&run, "HSETNX h f x", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HSETNX h new x", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
}

Test(hashes, fields_are_set_and_read)
{
    both_forms(set_and_get);
}

static void remove_fields(void)
{
    run_expect(&run, "HSET h a 1 b 2 c 3", ":3\r\n");
    run_expect(&run, "HDEL h no", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HDEL h a a no c", ":2\r\n");
    run_expect_events(&run, "h:hdel:h@0 ");
    run_expect(&run, "HGETALL h", "*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect(&run, "HDEL h b", ":1\r\n");
    run_expect_events(&run, "h:hdel:h@0 -g:del:h@0 ");
    cr_assert_null(entry_of("h"));
    run_expect(&run, "HDEL h b", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HSET h a 1", ":1\r\n");
}

Test(hashes, the_last_field_takes_the_key_with_it)
{
    both_forms(remove_fields);
}

static void count(void)
{
    run_expect(&run, "HINCRBY h n 5", ":5\r\n");
    run_expect_events(&run, "h:hincrby:h@0 ");
    run_expect(&run, "HINCRBY h n -15", ":-10\r\n");
    run_expect(&run, "HGET h n", "$3\r\n-10\r\n");
    run_expect(&run, "HSET h max 9223372036854775807 t text", ":2\r\n");
    run_expect(&run, "HINCRBY h max 1", "-ERR increment or decrement would overflow\r\n");
    run_expect(&run, "HINCRBY h t 1", "-ERR hash value is not an integer\r\n");
    run_expect(&run, "HINCRBY h n x", NOT_INT);
    run_expect_events(&run, "");
    run_expect(&run, "HINCRBYFLOAT h n 0.5", "$4\r\n-9.5\r\n");
    run_expect_events(&run, "h:hincrbyfloat:h@0 ");
    run_expect(&run, "HINCRBYFLOAT h x 3.0e3", "$4\r\n3000\r\n");
    run_expect(&run, "HINCRBYFLOAT h t 1", "-ERR hash value is not a float\r\n");
    run_expect(&run, "HINCRBYFLOAT h n x", "-ERR value is not a valid float\r\n");
    run_expect(&run, "HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity\r\n");
    run_expect(&run, "HSET h inf inf", ":1\r\n");
    run_expect(&run, "HINCRBYFLOAT h inf 1",
               "-ERR increment would produce NaN or Infinity\r\n");
    run_expect_events(&run, "");
}

Test(hashes, numbers_are_counted)
{
    both_forms(count);
}

Test(hashes, a_counter_that_cannot_be_makes_no_key)
{
    run_expect(&run, "HINCRBY no f x", NOT_INT);
    run_expect(&run, "HINCRBYFLOAT no f inf", "-ERR value is NaN or Infinity\r\n");
    cr_assert_null(entry_of("no"));
}

Test(hashes, missing_keys_have_no_fields)
{
    run_expect(&run, "HGET no f", "$-1\r\n");
    run_expect(&run, "HMGET no f g", "*2\r\n$-1\r\n$-1\r\n");
    run_expect(&run, "HLEN no", ":0\r\n");
    run_expect(&run, "HEXISTS no f", ":0\r\n");
    run_expect(&run, "HSTRLEN no f", ":0\r\n");
    run_expect(&run, "HKEYS no", "*0\r\n");
    run_expect(&run, "HVALS no", "*0\r\n");
    run_expect(&run, "HGETALL no", "*0\r\n");
    run_expect(&run, "HSCAN no 0 COUNT 0", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect(&run, "HRANDFIELD no", "$-1\r\n");
    run_expect(&run, "HRANDFIELD no 3 WITHVALUES", "*0\r\n");
    run.reply.resp = 3;
    run_expect(&run, "HGETALL no", "%0\r\n");
    run_expect(&run, "HKEYS no", "*0\r\n");
    run_expect(&run, "HRANDFIELD no", "_\r\n");
}

Test(hashes, other_types_are_refused)
{
    command_run_set(&run, "s", "x", ENTRY_NO_EXPIRY);
    static const char *const lines[] = {
        "HSET s f v", "HMSET s f v", "HSETNX s f v", "HGET s f", "HMGET s f", "HDEL s f",
        "HLEN s", "HEXISTS s f", "HSTRLEN s f", "HKEYS s", "HVALS s", "HGETALL s",
        "HINCRBY s f 1", "HINCRBYFLOAT s f 1", "HRANDFIELD s", "HRANDFIELD s 0", "HSCAN s 0"};
    for (size_t i = 0; i < countof(lines); i++) {
        run_expect(&run, lines[i], WRONG_TYPE);
        run_expect_events(&run, "");
    }
    command_run(&run, "HSET h f v");
    run_expect(&run, "GET h", WRONG_TYPE);
    run_expect(&run, "HSET s f v g", "-ERR wrong number of arguments for 'hset' command\r\n");
    run_expect(&run, "HMSET h f v g", "-ERR wrong number of arguments for 'hmset' command\r\n");
}

Test(hashes, the_thresholds_decide_about_the_form)
{
    run.limits.hash_max_listpack_entries = 3;
    run.limits.hash_max_listpack_value = 4;
    run_expect(&run, "HSET h a 1 b 2 abcd 1234", ":3\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$8\r\nlistpack\r\n");
    run_expect(&run, "HSET h a 9", ":0\r\n");
    cr_assert(is_small("h"));
    run_expect(&run, "HSETNX h a 12345", ":0\r\n");
    cr_assert(is_small("h"));
    run_expect(&run, "HSET h d 4", ":1\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$9\r\nhashtable\r\n");
    run_expect(&run, "HDEL h b abcd d", ":3\r\n");
    cr_assert_not(is_small("h"));
    run_expect(&run, "HSET v a 12345", ":1\r\n");
    cr_assert_not(is_small("v"));
    run_expect(&run, "HSET f abcde 1", ":1\r\n");
    cr_assert_not(is_small("f"));
    run_expect(&run, "HINCRBY n a 9999", ":9999\r\n");
    cr_assert(is_small("n"));
    run_expect(&run, "HINCRBY n a 1", ":10000\r\n");
    cr_assert_not(is_small("n"));
    run_expect(&run, "HGET n a", "$5\r\n10000\r\n");
}

Test(hashes, an_expiry_survives_the_change_of_form)
{
    command_run(&run, "HSET h a 1");
    command_run(&run, "PEXPIREAT h 5000000");
    run.limits.hash_max_listpack_entries = 1;
    command_run(&run, "HSET h b 2");
    cr_assert_not(is_small("h"));
    cr_assert_eq(entry_expiry(entry_of("h")), 5000000);
    run_expect(&run, "HDEL h a b", ":2\r\n");
    cr_assert_eq(run.ks.dbs[0].expiring, 0);
}

Test(hashes, everything_is_listed_in_the_shapes_of_resp2_and_resp3)
{
    command_run(&run, "HSET h a 1 b 2");
    run_expect(&run, "HKEYS h", "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    run_expect(&run, "HVALS h", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    run_expect(&run, "HGETALL h", "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect(&run, "HSCAN h 7",
               "*2\r\n$1\r\n0\r\n*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect(&run, "HRANDFIELD h 5 WITHVALUES",
               "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run.reply.resp = 3;
    run_expect(&run, "HKEYS h", "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    run_expect(&run, "HGETALL h", "%2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect(&run, "HRANDFIELD h 5", "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    run_expect(&run, "HRANDFIELD h 5 WITHVALUES",
               "*2\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect(&run, "HSCAN h 0 MATCH b", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
}

Test(hashes, hrandfield_takes_few_many_and_repeated_fields)
{
    command_run(&run, "HSET h a 1");
    run_expect(&run, "HRANDFIELD h", "$1\r\na\r\n");
    run_expect(&run, "HRANDFIELD h 0 WITHVALUES", "*0\r\n");
    run_expect(&run, "HRANDFIELD h 3", "*1\r\n$1\r\na\r\n");
    run_expect(&run, "HRANDFIELD h -3", "*3\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n");
    run_expect(&run, "HRANDFIELD h -2 withvalues",
               "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n1\r\n");
    run_expect(&run, "HRANDFIELD h 9223372036854775807", "*1\r\n$1\r\na\r\n");
    run_expect(&run, "HRANDFIELD h 9223372036854775807 WITHVALUES",
               "-ERR value is out of range\r\n");
    run_expect(&run, "HRANDFIELD h -9223372036854775807", "-ERR value is out of range\r\n");
    run_expect(&run, "HRANDFIELD h -9223372036854775808",
               "-ERR value is out of range, value must between -9223372036854775807 and "
               "9223372036854775807\r\n");
    run_expect(&run, "HRANDFIELD h x", NOT_INT);
    run_expect(&run, "HRANDFIELD h 1 BOGUS", SYNTAX);
    run_expect(&run, "HRANDFIELD h 1 WITHVALUES x", SYNTAX);
}

Test(hashes, hscan_checks_its_words)
{
    command_run(&run, "HSET h a 1");
    run_expect(&run, "HSCAN h x", "-ERR invalid cursor\r\n");
    run_expect(&run, "HSCAN h 0 COUNT 0", SYNTAX);
    run_expect(&run, "HSCAN h 0 COUNT x", NOT_INT);
    run_expect(&run, "HSCAN h 0 MATCH", SYNTAX);
    run_expect(&run, "HSCAN h 0 TYPE hash", SYNTAX);
    run_expect(&run, "HSCAN h 0 NOVALUES", SYNTAX);
    run.limits.hash_max_listpack_entries = 0;
    command_run(&run, "HSET h b 2");
    run_expect(&run, "HSCAN h 18446744073709551615", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect(&run, "HSCAN h 0 COUNT 100 MATCH [b]",
               "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
}
