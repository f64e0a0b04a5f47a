/* HLL: see hll.h. */
#include "engine/types/hll.h"

#include <assert.h>
#include <math.h>

#include "base/bits.h"
#include "engine/types/hll_sparse.h"

#define HASH_SEED UINT64_C(0xadc83b19)

#define ENCODING_AT 4
#define ESTIMATE_AT 8
#define OUTDATED    0x80 /* in the last byte of the estimate */

#define GROUP       16 /* registers that are packed and unpacked at a time: 12 bytes */
#define GROUP_BYTES 12

/* A histogram of the registers: how many have each value. */
struct histogram {
    uint32_t of[HLL_REGISTER_MAX + 1];
};

/* Words are read as the machine has them: little endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the formats here are little endian");

/* MurmurHash64A: Austin Appleby, SMHasher. */
static uint64_t murmur(struct bytes bytes, uint64_t seed)
{
    const uint64_t m = UINT64_C(0xc6a4a7935bd1e995);
    uint64_t hash = seed ^ bytes.len * m;
    const char *at = bytes.data;
    size_t left = bytes.len;
    for (; left >= 8; at += 8, left -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word *= m;
        word ^= word >> 47;
        hash ^= word * m;
        hash *= m;
    }
    if (left > 0) {
        uint64_t word = 0;
        memcpy(&word, at, left);
        hash ^= word;
        hash *= m;
    }
    hash ^= hash >> 47;
    hash *= m;
    return hash ^ hash >> 47;
}

struct hll_mark hll_mark_of(struct bytes element)
{
    uint64_t hash = murmur(element, HASH_SEED);
    /* A bit above those of the value ends the zeroes. */
    uint64_t rest = hash >> HLL_INDEX_BITS | UINT64_C(1) << HLL_VALUE_BITS;
    return (struct hll_mark){.index = (uint32_t)(hash & (HLL_REGISTERS - 1)),
                             .value = (uint8_t)(__builtin_ctzll(rest) + 1)};
}

void hll_make(char bytes[HLL_EMPTY_BYTES])
{
    memset(bytes, 0, HLL_HEADER_BYTES);
    memcpy(bytes, "HYLL\1", 5);
    hll_sparse_zeroes(bytes + HLL_HEADER_BYTES, HLL_REGISTERS);
}

bool hll_recognized(struct bytes value)
{
    if (value.len < HLL_HEADER_BYTES || memcmp(value.data, "HYLL", 4) != 0)
        return false;
    if (hll_is_dense(value))
        return value.len == HLL_DENSE_BYTES;
    return value.data[ENCODING_AT] == 1;
}

bool hll_kept(struct bytes value, uint64_t *estimate)
{
    memcpy(estimate, value.data + ESTIMATE_AT, 8);
    return *estimate >> 63 == 0;
}

void hll_keep(char *data, uint64_t estimate)
{
    memcpy(data + ESTIMATE_AT, &estimate, 8);
}

void hll_outdate(char *data)
{
    data[ESTIMATE_AT + 7] = (char)(data[ESTIMATE_AT + 7] | OUTDATED);
}

/* A register lies in one byte or two; the last one ends with the last byte. */
uint8_t hll_dense_get(const char *data, uint32_t index)
{
    assert(index < HLL_REGISTERS);
    const unsigned char *at = (const unsigned char *)data + HLL_HEADER_BYTES + index * 6 / 8;
    unsigned shift = index * 6 % 8, bits = *at;
    if (shift > 2)
        bits |= (unsigned)at[1] << 8;
    return bits >> shift & HLL_REGISTER_MAX;
}

void hll_dense_set(char *data, uint32_t index, uint8_t value)
{
    assert(index < HLL_REGISTERS && value <= HLL_REGISTER_MAX);
    unsigned char *at = (unsigned char *)data + HLL_HEADER_BYTES + index * 6 / 8;
    unsigned shift = index * 6 % 8;
    unsigned mask = (unsigned)HLL_REGISTER_MAX << shift, bits = (unsigned)value << shift;
    at[0] = (unsigned char)((at[0] & ~mask) | bits);
    if (shift > 2)
        at[1] = (unsigned char)((at[1] & ~(mask >> 8)) | bits >> 8);
}

/* The 16 registers of 12 bytes: ten in the first word, the rest in the second, which begins
 * at the fourth byte, with the bits 28 and up. */
static inline void unpack(const char *packed, uint8_t registers[GROUP])
{
    uint64_t low, high;
    memcpy(&low, packed, 8);
    memcpy(&high, packed + 4, 8);
    for (unsigned i = 0; i < 10; i++)
        registers[i] = low >> (6 * i) & HLL_REGISTER_MAX;
    for (unsigned i = 10; i < GROUP; i++)
        registers[i] = high >> (6 * i - 32) & HLL_REGISTER_MAX;
}

static inline void pack(const uint8_t registers[GROUP], char *packed)
{
    uint64_t low = 0, high = 0;
    for (unsigned i = 0; i < 10; i++)
        low |= (uint64_t)registers[i] << (6 * i);
    for (unsigned i = 10; i < GROUP; i++)
        high |= (uint64_t)registers[i] << (6 * i - 32);
    high |= low >> 32;
    memcpy(packed, &low, 8);
    memcpy(packed + 4, &high, 8);
}

