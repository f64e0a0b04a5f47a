/* Listpack: see listpack.h. */
#include "engine/types/listpack.h"

#include <assert.h>

#include "base/bits.h"

#define END_BYTE 0xff
#define COUNT_UNKNOWN 65535 /* and all counts from there on */

/* Encodings by their first byte: small ones carry a part of the value in it. */
#define UINT7_MAX 0x7f   /* 0xxxxxxx: the integer itself */
#define TEXT6     0x80   /* 10xxxxxx: a text of so many bytes */
#define INT13     0xc0   /* 110xxxxx and a byte */
#define TEXT12    0xe0   /* 1110xxxx and a byte: length of a text */
#define TEXT32    0xf0   /* and 4 bytes of length */
#define INT16     0xf1
#define INT24     0xf2
#define INT32     0xf3
#define INT64     0xf4

static const unsigned char empty[LISTPACK_EMPTY_BYTES] = {LISTPACK_EMPTY_BYTES, [6] = END_BYTE};

struct bytes listpack_empty(void)
{
    return bytes_make((const char *)empty, sizeof empty);
}

static uint32_t read_u32(const unsigned char *p)
{
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
}

static unsigned count_field(const unsigned char *lp)
{
    return lp[4] | (unsigned)lp[5] << 8;
}

static void set_count(unsigned char *lp, size_t count)
{
    size_t field = bits_min(count, COUNT_UNKNOWN);
    lp[4] = (unsigned char)field;
    lp[5] = (unsigned char)(field >> 8);
}

static void set_bytes(struct room *room, size_t bytes)
{
    assert(bytes <= UINT32_MAX);
    uint32_t field = (uint32_t)bytes;
    memcpy(room->bytes, &field, 4);
    room->len = bytes;
}

/* Bytes of an element without the length behind it. */
static inline size_t body_bytes(const unsigned char *p)
{
    unsigned c = *p;
    if (c < TEXT6)
        return 1;
    if (c < INT13)
        return 1 + (c & 0x3f);
    if (c < TEXT12)
        return 2;
    if (c < TEXT32)
        return 2 + ((c & 15) << 8 | p[1]);
    switch (c) {
    case TEXT32:
        return 5 + (size_t)read_u32(p + 1);
    case INT16:
        return 3;
    case INT24:
        return 4;
    case INT32:
        return 5;
    default:
        assert(c == INT64);
        return 9;
    }
}

/* Bytes of the length behind an element. */
static inline size_t back_bytes(size_t body)
{
    return body < 128 ? 1 : body < 16384 ? 2 : body < 2097152 ? 3 : body < 268435456 ? 4 : 5;
}

static void back_write(unsigned char *p, size_t body)
{
    size_t n = back_bytes(body);
    for (size_t i = n; i-- > 0; body >>= 7)
        p[i] = (unsigned char)((body & 127) | (i > 0 ? 128 : 0));
}

static inline size_t element_bytes(const unsigned char *p)
{
    size_t body = body_bytes(p);
    return body + back_bytes(body);
}

size_t listpack_count(const void *listpack)
{
    const unsigned char *lp = listpack;
    size_t count = count_field(lp);
    if (likely(count != COUNT_UNKNOWN))
        return count;
    count = 0;
    for (const unsigned char *p = lp + LISTPACK_HEADER; *p != END_BYTE; p += element_bytes(p))
        count++;
    return count;
}

uint32_t listpack_first(const void *listpack)
{
    const unsigned char *lp = listpack;
    return lp[LISTPACK_HEADER] == END_BYTE ? LISTPACK_NONE : LISTPACK_HEADER;
}

uint32_t listpack_next(const void *listpack, uint32_t at)
{
    const unsigned char *lp = listpack;
    size_t next = at + element_bytes(lp + at);
    return lp[next] == END_BYTE ? LISTPACK_NONE : (uint32_t)next;
}

