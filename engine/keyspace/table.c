/*
 * Table: see table.h for the layout and the promises.
 *
 * Invariants (table_validate):
 *  - root is 0 exactly when the table holds no item and no resize is under way;
 *  - an item lives in the bucket of its position, or in that bucket's chain;
 *  - during a resize an item lives in the old buckets exactly when its old
 *    bucket's index is at or above resize->next; the buckets for all that are
 *    below it are among the first resize->ready of the new ones, and what is
 *    above these is not initialised and not looked at;
 *  - root has TABLE_RESIZING exactly during a resize;
 *  - every word in use has the tag of the item's hash and, at the same index, the
 *    lower 8 bits as fingerprint.
 */
#include "engine/keyspace/table.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

#define STATE_CHAINED 0x80
#define CHAIN_WORD (TABLE_BUCKET_ITEMS - 1)
#define ITEMS_TO_GROW_X2 13 /* grow above 6.5 items a bucket */
#define ITEMS_TO_SHRINK 2   /* shrink below 2 items a bucket */
#define STEP_BUCKETS 4      /* buckets a change moves while a resize is under way */

/* Of the memory of buckets that are no longer used, this much is given back at a time: a
 * huge page. What the allocator keeps for the next table is not, that is all smaller ones. */
#define GIVE_BACK_BYTES ((uintptr_t)2 << 20)
#define GIVE_BACK_BUCKETS ((16u << 20) / CACHE_LINE)

/* Each size is a size class of the allocator in cache lines, less one line for
 * the header and the alignment of the buckets. */
#define DOUBLING(lines)                                                                            \
    (lines) - 1, (lines) / 4 * 5 - 1, (lines) / 4 * 6 - 1, (lines) / 4 * 7 - 1
const uint32_t table_class_buckets[] = {
    0,
    1,
    2,
    DOUBLING(4),
    DOUBLING(8),
    DOUBLING(1u << 4),
    DOUBLING(1u << 5),
    DOUBLING(1u << 6),
    DOUBLING(1u << 7),
    DOUBLING(1u << 8),
    DOUBLING(1u << 9),
    DOUBLING(1u << 10),
    DOUBLING(1u << 11),
    DOUBLING(1u << 12),
    DOUBLING(1u << 13),
    DOUBLING(1u << 14),
    DOUBLING(1u << 15),
    DOUBLING(1u << 16),
    DOUBLING(1u << 17),
    DOUBLING(1u << 18),
    DOUBLING(1u << 19),
    DOUBLING(1u << 20),
    DOUBLING(1u << 21),
    DOUBLING(1u << 22),
    DOUBLING(1u << 23),
    DOUBLING(1u << 24),
    DOUBLING(1u << 25),
    DOUBLING(1u << 26),
    DOUBLING(1u << 27),
    DOUBLING(1u << 28),
    DOUBLING(1u << 29),
};
#define OFFSET_UNIT 16 /* the allocator's alignment */
#define CLASS_COUNT (sizeof table_class_buckets / sizeof table_class_buckets[0])

struct resize {
    uint64_t old_root;
    uint32_t next;  /* first old bucket not moved yet */
    uint32_t ready; /* new buckets that are initialised */
    uintptr_t given; /* old buckets below this address have no memory; 0: all have */
};

/* Lies in the 16 bytes before bucket 0. */
struct header {
    uint32_t count;
    uint32_t chained : 29; /* a third of the buckets of the largest table fits */
    uint32_t offset : 3;   /* 16-byte units from the start of the allocation to bucket 0 */
    struct resize *resize;
};
_Static_assert(sizeof(struct header) == 16, "the header fits the slack of the alignment");
_Static_assert(sizeof(struct table_bucket) == CACHE_LINE, "a bucket is a cache line");

static struct table_bucket *root_buckets(uint64_t root)
{
    return (struct table_bucket *)(uintptr_t)(root & TABLE_POINTER_MASK);
}

static uint32_t root_size(uint64_t root)
{
    return table_root_size(root);
}

static struct header *root_header(uint64_t root)
{
    return (struct header *)(void *)root_buckets(root) - 1;
}

static uint64_t position_of(uint64_t hash, uint32_t buckets)
{
    unsigned shift = table_shift(buckets);
    return hash >> 32 >> shift << shift;
}

static uint32_t bucket_of(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)(position_of(hash, buckets) * buckets >> 32);
}

