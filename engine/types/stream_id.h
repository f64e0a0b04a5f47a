/*
 * Stream id: what names an entry of a stream: milliseconds and a sequence number within
 * them, together a number of 128 bits that only grows.
 */
#ifndef SHOAL_ENGINE_TYPES_STREAM_ID_H
#define SHOAL_ENGINE_TYPES_STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"

#define STREAM_ID_TEXT (2 * NUMBER_I64_MAX) /* bytes of an id as text, with its NUL */

struct stream_id {
    uint64_t ms, seq;
};

/* The lowest and the highest id there can be; no entry has the lowest. */
static const struct stream_id stream_id_zero = {0, 0};
static const struct stream_id stream_id_max = {UINT64_MAX, UINT64_MAX};

/* Negative, 0 or positive, as a is before, equal to or behind b. */
static inline int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return (a.seq > b.seq) - (a.seq < b.seq);
}

static inline bool stream_id_is_zero(struct stream_id id)
{
    return (id.ms | id.seq) == 0;
}

/* To the id behind this one; false at the highest, which stays. */
static inline bool stream_id_increment(struct stream_id *id)
{
    if (id->seq == UINT64_MAX && id->ms == UINT64_MAX)
        return false;
    id->seq++;
    id->ms += id->seq == 0;
    return true;
}

/* To the id before this one; false at the lowest, which stays. */
static inline bool stream_id_decrement(struct stream_id *id)
{
    if (stream_id_is_zero(*id))
        return false;
    id->ms -= id->seq == 0;
    id->seq--;
    return true;
}

/* Writes "ms-seq" with a NUL; the length without it. */
static inline size_t stream_id_format(char out[static STREAM_ID_TEXT], struct stream_id id)
{
    size_t len = number_format_u64(out, id.ms);
    out[len++] = '-';
    return len + number_format_u64(out + len, id.seq);
}

#endif
