/*
 * The door to the heap.
 */
#include "base/alloc.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

Test(alloc, a_block_has_at_least_the_size_asked_for)
{
    for (size_t size = 0; size < 5000; size = size * 3 / 2 + 1) {
        char *block = alloc_get(size);

        cr_assert_not_null(block);
        cr_assert_geq(alloc_usable(block), size);
        memset(block, 0xaa, size);
        alloc_free(block);
    }
    cr_assert_eq(alloc_usable(NULL), 0);
    alloc_free(NULL);
}

Test(alloc, the_good_size_is_never_less_and_is_really_given)
{
    for (size_t size = 1; size < 100000; size += size / 7 + 1) {
        size_t good = alloc_good_size(size);
        void *block = alloc_get(good);

        cr_assert_geq(good, size);
        cr_assert_geq(alloc_usable(block), good);
        alloc_free(block);
    }
}

Test(alloc, zeroed_memory_is_zero_even_when_reused)
{
    for (int round = 0; round < 100; round++) {
        char *block = alloc_zeroed(300);

        for (size_t i = 0; i < 300; i++)
            cr_assert_eq(block[i], 0);
        memset(block, 1, 300);
        alloc_free(block);
    }
}

Test(alloc, resizing_keeps_the_content)
{
    char *block = alloc_resize(NULL, 10);

    memcpy(block, "123456789", 10);
    block = alloc_resize(block, 100000);
    cr_assert_str_eq(block, "123456789");
    block = alloc_resize(block, 5);
    cr_assert_eq(memcmp(block, "12345", 5), 0);
    alloc_free(block);
}

Test(alloc, aligned_memory_starts_where_it_should)
{
    for (size_t align = 1; align <= 4096; align *= 2) {
        char *block = alloc_aligned(100, align);

        cr_assert_eq((uintptr_t)block % align, 0);
        memset(block, 1, 100);
        alloc_free(block);
    }
}

#if !ALLOC_PLAIN
/* AddressSanitizer ends the process at such a request; mimalloc answers NULL. */
Test(alloc, trying_too_much_gives_null)
{
    volatile size_t size = SIZE_MAX / 2;

    cr_assert_null(alloc_try(size));
    cr_assert_null(alloc_try_zeroed(size));
}
#endif

Test(alloc, failure_aborts, .signal = SIGABRT)
{
    alloc_fail(123);
}
