/* Background: what a session does between commands, in slices. Hooks of the runtime. */
#ifndef SHOAL_SHARD_SESSION_BACKGROUND_H
#define SHOAL_SHARD_SESSION_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct session;
struct shard;

int64_t background_step(struct shard *shard, uint64_t now_ns, bool *more);
bool background_drained(struct shard *shard);

/* Ends a client that has left more replies unread than client-output-buffer-limit allows. */
void background_output_limit(struct session *session, struct client *client);

/* Measures the memory in use and lets the other shards know. */
void background_measure(struct session *session);

#endif
