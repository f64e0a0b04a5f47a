/* Builder of sorted sets: see zset.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/blob.h"
#include "engine/types/zset.h"
#include "engine/types/zset_large.h"
#include "engine/types/zset_small.h"

#define MANY 1024 /* elements that are sorted by digits of their scores */
#define DIGIT_BITS 11
#define DIGIT_VALUES (1u << DIGIT_BITS)

void zset_builder_init(struct zset_builder *b, uint64_t seed)
{
    *b = (struct zset_builder){.set = zset_large_new(seed)};
}

void zset_builder_deinit(struct zset_builder *b)
{
    if (b->set != NULL)
        zset_large_free(b->set);
    alloc_free(b->sorted);
    alloc_free(b->listpack);
    *b = (struct zset_builder){.set = NULL};
}

size_t zset_builder_count(const struct zset_builder *b)
{
    return table_count(&b->set->table);
}

double *zset_builder_find(const struct zset_builder *b, struct bytes member)
{
    struct zset_element *e = zset_large_find(b->set, member, zset_large_hash(b->set, member));
    return e == NULL ? NULL : &e->score;
}

void zset_builder_add(struct zset_builder *b, struct bytes member, double score)
{
    assert(b->sorted == NULL && score == score);
    zset_large_enter(b->set, member, zset_large_hash(b->set, member), score);
}

bool zset_builder_remove(struct zset_builder *b, struct bytes member)
{
    assert(b->sorted == NULL);
    struct zset_element *e = zset_large_find(b->set, member, zset_large_hash(b->set, member));
    if (e == NULL)
        return false;
    zset_large_leave(b->set, e);
    alloc_free(e);
    return true;
}

struct gathering {
    struct zset_builder *b;
    size_t count;
};

static void gather(void *ctx, void *item)
{
    struct gathering *gathering = ctx;
    struct zset_element *e = item;
    struct zset_builder *b = gathering->b;
    b->sorted[gathering->count++] = e;
    b->bytes += e->len;
    if (e->len > b->longest)
        b->longest = e->len;
}

static int compare(const void *a, const void *b)
{
    const struct zset_element *x = *(struct zset_element *const *)a;
    const struct zset_element *y = *(struct zset_element *const *)b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return bytes_compare(zset_element_member(x), zset_element_member(y));
}

/* An element with what orders it by its score: comparing costs no look at the element. */
struct ranked {
    uint64_t order;
    struct zset_element *element;
};

/* Orders as the doubles do, both zeros being the same. */
static uint64_t order_of(double score)
{
    uint64_t bits;
    score += 0.0;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static unsigned digit_of(uint64_t order, unsigned digit)
{
    return (unsigned)(order >> (digit * DIGIT_BITS)) & (DIGIT_VALUES - 1);
}

/* Sorts by one digit, keeping the order of what is equal in it. False: all are equal. */
static bool sort_digit(const struct ranked *from, struct ranked *to, size_t count, unsigned digit)
{
    size_t at[DIGIT_VALUES] = {0}, before = 0;
    for (size_t i = 0; i < count; i++)
        at[digit_of(from[i].order, digit)]++;
    if (at[digit_of(from[0].order, digit)] == count)
        return false;
    for (unsigned value = 0; value < DIGIT_VALUES; value++) {
        size_t here = at[value];
        at[value] = before;
        before += here;
    }
    for (size_t i = 0; i < count; i++)
        to[at[digit_of(from[i].order, digit)]++] = from[i];
    return true;
}

/* Sorts many elements: digit by digit by score (Knuth, The Art of Computer Programming,
 * 5.2.5, algorithm R), then those of the same score by member. */
static void sort_many(struct zset_element **sorted, size_t count)
{
    struct ranked *ranked = alloc_get(2 * count * sizeof *ranked), *from = ranked;
    struct ranked *to = ranked + count;
    for (size_t i = 0; i < count; i++)
        from[i] = (struct ranked){order_of(sorted[i]->score), sorted[i]};
    for (unsigned digit = 0; digit * DIGIT_BITS < 64; digit++) {
        if (!sort_digit(from, to, count, digit))
            continue;
        struct ranked *swap = from;
        from = to;
        to = swap;
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = from[i].element;
    for (size_t first = 0, past; first < count; first = past) {
        for (past = first + 1; past < count && from[past].order == from[first].order; past++)
            continue;
        if (past - first > 1)
            qsort(sorted + first, past - first, sizeof *sorted, compare);
    }
    alloc_free(ranked);
}

void zset_builder_sort(struct zset_builder *b)
{
    size_t count = zset_builder_count(b);
    assert(b->sorted == NULL);
    b->sorted = alloc_get(count * sizeof(struct zset_element *));
    struct gathering gathering = {b, 0};
    uint64_t cursor = 0;
    do
        cursor = table_scan(&b->set->table, cursor, gather, &gathering);
    while (cursor != 0);
    assert(gathering.count == count);
    if (count >= MANY)
        sort_many(b->sorted, count);
    else
        qsort(b->sorted, count, sizeof(struct zset_element *), compare);
}

void zset_builder_get(const struct zset_builder *b, size_t rank, struct bytes *member,
                      double *score)
{
    assert(b->sorted != NULL);
    *member = zset_element_member(b->sorted[rank]);
    *score = b->sorted[rank]->score;
}

/* The members as a listpack: embedded bytes, which stay the builder's, or a blob. */
static struct value small_value(struct zset_builder *b, size_t count)
{
    struct room room = room_heap();
    listpack_reset(&room);
    for (size_t i = 0; i < count; i++)
        zset_small_append(&room, zset_element_member(b->sorted[i]), b->sorted[i]->score);
    b->listpack = room.bytes;
    struct value value = {.type = TYPE_ZSET, .encoding = ENCODING_EMBEDDED};
    value.embedded = (struct bytes){(const char *)room.bytes, room.len};
    if (room.len <= ENTRY_EMBED_MAX)
        return value;
    struct blob *blob = blob_try(room.len, room.len);
    if (blob == NULL)
        alloc_fail(room.len);
    memcpy(blob->data, room.bytes, room.len);
    return (struct value){.type = TYPE_ZSET,
                          .encoding = ENCODING_BLOB,
                          .word = (uint64_t)(uintptr_t)blob};
}

bool zset_builder_value(struct zset_builder *b, uint64_t max_entries, uint64_t max_value,
                        struct value *value)
{
    size_t count = zset_builder_count(b);
    if (count == 0)
        return false;
    if (b->sorted == NULL)
        zset_builder_sort(b);
    if (count <= max_entries && b->longest <= max_value &&
        b->bytes + count * NUMBER_DOUBLE_MAX * 2 < LISTPACK_MAX) {
        *value = small_value(b, count);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        btree_append(&b->set->tree, b->sorted[i]);
    *value = (struct value){.type = TYPE_ZSET,
                            .encoding = ENCODING_OBJECT,
                            .word = (uint64_t)(uintptr_t)b->set};
    b->set = NULL;
    return true;
}