/* The smallest position that belongs to this bucket or a later one. */
static uint64_t bucket_start(uint32_t bucket, uint32_t buckets)
{
    uint64_t start = (((uint64_t)bucket << 32) + buckets - 1) / buckets;
    unsigned shift = table_shift(buckets);
    return (start + (UINT64_C(1) << shift) - 1) >> shift << shift;
}

static unsigned used_mask(const struct table_bucket *bucket)
{
    return bucket->state & STATE_CHAINED ? bucket->state & 0x3f : bucket->state & 0x7f;
}

static struct table_bucket *chain_of(const struct table_bucket *bucket)
{
    return bucket->state & STATE_CHAINED ? table_item(bucket->word[CHAIN_WORD]) : NULL;
}

/* The buckets are zeroed up to TABLE_ATOMIC_BUCKETS, else not initialised. */
static uint64_t root_new(unsigned size_class)
{
    assert(size_class > 0 && size_class < CLASS_COUNT);
    size_t buckets = table_class_buckets[size_class], bytes = (buckets + 1) * CACHE_LINE;
    char *raw = buckets <= TABLE_ATOMIC_BUCKETS ? alloc_zeroed(bytes) : alloc_get(bytes);
    uintptr_t first = ((uintptr_t)raw + sizeof(struct header) + CACHE_LINE - 1) &
                      ~(uintptr_t)(CACHE_LINE - 1);
    uint64_t root = (uint64_t)size_class << 48 | (uint64_t)first;
    assert((first & ~TABLE_POINTER_MASK) == 0);
    uintptr_t offset = first - (uintptr_t)raw;
    assert(offset % OFFSET_UNIT == 0);
    *root_header(root) = (struct header){.offset = (uint32_t)(offset / OFFSET_UNIT) & 7};
    return root;
}

/* Gives back memory of the buckets below `past`, which are no longer used. The first
 * piece stays, since the header lies there. */
static void root_give_back(uint64_t root, uint32_t past, uintptr_t *given)
{
    if (root_size(root) < GIVE_BACK_BUCKETS)
        return;
    uintptr_t first = (uintptr_t)root_buckets(root);
    if (*given == 0)
        *given = (first + GIVE_BACK_BYTES - 1) & ~(GIVE_BACK_BYTES - 1);
    uintptr_t end = (first + (uintptr_t)past * CACHE_LINE) & ~(GIVE_BACK_BYTES - 1);
    if (end <= *given)
        return;
    alloc_discard((char *)*given, end - *given);
    *given = end;
}

static void root_free(uint64_t root)
{
    alloc_free((char *)root_buckets(root) - root_header(root)->offset * OFFSET_UNIT);
}

static void bucket_put(struct table_bucket *bucket, unsigned index, uint64_t word, uint8_t print)
{
    bucket->word[index] = word;
    bucket->fingerprint[index] = print;
    bucket->state |= (uint8_t)(1u << index);
}

/* Adds a word to a bucket or its chain. */
static void bucket_add(struct header *header, struct table_bucket *bucket, uint64_t word,
                       uint8_t print)
{
    for (;;) {
        unsigned room = bucket->state & STATE_CHAINED ? 0x3f : 0x7f;
        unsigned vacant = ~bucket->state & room;
        if (vacant != 0) {
            bucket_put(bucket, (unsigned)__builtin_ctz(vacant), word, print);
            return;
        }
        struct table_bucket *next = chain_of(bucket);
        if (next == NULL) {
            next = alloc_aligned(sizeof *next, CACHE_LINE);
            memset(next, 0, sizeof *next);
            bucket_put(next, 0, bucket->word[CHAIN_WORD], bucket->fingerprint[CHAIN_WORD]);
            bucket->word[CHAIN_WORD] = (uint64_t)(uintptr_t)next;
            bucket->state = (uint8_t)((bucket->state & 0x3f) | STATE_CHAINED);
            header->chained++;
        }
        bucket = next;
    }
}

static uint64_t word_make(const void *item, uint64_t hash, uint32_t buckets)
{
    return (table_tag(buckets, hash) & ~TABLE_POINTER_MASK) | (uint64_t)(uintptr_t)item;
}

static uint64_t item_hash(const struct table_type *type, const void *item)
{
    assert(type->hash != NULL);
    return type->hash(item, type->ctx);
}

