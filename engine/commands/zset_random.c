/*
 * Zset random: ZRANDMEMBER.
 *
 * Members are chosen by their ranks, each as likely as another. Several different ones
 * are chosen in one pass where they are a third of the set or more, and by drawing ranks
 * until enough new ones came up where they are fewer.
 */
#include "base/alloc.h"
#include "engine/commands/zset_key.h"
#include "engine/commands/zset_reply.h"
#include "op_handlers.gen.h"

static void reply_rank(struct op *op, const struct zset_ref *zs, size_t rank, bool scores)
{
    struct zset_cursor c = zset_at(zs, rank);
    char scratch[ZSET_SCRATCH];
    struct bytes member;
    double score;
    zset_get(&c, &member, &score, scratch);
    zset_reply_member(op->reply, member, score, scores);
}

/*
 * Chooses `want` of the set's members in one pass.
 * Source: Knuth, The Art of Computer Programming, vol. 2, 3.4.2, algorithm S.
 */
static void choose_in_a_pass(struct op *op, const struct zset_ref *zs, size_t want, bool scores)
{
    size_t left = zset_count(zs);
    struct zset_cursor c = zset_at(zs, 0);
    for (; want > 0; left--, zset_next(&c)) {
        if (rng_below(&op->ks->rng, left) >= want)
            continue;
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        zset_reply_member(op->reply, member, score, scores);
        want--;
    }
}

/* Chooses `want` members, less than half of the set, by drawing ranks; those that came up
 * are remembered, plus one, in a table with open addressing. */
static void choose_by_drawing(struct op *op, const struct zset_ref *zs, size_t want, bool scores)
{
    size_t count = zset_count(zs), slots = 4;
    while (slots < want * 2)
        slots *= 2;
    size_t *drawn = alloc_zeroed(slots * sizeof *drawn);
    while (want > 0) {
        size_t rank = rng_below(&op->ks->rng, count);
        size_t at = (rank * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (slots - 1);
        while (drawn[at] != 0 && drawn[at] != rank + 1)
            at = (at + 1) & (slots - 1);
        if (drawn[at] != 0)
            continue;
        drawn[at] = rank + 1;
        reply_rank(op, zs, rank, scores);
        want--;
    }
    alloc_free(drawn);
}

/* Replies `count` different members, as many as there are at most; with a negative
 * count so many members, each chosen from all. */
static void reply_chosen(struct op *op, const struct zset_ref *zs, int64_t count, bool scores)
{
    size_t n = zset_count(zs);
    if (n == 0 || count == 0) {
        reply_array(op->reply, 0);
    } else if (count < 0) {
        zset_reply_members(op->reply, (size_t)-count, scores);
        for (; count < 0; count++)
            reply_rank(op, zs, rng_below(&op->ks->rng, n), scores);
    } else if ((uint64_t)count >= n) {
        zset_reply_ranks(op->reply, zs, 0, n, false, scores);
    } else {
        size_t want = (size_t)count;
        zset_reply_members(op->reply, want, scores);
        if (want >= n / 3)
            choose_in_a_pass(op, zs, want, scores);
        else
            choose_by_drawing(op, zs, want, scores);
    }
}

/* Reads the count and WITHSCORES. False: an error was replied. */
static bool parse_count(struct op *op, int64_t *count, bool *scores)
{
    if (!op_int(op, 2, count))
        return false;
    if (*count == INT64_MIN) {
        reply_error_range(op->reply, -INT64_MAX, INT64_MAX);
        return false;
    }
    *scores = op->argc > 3;
    if (*scores && (op->argc > 4 || !op_arg_is(op, 3, "withscores"))) {
        op_error_syntax(op);
        return false;
    }
    if (*scores && (*count < -(INT64_MAX / 2) || *count > INT64_MAX / 2)) {
        reply_error(op->reply, "ERR value is out of range");
        return false;
    }
    return true;
}

void op_zrandmember(struct op *op)
{
    int64_t count = 0;
    bool scores = false;
    struct zset_ref zs;
    if (op->argc > 2 && !parse_count(op, &count, &scores))
        return;
    if (!zset_key_read(op, &op->key, &zs, NULL))
        return;
    if (op->argc > 2)
        reply_chosen(op, &zs, count, scores);
    else if (zset_count(&zs) > 0)
        reply_rank(op, &zs, rng_below(&op->ks->rng, zset_count(&zs)), false);
    else
        reply_nil(op->reply);
}