/* The element whose last byte is before `end`. */
static uint32_t before(const unsigned char *lp, uint32_t end)
{
    size_t body = 0;
    const unsigned char *p = lp + end - 1;
    for (unsigned shift = 0;; shift += 7, p--) {
        body |= (size_t)(*p & 127) << shift;
        if (!(*p & 128))
            break;
    }
    return end - (uint32_t)(body + back_bytes(body));
}

uint32_t listpack_prev(const void *lp, uint32_t at)
{
    return at == LISTPACK_HEADER ? LISTPACK_NONE : before(lp, at);
}

uint32_t listpack_last(const void *lp)
{
    uint32_t end = (uint32_t)listpack_bytes(lp) - 1;
    return end == LISTPACK_HEADER ? LISTPACK_NONE : before(lp, end);
}

uint32_t listpack_at(const void *listpack, int64_t index)
{
    const unsigned char *lp = listpack;
    unsigned count = count_field(lp);
    if (likely(count != COUNT_UNKNOWN)) {
        if (index < 0)
            index += count;
        if (index < 0 || index >= count)
            return LISTPACK_NONE;
        if (index > count / 2)
            index -= count; /* from the end it is nearer */
    }
    uint32_t at;
    if (index >= 0) {
        at = listpack_first(lp);
        while (index-- > 0 && at != LISTPACK_NONE)
            at = listpack_next(lp, at);
    } else {
        at = listpack_last(lp);
        while (++index < 0 && at != LISTPACK_NONE)
            at = listpack_prev(lp, at);
    }
    return at;
}

static int64_t read_int(const unsigned char *p)
{
    unsigned c = *p;
    if (c < TEXT6)
        return c;
    if (c < TEXT12) {
        unsigned value = (c & 0x1f) << 8 | p[1];
        return value < 4096 ? (int64_t)value : (int64_t)value - 8192;
    }
    uint64_t raw = 0;
    size_t bytes = c == INT16 ? 2 : c == INT24 ? 3 : c == INT32 ? 4 : 8;
    memcpy(&raw, p + 1, bytes);
    unsigned spare = 64 - (unsigned)bytes * 8;
    return (int64_t)(raw << spare) >> spare;
}

struct listpack_value listpack_get(const void *lp, uint32_t at)
{
    const unsigned char *p = (const unsigned char *)lp + at;
    unsigned c = *p;
    if (c >= TEXT6 && c < INT13)
        return (struct listpack_value){.text = {(const char *)p + 1, c & 0x3f}};
    if (c >= TEXT12 && c < TEXT32)
        return (struct listpack_value){.text = {(const char *)p + 2, (c & 15) << 8 | p[1]}};
    if (c == TEXT32)
        return (struct listpack_value){.text = {(const char *)p + 5, read_u32(p + 1)}};
    return (struct listpack_value){.is_int = true, .integer = read_int(p)};
}

struct bytes listpack_text(const void *lp, uint32_t at, char *scratch)
{
    struct listpack_value value = listpack_get(lp, at);
    if (value.is_int)
        return bytes_make(scratch, number_format_i64(scratch, value.integer));
    return value.text;
}

/* A text to be compared with elements, read as an integer but once. */
struct wanted {
    struct bytes text;
    bool is_int;
    int64_t integer;
};

static struct wanted wanted_of(struct bytes text)
{
    struct wanted wanted = {.text = text};
    if (text.len > 0 && text.len <= 20 && (unsigned char)text.data[0] <= '9')
        wanted.is_int = number_parse_i64(text, &wanted.integer);
    return wanted;
}

static inline bool is_wanted(const void *lp, uint32_t at, const struct wanted *wanted)
{
    struct listpack_value value = listpack_get(lp, at);
    if (value.is_int)
        return wanted->is_int && value.integer == wanted->integer;
    return value.text.len == wanted->text.len &&
           memcmp(value.text.data, wanted->text.data, value.text.len) == 0;
}

