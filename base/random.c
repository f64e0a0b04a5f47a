/*
 * Random: seeding, ranges and entropy. See the header.
 */
#include "base/random.h"

#include "base/bits.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t splitmix_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < countof(rng->state); i++)
        rng->state[i] = splitmix_next(&seed);
}

/*
 * The high half of a 64 x 64 bit product is in [0, n); the few products whose low half would give
 * some results one chance more are drawn again. Lemire, "Fast random integer generation in an
 * interval", 2019.
 */
uint64_t rng_below(struct rng *rng, uint64_t n)
{
    unsigned __int128 product;

    assert(n > 0);
    product = (unsigned __int128)rng_next(rng) * n;
    if (unlikely((uint64_t)product < n)) {
        uint64_t threshold = -n % n;

        while ((uint64_t)product < threshold)
            product = (unsigned __int128)rng_next(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

void random_entropy(void *out, size_t len)
{
    char *p = out;

    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);

        if (got < 0) {
            if (errno == EINTR) continue;
            perror("getrandom");
            abort();
        }
        p += got;
        len -= (size_t)got;
    }
}

void random_hex(char *out, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint8_t entropy[32];

        random_entropy(entropy, sizeof(entropy));
        for (size_t k = 0; k < 2 * sizeof(entropy) && i < n; k++, i++)
            out[i] = "0123456789abcdef"[entropy[k / 2] >> (k % 2 * 4) & 15];
    }
}
