/* Values edited in place, and values that are freed bit by bit. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/keyspace/entry_room.h"

static struct keyspace ks;
static struct key key;
static char name[] = "key";

static size_t objects; /* that exist */

struct numbers {
    size_t count;
};

static size_t numbers_count(const void *object)
{
    return ((const struct numbers *)object)->count;
}

static bool numbers_free_some(void *object, size_t elements)
{
    struct numbers *numbers = object;
    numbers->count -= numbers->count < elements ? numbers->count : elements;
    if (numbers->count > 0) return false;
    alloc_free(numbers);
    objects--;
    return true;
}

static void *numbers_new(size_t count)
{
    struct numbers *numbers = alloc_get(sizeof *numbers);
    numbers->count = count;
    objects++;
    return numbers;
}

static void *numbers_copy(const void *object, uint64_t seed)
{
    (void)seed;
    return numbers_new(numbers_count(object));
}

static size_t numbers_bytes(const void *object, size_t samples)
{
    (void)samples;
    return alloc_usable(object);
}

static const struct object_type numbers_type = {.encoding = "numbers", .count = numbers_count,
                                                .free_some = numbers_free_some,
                                                .copy = numbers_copy, .bytes = numbers_bytes};
static const struct object_type *const rows[TYPE_COUNT] = {[TYPE_HASH] = &numbers_type};

static void begin(void)
{
    keyspace_init(&ks, 1, 7, 11);
    ks.objects = rows;
    ks.now_ms = 1000;
    key = keyspace_key(ks.seed, bytes_make(name, 3));
    objects = 0;
}

static void end(void)
{
    keyspace_deinit(&ks);
    cr_assert_eq(objects, 0);
}

TestSuite(entry_room, .init = begin, .fini = end);
TestSuite(reclaim, .init = begin, .fini = end);

static void append(struct entry_room *er, char c, size_t n)
{
    room_fit(&er->room, er->room.len + n);
    memset(er->room.bytes + er->room.len, c, n);
    er->room.len += n;
}

static struct entry *the_entry(void)
{
    return keyspace_find(&ks, &ks.dbs[0], &key).entry;
}

static void expect_run(char c, size_t n)
{
    struct bytes small = entry_small(the_entry());
    cr_assert_eq(small.len, n);
    for (size_t i = 0; i < n; i++) cr_assert_eq(small.data[i], c);
}

static void edit(char c, size_t add)
{
    struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
    struct entry_room er;
    entry_room_open(&er, &ks, &ks.dbs[0], &key, &found, TYPE_SET, ENTRY_INTSET, bytes_of(""));
    append(&er, c, add);
    entry_room_close(&er);
    cr_assert_eq(found.entry, the_entry());
}

Test(entry_room, a_new_value_gets_an_entry)
{
    edit('a', 5);
    cr_assert_eq(the_entry()->type, TYPE_SET);
    cr_assert(the_entry()->flags & ENTRY_INTSET);
    expect_run('a', 5);
    cr_assert_eq(ks.dbs[0].keys, 1);
}

Test(entry_room, a_value_may_grow_out_of_the_entry_and_shrink_back)
{
    for (size_t n = 1; n <= 3 * ENTRY_EMBED_MAX; n += 37) {
        edit('a', 37);
        expect_run('a', n + 36);
        cr_assert_eq(the_entry()->encoding,
                     n + 36 <= ENTRY_EMBED_MAX ? ENCODING_EMBEDDED : ENCODING_BLOB);
    }
    size_t len = entry_small(the_entry()).len;
    while (len > 0) {
        struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
        struct entry_room er;
        entry_room_open(&er, &ks, &ks.dbs[0], &key, &found, TYPE_SET, 0, bytes_of(""));
        len -= len < 91 ? len : 91;
        er.room.len = len;
        entry_room_close(&er);
        expect_run('a', len);
        cr_assert(the_entry()->flags & ENTRY_INTSET);
        cr_assert_lt(entry_bytes(the_entry()), 2 * ENTRY_EMBED_MAX + 1024);
    }
    cr_assert_eq(the_entry()->encoding, ENCODING_EMBEDDED);
    cr_assert_lt(entry_bytes(the_entry()), 256);
}

