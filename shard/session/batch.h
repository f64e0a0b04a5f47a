/*
 * Batch: commands on their way to the shard that owns their keys, and their replies
 * on the way back.
 *
 * Everything one turn of a shard holds for another travels as one batch (or a few):
 * commands of many clients, in order. The receiver executes them in that order,
 * writes the replies into the batch and sends it home, where replies are handed out
 * to the clients and the batch is used again.
 *
 * A batch belongs to the shard that has it. The commands of one client reach a shard
 * in their order: batches of a source are executed in the order sent, and one that
 * has to wait for a lock holds up those behind it.
 *
 * The session's own batch (never sent) captures replies of local commands that have
 * to wait for earlier ones from elsewhere.
 */
#ifndef SHOAL_SHARD_SESSION_BATCH_H
#define SHOAL_SHARD_SESSION_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/commands/op.h"
#include "net/reply.h"
#include "shard/runtime/locks.h"
#include "shard/runtime/message.h"

#define BATCH_ITEMS 64

struct client;
struct request;
struct session;

struct batch_item {
    struct client *client; /* home's */
    const struct command *command;
    const struct bytes *argv;
    struct blob **blobs;
    struct key key;
    uint32_t argc;
    uint16_t db;
    uint8_t resp;
    bool no_touch;
    struct reply_mark end; /* of its reply; it begins where the one before ends */
};

struct batch_block {
    struct batch_block *next;
    size_t used, cap;
    char data[];
};

struct batch {
    struct message message;
    struct session *home;
    unsigned to;
    uint32_t count; /* items */
    uint32_t done;  /* items executed, as far as home may know */
    uint32_t taken; /* replies handed out */
    bool full;      /* no item will be added */
    uint32_t at;    /* receiver: next item to execute */
    struct reply reply;
    struct seat seat; /* receiver: while waiting for a lock */
    struct lock *seat_locks;
    struct batch_block *blocks; /* arguments */
    struct batch *next_spare;
    struct batch_item items[BATCH_ITEMS];
};

/* Adds a command of a client for a shard, copying its arguments (blobs are taken
 * over), and puts the reply on the client's ring. */
void batch_add(struct session *session, unsigned to, struct client *client,
               const struct request *request, struct blob **blobs);

/* Sends all open batches. */
void batch_send_all(struct session *session);

/* The own batch with room for one more reply, for a local command of this client:
 * the caller writes to ->reply, then calls batch_captured(). */
struct batch *batch_capture(struct session *session, struct client *client);
void batch_captured(struct batch *batch);

/* One reply was handed out; recycles the batch after the last. */
void batch_taken(struct session *session, struct batch *batch);

void batch_free_spares(struct session *session);

#endif
