/*
 * Check: what the programs of this folder share. They are plain programs, since Criterion
 * does not run under ThreadSanitizer; each prints its seed (SHOAL_SEED sets it), and aborts
 * with the place if something does not hold.
 */
#ifndef SHOAL_TEST_THREADS_CHECK_H
#define SHOAL_TEST_THREADS_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Names the test that begins, and ends the process should it hang. */
static inline void check_begin(const char *name)
{
    printf("%s\n", name);
    fflush(stdout);
    alarm(100);
}

static inline uint64_t check_seed(void)
{
    const char *given = getenv("SHOAL_SEED");
    uint64_t seed = 0;
    if (given != NULL)
        seed = strtoull(given, NULL, 10);
    else
        random_entropy(&seed, 4);
    printf("SHOAL_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

#endif
