/*
 * The generator and the kernel's entropy.
 */
#include "base/bits.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <string.h>

Test(random, xoshiro_gives_its_known_sequence)
{
    /* From state 1, 2, 3, 4: worked out with the authors' definition. */
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rng rng = {{1, 2, 3, 4}};

    for (size_t i = 0; i < countof(expected); i++)
        cr_assert_eq(rng_next(&rng), expected[i]);
}

Test(random, seeding_takes_the_first_values_of_splitmix)
{
    struct rng rng;

    rng_init(&rng, 0);
    cr_assert_eq(rng.state[0], UINT64_C(0xe220a8397b1dcdaf));
    cr_assert_eq(rng.state[1], UINT64_C(0x6e789e6aa1b965f4));
}

Test(random, a_seed_repeats_its_sequence_and_another_does_not)
{
    struct rng a, b, c;
    int equal = 0;

    rng_init(&a, 42);
    rng_init(&b, 42);
    rng_init(&c, 43);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = rng_next(&a);

        cr_assert_eq(value, rng_next(&b));
        equal += value == rng_next(&c);
    }
    cr_assert_eq(equal, 0);
}

Test(random, numbers_below_a_bound_are_spread_evenly)
{
    struct rng rng;

    rng_init(&rng, 1);
    for (uint64_t n = 1; n <= 40; n++) {
        int counts[40] = {0};
        int expected = 2000;

        for (int i = 0; i < expected * (int)n; i++) {
            uint64_t value = rng_below(&rng, n);

            cr_assert_lt(value, n);
            counts[value]++;
        }
        /* Six standard deviations of a count. */
        for (uint64_t i = 0; i < n; i++)
            cr_assert_leq(abs(counts[i] - expected), 6 * 45);
    }
}

Test(random, large_bounds_have_no_bias_towards_the_low_half)
{
    struct rng rng;
    uint64_t n = (UINT64_C(3) << 62);
    int low = 0;

    rng_init(&rng, 2);
    for (int i = 0; i < 90000; i++)
        low += rng_below(&rng, n) < n / 3;
    cr_assert_leq(abs(low - 30000), 6 * 142);
}

Test(random, fractions_lie_between_0_and_1)
{
    struct rng rng;
    double sum = 0;

    rng_init(&rng, 3);
    for (int i = 0; i < 100000; i++) {
        double value = rng_double(&rng);

        cr_assert(value >= 0 && value < 1);
        sum += value;
    }
    cr_assert(sum > 49000 && sum < 51000);
}

Test(random, entropy_fills_all_of_the_memory_and_differs)
{
    unsigned char a[1000] = {0}, b[1000] = {0};
    size_t zeros = 0;

    random_entropy(a, sizeof(a));
    random_entropy(b, sizeof(b));
    cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    cr_assert_lt(zeros, 50);
    cr_assert_neq(memcmp(a + 980, (char[20]){0}, 20), 0);
    random_entropy(a, 0);
}

Test(random, hex_writes_exactly_the_digits_asked_for)
{
    for (size_t n = 0; n <= 140; n++) {
        char text[143] = "";

        memset(text, '!', sizeof(text) - 1);
        random_hex(text, n);
        cr_assert_eq(strspn(text, "0123456789abcdef"), n);
        cr_assert_eq(text[n], '!');
    }
}
