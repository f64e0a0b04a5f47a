/*
 * Checksums: published values, and bit-by-bit models.
 */
#include "base/crc.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <string.h>

static uint16_t slow_crc16(const uint8_t *p, size_t len)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
    }
    return (uint16_t)crc;
}

static uint64_t slow_crc64(const uint8_t *p, size_t len)
{
    uint64_t crc = 0;

    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint64_t top = crc >> 63 ^ (p[i] >> bit & 1);

            crc = crc << 1 ^ (top ? UINT64_C(0xad93d23594c935a9) : 0);
        }
    uint64_t reflected = 0;

    for (int bit = 0; bit < 64; bit++)
        reflected |= (crc >> bit & 1) << (63 - bit);
    return reflected;
}

static void fill(struct rng *rng, uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)rng_next(rng);
}

Test(crc, the_published_check_values_come_out)
{
    cr_assert_eq(crc16("123456789", 9), 0x31c3);
    cr_assert_eq(crc64(0, "123456789", 9), UINT64_C(0xe9c6d914c4b8d9ca));
    cr_assert_eq(crc16("", 0), 0);
    cr_assert_eq(crc64(0, "", 0), 0);
}

Test(crc, slots_of_known_keys_are_those_of_the_cluster)
{
    cr_assert_eq(crc16("foo", 3) % 16384, 12182);
    cr_assert_eq(crc16("bar", 3) % 16384, 5061);
    cr_assert_eq(crc16("somekey", 7) % 16384, 11058);
}

Test(crc, every_length_and_alignment_agrees_with_the_bitwise_model)
{
    uint8_t data[96];
    struct rng rng;

    rng_init(&rng, 21);
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t len = 0; len <= 80; len++) {
            fill(&rng, data, sizeof(data));
            cr_assert_eq(crc16(data + offset, len), slow_crc16(data + offset, len));
            cr_assert_eq(crc64(0, data + offset, len), slow_crc64(data + offset, len));
        }
}

Test(crc, a_checksum_may_be_taken_in_pieces)
{
    uint8_t data[1000];
    struct rng rng;

    rng_init(&rng, 22);
    fill(&rng, data, sizeof(data));
    for (int round = 0; round < 500; round++) {
        size_t cut = rng_below(&rng, sizeof(data) + 1);

        cr_assert_eq(crc64(crc64(0, data, cut), data + cut, sizeof(data) - cut),
                     crc64(0, data, sizeof(data)));
    }
}

Test(crc, combining_gives_the_checksum_of_the_whole)
{
    static uint8_t data[100000];
    struct rng rng;

    rng_init(&rng, 23);
    fill(&rng, data, sizeof(data));
    for (int round = 0; round < 300; round++) {
        size_t len = rng_below(&rng, sizeof(data) + 1), cut = rng_below(&rng, len + 1);
        uint64_t first = crc64(0, data, cut), second = crc64(0, data + cut, len - cut);

        cr_assert_eq(crc64_combine(first, second, len - cut), crc64(0, data, len));
    }
    cr_assert_eq(crc64_combine(17, 0, 0), 17);
    cr_assert_eq(crc64_combine(0, 17, 1000), 17);
}

Test(crc, combining_in_either_grouping_is_the_same_for_huge_lengths)
{
    uint64_t a = 0x1234567890abcdef, b = 0xfedcba0987654321, c = 0x0f1e2d3c4b5a6978;
    uint64_t b_len = UINT64_C(5) << 40, c_len = UINT64_C(7) << 41 | 3;

    cr_assert_eq(crc64_combine(crc64_combine(a, b, b_len), c, c_len),
                 crc64_combine(a, crc64_combine(b, c, c_len), b_len + c_len));
}
