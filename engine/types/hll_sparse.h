/*
 * HLL, sparse: registers as runs, for HyperLogLogs (hll.h) that have seen little.
 *
 *   00nnnnnn            n + 1 registers (1 to 64) that are 0
 *   01nnnnnn nnnnnnnn   n + 1 registers (1 to 16384) that are 0, high bits first
 *   1vvvvvnn            n + 1 registers (1 to 4) that are v + 1 (1 to 32)
 *
 * Setting a register is done in two steps: hll_sparse_look() finds what would have to be
 * edited, which the caller may decline if the value would get too long, hll_sparse_apply()
 * does it in memory that the caller has made room in. Which runs come of it is as Redis does
 * it, byte for byte, so that a value is the same wherever it was made: the run is split, then
 * runs with values are joined from the run before on, over five runs.
 *
 * Any bytes that hll_recognized() takes may be given. Runs that end early are told as damage.
 */
#ifndef SHOAL_ENGINE_TYPES_HLL_SPARSE_H
#define SHOAL_ENGINE_TYPES_HLL_SPARSE_H

#include "engine/types/hll.h"

#define HLL_SPARSE_VALUE_MAX 32 /* a register with more needs the dense form */
#define HLL_SPARSE_GROWTH_MAX 3 /* bytes that an edit adds at most */
#define HLL_SPARSE_BYTES_MAX (HLL_HEADER_BYTES + 2 * HLL_REGISTERS) /* of what is undamaged */

struct hll_run {
    uint32_t length; /* registers */
    uint8_t value;   /* of each */
    uint8_t bytes;   /* it is written in */
};

/* The run at an offset below value.len; false: its second byte is missing, and was taken to
 * be 0. */
static inline bool hll_sparse_run(struct bytes value, size_t at, struct hll_run *run)
{
    unsigned first = (unsigned char)value.data[at];
    if (first & 0x80) {
        *run = (struct hll_run){
            .length = (first & 3) + 1, .value = (uint8_t)((first >> 2 & 31) + 1), .bytes = 1};
        return true;
    }
    *run = (struct hll_run){.length = (first & 63) + 1, .bytes = 1};
    if ((first & 0x40) == 0)
        return true;
    bool whole = at + 1 < value.len;
    run->length = ((first & 63) << 8 | (whole ? (unsigned char)value.data[at + 1] : 0)) + 1;
    run->bytes = 2;
    return whole;
}

/* Writes a run of `length` zeroes, 1 to HLL_REGISTERS, the longer form from 65 on; returns
 * how many bytes it takes. */
size_t hll_sparse_zeroes(char *to, uint32_t length);

/* Where to start looking: a run, by its offset, and the index of its first register. */
struct hll_spot {
    size_t at;
    uint32_t index;
};

#define HLL_SPARSE_START ((struct hll_spot){HLL_HEADER_BYTES, 0})

/* An edit that sets one register: bytes at an offset, and what replaces them. */
struct hll_edit {
    size_t at;
    uint8_t old_bytes, new_bytes;
    char bytes[5];
    size_t join_at;       /* the run before, or this one if it is the first */
    struct hll_spot next; /* where to look for a register further right after the edit */
};

enum hll_look { HLL_ENOUGH, HLL_EDIT, HLL_DAMAGED };

/*
 * Looks up a register, by walking the runs from `from` on, and says what it takes to raise it
 * to mark.value (at most HLL_SPARSE_VALUE_MAX): nothing, or this edit. `from` is the start,
 * or the `next` of an edit of a register further left that was applied, or of a look that
 * found enough (also set then). O(runs).
 */
enum hll_look hll_sparse_look(struct bytes value, struct hll_spot from, struct hll_mark mark,
                              struct hll_edit *edit);

/* Bytes by which the value grows, before runs are joined; may be negative. */
static inline int hll_sparse_growth(const struct hll_edit *edit)
{
    return (int)edit->new_bytes - (int)edit->old_bytes;
}

/* Applies an edit to `len` bytes with room for the growth, and marks the estimate as out of
 * date. Returns the new length. O(bytes behind). */
size_t hll_sparse_apply(char *data, size_t len, const struct hll_edit *edit);

#endif
