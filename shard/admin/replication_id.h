/*
 * Replication id: what a primary calls the history of its data set. Derived from the id of
 * the run, and from how often it was changed since.
 */
#ifndef SHOAL_SHARD_ADMIN_REPLICATION_ID_H
#define SHOAL_SHARD_ADMIN_REPLICATION_ID_H

#define REPLICATION_ID_SIZE 41 /* 40 hexadecimal digits and a NUL */

struct server;

void replication_id(const struct server *server, char id[static REPLICATION_ID_SIZE]);

/* From now on it is another one. */
void replication_id_change(struct server *server);

#endif
