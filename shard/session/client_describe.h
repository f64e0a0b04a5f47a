/*
 * Client describe: clients as CLIENT INFO and CLIENT LIST show them, and the types that
 * CLIENT LIST and CLIENT KILL choose by. To be called on the client's shard.
 */
#ifndef SHOAL_SHARD_SESSION_CLIENT_DESCRIBE_H
#define SHOAL_SHARD_SESSION_CLIENT_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/bytes.h"

struct client;

enum client_type {
    CLIENT_TYPE_ANY,
    CLIENT_TYPE_NORMAL,
    CLIENT_TYPE_MASTER,
    CLIENT_TYPE_REPLICA,
    CLIENT_TYPE_PUBSUB,
};

/* The type named by a word in any case; CLIENT_TYPE_ANY for a word that names none. */
enum client_type client_describe_type_named(struct bytes word);

/* Whether the client is of the type. */
bool client_describe_is(const struct client *client, enum client_type type);

/* What the command that asks takes, which may be gone when its client is described. */
struct client_question {
    size_t input_bytes; /* as it was received; 0 in a transaction */
    size_t argv_bytes;  /* its arguments */
};

/* Of the command that the client is running. */
struct client_question client_describe_question(const struct client *client);

/* Appends the fields of a client, without a line break. `question` is that of the client
 * which asks, NULL for the others. */
void client_describe(struct buffer *out, const struct client *client,
                     const struct client_question *question);

#endif
