/* Watch: see watch.h. */
#include "shard/session/watch.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/runtime/shard.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/session.h"

#define PLACES 1024

/* A watched key. */
struct watched {
    struct watched *next;
    struct key key;
    uint16_t db;
    bool present;     /* the key existed after its last change */
    uint32_t watchers;
    uint64_t version;
    char name[];
};

struct watch_table {
    struct shard *shard;
    struct observer observer; /* registered while anything is watched */
    size_t count;
    uint64_t last_version;
    struct watched *places[PLACES];
};

static struct watched **find(struct watch_table *table, uint16_t db, const struct key *key)
{
    struct watched **at = &table->places[(key->hash ^ db) % PLACES];
    while (*at != NULL && !((*at)->db == db && (*at)->key.hash == key->hash &&
                            bytes_equal((*at)->key.name, key->name)))
        at = &(*at)->next;
    return at;
}

static void touch(struct watch_table *table, struct watched *watched)
{
    watched->version = ++table->last_version;
}

static bool exists(struct watch_table *table, const struct watched *watched)
{
    struct keyspace *ks = &table->shard->keyspace;
    return keyspace_find(ks, &ks->dbs[watched->db], &watched->key).entry != NULL;
}

/* The database was emptied or swapped: keys that were there or are there now have
 * changed. */
static void on_flush(struct watch_table *table, uint16_t db)
{
    for (unsigned i = 0; i < PLACES; i++) {
        for (struct watched *w = table->places[i]; w != NULL; w = w->next) {
            if (w->db != db)
                continue;
            bool now = exists(table, w);
            if (w->present || now)
                touch(table, w);
            w->present = now;
        }
    }
}

static void on_change(void *ctx, const struct change *change)
{
    struct watch_table *table = ctx;
    if (change->kind == CHANGE_FLUSH) {
        on_flush(table, change->db);
        return;
    }
    struct watched *watched = *find(table, change->db, &change->key);
    if (watched == NULL)
        return;
    /* A key that had expired before it got here (SWAPDB) was as good as none. */
    if (change->kind == CHANGE_EXPIRE && !watched->present)
        return;
    touch(table, watched);
    watched->present = change->kind == CHANGE_WRITE;
}

struct watch_table *watch_table_new(struct shard *shard)
{
    struct watch_table *table = alloc_zeroed(sizeof *table);
    table->shard = shard;
    table->observer = (struct observer){.changed = on_change, .ctx = table};
    return table;
}

void watch_table_free(struct watch_table *table)
{
    if (table->count > 0)
        keyspace_unobserve(&table->shard->keyspace, &table->observer);
    for (unsigned i = 0; i < PLACES; i++) {
        for (struct watched *w = table->places[i], *next; w != NULL; w = next) {
            next = w->next;
            alloc_free(w);
        }
    }
    alloc_free(table);
}

uint64_t watch_add(struct watch_table *table, uint16_t db, const struct key *key)
{
    struct watched **at = find(table, db, key);
    struct watched *watched = *at;
    if (watched == NULL) {
        watched = alloc_get(sizeof *watched + key->name.len);
        *watched = (struct watched){.key = *key, .db = db};
        memcpy(watched->name, key->name.data, key->name.len);
        watched->key.name = bytes_make(watched->name, key->name.len);
        watched->present = exists(table, watched);
        touch(table, watched);
        *at = watched;
        if (table->count++ == 0)
            keyspace_observe(&table->shard->keyspace, &table->observer);
    }
    watched->watchers++;
    return watched->version;
}

void watch_remove(struct watch_table *table, uint16_t db, const struct key *key)
{
    struct watched **at = find(table, db, key), *watched = *at;
    assert(watched != NULL && watched->watchers > 0);
    if (--watched->watchers > 0)
        return;
    *at = watched->next;
    alloc_free(watched);
    if (--table->count == 0)
        keyspace_unobserve(&table->shard->keyspace, &table->observer);
}

bool watch_valid(struct watch_table *table, uint16_t db, const struct key *key, uint64_t version)
{
    struct watched *watched = *find(table, db, key);
    assert(watched != NULL);
    exists(table, watched); /* notices an expiry */
    return watched->version == version;
}

/* ---- Giving watches up: a list of them travels to each owner and dies there. ---- */

struct unwatch {
    struct message message;
    struct watch *first;
};

static void on_unwatch(struct shard *shard, struct message *message)
{
    struct unwatch *unwatch = container_of(message, struct unwatch, message);
    for (struct watch *w = unwatch->first, *next; w != NULL; w = next) {
        next = w->next;
        watch_remove(session_of(shard)->watches, w->db, &w->key);
        alloc_free(w);
    }
    alloc_free(unwatch);
}

void watch_drop_all(struct client *client)
{
    struct watch_list *list = client->watches;
    if (list == NULL)
        return;
    client->watches = NULL;
    struct shard *shard = client->shard;
    while (list->first != NULL) {
        /* All watches of the first one's shard. */
        unsigned owner = node_owner(shard->node, list->first->key.slot);
        struct unwatch *unwatch = alloc_get(sizeof *unwatch);
        unwatch->first = NULL;
        for (struct watch **at = &list->first; *at != NULL;) {
            struct watch *w = *at;
            if (node_owner(shard->node, w->key.slot) != owner) {
                at = &w->next;
                continue;
            }
            *at = w->next;
            w->next = unwatch->first;
            unwatch->first = w;
        }
        struct message *message = &unwatch->message;
        message->handle = on_unwatch;
        shard_post(shard, owner, &message);
    }
    alloc_free(list);
}
