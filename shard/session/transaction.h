/* Transaction: what a client has between MULTI and EXEC. */
#ifndef SHOAL_SHARD_SESSION_TRANSACTION_H
#define SHOAL_SHARD_SESSION_TRANSACTION_H

struct client;

/* Forgets the queued commands and the watched keys. */
void transaction_discard(struct client *client);

#endif
