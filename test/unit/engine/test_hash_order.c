/* The order of times against a plain sorted array, with runs of the real size and tiny ones. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/random.h"
#include "engine/types/hash_order.h"

#define MODEL_MAX 20000

static struct rng rng;
static struct hash_order order;
static struct hash_time model[MODEL_MAX];
static size_t count;

static void setup(void)
{
    rng_init(&rng, 7);
    order = (struct hash_order){0};
    count = 0;
}

static void teardown(void)
{
    while (!hash_order_free_some(&order, 1))
        ;
    cr_assert_null(order.runs);
}

TestSuite(hash_order, .init = setup, .fini = teardown);

static bool is_before(struct hash_time a, struct hash_time b)
{
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.hash < b.hash;
}

static void add(struct hash_time time)
{
    size_t at = count++;
    for (; at > 0 && is_before(time, model[at - 1]); at--) model[at] = model[at - 1];
    model[at] = time;
    hash_order_add(&order, time);
}

static void remove_at(size_t at)
{
    hash_order_remove(&order, model[at]);
    memmove(&model[at], &model[at + 1], (--count - at) * sizeof model[0]);
}

static void expect_as_model(void)
{
    hash_order_validate(&order);
    cr_assert_eq(order.count, count);
    if (count == 0) return;
    struct hash_time first = hash_order_first(&order), last = hash_order_last(&order);
    cr_assert(first.at_ms == model[0].at_ms && first.hash == model[0].hash);
    cr_assert(last.at_ms == model[count - 1].at_ms && last.hash == model[count - 1].hash);
    int64_t at_ms = model[rng_below(&rng, count)].at_ms + (int64_t)rng_below(&rng, 2);
    size_t before = 0;
    while (before < count && model[before].at_ms < at_ms) before++;
    cr_assert_eq(hash_order_before(&order, at_ms), before);
}

/* Adds and removes in waves; `spread` different times, so few that many are equal. */
static void run_at_random(size_t most, uint64_t spread, int steps)
{
    for (int n = 0; n < steps; n++) {
        bool grows = n / (steps / 6) % 2 == 0;
        bool adds = rng_below(&rng, 10) < (grows ? 8 : 2);
        if (count == 0 || (adds && count < most))
            add((struct hash_time){(int64_t)rng_below(&rng, spread), rng_below(&rng, 50)});
        else
            remove_at(rng_below(&rng, 3) == 0 ? 0 : rng_below(&rng, count));
        if (n % 64 == 0) expect_as_model();
    }
    while (count > 0) {
        remove_at(rng_below(&rng, count));
        if (count % 64 == 0) expect_as_model();
    }
    cr_assert_null(order.runs);
}

Test(hash_order, it_does_what_a_sorted_array_does)
{
    run_at_random(3000, 1000000, 20000);
}

Test(hash_order, equal_times_too)
{
    run_at_random(3000, 3, 20000);
}

Test(hash_order, a_copy_shares_nothing)
{
    for (size_t i = 0; i < 5000; i++) add((struct hash_time){(int64_t)(i * 7919 % 5000), i});
    struct hash_order copy;
    hash_order_copy(&copy, &order);
    while (count > 0) remove_at(0);
    hash_order_validate(&copy);
    cr_assert_eq(copy.count, 5000);
    cr_assert_eq(hash_order_before(&copy, 2500), 2500);
    while (!hash_order_free_some(&copy, 3))
        ;
    hash_order_copy(&copy, &copy);
    cr_assert_eq(hash_order_bytes(&copy), 0);
}

Test(hash_order, what_comes_in_order_is_dense_and_what_is_left_is_put_together)
{
    for (size_t i = 0; i < 8192; i++) hash_order_add(&order, (struct hash_time){(int64_t)i, i});
    cr_assert_leq(hash_order_bytes(&order), 8192 * (sizeof(struct hash_time) + 16));
    for (size_t i = 0; i < 8192; i++)
        if (i % 64 != 0) hash_order_remove(&order, (struct hash_time){(int64_t)i, i});
    hash_order_validate(&order);
    cr_assert_eq(order.count, 128);
    cr_assert_leq(hash_order_bytes(&order), 128 * (sizeof(struct hash_time) + 16) * 5);
}
