/*
 * Alloc: the one door to the heap.
 *
 * Memory comes from mimalloc; builds with AddressSanitizer or ThreadSanitizer take it from malloc,
 * so that the sanitizer sees each block. Any block may be freed by any thread.
 *
 * Two kinds of request. alloc_get() and its kin are for sizes that the program chose: no memory
 * means that the process ends with a message. alloc_try() and its kin are for sizes that a client,
 * a peer or a file chose: they return NULL and the caller reports an error.
 */
#ifndef SHOAL_BASE_ALLOC_H
#define SHOAL_BASE_ALLOC_H

#include "base/bits.h"
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOC_PLAIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define ALLOC_PLAIN 1
#endif
#endif
#ifndef ALLOC_PLAIN
#define ALLOC_PLAIN 0
#endif

#if ALLOC_PLAIN
#include <malloc.h>
#include <stdlib.h>
#else
#include <mimalloc.h>
#endif

/* Says on standard error that `size` bytes could not be had and aborts. */
_Noreturn void alloc_fail(size_t size);

/* `size` bytes, not initialised, or NULL. A size of 0 gives a block that may be freed. */
static inline void *alloc_try(size_t size)
{
#if ALLOC_PLAIN
    return malloc(size ? size : 1);
#else
    return mi_malloc(size);
#endif
}

/* `size` bytes of zeroes, or NULL. */
static inline void *alloc_try_zeroed(size_t size)
{
#if ALLOC_PLAIN
    return calloc(1, size ? size : 1);
#else
    return mi_zalloc(size);
#endif
}

/* The block with its first bytes kept and room for `size`; NULL leaves the old block as it was. */
static inline void *alloc_try_resize(void *ptr, size_t size)
{
#if ALLOC_PLAIN
    return realloc(ptr, size ? size : 1);
#else
    return mi_realloc(ptr, size);
#endif
}

/* Frees what any function of this file returned; NULL is fine. */
static inline void alloc_free(void *ptr)
{
#if ALLOC_PLAIN
    free(ptr);
#else
    mi_free(ptr);
#endif
}

/* Bytes that may be used at `ptr`, at least what was asked for; 0 for NULL. */
static inline size_t alloc_usable(const void *ptr)
{
#if ALLOC_PLAIN
    return malloc_usable_size((void *)ptr);
#else
    return mi_usable_size(ptr);
#endif
}

/* The size >= `size` that the allocator would really spend: ask for it and nothing is wasted. */
static inline size_t alloc_good_size(size_t size)
{
#if ALLOC_PLAIN
    return size;
#else
    return mi_good_size(size);
#endif
}

/* As alloc_try(), but never NULL: aborts instead. */
static inline void *alloc_get(size_t size)
{
    void *ptr = alloc_try(size);

    if (unlikely(!ptr)) alloc_fail(size);
    return ptr;
}

/* As alloc_try_zeroed(), but never NULL: aborts instead. */
static inline void *alloc_zeroed(size_t size)
{
    void *ptr = alloc_try_zeroed(size);

    if (unlikely(!ptr)) alloc_fail(size);
    return ptr;
}

/* As alloc_try_resize(), but never NULL: aborts instead. */
static inline void *alloc_resize(void *ptr, size_t size)
{
    void *resized = alloc_try_resize(ptr, size);

    if (unlikely(!resized)) alloc_fail(size);
    return resized;
}

/*
 * `size` bytes at an address that is a multiple of `align`, a power of two; aborts when there is
 * no memory. Freed by alloc_free() as any other block.
 */
void *alloc_aligned(size_t size, size_t align);

/*
 * Bytes in the blocks that the calling thread allocated and that are still in use, with their
 * rounding. Where ALLOC_PLAIN, those of the whole process. Walks the pages of the allocator: about
 * 15 microseconds for each MB of small blocks.
 */
size_t alloc_used(void);

enum alloc_huge { ALLOC_HUGE_NEVER, ALLOC_HUGE_LATER, ALLOC_HUGE_AT_ONCE };

/*
 * Whether memory that is taken from the system from now on comes in huge pages (2 MB) where the
 * system has transparent ones, for fewer misses of the TLB. AT_ONCE: all of it, which makes each
 * thread up to 2 MB larger. LATER: all but the first 32 MB of a thread. NEVER: the system is asked
 * not to give the process any.
 */
void alloc_huge_pages(enum alloc_huge when);

/* Gives memory the calling thread has no use for back to the system. */
void alloc_purge(void);

/* Gives the memory behind these bytes of a block back to the system, whole pages of it; what
 * the bytes are afterwards is not said. They stay part of the block. */
void alloc_discard(void *bytes, size_t len);

/* Calls `print` with the pieces of a report on the allocator, for people to read. */
void alloc_report(void (*print)(const char *text, void *ctx), void *ctx);

/* What to call the allocator: "mimalloc-2.0.9". `size` bytes suffice from 32 on. */
void alloc_name(char *name, size_t size);

#endif
