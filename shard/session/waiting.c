/* Waiting: see waiting.h. */
#include "shard/session/waiting.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/clock.h"
#include "base/number.h"
#include "engine/commands/command_keys.h"
#include "shard/runtime/shard.h"
#include "shard/session/execute.h"
#include "shard/session/session.h"
#include "shard/session/wait_part.h"

#define PLACES 1024
#define SMALL_ARGS 32
#define SMALL_KEYS 16

/* A key somebody waits for. */
struct wait_key {
    struct wait_key *next;
    struct key key;
    uint16_t db;
    bool serving;             /* its queue is being walked: it stays, and need not become due */
    uint32_t any_change;      /* parts in the queue that want to know of every change */
    uint32_t untried;         /* parts in the queue that have not had a look yet */
    struct list_node queue;   /* of wait_node.link */
    struct list_node due;     /* on the list of due keys, or of those that will be */
    const struct seat *seat;  /* of the transaction that will make it due */
    char name[];
};

/* A part's place in the queue of one key. */
struct wait_node {
    struct list_node link;
    struct wait_key *key;
    struct wait_part *part;
};

struct waiting {
    struct shard *shard;
    struct observer observer; /* registered while anybody waits */
    size_t count;             /* of keys */
    size_t count_any_change;  /* of those with any_change */
    size_t waking;            /* parts that are being served from home */
    const struct seat *seat;  /* changes are of this transaction */
    struct list_node due;     /* keys to serve */
    struct list_node later;   /* keys that transactions under way have changed */
    struct wait_key *places[PLACES];
};

static struct wait_key **find(const struct waiting *waiting, uint16_t db, const struct key *key)
{
    struct wait_key **at = (struct wait_key **)&waiting->places[(key->hash ^ db) % PLACES];
    while (*at != NULL && !((*at)->db == db && (*at)->key.hash == key->hash &&
                            bytes_equal((*at)->key.name, key->name)))
        at = &(*at)->next;
    return at;
}

/* ---- What changes. ---- */

static void make_due(struct waiting *waiting, struct wait_key *key)
{
    list_remove(&key->due);
    key->seat = NULL;
    list_push_back(&waiting->due, &key->due);
    session_of(waiting->shard)->keys_due = true;
}

static void key_changed(struct waiting *waiting, struct wait_key *key)
{
    if (key->serving)
        return;
    if (waiting->seat == NULL) {
        if (!list_is_linked(&key->due))
            make_due(waiting, key);
        return;
    }
    list_remove(&key->due);
    key->seat = waiting->seat;
    list_push_back(&waiting->later, &key->due);
}

static void on_change(void *ctx, const struct change *change)
{
    struct waiting *waiting = ctx;
    if (change->kind != CHANGE_FLUSH) {
        struct wait_key *key = *find(waiting, change->db, &change->key);
        if (key != NULL)
            key_changed(waiting, key);
        return;
    }
    for (unsigned i = 0; i < PLACES; i++)
        for (struct wait_key *key = waiting->places[i]; key != NULL; key = key->next)
            if (key->db == change->db)
                key_changed(waiting, key);
}

struct waiting *waiting_new(struct shard *shard)
{
    struct waiting *waiting = alloc_zeroed(sizeof *waiting);
    waiting->shard = shard;
    waiting->observer = (struct observer){.changed = on_change, .ctx = waiting};
    list_init(&waiting->due);
    list_init(&waiting->later);
    return waiting;
}

void waiting_free(struct waiting *waiting)
{
    assert(waiting->count == 0);
    alloc_free(waiting);
}

size_t waiting_keys(const struct waiting *waiting)
{
    return waiting->count;
}

size_t waiting_keys_any_change(const struct waiting *waiting)
{
    return waiting->count_any_change;
}

void waiting_hop(struct waiting *waiting, const struct seat *seat)
{
    waiting->seat = seat;
}

void waiting_released(struct waiting *waiting, const struct seat *seat)
{
    if (likely(list_empty(&waiting->later)))
        return;
    list_for_each_safe(node, &waiting->later) {
        struct wait_key *key = container_of(node, struct wait_key, due);
        if (key->seat == seat)
            make_due(waiting, key);
    }
}

/* ---- Queues. ---- */

