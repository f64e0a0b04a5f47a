/* Address: socket addresses as text, the way CLIENT LIST prints them. */
#ifndef SHOAL_SHARD_SESSION_ADDRESS_H
#define SHOAL_SHARD_SESSION_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* "ip:port", "[ip6]:port", or "path:0" for a unix socket; "?:0" if unknown. */
void address_of_peer(int fd, char *out, size_t size);
void address_of_local(int fd, char *out, size_t size);

/* Whether the peer is on this machine (loopback or unix socket). */
bool address_is_local_peer(int fd);

#endif
