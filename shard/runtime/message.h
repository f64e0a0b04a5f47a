/*
 * Message: what one shard sends to another.
 *
 * A message is the head of a structure of its own kind; `handle` runs on the
 * receiving shard and then owns the whole. Posting hands it over: the sender's
 * pointer is cleared, and nothing of it may be touched until it comes back.
 */
#ifndef SHOAL_SHARD_RUNTIME_MESSAGE_H
#define SHOAL_SHARD_RUNTIME_MESSAGE_H

struct shard;

struct message {
    struct message *next; /* the runtime's, while in transit */
    void (*handle)(struct shard *shard, struct message *message);
};

#endif