bool listpack_is(const void *lp, uint32_t at, struct bytes text)
{
    struct wanted wanted = wanted_of(text);
    return is_wanted(lp, at, &wanted);
}

uint32_t listpack_find(const void *lp, uint32_t at, struct bytes text, unsigned skip)
{
    struct wanted wanted = wanted_of(text);
    while (at != LISTPACK_NONE) {
        if (is_wanted(lp, at, &wanted))
            return at;
        at = listpack_next(lp, at);
        for (unsigned i = 0; i < skip && at != LISTPACK_NONE; i++)
            at = listpack_next(lp, at);
    }
    return LISTPACK_NONE;
}

/* An element before it is written: head, then text. */
struct coded {
    unsigned char head[9];
    unsigned head_len;
    struct bytes text;
};

static size_t coded_body(const struct coded *coded)
{
    return coded->head_len + coded->text.len;
}

static struct coded code_int(int64_t value)
{
    struct coded coded = {.head_len = 1};
    if (value >= 0 && value <= UINT7_MAX) {
        coded.head[0] = (unsigned char)value;
        return coded;
    }
    if (value >= -4096 && value <= 4095) {
        unsigned raw = (unsigned)value & 8191;
        coded.head[0] = (unsigned char)(INT13 | raw >> 8);
        coded.head[1] = (unsigned char)raw;
        coded.head_len = 2;
        return coded;
    }
    unsigned bytes = value >= INT16_MIN && value <= INT16_MAX   ? 2
                     : value >= -8388608 && value <= 8388607    ? 3
                     : value >= INT32_MIN && value <= INT32_MAX ? 4
                                                                : 8;
    coded.head[0] = bytes == 2 ? INT16 : bytes == 3 ? INT24 : bytes == 4 ? INT32 : INT64;
    memcpy(coded.head + 1, &value, bytes);
    coded.head_len = 1 + bytes;
    return coded;
}

static struct coded code_text(struct bytes text)
{
    struct wanted wanted = wanted_of(text);
    if (wanted.is_int)
        return code_int(wanted.integer);
    struct coded coded = {.text = text};
    if (text.len < 64) {
        coded.head[0] = (unsigned char)(TEXT6 | text.len);
        coded.head_len = 1;
    } else if (text.len < 4096) {
        coded.head[0] = (unsigned char)(TEXT12 | text.len >> 8);
        coded.head[1] = (unsigned char)text.len;
        coded.head_len = 2;
    } else {
        assert(text.len <= LISTPACK_MAX);
        uint32_t len = (uint32_t)text.len;
        coded.head[0] = TEXT32;
        memcpy(coded.head + 1, &len, 4);
        coded.head_len = 5;
    }
    return coded;
}

size_t listpack_size_of(struct bytes text)
{
    struct coded coded = code_text(text);
    size_t body = coded_body(&coded);
    return body + back_bytes(body);
}

/* Writes an element over `old` bytes at a position. */
static void put(struct room *room, uint32_t at, size_t old, const struct coded *coded)
{
    size_t body = coded_body(coded), size = body + back_bytes(body);
    size_t bytes = room->len - old + size;
    room_fit(room, bytes);
    unsigned char *p = room->bytes + at;
    if (old != size)
        memmove(p + size, p + old, room->len - at - old);
    memcpy(p, coded->head, coded->head_len);
    if (coded->text.len > 0)
        memcpy(p + coded->head_len, coded->text.data, coded->text.len);
    back_write(p + body, body);
    set_bytes(room, bytes);
}

static uint32_t insert(struct room *room, uint32_t at, const struct coded *coded)
{
    if (at == LISTPACK_NONE)
        at = (uint32_t)room->len - 1;
    put(room, at, 0, coded);
    unsigned count = count_field(room->bytes);
    if (count != COUNT_UNKNOWN)
        set_count(room->bytes, count + 1);
    return at;
}