/* Whether moving items between tables of these sizes takes more of their hashes than bucket
 * and tag tell. */
static bool must_hash(uint32_t from, uint32_t to)
{
    return table_shift(to) < table_shift(from);
}

/* What bucket and tag tell of the hash of an item, the lower half being 0. */
static uint64_t word_hash(uint64_t word, uint32_t bucket, uint32_t buckets)
{
    unsigned shift = table_shift(buckets);
    uint64_t tag = word >> 48, start = bucket_start(bucket, buckets) >> shift;
    return (start + ((tag - start) & 0xffff)) << shift << 32;
}

/* Moves what an old bucket and its chain hold to new ones, freeing the chain. */
static void bucket_move(uint64_t from_root, uint32_t at, uint64_t to_root,
                        const struct table_type *type)
{
    uint32_t from_size = root_size(from_root), size = root_size(to_root);
    bool hashing = must_hash(from_size, size);
    struct table_bucket *bucket = &root_buckets(from_root)[at], *to = root_buckets(to_root);
    struct header *header = root_header(to_root);
    for (struct table_bucket *b = bucket; b != NULL;) {
        for (unsigned used = used_mask(b); used != 0; used &= used - 1) {
            unsigned i = (unsigned)__builtin_ctz(used);
            uint64_t word = b->word[i];
            uint64_t hash = hashing ? item_hash(type, table_item(word))
                                    : word_hash(word, at, from_size);
            bucket_add(header, &to[bucket_of(hash, size)], word_make(table_item(word), hash, size),
                       b->fingerprint[i]);
        }
        struct table_bucket *next = chain_of(b);
        if (b != bucket) {
            alloc_free(b);
            root_header(from_root)->chained--;
        }
        b = next;
    }
    bucket->state = 0;
}

static void resize_finish(struct table *table)
{
    struct header *header = root_header(table->root);
    root_free(header->resize->old_root);
    alloc_free(header->resize);
    header->resize = NULL;
    table->root &= ~TABLE_RESIZING;
}

/* Initialises the new buckets where that belongs which the old ones below `past` hold. */
static void resize_prepare(uint64_t root, struct resize *resize, uint32_t past)
{
    uint32_t size = root_size(root), ready = size, old_size = root_size(resize->old_root);
    if (past < old_size) {
        uint64_t last = bucket_start(past, old_size) - 1;
        ready = (uint32_t)(last * size >> 32) + 1;
    }
    if (ready <= resize->ready)
        return;
    memset(root_buckets(root) + resize->ready, 0,
           (size_t)(ready - resize->ready) * sizeof(struct table_bucket));
    resize->ready = ready;
}

/* Hashing an item reads it, which is a cache miss: those of a step shall overlap. */
static void prefetch_items(const struct table_bucket *buckets, uint32_t from, uint32_t past)
{
    for (uint32_t i = from; i < past; i++)
        for (unsigned used = used_mask(&buckets[i]); used != 0; used &= used - 1)
            bits_prefetch(table_item(buckets[i].word[__builtin_ctz(used)]));
}

bool table_step(struct table *table, const struct table_type *type, unsigned buckets)
{
    if (table->root == 0)
        return false;
    struct header *header = root_header(table->root);
    struct resize *resize = header->resize;
    if (resize == NULL)
        return false;
    uint32_t old_size = root_size(resize->old_root);
    uint32_t past = resize->next + (uint32_t)bits_min(buckets, old_size - resize->next);
    if (must_hash(old_size, root_size(table->root)))
        prefetch_items(root_buckets(resize->old_root), resize->next,
                       (uint32_t)bits_min(resize->next + STEP_BUCKETS, past));
    resize_prepare(table->root, resize, past);
    while (resize->next < past)
        bucket_move(resize->old_root, resize->next++, table->root, type);
    if (past < old_size) {
        root_give_back(resize->old_root, past, &resize->given);
        return true;
    }
    resize_finish(table);
    return false;
}

static void table_resize(struct table *table, const struct table_type *type, unsigned size_class)
{
    uint64_t old_root = table->root;
    uint32_t old_size = root_size(old_root);
    struct header *old_header = root_header(old_root);
    assert(old_header->resize == NULL);
    table->root = root_new(size_class) | TABLE_RESIZING;
    struct header *header = root_header(table->root);
    header->count = old_header->count;
    struct resize *resize = alloc_get(sizeof *resize);
    uint32_t size = root_size(table->root);
    *resize = (struct resize){.old_root = old_root,
                              .ready = size <= TABLE_ATOMIC_BUCKETS ? size : 0};
    header->resize = resize;
    uint32_t larger = old_size > size ? old_size : size;
    if (larger <= TABLE_ATOMIC_BUCKETS)
        table_step(table, type, old_size);
}

