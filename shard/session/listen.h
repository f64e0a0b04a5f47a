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
struct log;
struct session;
struct settings;

/* Whether the addresses of these settings can be listened on; why not is logged. `shared`:
 * they may be this server's already. Otherwise nobody may listen there: the sockets of
 * shards alone would not notice another server of the same user. */
bool listen_possible(struct log *log, const struct settings *settings, bool shared);

/* Opens and starts the session's listeners. False: an address could not be bound, which
 * was logged. */
bool listen_start(struct session *session);

/* The session's settings have other addresses: listens there and no longer where it did. */
void listen_follow(struct session *session);

/* Closes the listeners. They stay in memory until listen_free(), when the shard has taken
 * its last turn. */
void listen_stop(struct session *session);
void listen_free(struct session *session);

/* Event of the I/O: a connection, or -errno. */
void listen_accepted(void *shard, struct listener *listener, int fd);

#endif
