/* Sorted set: see zset.h. */
#include "engine/types/zset.h"

#include <assert.h>

#include "engine/types/zset_large.h"
#include "engine/types/zset_small.h"

/* The listpack of a small set; NULL: there is no such key. */
static const unsigned char *listpack_of(const struct zset_ref *zs)
{
    return zs->editing ? zs->room.room.bytes : zs->small;
}

void zset_read(struct zset_ref *zs, const struct entry *e)
{
    assert(e == NULL || e->type == TYPE_ZSET);
    zs->large = NULL;
    zs->small = NULL;
    zs->editing = false;
    zs->ks = NULL;
    if (e == NULL)
        return;
    if (entry_is_small(e))
        zs->small = (const unsigned char *)entry_small(e).data;
    else
        zs->large = entry_object(e);
}

void zset_open(struct zset_ref *zs, struct keyspace *ks, struct db *db, const struct key *key,
               struct found *found, uint64_t max_entries, uint64_t max_value)
{
    zset_read(zs, found->entry);
    zs->max_entries = max_entries;
    zs->max_value = max_value;
    zs->ks = ks;
    zs->db = db;
    zs->key = key;
    zs->found = found;
    if (zs->large == NULL) {
        entry_room_open(&zs->room, ks, db, key, found, TYPE_ZSET, 0, listpack_empty());
        zs->editing = true;
    }
}

bool zset_close(struct zset_ref *zs)
{
    assert(zs->ks != NULL);
    bool there = zset_count(zs) > 0;
    if (zs->editing && zs->found->entry == NULL && !there)
        return false;
    if (zs->editing)
        entry_room_close(&zs->room);
    zs->editing = false;
    if (!there)
        keyspace_remove(zs->ks, zs->db, zs->key, zs->found);
    return there;
}

size_t zset_count(const struct zset_ref *zs)
{
    if (zs->large != NULL)
        return zs->large->tree.count;
    const unsigned char *lp = listpack_of(zs);
    return lp == NULL ? 0 : zset_small_count(lp);
}

bool zset_find(const struct zset_ref *zs, struct bytes member, struct zset_spot *spot)
{
    spot->member = member;
    spot->there = false;
    spot->element = NULL;
    spot->at = LISTPACK_NONE;
    if (zs->large != NULL) {
        spot->hash = zset_large_hash(zs->large, member);
        spot->element = zset_large_find(zs->large, member, spot->hash);
        spot->there = spot->element != NULL;
        if (spot->there)
            spot->score = spot->element->score;
        return spot->there;
    }
    const unsigned char *lp = listpack_of(zs);
    if (lp != NULL && listpack_first(lp) != LISTPACK_NONE)
        spot->at = zset_small_find(lp, member);
    spot->there = spot->at != LISTPACK_NONE;
    if (spot->there)
        spot->score = zset_small_score(lp, spot->at);
    return spot->there;
}

bool zset_score(const struct zset_ref *zs, struct bytes member, double *score)
{
    struct zset_spot spot;
    if (!zset_find(zs, member, &spot))
        return false;
    *score = spot.score;
    return true;
}

/* The large form takes the place of the small one. */
static void enlarge(struct zset_ref *zs)
{
    struct zset *large = zset_large_new(zs->ks->seed);
    const unsigned char *lp = zs->room.room.bytes;
    for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE; at = zset_small_next(lp, at)) {
        char scratch[NUMBER_I64_MAX];
        struct bytes member = listpack_text(lp, at, scratch);
        uint64_t hash = zset_large_hash(large, member);
        btree_append(&large->tree,
                     zset_large_enter(large, member, hash, zset_small_score(lp, at)));
    }
    const struct entry *e = zs->found->entry;
    if (e != NULL)
        entry_room_close(&zs->room);
    zs->editing = false;
    zs->large = large;
    e = zs->found->entry;
    struct value value = {.type = TYPE_ZSET,
                          .encoding = ENCODING_OBJECT,
                          .word = (uint64_t)(uintptr_t)large};
    keyspace_put(zs->ks, zs->db, zs->key, zs->found, value,
                 e == NULL ? ENTRY_NO_EXPIRY : entry_expiry(e));
}

/* Whether the small form may take one more member. */
static bool has_room(const struct zset_ref *zs, struct bytes member)
{
    const unsigned char *lp = listpack_of(zs);
    return zset_small_count(lp) < zs->max_entries && member.len <= zs->max_value &&
           listpack_bytes(lp) + member.len < LISTPACK_MAX;
}

enum zset_change zset_put(struct zset_ref *zs, const struct zset_spot *spot, double score)
{
    assert(zs->ks != NULL && score == score);
    if (spot->there) {
        if (spot->score == score)
            return ZSET_SAME;
        if (zs->large != NULL)
            btree_move(&zs->large->tree, spot->element, score);
        else
            zset_small_move(&zs->room.room, spot->at, spot->member, score);
        return ZSET_UPDATED;
    }
    uint64_t hash = spot->hash;
    if (zs->large == NULL) {
        if (has_room(zs, spot->member)) {
            zset_small_add(&zs->room.room, spot->member, score);
            return ZSET_ADDED;
        }
        enlarge(zs);
        hash = zset_large_hash(zs->large, spot->member);
    }
    btree_add(&zs->large->tree, zset_large_enter(zs->large, spot->member, hash, score));
    return ZSET_ADDED;
}

