/* Watch: versions of watched keys, on their owner. */
#include <string.h>

#include "base/alloc.h"
#include "shard/runtime/node.h"
#include "shard/runtime/shard.h"
#include "shard/session/watch.h"
#include "test/threads/check.h"

#define NAMES 20
#define STEPS 100000

struct world {
    struct node *node;
    struct shard *shard;
    struct watch_table *table;
    struct key keys[NAMES];
    char names[NAMES][8];
    uint32_t watchers[2][NAMES];
    uint64_t version[2][NAMES]; /* at the last look */
    bool changed[2][NAMES];     /* since then */
    bool present[2][NAMES];
};

static void put(struct world *world, uint16_t db, unsigned i)
{
    struct keyspace *ks = &world->shard->keyspace;
    struct value value = {.type = TYPE_STRING, .encoding = ENCODING_INT, .word = 1};
    struct found found = keyspace_find(ks, &ks->dbs[db], &world->keys[i]);
    keyspace_put(ks, &ks->dbs[db], &world->keys[i], &found, value, ENTRY_NO_EXPIRY);
    keyspace_changed(ks, &ks->dbs[db], &world->keys[i], CHANGE_WRITE, '$', "set");
    world->present[db][i] = world->changed[db][i] = true;
}

static void flush(struct world *world, uint16_t db)
{
    keyspace_flush(&world->shard->keyspace, &world->shard->keyspace.dbs[db]);
    for (unsigned i = 0; i < NAMES; i++) {
        world->changed[db][i] = world->changed[db][i] || world->present[db][i];
        world->present[db][i] = false;
    }
}

static void watch(struct world *world, uint16_t db, unsigned i)
{
    uint64_t version = watch_add(world->table, db, &world->keys[i]);
    CHECK(version != 0);
    if (world->watchers[db][i]++ > 0)
        CHECK((version == world->version[db][i]) == !world->changed[db][i]);
    world->version[db][i] = version;
    world->changed[db][i] = false;
}

static void step(struct world *world, struct rng *rng)
{
    uint16_t db = (uint16_t)rng_below(rng, 2);
    unsigned i = (unsigned)rng_below(rng, NAMES);
    switch (rng_below(rng, 40)) {
    case 0:
        flush(world, db);
        break;
    case 1 ... 10:
        put(world, db, i);
        break;
    case 11 ... 20:
        watch(world, db, i);
        break;
    default:
        if (world->watchers[db][i] == 0)
            break;
        CHECK(watch_valid(world->table, db, &world->keys[i], world->version[db][i]) ==
              !world->changed[db][i]);
        watch_remove(world->table, db, &world->keys[i]);
        world->watchers[db][i]--;
    }
}

static void a_version_is_valid_until_its_key_changes(uint64_t seed)
{
    static const struct world empty;
    struct world world = empty;
    struct node_options options = {.shards = 1, .clock = clock_system()};
    world.node = node_new(&options, NULL, NULL);
    world.shard = world.node->shards[0];
    keyspace_init(&world.shard->keyspace, 2, 1, 1);
    world.table = watch_table_new(world.shard);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(world.names[i], sizeof world.names[i], "k%u", i);
        world.keys[i] = keyspace_key(1, bytes_make(world.names[i], strlen(world.names[i])));
    }
    struct rng rng;
    rng_init(&rng, seed);
    for (int i = 0; i < STEPS; i++)
        step(&world, &rng);
    watch_table_free(world.table);
    keyspace_deinit(&world.shard->keyspace);
    node_free(world.node);
}

int main(void)
{
    uint64_t seed = check_seed();
    check_begin("a_version_is_valid_until_its_key_changes");
    a_version_is_valid_until_its_key_changes(seed);
    return 0;
}
