/*
 * Listen: the sockets a shard accepts connections on, and what happens to a new one.
 *
 * Every shard listens on each address itself (SO_REUSEPORT), so that the kernel
 * spreads connections. The unix socket, which cannot be shared so, is shard 0's; it
 * hands connections round.
 */
#ifndef SHOAL_SHARD_SESSION_LISTEN_H
#define SHOAL_SHARD_SESSION_LISTEN_H

#include <stdbool.h>

struct listener;
struct session;

/* Opens and starts the session's listeners. False: an address could not be bound, which
 * was logged. */
bool listen_start(struct session *session);
void listen_stop(struct session *session);

/* Event of the I/O: a connection, or -errno. */
void listen_accepted(void *shard, struct listener *listener, int fd);

#endif
