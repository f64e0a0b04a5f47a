/* Sort order: see sort_order.h. */
#include "engine/commands/sort_order.h"

#include <string.h>

#include "base/bits.h"

#define INSERTION_MAX 16 /* items that are sorted by insertion */
#define RADIX_MIN 512    /* items from which on a radix sort pays */
#define RADIX_BYTES 8
#define LEVEL_MAX 16     /* levels of keys before comparisons have to do */
#define SELECT_SHARE 4   /* wanting less than this part of the items, the others are put aside */

/* Items of one pass, and the part of them that is wanted. */
struct span {
    struct sort_item *items, *scratch;
    size_t n, from, past;
};

static bool comes_before(const struct sort_order *order, const struct sort_item *a,
                         const struct sort_item *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return order->compare(order->ctx, a->what, b->what) < 0;
}

static void sort_by_insertion(const struct sort_order *order, struct sort_item *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct sort_item item = items[i];
        size_t at = i;
        for (; at > 0 && comes_before(order, &item, &items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Merges the ordered runs a[0...middle) and a[middle...n) into `to`. */
static void merge(const struct sort_order *order, const struct sort_item *a, size_t middle,
                  size_t n, struct sort_item *to)
{
    size_t left = 0, right = middle;
    while (left < middle && right < n)
        *to++ = comes_before(order, &a[right], &a[left]) ? a[right++] : a[left++];
    memcpy(to, a + left, (middle - left) * sizeof *a);
    memcpy(to + (middle - left), a + right, (n - right) * sizeof *a);
}

/* Sorts by key and comparison: insertion in short runs, which are merged bottom-up. */
static void sort_by_merging(const struct sort_order *order, struct sort_item *items,
                            struct sort_item *scratch, size_t n)
{
    for (size_t at = 0; at < n; at += INSERTION_MAX)
        sort_by_insertion(order, items + at, bits_min(INSERTION_MAX, n - at));
    struct sort_item *from = items, *to = scratch;
    for (size_t width = INSERTION_MAX; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width)
            merge(order, from + at, bits_min(width, n - at), bits_min(2 * width, n - at), to + at);
        struct sort_item *other = from;
        from = to;
        to = other;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

static unsigned key_byte(uint64_t key, unsigned byte)
{
    return key >> 8 * byte & 0xff;
}

/* Sorts by key alone, the least significant byte first; bytes that are the same in all
 * keys are passed over. */
static void sort_by_radix(struct sort_item *items, struct sort_item *scratch, size_t n)
{
    size_t counts[RADIX_BYTES][256] = {0};
    struct sort_item *from = items, *to = scratch;
    for (size_t i = 0; i < n; i++)
        for (unsigned byte = 0; byte < RADIX_BYTES; byte++)
            counts[byte][key_byte(items[i].key, byte)]++;
    for (unsigned byte = 0; byte < RADIX_BYTES; byte++) {
        size_t *at = counts[byte], sum = 0;
        if (at[key_byte(from->key, byte)] == n)
            continue;
        for (unsigned digit = 0; digit < 256; digit++) {
            size_t count = at[digit];
            at[digit] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[at[key_byte(from[i].key, byte)]++] = from[i];
        struct sort_item *other = from;
        from = to;
        to = other;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

/* Parts the items into those below the pivot, [*low, *high) that equal it, and those above. */
static void part(struct sort_item *items, size_t n, uint64_t pivot, size_t *low, size_t *high)
{
    size_t below = 0, at = 0, above = n;
    while (at < above) {
        struct sort_item item = items[at];
        if (item.key < pivot) {
            items[at++] = items[below];
            items[below++] = item;
        } else if (item.key > pivot) {
            items[at] = items[--above];
            items[above] = item;
        } else {
            at++;
        }
    }
    *low = below;
    *high = above;
}

static void take(struct span *span, size_t begin, size_t end)
{
    span->from = bits_max(span->from, begin) - begin;
    span->past = bits_min(span->past, end) - begin;
    span->items += begin;
    span->scratch += begin;
    span->n = end - begin;
}

/* Narrows a span to the items that keys cannot keep out of what is wanted: in order of keys
 * among the rest. */
static void select_wanted(const struct sort_order *order, struct span *span)
{
    while (span->n > RADIX_MIN && span->past - span->from < span->n / SELECT_SHARE) {
        size_t low, high, before = span->n;
        uint64_t pivot = span->items[rng_below(order->rng, span->n)].key;
        part(span->items, span->n, pivot, &low, &high);
        if (span->past <= low)
            take(span, 0, low);
        else if (span->from >= high)
            take(span, high, span->n);
        else if (span->past <= high)
            take(span, span->from >= low ? low : 0, high);
        else if (span->from >= low)
            take(span, low, span->n);
        else
            return; /* what is wanted lies on both sides */
        if (span->n == before)
            return; /* many are the same */
    }
}

static void sort_span(const struct sort_order *order, struct span span, unsigned level);

/* Sorts the runs of equal keys that lie in the part wanted. */
static void sort_runs(const struct sort_order *order, const struct span *span, unsigned level)
{
    for (size_t at = 0, end; at < span->past; at = end) {
        uint64_t key = span->items[at].key;
        for (end = at + 1; end < span->n && span->items[end].key == key; end++)
            ;
        if (end - at == 1 || end <= span->from)
            continue;
        struct span run = *span;
        take(&run, at, end);
        if (run.n >= RADIX_MIN && level < LEVEL_MAX &&
            order->next_keys(order->ctx, level, run.items, run.n))
            sort_span(order, run, level);
        else
            sort_by_merging(order, run.items, run.scratch, run.n);
    }
}

static void sort_span(const struct sort_order *order, struct span span, unsigned level)
{
    select_wanted(order, &span);
    if (span.n < RADIX_MIN) {
        sort_by_merging(order, span.items, span.scratch, span.n);
        return;
    }
    sort_by_radix(span.items, span.scratch, span.n);
    sort_runs(order, &span, level + 1);
}

void sort_order(const struct sort_order *order, struct sort_item *items, struct sort_item *scratch,
                size_t n, size_t from, size_t past)
{
    if (from >= past)
        return;
    struct span span = {items, scratch, n, from, past};
    sort_span(order, span, 0);
}
