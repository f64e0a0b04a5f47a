/*
 * Zset range: see zset_range.h.
 *
 * The bounds of scores are read by strtod() alone, as Redis reads them: space in front,
 * the empty text (0) and numbers beyond the range of a double (infinite) are fine.
 */
#include "engine/commands/zset_range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BOUND_ON_STACK 128 /* bytes; longer texts that are numbers are rare */

static bool parse_number(struct bytes text, double *number)
{
    char on_stack[BOUND_ON_STACK];
    char *copy = text.len < sizeof on_stack ? on_stack : alloc_get(text.len + 1);
    char *end;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *number = strtod(copy, &end);
    bool good = *end == '\0' && !isnan(*number);
    if (copy != on_stack)
        alloc_free(copy);
    return good;
}

static bool parse_score(struct bytes text, double *score, bool *open)
{
    *open = text.len > 0 && text.data[0] == '(';
    if (*open)
        text = bytes_make(text.data + 1, text.len - 1);
    return parse_number(text, score);
}

static bool parse_name(struct bytes text, struct zset_lex_bound *bound)
{
    if (text.len == 0)
        return false;
    bool alone = text.len == 1 || text.data[1] == '\0';
    bound->text = bytes_make(text.data + 1, text.len - 1);
    switch (text.data[0]) {
    case '-': bound->kind = ZSET_LEX_FIRST; return alone;
    case '+': bound->kind = ZSET_LEX_LAST; return alone;
    case '[': bound->kind = ZSET_LEX_CLOSED; return true;
    case '(': bound->kind = ZSET_LEX_OPEN; return true;
    default: return false;
    }
}

bool zset_range_parse(struct op *op, enum zset_range_by by, int min, int max,
                      struct zset_range *range)
{
    const struct bytes *argv = op->argv;
    *range = (struct zset_range){.by = by};
    if (by == ZSET_RANGE_BY_RANK)
        return op_int(op, min, &range->start) && op_int(op, max, &range->stop);
    if (by == ZSET_RANGE_BY_SCORE) {
        struct zset_score_range *scores = &range->scores;
        if (parse_score(argv[min], &scores->min, &scores->min_open) &&
            parse_score(argv[max], &scores->max, &scores->max_open))
            return true;
        reply_error(op->reply, "ERR min or max is not a float");
        return false;
    }
    if (parse_name(argv[min], &range->names.min) && parse_name(argv[max], &range->names.max))
        return true;
    reply_error(op->reply, "ERR min or max not valid string range item");
    return false;
}

static void index_ranks(int64_t start, int64_t stop, size_t count, size_t *first, size_t *past)
{
    int64_t n = (int64_t)count;
    if (start < 0)
        start = start < -n ? 0 : start + n;
    if (stop < 0)
        stop = stop < -n ? -1 : stop + n;
    if (stop >= n)
        stop = n - 1;
    bool none = start > stop;
    *first = none ? 0 : (size_t)start;
    *past = none ? 0 : (size_t)stop + 1;
}

void zset_range_ranks(const struct zset_range *range, const struct zset_ref *zs, bool reverse,
                      size_t *first, size_t *past)
{
    size_t count = zset_count(zs);
    if (range->by == ZSET_RANGE_BY_SCORE) {
        zset_score_ranks(zs, range->scores, first, past);
    } else if (range->by == ZSET_RANGE_BY_LEX) {
        zset_lex_ranks(zs, range->names, first, past);
    } else {
        index_ranks(range->start, range->stop, count, first, past);
        if (reverse) {
            size_t last = count - *first;
            *first = count - *past;
            *past = last;
        }
    }
}

void zset_range_limit(bool reverse, int64_t offset, int64_t count, size_t *first, size_t *past)
{
    size_t n = *past - *first;
    size_t skip = offset < 0 || (uint64_t)offset > n ? n : (size_t)offset;
    size_t take = n - skip;
    if (count >= 0 && (uint64_t)count < take)
        take = (size_t)count;
    if (reverse) {
        *past -= skip;
        *first = *past - take;
    } else {
        *first += skip;
        *past = *first + take;
    }
}
