/* Digest: see digest.h. */
#include "shard/admin/digest.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/entry_room.h"
#include "engine/types/hash.h"
#include "engine/types/list.h"
#include "engine/types/set.h"
#include "engine/types/stream.h"
#include "engine/types/zset.h"

/* What stands for each type; Redis's numbers. */
static const uint32_t type_numbers[TYPE_COUNT] = {
    [TYPE_STRING] = 0, [TYPE_LIST] = 1, [TYPE_SET] = 2,
    [TYPE_ZSET] = 3,   [TYPE_HASH] = 4, [TYPE_STREAM] = 6,
};

void digest_xor(struct digest *digest, const struct digest *other)
{
    for (int i = 0; i < SHA1_BYTES; i++)
        digest->bytes[i] ^= other->bytes[i];
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
    struct digest of_data;
    sha1(of_data.bytes, data, len);
    digest_xor(digest, &of_data);
}

void digest_mix(struct digest *digest, const void *data, size_t len)
{
    digest_add(digest, data, len);
    sha1(digest->bytes, digest->bytes, SHA1_BYTES);
}

/* Fields in no order: the digest of each with its value is added. That a field expires
 * counts, not when. */
static void digest_pair(void *ctx, struct bytes field, struct bytes value, int64_t expiry)
{
    static const char expiry_mark[] = "!!hexpire!!";
    struct digest pair = {{0}};
    digest_mix(&pair, field.data, field.len);
    digest_mix(&pair, value.data, value.len);
    if (expiry != ENTRY_NO_EXPIRY)
        digest_add(&pair, expiry_mark, sizeof expiry_mark - 1);
    digest_add(ctx, pair.bytes, SHA1_BYTES);
}

/* Members in no order. */
static bool add_member(void *ctx, struct set_member *member)
{
    struct bytes text = set_member_text(member);
    digest_add(ctx, text.data, text.len);
    return true;
}

/* The elements of a list, in their order. */
static void mix_list(struct digest *digest, const struct entry *e)
{
    struct list_cursor cursor = entry_is_small(e) ? list_seek_small(entry_small(e).data, 0)
                                                  : list_seek(entry_object(e), 0);
    for (; list_cursor_ok(cursor); list_step(&cursor, false)) {
        char scratch[NUMBER_I64_MAX];
        struct list_element element = list_get(cursor);
        struct bytes text = element.text;
        if (element.is_int)
            text = bytes_make(scratch, number_format_i64(scratch, element.integer));
        digest_mix(digest, text.data, text.len);
    }
}

/* Members in no order: each is hashed with its score as text, and these are combined. */
static void digest_zset(struct digest *digest, const struct entry *e)
{
    struct zset_ref zs;
    zset_read(&zs, e);
    struct zset_cursor c = zset_at(&zs, 0);
    for (; zset_valid(&c); zset_next(&c)) {
        char scratch[ZSET_SCRATCH], text[NUMBER_DOUBLE_MAX];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        struct digest of_member = {{0}};
        digest_mix(&of_member, member.data, member.len);
        int len = snprintf(text, sizeof text, "%.17g", score);
        digest_mix(&of_member, text, (size_t)len);
        digest_add(digest, of_member.bytes, SHA1_BYTES);
    }
}

/* Entries in their order: the id, written with a dot, and the fields with their values. */
static void mix_stream(struct digest *digest, const struct stream *s)
{
    struct stream_cursor c;
    bool there = stream_seek(&c, s, stream_id_zero, stream_id_max, false);
    for (; there; there = stream_step(&c)) {
        char text[STREAM_ID_TEXT];
        size_t len = stream_id_format(text, c.entry.id);
        *strchr(text, '-') = '.';
        digest_mix(digest, text, len);
        while (c.entry.left > 0) {
            struct bytes field, value;
            stream_field(&c, &field, &value);
            digest_mix(digest, field.data, field.len);
            digest_mix(digest, value.data, value.len);
        }
    }
}

void digest_value(struct digest *digest, const struct entry *e)
{
    static const char expiry_mark[] = "!!expire!!";
    uint32_t type = htonl(type_numbers[e->type]);
    digest_mix(digest, &type, sizeof type);
    if (e->type == TYPE_STRING) {
        char scratch[NUMBER_I64_MAX];
        struct bytes value = entry_string(e, scratch);
        digest_mix(digest, value.data, value.len);
    } else if (e->type == TYPE_SET) {
        set_each(set_view(e), add_member, digest);
    } else if (e->type == TYPE_LIST) {
        mix_list(digest, e);
    } else if (e->type == TYPE_ZSET) {
        digest_zset(digest, e);
    } else if (e->type == TYPE_HASH) {
        hash_scan_stored(e, 0, SIZE_MAX, digest_pair, digest);
    } else if (e->type == TYPE_STREAM) {
        mix_stream(digest, entry_object(e));
    }
    if (entry_expiry(e) != ENTRY_NO_EXPIRY)
        digest_add(digest, expiry_mark, sizeof expiry_mark - 1);
}

struct digest digest_entry(const struct entry *e)
{
    struct digest digest = {{0}};
    struct bytes key = entry_key(e);
    digest_mix(&digest, key.data, key.len);
    digest_value(&digest, e);
    return digest;
}

void digest_text(const struct digest *digest, char text[static DIGEST_TEXT_SIZE])
{
    for (int i = 0; i < SHA1_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
}
