/* Slow ring: see slow_ring.h. */
#include "shard/admin/slow_ring.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

struct slow_ring {
    struct slow_entry **items; /* a ring of cap places */
    uint64_t first, count, cap;
};

struct slow_ring *slow_ring_new(void)
{
    return alloc_zeroed(sizeof(struct slow_ring));
}

void slow_ring_free(struct slow_ring *ring)
{
    slow_ring_clear(ring);
    alloc_free(ring);
}

static uint64_t place(const struct slow_ring *ring, uint64_t i)
{
    return (ring->first + i) & (ring->cap - 1);
}

static void drop_oldest(struct slow_ring *ring)
{
    alloc_free(ring->items[ring->first]);
    ring->first = place(ring, 1);
    ring->count--;
}

void slow_ring_clear(struct slow_ring *ring)
{
    while (ring->count > 0)
        drop_oldest(ring);
    alloc_free(ring->items);
    *ring = (struct slow_ring){0};
}

static void grow(struct slow_ring *ring)
{
    uint64_t cap = ring->cap == 0 ? 16 : ring->cap * 2;
    struct slow_entry **items = alloc_get(cap * sizeof(struct slow_entry *));
    for (uint64_t i = 0; i < ring->count; i++)
        items[i] = ring->items[place(ring, i)];
    alloc_free(ring->items);
    ring->items = items;
    ring->first = 0;
    ring->cap = cap;
}

void slow_ring_add(struct slow_ring *ring, struct slow_entry *entry, uint64_t max)
{
    while (ring->count > 0 && ring->count >= max)
        drop_oldest(ring);
    if (max == 0) {
        alloc_free(entry);
        return;
    }
    if (ring->count == ring->cap)
        grow(ring);
    ring->items[place(ring, ring->count++)] = entry;
}

uint64_t slow_ring_count(const struct slow_ring *ring)
{
    return ring->count;
}

const struct slow_entry *slow_ring_at(const struct slow_ring *ring, uint64_t i)
{
    assert(i < ring->count);
    return ring->items[place(ring, ring->count - 1 - i)];
}

/* Bytes an entry takes for an argument, its note about what was left out included. */
#define ARG_ROOM (SLOW_ARG_BYTES + 40)

static struct bytes put(char **to, const void *data, size_t len)
{
    struct bytes bytes = bytes_make(*to, len);
    memcpy(*to, data, len);
    *to += len;
    return bytes;
}

static struct bytes put_arg(char **to, struct bytes arg, bool lost)
{
    char *begin = *to;
    size_t shown = lost ? 0 : bits_min(arg.len, SLOW_ARG_BYTES);
    put(to, arg.data, shown);
    if (shown < arg.len)
        *to += snprintf(*to, ARG_ROOM - SLOW_ARG_BYTES, "... (%zu more bytes)", arg.len - shown);
    return bytes_make(begin, (size_t)(*to - begin));
}

struct slow_entry *slow_entry_new(int argc, const struct bytes *argv,
                                  bool (*lost)(const void *ctx, int i), const void *ctx,
                                  struct bytes peer, struct bytes name)
{
    uint32_t kept = argc > SLOW_ARGS ? SLOW_ARGS : (uint32_t)argc;
    struct slow_entry *entry = alloc_get(sizeof *entry + kept * sizeof(struct bytes) +
                                         kept * ARG_ROOM + peer.len + name.len);
    *entry = (struct slow_entry){.argc = kept};
    char *to = (char *)&entry->argv[kept];
    for (uint32_t i = 0; i < kept; i++) {
        if (i + 1 == kept && kept < (uint32_t)argc) {
            char note[ARG_ROOM];
            int len = snprintf(note, sizeof note, "... (%d more arguments)",
                               argc - (int)kept + 1);
            entry->argv[i] = put(&to, note, (size_t)len);
        } else {
            entry->argv[i] = put_arg(&to, argv[i], lost != NULL && lost(ctx, (int)i));
        }
    }
    entry->peer = put(&to, peer.data, peer.len);
    entry->name = put(&to, name.data, name.len);
    return entry;
}

struct slow_entry *slow_entry_copy(const struct slow_entry *entry)
{
    size_t bytes = entry->peer.len + entry->name.len;
    for (uint32_t i = 0; i < entry->argc; i++)
        bytes += entry->argv[i].len;
    struct slow_entry *copy =
        alloc_get(sizeof *copy + entry->argc * sizeof(struct bytes) + bytes);
    *copy = *entry;
    char *to = (char *)&copy->argv[entry->argc];
    for (uint32_t i = 0; i < entry->argc; i++)
        copy->argv[i] = put(&to, entry->argv[i].data, entry->argv[i].len);
    copy->peer = put(&to, entry->peer.data, entry->peer.len);
    copy->name = put(&to, entry->name.data, entry->name.len);
    return copy;
}
