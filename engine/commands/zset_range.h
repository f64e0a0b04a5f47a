/*
 * Zset range: ranges of ranks, scores and members as commands give them.
 */
#ifndef SHOAL_ENGINE_COMMANDS_ZSET_RANGE_H
#define SHOAL_ENGINE_COMMANDS_ZSET_RANGE_H

#include "engine/commands/op.h"
#include "engine/types/zset.h"

enum zset_range_by { ZSET_RANGE_BY_RANK, ZSET_RANGE_BY_SCORE, ZSET_RANGE_BY_LEX };

struct zset_range {
    enum zset_range_by by;
    int64_t start, stop; /* by rank; negative: from the end, -1 being the last */
    struct zset_score_range scores;
    struct zset_lex_range names; /* the bounds' texts are argv's */
};

/* Reads a range whose bounds are argv[min] and argv[max]. False: an error was replied. */
bool zset_range_parse(struct op *op, enum zset_range_by by, int min, int max,
                      struct zset_range *range);

/* The ranks [*first, *past) of the range's members, *first <= *past <= count. With
 * `reverse` a range by rank counts from the highest score. */
void zset_range_ranks(const struct zset_range *range, const struct zset_ref *zs, bool reverse,
                      size_t *first, size_t *past);

/* LIMIT offset count on a range that is walked from its first or (reverse) last member; a
 * negative offset leaves none, a negative count all that follow. */
void zset_range_limit(bool reverse, int64_t offset, int64_t count, size_t *first, size_t *past);

#endif