Test(entry_room, expiry_and_access_time_stay)
{
    edit('a', 5);
    struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
    keyspace_expire(&ks, &ks.dbs[0], &key, &found, 5000);
    found.entry->access = 77;
    edit('a', 500);
    edit('a', 5000);
    cr_assert_eq(entry_expiry(the_entry()), 5000);
    cr_assert_eq(the_entry()->access, 77);
    cr_assert_eq(ks.dbs[0].expiring, 1);
    ks.now_ms = 6000;
    cr_assert_null(the_entry());
}

Test(entry_room, a_key_may_be_added_and_changed_at_once)
{
    struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
    struct value value = {.type = TYPE_STRING, .encoding = ENCODING_INT, .word = 3};
    keyspace_put(&ks, &ks.dbs[0], &key, &found, value, ENTRY_NO_EXPIRY);
    keyspace_expire(&ks, &ks.dbs[0], &key, &found, 5000);
    value.word = 4;
    keyspace_put(&ks, &ks.dbs[0], &key, &found, value, ENTRY_NO_EXPIRY);
    cr_assert_eq(entry_int(the_entry()), 4);
    keyspace_remove(&ks, &ks.dbs[0], &key, &found);
    cr_assert_null(the_entry());
}

static void put_numbers(size_t count)
{
    struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
    struct value value = {.type = TYPE_HASH, .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)numbers_new(count)};
    keyspace_put(&ks, &ks.dbs[0], &key, &found, value, ENTRY_NO_EXPIRY);
}

static void remove_key(void)
{
    struct found found = keyspace_find(&ks, &ks.dbs[0], &key);
    keyspace_remove(&ks, &ks.dbs[0], &key, &found);
}

Test(reclaim, a_small_object_is_freed_at_once)
{
    put_numbers(10);
    remove_key();
    cr_assert_eq(objects, 0);
    cr_assert_not(keyspace_has_garbage(&ks));
}

Test(reclaim, a_large_object_is_freed_in_slices)
{
    put_numbers(1000);
    remove_key();
    for (int i = 0; i < 9; i++) cr_assert(keyspace_reclaim(&ks, 100));
    cr_assert_eq(objects, 1);
    cr_assert_not(keyspace_reclaim(&ks, 100));
    cr_assert_eq(objects, 0);
}

Test(reclaim, overwriting_frees_and_a_flush_leaves_large_objects_for_later)
{
    put_numbers(1000);
    put_numbers(2000);
    cr_assert(keyspace_has_garbage(&ks));
    keyspace_flush(&ks, &ks.dbs[0]);
    size_t steps = 0;
    while (keyspace_reclaim(&ks, 100)) steps++;
    cr_assert_geq(steps, 29);
    cr_assert_eq(objects, 0);
}

Test(reclaim, a_large_blob_is_given_back_in_slices)
{
    size_t size = 64 * 1024 * 1024;
    struct blob *blob = blob_try(size, size);
    memset(blob->data, 'x', size);
    struct found found = {0};
    keyspace_put(&ks, &ks.dbs[0], &key, &found,
                 (struct value){.type = TYPE_STRING, .encoding = ENCODING_BLOB,
                                .word = (uint64_t)(uintptr_t)blob}, ENTRY_NO_EXPIRY);
    remove_key();
    size_t steps = 1;
    while (keyspace_reclaim(&ks, 128)) steps++;
    cr_assert_eq(steps, 16);
}

Test(reclaim, a_copy_shares_nothing)
{
    put_numbers(1000);
    struct value copy;
    cr_assert(keyspace_copy_value(&ks, entry_value(the_entry()), &copy));
    cr_assert_eq(objects, 2);
    keyspace_free_value(&ks, copy);
    while (keyspace_reclaim(&ks, 1000)) continue;
    cr_assert_eq(objects, 1);
}
