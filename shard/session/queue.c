/* Queue: see queue.h. */
#include "shard/session/queue.h"

#include <string.h>

#include "base/alloc.h"

struct queued *queued_new(const struct command *command, int argc, const struct bytes *argv,
                          struct blob **blobs)
{
    size_t bytes = 0, n = (size_t)argc;
    for (size_t i = 0; i < n; i++)
        bytes += blobs != NULL && blobs[i] != NULL ? 0 : argv[i].len;
    size_t blob_bytes = blobs == NULL ? 0 : n * sizeof *blobs;
    struct queued *queued = alloc_get(sizeof *queued + n * sizeof *argv + blob_bytes + bytes);
    queued->command = command;
    queued->argc = argc;
    queued->argv = (struct bytes *)(queued + 1);
    queued->blobs = blobs == NULL ? NULL : (struct blob **)(queued->argv + n);
    char *to = (char *)(queued->argv + n) + blob_bytes;
    if (blobs != NULL)
        memcpy(queued->blobs, blobs, n * sizeof *blobs);
    for (size_t i = 0; i < n; i++) {
        if (blobs != NULL && blobs[i] != NULL) {
            queued->argv[i] = argv[i];
            blobs[i] = NULL;
            continue;
        }
        memcpy(to, argv[i].data, argv[i].len);
        queued->argv[i] = bytes_make(to, argv[i].len);
        to += argv[i].len;
    }
    return queued;
}

void queued_free(struct queued *queued)
{
    if (queued->blobs != NULL)
        for (int i = 0; i < queued->argc; i++)
            blob_put(queued->blobs[i]);
    alloc_free(queued);
}

struct queue *queue_new(void)
{
    return alloc_zeroed(sizeof(struct queue));
}

void queue_add(struct queue *queue, struct queued *queued)
{
    if (queue->count == queue->cap) {
        queue->cap = queue->cap == 0 ? 8 : queue->cap * 2;
        queue->items = alloc_resize(queue->items, queue->cap * sizeof *queue->items);
    }
    queue->items[queue->count++] = queued;
    queue->bytes += sizeof *queued + (size_t)queued->argc * sizeof *queued->argv;
    for (int i = 0; i < queued->argc; i++)
        queue->bytes += queued->argv[i].len;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL)
        return;
    for (uint32_t i = 0; i < queue->count; i++)
        queued_free(queue->items[i]);
    alloc_free(queue->items);
    alloc_free(queue);
}
