/* HLL, sparse: see hll_sparse.h. */
#include "engine/types/hll_sparse.h"

#include <assert.h>

#define ZERO_RUN_MAX  64 /* longest run of zeroes in one byte */
#define VALUE_RUN_MAX 4
#define JOIN_STEPS    5 /* runs looked at to join neighbours */

size_t hll_sparse_zeroes(char *to, uint32_t length)
{
    assert(length >= 1 && length <= HLL_REGISTERS);
    uint32_t stored = length - 1;
    if (length <= ZERO_RUN_MAX) {
        to[0] = (char)stored;
        return 1;
    }
    to[0] = (char)(0x40 | stored >> 8);
    to[1] = (char)(stored & 0xff);
    return 2;
}

static char value_run(uint8_t value, uint32_t length)
{
    assert(value >= 1 && value <= HLL_SPARSE_VALUE_MAX && length >= 1 && length <= VALUE_RUN_MAX);
    return (char)(0x80 | (value - 1) << 2 | (length - 1));
}

/* Writes `length` registers (may be 0) that are as they were in a run that is split. */
static uint8_t write_rest(char *to, uint8_t value, uint32_t length)
{
    if (length == 0)
        return 0;
    if (value == 0)
        return (uint8_t)hll_sparse_zeroes(to, length);
    *to = value_run(value, length);
    return 1;
}

enum hll_look hll_sparse_look(struct bytes value, struct hll_spot from, struct hll_mark mark,
                              struct hll_edit *edit)
{
    assert(mark.index < HLL_REGISTERS && mark.index >= from.index);
    assert(mark.value <= HLL_SPARSE_VALUE_MAX);
    /* The run looked at and the two before it. */
    struct hll_spot here = from, before = from, earlier = from;
    struct hll_run run;
    for (;;) {
        if (here.at >= value.len || !hll_sparse_run(value, here.at, &run))
            return HLL_DAMAGED;
        if (mark.index - here.index < run.length)
            break;
        earlier = before;
        before = here;
        here = (struct hll_spot){here.at + run.bytes, here.index + run.length};
    }
    /* The run before matters too, and `from` does not tell which that was. */
    if (here.at == from.at && from.at != HLL_HEADER_BYTES)
        return hll_sparse_look(value, HLL_SPARSE_START, mark, edit);
    /* Joining may begin at the run before: what lies left of that stays. */
    edit->next = earlier;
    if (run.value >= mark.value)
        return HLL_ENOUGH;
    uint32_t left = mark.index - here.index;
    uint8_t bytes = write_rest(edit->bytes, run.value, left);
    edit->bytes[bytes++] = value_run(mark.value, 1);
    bytes = (uint8_t)(bytes + write_rest(edit->bytes + bytes, run.value, run.length - left - 1));
    edit->at = here.at;
    edit->old_bytes = run.bytes;
    edit->new_bytes = bytes;
    edit->join_at = before.at;
    return HLL_EDIT;
}

/* Joins neighbours of one value, from the run at `at` on. Returns the new length. */
static size_t join(char *data, size_t len, size_t at)
{
    struct hll_run run, next;
    for (int step = 0; step < JOIN_STEPS && at < len; step++) {
        struct bytes value = bytes_make(data, len);
        if (!hll_sparse_run(value, at, &run))
            break;
        size_t behind = at + run.bytes;
        bool joins = run.value > 0 && behind < len && hll_sparse_run(value, behind, &next) &&
                     next.value == run.value && run.length + next.length <= VALUE_RUN_MAX;
        if (!joins) {
            at = behind;
            continue;
        }
        data[at] = value_run(run.value, run.length + next.length);
        memmove(data + behind, data + behind + 1, len - behind - 1);
        len--;
    }
    return len;
}

size_t hll_sparse_apply(char *data, size_t len, const struct hll_edit *edit)
{
    size_t behind = edit->at + edit->old_bytes;
    assert(behind <= len);
    memmove(data + edit->at + edit->new_bytes, data + behind, len - behind);
    memcpy(data + edit->at, edit->bytes, edit->new_bytes);
    len = len - edit->old_bytes + edit->new_bytes;
    hll_outdate(data);
    return join(data, len, edit->join_at);
}
