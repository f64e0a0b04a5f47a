/*
 * Small arithmetic helpers.
 */
#include "base/bits.h"

#include <criterion/criterion.h>

Test(bits, rounding_up_gives_the_next_power_of_two)
{
    cr_assert_eq(bits_round_up_pow2(0), 1);
    cr_assert_eq(bits_round_up_pow2(1), 1);
    cr_assert_eq(bits_round_up_pow2(3), 4);
    for (unsigned shift = 2; shift < 64; shift++) {
        uint64_t power = UINT64_C(1) << shift;

        cr_assert_eq(bits_round_up_pow2(power), power);
        cr_assert_eq(bits_round_up_pow2(power - 1), power);
        cr_assert_eq(bits_round_up_pow2(power / 2 + 1), power);
    }
    cr_assert_eq(bits_round_up_pow2((UINT64_C(1) << 63) + 1), 0);
}

Test(bits, a_power_of_two_has_one_bit)
{
    cr_assert_not(bits_is_pow2(0));
    cr_assert(bits_is_pow2(1));
    cr_assert(bits_is_pow2(UINT64_C(1) << 63));
    cr_assert_not(bits_is_pow2(6));
}

Test(bits, aligning_up_reaches_the_next_multiple)
{
    cr_assert_eq(bits_align_up(0, 8), 0);
    cr_assert_eq(bits_align_up(1, 8), 8);
    cr_assert_eq(bits_align_up(8, 8), 8);
    cr_assert_eq(bits_align_up(65, CACHE_LINE), 128);
}

Test(bits, min_max_and_countof_tell_what_their_names_say)
{
    int array[7] = {0};

    cr_assert_eq(bits_min(3, 5), 3);
    cr_assert_eq(bits_max(3, 5), 5);
    cr_assert_eq(countof(array), 7);
}

Test(bits, aligned_structures_fill_whole_cache_lines)
{
    struct ALIGN_CACHE line {
        char c;
    };

    cr_assert_eq(sizeof(struct line), CACHE_LINE);
}