static struct wait_key *key_get(struct waiting *waiting, uint16_t db, const struct key *name)
{
    struct wait_key **at = find(waiting, db, name);
    struct wait_key *key = *at;
    if (key != NULL)
        return key;
    key = alloc_get(sizeof *key + name->name.len);
    *key = (struct wait_key){.key = *name, .db = db};
    memcpy(key->name, name->name.data, name->name.len);
    key->key.name = bytes_make(key->name, name->name.len);
    list_init(&key->queue);
    list_init(&key->due);
    *at = key;
    if (waiting->count++ == 0)
        keyspace_observe(&waiting->shard->keyspace, &waiting->observer);
    return key;
}

/* Forgets a key nobody waits for. */
static void key_settle(struct waiting *waiting, struct wait_key *key)
{
    if (key->serving || !list_empty(&key->queue))
        return;
    *find(waiting, key->db, &key->key) = key->next;
    list_remove(&key->due);
    alloc_free(key);
    if (--waiting->count == 0)
        keyspace_unobserve(&waiting->shard->keyspace, &waiting->observer);
}

static bool has_key(const struct wait_part *part, const struct wait_key *key)
{
    for (uint32_t i = 0; i < part->node_count; i++)
        if (part->nodes[i].key == key)
            return true;
    return false;
}

void waiting_add(struct waiting *waiting, struct wait_part *part)
{
    const struct wait *wait = part->wait;
    assert(part->nodes == NULL && part->arg_count > 0);
    part->nodes = alloc_get(part->arg_count * sizeof *part->nodes);
    part->node_count = 0;
    part->waking = false;
    for (uint32_t i = 0; i < part->arg_count; i++) {
        struct key name = keyspace_key(waiting->shard->keyspace.seed,
                                       wait->queued->argv[part->args[i]]);
        struct wait_key *key = key_get(waiting, wait->db, &name);
        if (has_key(part, key)) /* named twice */
            continue;
        struct wait_node *node = &part->nodes[part->node_count++];
        *node = (struct wait_node){.key = key, .part = part};
        list_push_back(&key->queue, &node->link);
        if (wait->any_change && key->any_change++ == 0)
            waiting->count_any_change++;
        key->untried += part->untried;
    }
    /* What they queued up behind may be gone by now. */
    for (uint32_t i = 0; part->untried && i < part->node_count; i++)
        if (!part->nodes[i].key->serving)
            make_due(waiting, part->nodes[i].key);
}

void waiting_remove(struct waiting *waiting, struct wait_part *part)
{
    for (uint32_t i = 0; i < part->node_count; i++) {
        struct wait_key *key = part->nodes[i].key;
        list_remove(&part->nodes[i].link);
        if (part->wait->any_change && --key->any_change == 0)
            waiting->count_any_change--;
        key->untried -= part->untried;
        if (part->waking && !key->serving)
            make_due(waiting, key);
        key_settle(waiting, key);
    }
    waiting->waking -= part->waking;
    part->waking = false;
    alloc_free(part->nodes);
    part->nodes = NULL;
    part->node_count = 0;
}

/* The part has had its look. */
static void tried(struct waiting *waiting, struct wait_part *part)
{
    if (!part->untried)
        return;
    part->untried = false;
    for (uint32_t i = 0; i < part->node_count; i++)
        part->nodes[i].key->untried--;
    wait_part_waits(waiting->shard, part);
}

void waiting_woken(struct waiting *waiting, struct wait_part *part)
{
    if (!part->waking) /* cancelled meanwhile */
        return;
    part->waking = false;
    waiting->waking--;
    tried(waiting, part);
    for (uint32_t i = 0; i < part->node_count; i++)
        make_due(waiting, part->nodes[i].key);
}

bool waiting_ahead_of_key(const struct waiting *waiting, uint16_t db, const struct key *key)
{
    if (likely(waiting->waking == 0))
        return false;
    const struct wait_key *found = *find(waiting, db, key);
    if (found == NULL || list_empty(&found->queue))
        return false;
    return container_of(found->queue.next, struct wait_node, link)->part->waking;
}

