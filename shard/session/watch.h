/*
 * Watch: WATCH's view of keys.
 *
 * Each shard counts versions of those of its keys that somebody watches: every
 * change the keyspace reports gives the key a new version. A client remembers the
 * version it saw; EXEC compares on the owner, under the transaction's locks, before
 * anything is executed.
 */
#ifndef SHOAL_SHARD_SESSION_WATCH_H
#define SHOAL_SHARD_SESSION_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/keyspace/keyspace.h"

struct client;
struct shard;
struct watch_table;

/* A key some client watches, as the client remembers it. The name's memory goes with
 * the structure. */
struct watch {
    struct watch *next;
    uint16_t db;
    struct key key;
    uint64_t version; /* 0: not registered yet */
    char name[];
};

struct watch_list {
    struct watch *first;
    uint32_t count;
};

struct watch_table *watch_table_new(struct shard *shard);
void watch_table_free(struct watch_table *table);

/* On the owner: somebody watches this key from now on; its version,
 * never 0. */
uint64_t watch_add(struct watch_table *table, uint16_t db, const struct key *key);

/* On the owner: one watcher less. */
void watch_remove(struct watch_table *table, uint16_t db, const struct key *key);

/* On the owner, under a lock on the key: whether it still has this version. Deletes the
 * key first if it has expired, which is a change. */
bool watch_valid(struct watch_table *table, uint16_t db, const struct key *key,
                 uint64_t version);

/* The client watches nothing any more; its keys' owners are told. */
void watch_drop_all(struct client *client);

#endif
