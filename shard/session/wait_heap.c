/* Wait heap: see wait_heap.h. */
#include "shard/session/wait_heap.h"

#include <assert.h>

#include "base/alloc.h"
#include "shard/session/wait.h"

struct wait *wait_heap_first(const struct wait_heap *heap)
{
    return heap->count > 0 ? heap->waits[1] : NULL;
}

static void set(struct wait_heap *heap, size_t at, struct wait *wait)
{
    heap->waits[at] = wait;
    wait->heap_at = at;
}

static void sift_up(struct wait_heap *heap, size_t at, struct wait *wait)
{
    while (at > 1 && heap->waits[at / 2]->deadline_ns > wait->deadline_ns) {
        set(heap, at, heap->waits[at / 2]);
        at /= 2;
    }
    set(heap, at, wait);
}

static void sift_down(struct wait_heap *heap, size_t at, struct wait *wait)
{
    for (size_t child; (child = at * 2) <= heap->count; at = child) {
        if (child < heap->count &&
            heap->waits[child + 1]->deadline_ns < heap->waits[child]->deadline_ns)
            child++;
        if (heap->waits[child]->deadline_ns >= wait->deadline_ns)
            break;
        set(heap, at, heap->waits[child]);
    }
    set(heap, at, wait);
}

void wait_heap_put(struct wait_heap *heap, struct wait *wait)
{
    assert(wait->heap_at == 0);
    if (heap->count + 1 >= heap->cap) {
        heap->cap = heap->cap == 0 ? 16 : heap->cap * 2;
        heap->waits = alloc_resize(heap->waits, heap->cap * sizeof(struct wait *));
    }
    sift_up(heap, ++heap->count, wait);
}

void wait_heap_remove(struct wait_heap *heap, struct wait *wait)
{
    size_t at = wait->heap_at;
    if (at == 0)
        return;
    wait->heap_at = 0;
    struct wait *last = heap->waits[heap->count--];
    if (last == wait)
        return;
    if (at > 1 && heap->waits[at / 2]->deadline_ns > last->deadline_ns)
        sift_up(heap, at, last);
    else
        sift_down(heap, at, last);
}

void wait_heap_deinit(struct wait_heap *heap)
{
    assert(heap->count == 0);
    alloc_free(heap->waits);
}