bool waiting_ahead(const struct waiting *waiting, uint16_t db, uint64_t seed,
                   const struct command *command, int argc, const struct bytes *argv)
{
    if (likely(waiting->waking == 0))
        return false;
    struct key_ref small[SMALL_KEYS], *refs = small;
    int count = command_keys(command, argc, argv, refs, SMALL_KEYS);
    if (count > SMALL_KEYS) {
        refs = alloc_get((size_t)count * sizeof *refs);
        count = command_keys(command, argc, argv, refs, count);
    }
    bool ahead = false;
    for (int i = 0; i < count && !ahead; i++) {
        struct key key = keyspace_key(seed, argv[refs[i].index]);
        ahead = waiting_ahead_of_key(waiting, db, &key);
    }
    if (refs != small)
        alloc_free(refs);
    return ahead;
}

/* ---- Serving. ---- */

/* The type of value that a waiting command is about. */
static enum value_type type_wanted(const struct command *command)
{
    if (command->acl & ACL_CAT_LIST)
        return TYPE_LIST;
    return command->acl & ACL_CAT_SORTEDSET ? TYPE_ZSET : TYPE_STREAM;
}

/* Whether a transaction that is here wants to use a key of the command other than the one
 * that is due. */
static bool in_use(const struct waiting *waiting, const struct wait_part *part, uint32_t arg,
                   const struct wait_key *due)
{
    const struct locks *locks = &waiting->shard->locks;
    if (locks->seats == 0)
        return false;
    struct bytes name = part->wait->queued->argv[arg];
    if (bytes_equal(name, due->key.name))
        return false;
    return locks_conflict(locks, keyspace_key(waiting->shard->keyspace.seed, name).hash, true);
}

static bool is_waited_for(const struct wait *wait, uint32_t arg)
{
    for (uint32_t p = 0; p < wait->part_count; p++)
        for (uint32_t i = 0; i < wait->parts[p].arg_count; i++)
            if (wait->parts[p].args[i] == arg)
                return true;
    return false;
}

/* Whether the command cannot be run by this shard now: it has a key that it does not wait
 * for, which is elsewhere or in use. */
static bool needs_home(const struct waiting *waiting, const struct wait_part *part,
                       const struct wait_key *due)
{
    const struct queued *queued = part->wait->queued;
    if (part->away)
        return true;
    if (waiting->shard->locks.seats == 0)
        return false;
    struct key_ref refs[SMALL_KEYS];
    int count = command_keys(queued->command, queued->argc, queued->argv, refs, SMALL_KEYS);
    for (int i = 0; i < count && count <= SMALL_KEYS; i++) {
        uint32_t arg = (uint32_t)refs[i].index;
        if (!is_waited_for(part->wait, arg) && in_use(waiting, part, arg, due))
            return true;
    }
    return false;
}

/* Which arguments are left out: keys of other shards or in use, and what belongs to them.
 * To be freed. */
static bool *args_dropped(const struct waiting *waiting, const struct wait_part *part,
                          const struct wait_key *due, uint32_t *kept)
{
    const struct wait *wait = part->wait;
    bool *drop = alloc_zeroed((size_t)wait->queued->argc * sizeof *drop);
    for (uint32_t p = 0; p < wait->part_count; p++)
        for (uint32_t i = 0; i < wait->parts[p].arg_count; i++)
            drop[wait->parts[p].args[i]] = true;
    *kept = 0;
    for (uint32_t i = 0; i < part->arg_count; i++) {
        uint32_t arg = part->args[i];
        drop[arg] = in_use(waiting, part, arg, due);
        *kept += !drop[arg];
    }
    for (uint32_t p = 0; wait->ids > 0 && p < wait->part_count; p++)
        for (uint32_t i = 0; i < wait->parts[p].arg_count; i++)
            drop[wait->parts[p].args[i] + wait->ids] = drop[wait->parts[p].args[i]];
    return drop;
}

/* The command with those of its keys that are here and free, the due one among them, as
 * many arguments as in `argv`. number: NUMBER_I64_MAX bytes for what says how many. */
