/*
 * Alloc: the parts that are not worth inlining. See the header for the promises.
 */
#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

void alloc_fail(size_t size)
{
    fprintf(stderr, "Out of memory allocating %zu bytes\n", size);
    abort();
}

void *alloc_aligned(size_t size, size_t align)
{
    void *ptr = NULL;

    assert(bits_is_pow2(align));
#if ALLOC_PLAIN
    if (posix_memalign(&ptr, bits_max(align, sizeof(void *)), size ? size : 1) != 0) ptr = NULL;
#else
    ptr = mi_malloc_aligned(size, align);
#endif
    if (unlikely(!ptr)) alloc_fail(size);
    return ptr;
}

void alloc_discard(void *bytes, size_t len)
{
#if !ALLOC_PLAIN
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)bytes + page - 1) & ~(page - 1);
    uintptr_t to = ((uintptr_t)bytes + len) & ~(page - 1);
    if (from < to) madvise((void *)from, to - from, MADV_DONTNEED);
#endif
}

#if ALLOC_PLAIN
size_t __sanitizer_get_current_allocated_bytes(void);

size_t alloc_used(void)
{
    return __sanitizer_get_current_allocated_bytes();
}

void alloc_huge_pages(enum alloc_huge when)
{
    (void)when;
}

void alloc_purge(void)
{
}

void alloc_report(void (*print)(const char *text, void *ctx), void *ctx)
{
    print("The allocator of a sanitizer keeps no statistics.\n", ctx);
}

void alloc_name(char *name, size_t size)
{
    snprintf(name, size, "sanitizer");
}
#else
static bool add_area(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size,
                     void *ctx)
{
    (void)heap;
    (void)block;
    (void)size;
    *(size_t *)ctx += area->used * area->block_size;
    return true;
}

size_t alloc_used(void)
{
    size_t bytes = 0;
    mi_heap_visit_blocks(mi_heap_get_default(), false, add_area, &bytes);
    return bytes;
}

void alloc_huge_pages(enum alloc_huge when)
{
    mi_option_set_enabled(mi_option_large_os_pages, when != ALLOC_HUGE_NEVER);
    /* The first segment of a thread is committed bit by bit, that is in small pages, unless
     * the delay is 0. */
    if (when == ALLOC_HUGE_AT_ONCE)
        mi_option_set(mi_option_eager_commit_delay, 0);
    if (when == ALLOC_HUGE_NEVER)
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

void alloc_purge(void)
{
    mi_collect(true);
}

void alloc_report(void (*print)(const char *text, void *ctx), void *ctx)
{
    mi_stats_merge();
    mi_stats_print_out(print, ctx);
}

void alloc_name(char *name, size_t size)
{
    int version = mi_version(); /* 209 is 2.0.9 */
    snprintf(name, size, "mimalloc-%d.%d.%d", version / 100, version / 10 % 10, version % 10);
}
#endif
