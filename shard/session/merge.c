/*
 * Merge: see merge.h. The replies merged here were written by our own handlers, so
 * their form is known: an integer, a status, an array header and elements.
 */
#include "shard/session/merge.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "shard/admin/digest.h"
#include "shard/session/call_part.h"

/* Passes on the first error. */
static bool merge_error(struct reply *reply, struct work *works, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct reply *part = &works[i].reply;
        if (works[i].share_count == 0 || part->errors == 0)
            continue;
        const char *end = memchr(part->data, '\r', part->len);
        assert(end != NULL);
        reply_error_bytes(reply, bytes_make(part->data + 1, (size_t)(end - part->data) - 1));
        return true;
    }
    return false;
}

/* The number in the first line, and where the line after it begins. */
static int64_t first_number(const struct reply *part, size_t *body)
{
    const char *end = memchr(part->data, '\r', part->len);
    int64_t value;
    bool valid = end != NULL && number_parse_i64(bytes_make(part->data + 1,
                                                            (size_t)(end - part->data) - 1),
                                                 &value);
    assert(valid);
    (void)valid;
    *body = (size_t)(end - part->data) + 2;
    return value;
}

void merge_sum(struct reply *reply, struct work *works, uint32_t count)
{
    if (merge_error(reply, works, count))
        return;
    int64_t sum = 0;
    size_t body;
    for (uint32_t i = 0; i < count; i++)
        if (works[i].share_count > 0)
            sum += first_number(&works[i].reply, &body);
    reply_int(reply, sum);
}

void merge_ok(struct reply *reply, struct work *works, uint32_t count)
{
    if (!merge_error(reply, works, count))
        reply_ok(reply);
}

void merge_concat(struct reply *reply, struct work *works, uint32_t count)
{
    if (merge_error(reply, works, count))
        return;
    int64_t sum = 0;
    size_t body;
    for (uint32_t i = 0; i < count; i++)
        if (works[i].share_count > 0)
            sum += first_number(&works[i].reply, &body);
    reply_array(reply, (size_t)sum);
    for (uint32_t i = 0; i < count; i++) {
        struct reply *part = &works[i].reply;
        if (works[i].share_count == 0)
            continue;
        first_number(part, &body);
        reply_move(reply, part, (struct reply_mark){body, 0}, reply_here(part));
    }
}

/* Each part is an array of two: its weight and an element. */
void merge_pick(struct reply *reply, struct work *works, uint32_t count, uint64_t random)
{
    if (merge_error(reply, works, count))
        return;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t body, skip;
        first_number(&works[i].reply, &body);
        struct reply weight = works[i].reply;
        weight.data += body;
        weight.len -= body;
        total += (uint64_t)first_number(&weight, &skip);
    }
    uint64_t pick = total == 0 ? 0 : random % total;
    for (uint32_t i = 0; i < count; i++) {
        size_t body, skip;
        struct reply *part = &works[i].reply;
        first_number(part, &body);
        struct reply weight = *part;
        weight.data += body;
        weight.len -= body;
        uint64_t here = (uint64_t)first_number(&weight, &skip);
        if (pick >= here && i + 1 < count) {
            pick -= here;
            continue;
        }
        reply_move(reply, part, (struct reply_mark){body + skip, 0}, reply_here(part));
        return;
    }
}

void merge_digest(struct reply *reply, struct work *works, uint32_t count, uint16_t dbs)
{
    struct digest all = {{0}};
    for (uint16_t db = 0; db < dbs; db++) {
        struct digest of_db = {{0}};
        bool used = false;
        for (uint32_t i = 0; i < count; i++) {
            size_t body;
            first_number(&works[i].reply, &body);
            const char *part = works[i].reply.data + body + (size_t)db * MERGE_DIGEST_BYTES;
            if (part[0] == 0)
                continue;
            struct digest digest;
            memcpy(digest.bytes, part + 1, sizeof digest.bytes);
            digest_xor(&of_db, &digest);
            used = true;
        }
        if (!used)
            continue;
        uint32_t number = htonl(db);
        digest_mix(&all, &number, sizeof number);
        digest_xor(&all, &of_db);
    }
    char text[DIGEST_TEXT_SIZE];
    digest_text(&all, text);
    reply_status(reply, text);
}

void merge_keys(struct reply *reply, struct work *works, uint32_t count,
                const uint16_t *key_part, uint32_t keys)
{
    if (merge_error(reply, works, count))
        return;
    struct reply_mark *at = alloc_zeroed(count * sizeof *at);
    uint32_t *next = alloc_zeroed(count * sizeof *next);
    for (uint32_t i = 0; i < count; i++)
        if (works[i].share_count > 0)
            first_number(&works[i].reply, &at[i].len);
    reply_array(reply, keys);
    for (uint32_t k = 0; k < keys; k++) {
        uint16_t p = key_part[k];
        struct reply_mark end = works[p].shares[0].marks[next[p]++];
        reply_move(reply, &works[p].reply, at[p], end);
        at[p] = end;
    }
    alloc_free(at);
    alloc_free(next);
}