static int restrict_args(const struct waiting *waiting, const struct wait_part *part,
                         const struct wait_key *due, struct bytes *argv, char *number)
{
    const struct wait *wait = part->wait;
    const struct queued *queued = wait->queued;
    uint32_t kept;
    bool *drop = args_dropped(waiting, part, due, &kept);
    int argc = 0;
    for (int i = 0; i < queued->argc; i++) {
        if (drop[i])
            continue;
        argv[argc] = queued->argv[i];
        if (i == wait->numkeys_at)
            argv[argc] = bytes_make(number, number_format_i64(number, kept));
        argc++;
    }
    alloc_free(drop);
    return argc;
}

/* Runs the command of a part whose wait is claimed. True: it was answered. */
static bool run(struct waiting *waiting, struct wait_part *part, const struct wait_key *due)
{
    struct session *session = session_of(waiting->shard);
    struct keyspace *ks = &waiting->shard->keyspace;
    const struct wait *wait = part->wait;
    const struct queued *queued = wait->queued;
    struct bytes small[SMALL_ARGS], *argv = queued->argv;
    char number[NUMBER_I64_MAX];
    int argc = queued->argc;
    if (wait->part_count > 1 || waiting->shard->locks.seats > 0) {
        argv = argc <= SMALL_ARGS ? small : alloc_get((size_t)argc * sizeof *argv);
        argc = restrict_args(waiting, part, due, argv, number);
    }
    struct op_wait op_wait = {0};
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[wait->db],
        .command = queued->command,
        .argv = argv,
        .argc = argc,
        .reply = &part->reply,
        .limits = &session->op_limits,
        .wait = &op_wait,
    };
    if (queued->command->first_key > 0)
        op.key = op_key(&op, queued->command->first_key);
    ks->no_touch = wait->no_touch;
    part->slow = execute(session, &op);
    ks->no_touch = false;
    if (argv != small && argv != queued->argv)
        alloc_free(argv);
    op_wait_drop(&op_wait, argc);
    return !op_wait.waits;
}

/* False: those behind it have to wait for what home makes of it. */
static bool part_serve(struct waiting *waiting, struct wait_part *part,
                       const struct wait_key *due)
{
    if (needs_home(waiting, part, due)) {
        part->waking = true;
        waiting->waking++;
        wait_part_wake(waiting->shard, part);
        return false;
    }
    struct wait *wait = part->wait;
    int open = WAIT_OPEN, claimed = WAIT_CLAIMED;
    if (!atomic_compare_exchange_strong(&wait->state, &open, WAIT_CLAIMED))
        return true; /* served elsewhere, or over: the cancel is on its way */
    if (!run(waiting, part, due)) {
        tried(waiting, part);
        atomic_compare_exchange_strong(&wait->state, &claimed, WAIT_OPEN);
        return true;
    }
    waiting_remove(waiting, part);
    wait_part_home(waiting->shard, part);
    return true;
}

/* Whether there may be something for the part. */
static bool fits(const struct wait_part *part, const struct entry *e)
{
    if (part->wait->any_change || part->untried)
        return true;
    return e != NULL && (enum value_type)e->type == type_wanted(part->wait->queued->command);
}

static void key_serve(struct waiting *waiting, struct wait_key *key)
{
    struct keyspace *ks = &waiting->shard->keyspace;
    key->serving = true;
    for (struct list_node *node = key->queue.next, *next; node != &key->queue; node = next) {
        next = node->next;
        struct wait_part *part = container_of(node, struct wait_node, link)->part;
        if (part->waking)
            break;
        const struct entry *e = keyspace_find(ks, &ks->dbs[key->db], &key->key).entry;
        if (e == NULL && key->any_change == 0 && key->untried == 0)
            break;
        if (fits(part, e) && !part_serve(waiting, part, key))
            break;
    }
    key->serving = false;
    key_settle(waiting, key);
}

void waiting_serve(struct session *session)
{
    struct waiting *waiting = session->waiting;
    const struct seat *seat = waiting->seat;
    waiting->seat = NULL;
    session->keys_due = false;
    /* What ran before may have taken long: what has expired meanwhile serves nobody. */
    struct shard *shard = session->shard;
    shard->keyspace.now_ms = clock_read_wall_ms(shard->node->options.clock);
    struct list_node *node;
    while ((node = list_pop_front(&waiting->due)) != NULL)
        key_serve(waiting, container_of(node, struct wait_key, due));
    session->keys_due = false;
    waiting->seat = seat;
}
