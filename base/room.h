/*
 * Room: memory that a compact structure lives in and may outgrow.
 *
 * A listpack or intset is edited in place; when it needs more bytes it asks its room,
 * which may move it. So positions in it are kept as offsets across an edit. Who owns
 * the memory (an entry of the keyspace, a node of a list, the heap) is the business of
 * `fit` alone.
 */
#ifndef SHOAL_BASE_ROOM_H
#define SHOAL_BASE_ROOM_H

#include <stddef.h>

#include "base/alloc.h"

struct room {
    unsigned char *bytes;
    size_t len; /* bytes in use */
    size_t cap; /* bytes there are */
    /* Makes cap >= len of its argument, keeping the bytes in use; aborts without
     * memory. Called only when cap is too small. */
    void (*fit)(struct room *room, size_t len);
};

/* Makes sure that the room has len bytes. Its contents may move. */
static inline void room_fit(struct room *room, size_t len)
{
    if (__builtin_expect(len > room->cap, 0))
        room->fit(room, len);
}

/* fit for a room whose bytes are one heap allocation (or NULL). */
static inline void room_fit_heap(struct room *room, size_t len)
{
    room->bytes = alloc_resize(room->bytes, len);
    room->cap = alloc_usable(room->bytes);
}

/* A room on the heap, empty; bytes belong to the caller: alloc_free(). */
static inline struct room room_heap(void)
{
    return (struct room){.fit = room_fit_heap};
}

#endif
