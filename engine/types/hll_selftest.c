/* HLL self-test: see hll_selftest.h. */
#include "engine/types/hll_selftest.h"

#include <math.h>
#include <stdio.h>

#include "base/random.h"
#include "engine/types/hll.h"
#include "engine/types/hll_sparse.h"

#define SEED         UINT64_C(0x5eed)
#define CYCLES       20    /* of registers set and read back */
#define ELEMENTS     1000000
#define SPARSE_BYTES 3000  /* up to where the sparse form is kept */
#define ERROR        (1.04 / 128) /* standard error: 1.04 / sqrt(HLL_REGISTERS) */

struct forms {
    char dense[HLL_DENSE_BYTES];
    char sparse[SPARSE_BYTES + HLL_SPARSE_GROWTH_MAX];
    size_t sparse_len; /* 0: not kept any more */
};

static void start(struct forms *forms)
{
    const uint8_t nothing[HLL_REGISTERS] = {0};
    hll_make(forms->sparse);
    forms->sparse_len = HLL_EMPTY_BYTES;
    hll_make_dense(forms->dense, forms->sparse, nothing);
}

static bool test_registers(struct forms *forms, struct rng *rng, char *why, size_t size)
{
    uint8_t expected[HLL_REGISTERS] = {0};
    for (unsigned cycle = 0; cycle < CYCLES; cycle++) {
        for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
            expected[i] = rng_next(rng) & HLL_REGISTER_MAX;
            hll_dense_set(forms->dense, i, expected[i]);
        }
        for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
            uint8_t is = hll_dense_get(forms->dense, i);
            if (is == expected[i])
                continue;
            snprintf(why, size, "Register %u should be %u but is %u", i, expected[i], is);
            return false;
        }
    }
    return true;
}

static void add(struct forms *forms, uint64_t element)
{
    struct hll_mark mark = hll_mark_of(bytes_make(&element, sizeof element));
    if (hll_dense_get(forms->dense, mark.index) < mark.value)
        hll_dense_set(forms->dense, mark.index, mark.value);
    if (forms->sparse_len == 0)
        return;
    struct hll_edit edit;
    struct bytes sparse = bytes_make(forms->sparse, forms->sparse_len);
    if (forms->sparse_len > SPARSE_BYTES || mark.value > HLL_SPARSE_VALUE_MAX)
        forms->sparse_len = 0;
    else if (hll_sparse_look(sparse, HLL_SPARSE_START, mark, &edit) == HLL_EDIT)
        forms->sparse_len = hll_sparse_apply(forms->sparse, forms->sparse_len, &edit);
}

/* What the forms say after `count` elements. */
static bool test_estimates(const struct forms *forms, uint64_t count, char *why, size_t size)
{
    uint64_t estimate, sparse;
    if (!hll_count(bytes_make(forms->dense, sizeof forms->dense), &estimate)) {
        snprintf(why, size, "The dense form is damaged after %llu elements",
                 (unsigned long long)count);
        return false;
    }
    if (forms->sparse_len > 0 &&
        (!hll_count(bytes_make(forms->sparse, forms->sparse_len), &sparse) ||
         sparse != estimate)) {
        snprintf(why, size, "The forms disagree after %llu elements", (unsigned long long)count);
        return false;
    }
    double off = fabs((double)estimate - (double)count);
    if (off <= ceil(6 * ERROR * (double)count))
        return true;
    snprintf(why, size, "Too large an error: %llu elements, estimate %llu",
             (unsigned long long)count, (unsigned long long)estimate);
    return false;
}

bool hll_selftest_run(char *why, size_t size)
{
    struct forms forms;
    struct rng rng;
    uint64_t checkpoint = 1;
    rng_init(&rng, SEED);
    start(&forms);
    if (!test_registers(&forms, &rng, why, size))
        return false;
    start(&forms);
    for (uint64_t count = 1; count <= ELEMENTS; count++) {
        add(&forms, rng_next(&rng));
        if (count < checkpoint)
            continue;
        if (!test_estimates(&forms, count, why, size))
            return false;
        checkpoint *= 10;
    }
    return true;
}