/* Starts a resize if the count calls for one. */
static void table_adjust(struct table *table, const struct table_type *type)
{
    struct header *header = root_header(table->root);
    if (header->resize != NULL)
        return;
    unsigned size_class = (unsigned)(table->root >> 48); /* no resize: no flag */
    uint64_t size = table_class_buckets[size_class];
    if ((uint64_t)header->count * 2 > size * ITEMS_TO_GROW_X2) {
        if (size_class + 1 < CLASS_COUNT)
            table_resize(table, type, size_class + 1);
    } else if (size_class > 1 && header->count < size * ITEMS_TO_SHRINK) {
        uint64_t wanted = header->count / 5 + 1;
        unsigned smaller = size_class;
        while (smaller > 1 && table_class_buckets[smaller - 1] >= wanted)
            smaller--;
        if (smaller < size_class)
            table_resize(table, type, smaller);
    }
}

size_t table_count(const struct table *table)
{
    return table->root == 0 ? 0 : root_header(table->root)->count;
}

static size_t root_bytes(uint64_t root)
{
    return ((size_t)root_size(root) + 1 + root_header(root)->chained) * CACHE_LINE;
}

size_t table_bytes(const struct table *table)
{
    if (table->root == 0)
        return 0;
    const struct resize *resize = root_header(table->root)->resize;
    size_t old = resize == NULL ? 0 : root_bytes(resize->old_root) + sizeof *resize;
    return root_bytes(table->root) + old;
}

bool table_resizing(const struct table *table)
{
    return table->root != 0 && root_header(table->root)->resize != NULL;
}

/* The bucket that holds items of this hash now. *root is that of a table, and becomes that
 * of the old buckets if it is one of these. */
static struct table_bucket *bucket_now(uint64_t *root, uint64_t hash)
{
    if (unlikely((*root & TABLE_RESIZING) != 0)) {
        const struct resize *resize = root_header(*root)->resize;
        if (bucket_of(hash, root_size(resize->old_root)) >= resize->next)
            *root = resize->old_root;
    }
    return root_buckets(*root) + bucket_of(hash, root_size(*root));
}

static struct table_place chain_find(struct table_bucket *bucket, const struct table_type *type,
                                     struct bytes key, uint64_t hash, uint64_t tag)
{
    for (; bucket != NULL; bucket = chain_of(bucket)) {
        for (unsigned match = table_bucket_match(bucket, hash); match != 0; match &= match - 1) {
            unsigned i = (unsigned)__builtin_ctz(match);
            uint64_t word = bucket->word[i];
            if (unlikely((word ^ tag) >> 48 != 0))
                continue;
            struct bytes found = type->key(table_item(word));
            if (likely(bytes_equal(found, key)))
                return (struct table_place){bucket, i};
        }
    }
    return (struct table_place){NULL, 0};
}

struct table_place table_find(const struct table *table, const struct table_type *type,
                              struct bytes key, uint64_t hash)
{
    if (table->root == 0)
        return (struct table_place){NULL, 0};
    uint64_t root = table->root;
    struct table_bucket *home = unlikely((root & TABLE_RESIZING) != 0) ? bucket_now(&root, hash)
                                                                       : table_home(table, hash);
    return chain_find(home, type, key, hash, table_tag(root_size(root), hash));
}

void table_add(struct table *table, const struct table_type *type, void *item, uint64_t hash)
{
    assert(((uint64_t)(uintptr_t)item & ~TABLE_POINTER_MASK) == 0);
    if (table->root == 0)
        table->root = root_new(1);
    else if (unlikely(root_header(table->root)->resize != NULL))
        table_step(table, type, STEP_BUCKETS);
    uint64_t root = table->root;
    struct table_bucket *bucket = bucket_now(&root, hash);
    bucket_add(root_header(root), bucket, word_make(item, hash, root_size(root)), (uint8_t)hash);
    struct header *header = root_header(table->root);
    assert(header->count < UINT32_MAX);
    header->count++;
    table_adjust(table, type);
}