uint32_t listpack_insert(struct room *room, uint32_t at, struct bytes text)
{
    struct coded coded = code_text(text);
    return insert(room, at, &coded);
}

uint32_t listpack_append(struct room *room, struct bytes text)
{
    return listpack_insert(room, LISTPACK_NONE, text);
}

uint32_t listpack_append_int(struct room *room, int64_t integer)
{
    struct coded coded = code_int(integer);
    return insert(room, LISTPACK_NONE, &coded);
}

uint32_t listpack_prepend(struct room *room, struct bytes text)
{
    return listpack_insert(room, LISTPACK_HEADER, text);
}

uint32_t listpack_replace(struct room *room, uint32_t at, struct bytes text)
{
    struct coded coded = code_text(text);
    put(room, at, element_bytes(room->bytes + at), &coded);
    return at;
}

uint32_t listpack_replace_int(struct room *room, uint32_t at, int64_t integer)
{
    struct coded coded = code_int(integer);
    put(room, at, element_bytes(room->bytes + at), &coded);
    return at;
}

uint32_t listpack_remove(struct room *room, uint32_t at, size_t elements)
{
    unsigned char *lp = room->bytes;
    size_t end = at, removed = 0;
    while (removed < elements && lp[end] != END_BYTE) {
        end += element_bytes(lp + end);
        removed++;
    }
    memmove(lp + at, lp + end, room->len - end);
    set_bytes(room, room->len - (end - at));
    unsigned count = count_field(lp);
    if (count != COUNT_UNKNOWN)
        set_count(lp, count - removed);
    return lp[at] == END_BYTE ? LISTPACK_NONE : at;
}

void listpack_append_from(struct room *room, const void *listpack, uint32_t at)
{
    const unsigned char *lp = listpack;
    if (at == LISTPACK_NONE)
        return;
    size_t more = 0;
    if (at == LISTPACK_HEADER)
        more = listpack_count(lp);
    else
        for (uint32_t i = at; i != LISTPACK_NONE; i = listpack_next(lp, i))
            more++;
    size_t count = listpack_count(room->bytes) + more;
    size_t bytes = listpack_bytes(lp) - at; /* its end byte included */
    room_fit(room, room->len - 1 + bytes);
    memcpy(room->bytes + room->len - 1, lp + at, bytes);
    set_bytes(room, room->len - 1 + bytes);
    set_count(room->bytes, count);
}

void listpack_reset(struct room *room)
{
    room_fit(room, sizeof empty);
    memcpy(room->bytes, empty, sizeof empty);
    room->len = sizeof empty;
}

/* Bytes that have to be there to know how long the body is. */
static size_t head_bytes(unsigned c)
{
    return c < TEXT12 ? 1 : c < TEXT32 ? 2 : c == TEXT32 ? 5 : 1;
}

bool listpack_valid(struct bytes bytes, size_t *count)
{
    const unsigned char *lp = (const unsigned char *)bytes.data;
    if (bytes.len < LISTPACK_EMPTY_BYTES || bytes.len > UINT32_MAX ||
        listpack_bytes(lp) != bytes.len || lp[bytes.len - 1] != END_BYTE)
        return false;
    size_t at = LISTPACK_HEADER, end = bytes.len - 1, elements = 0;
    while (at < end) {
        unsigned char back[5];
        if (lp[at] > INT64 || head_bytes(lp[at]) > end - at)
            return false;
        size_t body = body_bytes(lp + at);
        if (body > end - at || back_bytes(body) > end - at - body)
            return false;
        back_write(back, body);
        if (memcmp(lp + at + body, back, back_bytes(body)) != 0)
            return false;
        at += body + back_bytes(body);
        elements++;
    }
    unsigned field = count_field(lp);
    if (field != COUNT_UNKNOWN && field != elements)
        return false;
    if (count != NULL)
        *count = elements;
    return true;
}
