/*
 * Queue: commands kept for later with their arguments: those queued by MULTI, and
 * the one command of a call.
 */
#ifndef SHOAL_SHARD_SESSION_QUEUE_H
#define SHOAL_SHARD_SESSION_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/blob.h"
#include "base/bytes.h"
#include "engine/commands/command.h"

struct queued {
    const struct command *command;
    int argc;
    struct bytes *argv;
    struct blob **blobs; /* blobs[i] holds argv[i], or NULL; NULL: none does */
};

struct queue {
    struct queued **items;
    uint32_t count, cap;
    size_t bytes; /* held by the commands */
};

/* A copy of a command with memory of its own; blobs are taken over. */
struct queued *queued_new(const struct command *command, int argc, const struct bytes *argv,
                          struct blob **blobs);
void queued_free(struct queued *queued);

struct queue *queue_new(void);
void queue_add(struct queue *queue, struct queued *queued);
/* Frees the queue and what is in it; NULL is fine. */
void queue_free(struct queue *queue);

#endif