void zset_remove(struct zset_ref *zs, const struct zset_spot *spot)
{
    assert(zs->ks != NULL && spot->there);
    if (zs->large != NULL) {
        size_t rank = btree_rank(&zs->large->tree, spot->element);
        zset_large_remove(zs->large, rank, rank + 1);
    } else {
        listpack_remove(&zs->room.room, spot->at, 2);
    }
}

size_t zset_rank(const struct zset_ref *zs, const struct zset_spot *spot)
{
    assert(spot->there);
    if (zs->large != NULL)
        return btree_rank(&zs->large->tree, spot->element);
    return zset_small_rank(listpack_of(zs), spot->at);
}

void zset_remove_ranks(struct zset_ref *zs, size_t first, size_t past)
{
    assert(zs->ks != NULL && past <= zset_count(zs));
    if (zs->large != NULL)
        zset_large_remove(zs->large, first, past);
    else
        zset_small_remove(&zs->room.room, first, past);
}

/* Members before the probe. */
static size_t seek(const struct zset_ref *zs, const struct btree_probe *probe)
{
    if (zs->large != NULL)
        return btree_seek(&zs->large->tree, probe);
    const unsigned char *lp = listpack_of(zs);
    return lp == NULL ? 0 : zset_small_seek(lp, probe, NULL);
}

void zset_score_ranks(const struct zset_ref *zs, struct zset_score_range range, size_t *first,
                      size_t *past)
{
    struct btree_probe min = {.kind = BTREE_SCORE, .past = range.min_open, .score = range.min};
    struct btree_probe max = {.kind = BTREE_SCORE, .past = !range.max_open, .score = range.max};
    *first = seek(zs, &min);
    *past = seek(zs, &max);
    if (*past < *first)
        *past = *first;
}

/* Members before a bound; equal: whether that includes the text itself. */
static size_t seek_lex(const struct zset_ref *zs, const struct zset_lex_bound *bound, bool equal)
{
    if (bound->kind == ZSET_LEX_FIRST)
        return 0;
    if (bound->kind == ZSET_LEX_LAST)
        return zset_count(zs);
    struct btree_probe probe = {.kind = BTREE_MEMBER, .past = equal, .member = bound->text};
    return seek(zs, &probe);
}

void zset_lex_ranks(const struct zset_ref *zs, struct zset_lex_range range, size_t *first,
                    size_t *past)
{
    *first = seek_lex(zs, &range.min, range.min.kind == ZSET_LEX_OPEN);
    *past = seek_lex(zs, &range.max, range.max.kind == ZSET_LEX_CLOSED);
    if (*past < *first)
        *past = *first;
}

struct zset_cursor zset_at(const struct zset_ref *zs, size_t rank)
{
    struct zset_cursor c = {NULL, 0, NULL};
    if (zs->large != NULL) {
        struct btree_place place = btree_at(&zs->large->tree, rank);
        c.leaf = place.leaf;
        c.at = place.index;
        return c;
    }
    c.small = listpack_of(zs);
    c.at = LISTPACK_NONE;
    if (rank < zset_count(zs))
        c.at = listpack_at(c.small, (int64_t)rank * 2);
    return c;
}

bool zset_valid(const struct zset_cursor *c)
{
    return c->small != NULL ? c->at != LISTPACK_NONE : c->leaf != NULL;
}

void zset_next(struct zset_cursor *c)
{
    assert(zset_valid(c));
    if (c->small != NULL) {
        c->at = zset_small_next(c->small, c->at);
        return;
    }
    struct btree_place place = {c->leaf, c->at};
    btree_next(&place);
    c->leaf = place.leaf;
    c->at = place.index;
}

void zset_prev(struct zset_cursor *c)
{
    assert(zset_valid(c));
    if (c->small != NULL) {
        c->at = zset_small_prev(c->small, c->at);
        return;
    }
    struct btree_place place = {c->leaf, c->at};
    btree_prev(&place);
    c->leaf = place.leaf;
    c->at = place.index;
}

void zset_get(const struct zset_cursor *c, struct bytes *member, double *score, char *scratch)
{
    assert(zset_valid(c));
    if (c->small != NULL) {
        if (member != NULL)
            *member = listpack_text(c->small, c->at, scratch);
        if (score != NULL)
            *score = zset_small_score(c->small, c->at);
        return;
    }
    const struct zset_element *e = btree_get((struct btree_place){c->leaf, c->at});
    if (member != NULL)
        *member = zset_element_member(e);
    if (score != NULL)
        *score = e->score;
}

struct scan {
    void (*visit)(void *ctx, struct bytes member, double score);
    void *ctx;
};

static void scan_item(void *ctx, void *item)
{
    const struct scan *scan = ctx;
    const struct zset_element *e = item;
    scan->visit(scan->ctx, zset_element_member(e), e->score);
}

uint64_t zset_scan(const struct zset_ref *zs, uint64_t cursor,
                   void (*visit)(void *ctx, struct bytes member, double score), void *ctx)
{
    if (zs->large != NULL) {
        struct scan scan = {visit, ctx};
        return table_scan(&zs->large->table, cursor, scan_item, &scan);
    }
    struct zset_cursor c = zset_at(zs, 0);
    for (; zset_valid(&c); zset_next(&c)) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        visit(ctx, member, score);
    }
    return 0;
}

void zset_validate(const struct entry *e, uint64_t seed)
{
    assert(e->type == TYPE_ZSET);
    if (entry_is_small(e)) {
        zset_small_validate(entry_small(e));
        return;
    }
    const struct zset *set = entry_object(e);
    assert(set->seed == seed);
    (void)seed;
    zset_large_validate(set);
}