/* Empties one word; a chain is kept compact: the hole is filled from its last
 * bucket, which is freed when it gets empty. */
static void bucket_take(struct header *header, struct table_bucket *home,
                        struct table_place place)
{
    struct table_bucket *last = home, *before = NULL;
    for (struct table_bucket *next; (next = chain_of(last)) != NULL; last = next)
        before = last;
    unsigned from = 31u - (unsigned)__builtin_clz(used_mask(last));
    if (before == NULL) { /* no chain: nothing to fill */
        place.bucket->state &= (uint8_t) ~(1u << place.index);
        return;
    }
    place.bucket->word[place.index] = last->word[from];
    place.bucket->fingerprint[place.index] = last->fingerprint[from];
    last->state &= (uint8_t) ~(1u << from);
    if (used_mask(last) == 0) {
        before->state &= 0x3f;
        alloc_free(last);
        header->chained--;
    }
}

void table_remove(struct table *table, const struct table_type *type, struct table_place place,
                  uint64_t hash)
{
    uint64_t root = table->root;
    struct table_bucket *home = bucket_now(&root, hash);
    bucket_take(root_header(root), home, place);
    struct header *header = root_header(table->root);
    assert(header->count > 0);
    if (--header->count == 0) {
        table_clear(table, NULL, NULL);
        return;
    }
    if (unlikely(header->resize != NULL))
        table_step(table, type, STEP_BUCKETS);
    table_adjust(table, type);
}

static void chain_visit(const struct table_bucket *bucket, void (*visit)(void *, void *), void *ctx)
{
    for (; bucket != NULL; bucket = chain_of(bucket))
        for (unsigned used = used_mask(bucket); used != 0; used &= used - 1)
            visit(ctx, table_item(bucket->word[__builtin_ctz(used)]));
}

/* The bucket that holds the items at a position, and the position after it. */
static struct table_bucket *bucket_at(const struct table *table, uint64_t position, uint64_t *next)
{
    uint64_t root = table->root, limit = UINT64_C(1) << 32, hash = position << 32;
    const struct resize *resize = root_header(root)->resize;
    if (resize != NULL) {
        uint32_t old_size = root_size(resize->old_root);
        if (bucket_of(hash, old_size) >= resize->next)
            root = resize->old_root;
        else
            limit = bucket_start(resize->next, old_size);
    }
    uint32_t size = root_size(root), bucket = bucket_of(hash, size);
    *next = bucket_start(bucket + 1, size);
    if (*next > limit)
        *next = limit;
    if (*next >> 32 != 0)
        *next = 0;
    return &root_buckets(root)[bucket];
}

uint64_t table_scan(const struct table *table, uint64_t cursor,
                    void (*visit)(void *ctx, void *item), void *ctx)
{
    if (table->root == 0 || cursor >> 32 != 0)
        return 0;
    uint64_t next;
    chain_visit(bucket_at(table, cursor, &next), visit, ctx);
    return next;
}

static void *chain_pick(const struct table_bucket *bucket, unsigned pick)
{
    for (;; bucket = chain_of(bucket)) {
        unsigned used = used_mask(bucket), here = (unsigned)__builtin_popcount(used);
        if (pick >= here) {
            pick -= here;
            continue;
        }
        while (pick-- > 0)
            used &= used - 1;
        return table_item(bucket->word[__builtin_ctz(used)]);
    }
}

void *table_random(const struct table *table, uint64_t random)
{
    if (table->root == 0)
        return NULL;
    /* From a random position on, the first bucket with an item. Long empty runs
     * do not occur: a table shrinks below two items a bucket. */
    for (uint64_t cursor = random >> 32;;) {
        const struct table_bucket *bucket = bucket_at(table, cursor, &cursor);
        unsigned items = 0;
        for (const struct table_bucket *b = bucket; b != NULL; b = chain_of(b))
            items += (unsigned)__builtin_popcount(used_mask(b));
        if (items > 0)
            return chain_pick(bucket, (unsigned)(random & 0xffffffff) % items);
    }
}

/* Buckets of the table proper that are initialised. */
static uint32_t table_ready(const struct table *table)
{
    const struct resize *resize = root_header(table->root)->resize;
    return resize == NULL ? root_size(table->root) : resize->ready;
}

