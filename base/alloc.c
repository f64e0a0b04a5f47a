/*
 * Alloc: the parts that are not worth inlining. See the header for the promises.
 */
#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

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
