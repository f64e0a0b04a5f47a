/* Small sorted set: see zset_small.h. */
#include "engine/types/zset_small.h"

#include <assert.h>
#include <math.h>

#define INTEGRAL_MAX 4611686018427387904.0 /* 2^62: up to here whole scores are integers */

uint32_t zset_small_next(const void *lp, uint32_t at)
{
    return listpack_next(lp, listpack_next(lp, at));
}

uint32_t zset_small_prev(const void *lp, uint32_t at)
{
    uint32_t score = listpack_prev(lp, at);
    return score == LISTPACK_NONE ? LISTPACK_NONE : listpack_prev(lp, score);
}

double zset_small_score(const void *lp, uint32_t at)
{
    struct listpack_value value = listpack_get(lp, listpack_next(lp, at));
    if (value.is_int)
        return (double)value.integer;
    double score = 0;
    bool is_number = number_parse_double(value.text, &score);
    assert(is_number);
    (void)is_number;
    return score;
}

/* The text of a score: of an integer if it is one; -0 becomes 0, as in Redis. */
static struct bytes score_text(char text[static NUMBER_DOUBLE_MAX], double score)
{
    bool integral = fabs(score) <= INTEGRAL_MAX && score == (double)(int64_t)score;
    size_t len = integral ? number_format_i64(text, (int64_t)score)
                          : number_format_double_shortest(text, NUMBER_DOUBLE_MAX, score);
    return (struct bytes){text, len};
}

size_t zset_small_seek(const void *lp, const struct btree_probe *probe, uint32_t *at)
{
    char scratch[NUMBER_I64_MAX];
    size_t rank = 0;
    uint32_t i = listpack_first(lp);
    for (; i != LISTPACK_NONE; i = zset_small_next(lp, i), rank++) {
        double score = probe->kind == BTREE_MEMBER ? 0 : zset_small_score(lp, i);
        bool before;
        if (probe->kind != BTREE_MEMBER && score != probe->score)
            before = score < probe->score;
        else
            before = btree_is_before(score, listpack_text(lp, i, scratch), probe);
        if (!before)
            break;
    }
    if (at != NULL)
        *at = i;
    return rank;
}

size_t zset_small_rank(const void *lp, uint32_t at)
{
    size_t rank = 0;
    for (uint32_t i = listpack_first(lp); i != at; i = zset_small_next(lp, i)) {
        assert(i != LISTPACK_NONE);
        rank++;
    }
    return rank;
}

static void insert(struct room *room, uint32_t before, struct bytes member, double score)
{
    char text[NUMBER_DOUBLE_MAX];
    uint32_t at = listpack_insert(room, before, member);
    listpack_insert(room, listpack_next(room->bytes, at), score_text(text, score));
}

void zset_small_add(struct room *room, struct bytes member, double score)
{
    struct btree_probe probe = {BTREE_ELEMENT, false, score, member};
    uint32_t before;
    zset_small_seek(room->bytes, &probe, &before);
    insert(room, before, member, score);
}

void zset_small_append(struct room *room, struct bytes member, double score)
{
    insert(room, LISTPACK_NONE, member, score);
}

/* Whether the member at a position is in its place with this score too. */
static bool stays(const void *lp, uint32_t at, double score)
{
    uint32_t prev = zset_small_prev(lp, at), next = zset_small_next(lp, at);
    return (prev == LISTPACK_NONE || zset_small_score(lp, prev) < score) &&
           (next == LISTPACK_NONE || score < zset_small_score(lp, next));
}

void zset_small_move(struct room *room, uint32_t at, struct bytes member, double score)
{
    if (stays(room->bytes, at, score)) {
        char text[NUMBER_DOUBLE_MAX];
        listpack_replace(room, listpack_next(room->bytes, at), score_text(text, score));
        return;
    }
    listpack_remove(room, at, 2);
    zset_small_add(room, member, score);
}

void zset_small_remove(struct room *room, size_t first, size_t past)
{
    assert(first <= past && past <= zset_small_count(room->bytes));
    if (first < past)
        listpack_remove(room, listpack_at(room->bytes, (int64_t)first * 2), (past - first) * 2);
}

void zset_small_validate(struct bytes small)
{
    size_t count;
    bool valid = listpack_valid(small, &count);
    assert(valid && count % 2 == 0);
    const void *lp = small.data;
    for (uint32_t at = listpack_first(lp); at != LISTPACK_NONE; at = zset_small_next(lp, at)) {
        uint32_t next = zset_small_next(lp, at);
        if (next == LISTPACK_NONE)
            break;
        char scratch[NUMBER_I64_MAX], scratch_next[NUMBER_I64_MAX];
        struct btree_probe probe = {BTREE_ELEMENT, false, zset_small_score(lp, next),
                                    listpack_text(lp, next, scratch_next)};
        double score = zset_small_score(lp, at);
        assert(btree_is_before(score, listpack_text(lp, at, scratch), &probe));
    }
}
