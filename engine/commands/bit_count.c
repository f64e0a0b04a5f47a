/*
 * Bit count: see bit_count.h.
 *
 * The same loop is compiled twice on x86, as the instruction that counts the bits of
 * a word is not part of the machine every build is made for.
 */
#include "engine/commands/bit_count.h"

#include <string.h>

static inline __attribute__((always_inline)) uint64_t count_words(const char *data, size_t len)
{
    /* Four sums, so that the additions do not wait for each other. */
    uint64_t sums[4] = {0}, words[4];
    for (; len >= sizeof words; data += sizeof words, len -= sizeof words) {
        memcpy(words, data, sizeof words);
        for (int i = 0; i < 4; i++)
            sums[i] += (unsigned)__builtin_popcountll(words[i]);
    }
    memset(words, 0, sizeof words);
    if (len > 0)
        memcpy(words, data, len);
    for (int i = 0; i < 4; i++)
        sums[i] += (unsigned)__builtin_popcountll(words[i]);
    return sums[0] + sums[1] + sums[2] + sums[3];
}

#ifdef __x86_64__
__attribute__((target("popcnt"))) static uint64_t count_by_instruction(const char *data, size_t len)
{
    return count_words(data, len);
}
#endif

uint64_t bit_count(const void *data, size_t len)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("popcnt"))
        return count_by_instruction(data, len);
#endif
    return count_words(data, len);
}
