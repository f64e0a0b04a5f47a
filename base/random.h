/*
 * Random: a fast generator that a seed repeats, and the kernel's entropy.
 *
 * struct rng is xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2018) seeded through splitmix64. It is for SPOP, eviction sampling and the like: who
 * sees its output can predict it. What must not be guessed (run ids, hash seeds, passwords) comes
 * from random_entropy().
 */
#ifndef SHOAL_BASE_RANDOM_H
#define SHOAL_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* Any seed is good, 0 too; equal seeds give equal sequences. */
void rng_init(struct rng *rng, uint64_t seed);

/* The next 64 bits. */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t x = s[1] * 5;
    uint64_t result = (x << 7 | x >> 57) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* A number in [0, n), each as likely; n is not 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);

/* A number in [0, 1), a multiple of 2^-53. */
static inline double rng_double(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* Fills `len` bytes from the kernel; aborts if it refuses, since what follows would be unsafe. */
void random_entropy(void *out, size_t len);

/* Writes `n` random hexadecimal digits in lower case, without a NUL. */
void random_hex(char *out, size_t n);

#endif