static void root_clear(uint64_t root, uint32_t from, uint32_t past,
                       void (*visit)(void *, void *), void *ctx)
{
    struct table_bucket *buckets = root_buckets(root);
    for (uint32_t i = from; i < past; i++) {
        if (visit != NULL)
            chain_visit(&buckets[i], visit, ctx);
        for (struct table_bucket *b = chain_of(&buckets[i]), *next; b != NULL; b = next) {
            next = chain_of(b);
            alloc_free(b);
        }
    }
    root_free(root);
}

void table_clear(struct table *table, void (*visit)(void *ctx, void *item), void *ctx)
{
    if (table->root == 0)
        return;
    struct resize *resize = root_header(table->root)->resize;
    uint32_t ready = table_ready(table);
    if (resize != NULL) {
        root_clear(resize->old_root, resize->next, root_size(resize->old_root), visit, ctx);
        alloc_free(resize);
    }
    root_clear(table->root, 0, ready, visit, ctx);
    table->root = 0;
}

/* Frees the items of one set of buckets, those below `past`, within the budget. */
static bool root_drain(uint64_t root, uint32_t past, struct resize *progress,
                       void (*visit)(void *, void *), void *ctx, size_t *budget)
{
    struct table_bucket *buckets = root_buckets(root);
    for (; progress->next < past && *budget > 0; progress->next++) {
        struct table_bucket *bucket = &buckets[progress->next];
        if (visit != NULL)
            chain_visit(bucket, visit, ctx);
        for (struct table_bucket *b = chain_of(bucket), *after; b != NULL; b = after) {
            after = chain_of(b);
            alloc_free(b);
        }
        bucket->state = 0;
        *budget -= *budget < TABLE_BUCKET_ITEMS ? *budget : TABLE_BUCKET_ITEMS;
    }
    root_give_back(root, progress->next, &progress->given);
    return progress->next < past;
}

bool table_drain(struct table *table, void (*visit)(void *ctx, void *item), void *ctx,
                 size_t budget)
{
    if (table->root == 0)
        return false;
    /* The resize state keeps the progress; without old buckets it counts the
     * drained ones of the table proper. */
    struct header *header = root_header(table->root);
    if (header->resize == NULL) {
        header->resize = alloc_get(sizeof *header->resize);
        *header->resize = (struct resize){.ready = root_size(table->root)};
    }
    struct resize *resize = header->resize;
    if (resize->old_root != 0) {
        uint32_t old_size = root_size(resize->old_root);
        if (root_drain(resize->old_root, old_size, resize, visit, ctx, &budget))
            return true;
        root_free(resize->old_root);
        *resize = (struct resize){.ready = resize->ready};
    }
    if (root_drain(table->root, resize->ready, resize, visit, ctx, &budget))
        return true;
    alloc_free(resize);
    root_free(table->root);
    table->root = 0;
    return false;
}

/* The items of the buckets that are in use; the others have neither items nor chains. */
static size_t root_validate(uint64_t root, uint32_t from, uint32_t to,
                            const struct table_type *type)
{
    uint32_t size = root_size(root);
    size_t items = 0, chained = 0;
    for (uint32_t i = from; i < to; i++) {
        const struct table_bucket *first = &root_buckets(root)[i];
        for (const struct table_bucket *b = first; b != NULL; b = chain_of(b)) {
            chained += b != first;
            for (unsigned used = used_mask(b); used != 0; used &= used - 1, items++) {
                unsigned at = (unsigned)__builtin_ctz(used);
                if (type->hash == NULL)
                    continue;
                uint64_t hash = item_hash(type, table_item(b->word[at]));
                assert(bucket_of(hash, size) == i);
                assert(b->word[at] >> 48 == table_tag(size, hash) >> 48);
                assert(b->fingerprint[at] == (uint8_t)hash);
            }
        }
    }
    assert(chained == root_header(root)->chained);
    return items;
}

void table_validate(const struct table *table, const struct table_type *type)
{
    if (table->root == 0)
        return;
    const struct header *header = root_header(table->root);
    const struct resize *resize = header->resize;
    assert((resize != NULL) == ((table->root & TABLE_RESIZING) != 0));
    size_t items = root_validate(table->root, 0, table_ready(table), type);
    if (resize != NULL) {
        uint32_t old_size = root_size(resize->old_root);
        assert(resize->next < old_size);
        items += root_validate(resize->old_root, resize->next, old_size, type);
    }
    assert(items == header->count);
    assert(items > 0);
}
