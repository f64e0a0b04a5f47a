/* Intset: see intset.h. */
#include "engine/types/intset.h"

#include <assert.h>
#include <string.h>

#define HEADER 8

static const unsigned char empty[HEADER] = {2};

struct bytes intset_empty(void)
{
    return bytes_make((const char *)empty, sizeof empty);
}

static uint32_t field(const void *intset, size_t at)
{
    uint32_t value;
    memcpy(&value, (const char *)intset + at, 4);
    return value;
}

static void set_field(struct room *room, size_t at, size_t value)
{
    uint32_t narrow = (uint32_t)value;
    memcpy(room->bytes + at, &narrow, 4);
}

static uint32_t width_of(const void *intset)
{
    return field(intset, 0);
}

/* The width a value needs. */
static uint32_t width_for(int64_t value)
{
    if (value >= INT16_MIN && value <= INT16_MAX)
        return 2;
    return value >= INT32_MIN && value <= INT32_MAX ? 4 : 8;
}

static int64_t read_at(const void *intset, size_t rank, uint32_t width)
{
    const char *p = (const char *)intset + HEADER + rank * width;
    int16_t narrow;
    int32_t middle;
    int64_t wide;
    switch (width) {
    case 2:
        memcpy(&narrow, p, 2);
        return narrow;
    case 4:
        memcpy(&middle, p, 4);
        return middle;
    default:
        memcpy(&wide, p, 8);
        return wide;
    }
}

/* Little endian: the low bytes come first. */
static void write_at(struct room *room, size_t rank, uint32_t width, int64_t value)
{
    memcpy(room->bytes + HEADER + rank * width, &value, width);
}

size_t intset_count(const void *intset)
{
    return field(intset, 4);
}

int64_t intset_at(const void *intset, size_t rank)
{
    assert(rank < intset_count(intset));
    return read_at(intset, rank, width_of(intset));
}

bool intset_find(const void *intset, int64_t value, size_t *rank)
{
    uint32_t width = width_of(intset);
    size_t low = 0, high = intset_count(intset);
    bool found = false;
    /* Appending in order is common: look at the end first. */
    if (high > 0 && value > read_at(intset, high - 1, width))
        low = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t here = read_at(intset, middle, width);
        if (here < value) {
            low = middle + 1;
        } else {
            high = middle;
            found = found || here == value;
        }
    }
    if (rank != NULL)
        *rank = low;
    return found;
}

/* Makes all members wider, from the last one on, so that none is overwritten. */
static void widen(struct room *room, uint32_t width)
{
    uint32_t old = width_of(room->bytes);
    size_t count = intset_count(room->bytes);
    room_fit(room, HEADER + count * width);
    for (size_t i = count; i-- > 0;)
        write_at(room, i, width, read_at(room->bytes, i, old));
    set_field(room, 0, width);
    room->len = HEADER + count * width;
}

bool intset_add(struct room *room, int64_t value)
{
    size_t rank, count = intset_count(room->bytes);
    if (intset_find(room->bytes, value, &rank))
        return false;
    if (width_for(value) > width_of(room->bytes))
        widen(room, width_for(value));
    uint32_t width = width_of(room->bytes);
    room_fit(room, room->len + width);
    unsigned char *p = room->bytes + HEADER + rank * width;
    memmove(p + width, p, (count - rank) * width);
    write_at(room, rank, width, value);
    set_field(room, 4, count + 1);
    room->len += width;
    return true;
}

bool intset_remove(struct room *room, int64_t value)
{
    size_t rank, count = intset_count(room->bytes);
    uint32_t width = width_of(room->bytes);
    if (!intset_find(room->bytes, value, &rank))
        return false;
    unsigned char *p = room->bytes + HEADER + rank * width;
    memmove(p, p + width, (count - rank - 1) * width);
    set_field(room, 4, count - 1);
    room->len -= width;
    return true;
}

bool intset_valid(struct bytes bytes)
{
    if (bytes.len < HEADER)
        return false;
    uint32_t width = width_of(bytes.data);
    if (width != 2 && width != 4 && width != 8)
        return false;
    size_t count = intset_count(bytes.data);
    if (bytes.len != HEADER + count * width)
        return false;
    for (size_t i = 1; i < count; i++)
        if (intset_at(bytes.data, i - 1) >= intset_at(bytes.data, i))
            return false;
    return true;
}
