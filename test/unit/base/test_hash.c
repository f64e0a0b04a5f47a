/*
 * The hash: what tables rely on.
 */
#include "base/hash.h"

#include <criterion/criterion.h>
#include <string.h>

Test(hash, the_same_bytes_and_seed_give_the_same_hash_wherever_they_lie)
{
    char a[300], b[308];

    memset(a, 'k', sizeof(a));
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(b + shift, a, sizeof(a));
        for (size_t len = 0; len <= sizeof(a); len += 7)
            cr_assert_eq(hash_bytes(a, len, 99), hash_bytes(b + shift, len, 99));
    }
}

Test(hash, the_empty_input_has_the_published_hash)
{
    cr_assert_eq(hash_bytes("", 0, 0), UINT64_C(0x2d06800538d394c2));
}

Test(hash, seed_length_and_each_bit_matter)
{
    char key[64];

    memset(key, 0, sizeof(key));
    for (size_t len = 1; len <= sizeof(key); len++) {
        uint64_t hash = hash_bytes(key, len, 1);

        cr_assert_neq(hash, hash_bytes(key, len, 2));
        cr_assert_neq(hash, hash_bytes(key, len - 1, 1));
        for (size_t bit = 0; bit < len * 8; bit++) {
            key[bit / 8] ^= (char)(1 << bit % 8);
            cr_assert_neq(hash_bytes(key, len, 1), hash);
            key[bit / 8] ^= (char)(1 << bit % 8);
        }
    }
}