void hll_make_dense(char *data, const char *header, const uint8_t *registers)
{
    memmove(data, header, HLL_HEADER_BYTES);
    data[ENCODING_AT] = 0;
    char *packed = data + HLL_HEADER_BYTES;
    for (size_t i = 0; i < HLL_REGISTERS; i += GROUP, packed += GROUP_BYTES)
        pack(registers + i, packed);
}

static void merge_dense(struct bytes value, uint8_t *registers)
{
    const char *packed = value.data + HLL_HEADER_BYTES;
    for (size_t i = 0; i < HLL_REGISTERS; i += GROUP, packed += GROUP_BYTES) {
        uint8_t theirs[GROUP];
        unpack(packed, theirs);
        for (size_t k = 0; k < GROUP; k++)
            registers[i + k] = registers[i + k] > theirs[k] ? registers[i + k] : theirs[k];
    }
}

static bool merge_sparse(struct bytes value, uint8_t *registers)
{
    struct hll_run run;
    uint32_t index = 0;
    for (size_t at = HLL_HEADER_BYTES; at < value.len; at += run.bytes) {
        if (!hll_sparse_run(value, at, &run) || run.length > HLL_REGISTERS - index)
            return false;
        for (uint32_t i = 0; run.value > 0 && i < run.length; i++)
            if (registers[index + i] < run.value)
                registers[index + i] = run.value;
        index += run.length;
    }
    return index == HLL_REGISTERS;
}

bool hll_merge(struct bytes value, uint8_t *registers)
{
    assert(hll_recognized(value));
    if (!hll_is_dense(value))
        return merge_sparse(value, registers);
    merge_dense(value, registers);
    return true;
}

/* Adds the registers of a group to four histograms in turn, since counting equal values one
 * after the other in the same place has to wait for memory. */
static inline void tally(struct histogram four[4], const uint8_t registers[GROUP])
{
    for (size_t i = 0; i < GROUP; i++)
        four[i % 4].of[registers[i]]++;
}

static void add_up(const struct histogram four[4], struct histogram *sum)
{
    for (size_t i = 0; i < countof(sum->of); i++)
        sum->of[i] = four[0].of[i] + four[1].of[i] + four[2].of[i] + four[3].of[i];
}

static void histogram_dense(struct bytes value, struct histogram *histogram)
{
    struct histogram four[4] = {0};
    const char *packed = value.data + HLL_HEADER_BYTES;
    for (size_t i = 0; i < HLL_REGISTERS; i += GROUP, packed += GROUP_BYTES) {
        uint8_t registers[GROUP];
        unpack(packed, registers);
        tally(four, registers);
    }
    add_up(four, histogram);
}

static bool histogram_sparse(struct bytes value, struct histogram *histogram)
{
    struct hll_run run;
    uint32_t index = 0;
    *histogram = (struct histogram){0};
    for (size_t at = HLL_HEADER_BYTES; at < value.len; at += run.bytes) {
        if (!hll_sparse_run(value, at, &run) || run.length > HLL_REGISTERS - index)
            return false;
        histogram->of[run.value] += run.length;
        index += run.length;
    }
    return index == HLL_REGISTERS;
}

bool hll_validate(struct bytes value)
{
    struct histogram histogram;
    return hll_recognized(value) &&
           (hll_is_dense(value) || histogram_sparse(value, &histogram));
}

/* The function sigma of Ertl, section 4.2, algorithm 5: x + sum of x^(2^k) 2^(k-1). */
static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double sum = x, before, weight = 1;
    do {
        x *= x;
        before = sum;
        sum += x * weight;
        weight += weight;
    } while (sum != before);
    return sum;
}

/* The function tau of the same, algorithm 6. */
static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double sum = 1 - x, before, weight = 1;
    do {
        x = sqrt(x);
        before = sum;
        weight *= 0.5;
        sum -= (1 - x) * (1 - x) * weight;
    } while (sum != before);
    return sum / 3;
}

/* The improved raw estimator of Ertl, algorithm 4. What no set of elements could look like
 * may come out as infinite: that is 2^63, whose high bit says that it is out of date. */
static uint64_t estimate_of(const struct histogram *histogram)
{
    const double m = HLL_REGISTERS, alpha = 0.721347520444481703680; /* 1 / (2 ln 2) */
    double z = m * tau((m - histogram->of[HLL_VALUE_BITS + 1]) / m);
    for (unsigned value = HLL_VALUE_BITS; value >= 1; value--)
        z = (z + histogram->of[value]) * 0.5;
    z += m * sigma(histogram->of[0] / m);
    double estimate = roundl((long double)(alpha * m * m / z));
    return estimate < 0x1p63 ? (uint64_t)estimate : UINT64_C(1) << 63;
}

bool hll_count(struct bytes value, uint64_t *estimate)
{
    struct histogram histogram;
    assert(hll_recognized(value));
    if (hll_is_dense(value))
        histogram_dense(value, &histogram);
    else if (!histogram_sparse(value, &histogram))
        return false;
    *estimate = estimate_of(&histogram);
    return true;
}

uint64_t hll_count_registers(const uint8_t *registers)
{
    struct histogram four[4] = {0}, histogram;
    for (size_t i = 0; i < HLL_REGISTERS; i += GROUP)
        tally(four, registers + i);
    add_up(four, &histogram);
    return estimate_of(&histogram);
}
