/*
 * Bits: the small compile-time helpers that every floor uses.
 *
 * Nothing here has state or allocates.
 */
#ifndef SHOAL_BASE_BITS_H
#define SHOAL_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Bytes in a cache line of the machines we run on; data of two threads is kept this far apart. */
#define CACHE_LINE  64
#define ALIGN_CACHE __attribute__((aligned(CACHE_LINE)))

/* Number of elements of a true array; a pointer here is a compile error. */
#define countof(array)                                                                             \
    (sizeof(array) / sizeof((array)[0]) +                                                          \
     0 * sizeof(struct {                                                                           \
         int not_an_array                                                                          \
             : __builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0]))            \
               ? -1                                                                                \
               : 1;                                                                                \
     }))

static inline size_t bits_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t bits_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline bool bits_is_pow2(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/* The smallest power of two >= x, 1 for 0. Above 2^63 it does not fit and the result is 0. */
static inline uint64_t bits_round_up_pow2(uint64_t x)
{
    if (x <= 1) return 1;
    if (x > (UINT64_C(1) << 63)) return 0;
    return UINT64_C(1) << (64 - __builtin_clzll(x - 1));
}

/* x rounded up to a multiple of `align`, which is a power of two. The caller rules out overflow. */
static inline size_t bits_align_up(size_t x, size_t align)
{
    return (x + align - 1) & ~(align - 1);
}

/* Asks for the cache line at an address, which need not be valid. A function that does
 * nothing else counts as free of effects and its calls would be dropped: hence the asm. */
static inline void bits_prefetch(const void *p)
{
    __builtin_prefetch(p);
    __asm__ volatile("" : : "r"(p));
}

#endif
