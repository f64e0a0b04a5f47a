/* Call, the preparing: which shards a call needs, and which locks there; see call_state.h. */
#include <string.h>

#include "base/alloc.h"
#include "engine/commands/command_ids.gen.h"
#include "engine/commands/scan.h"
#include "engine/commands/sort_keys.h"
#include "shard/runtime/shard.h"
#include "shard/session/call.h"
#include "shard/session/call_state.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/watch.h"

/* ---- Keys and their shards. ---- */

/* The keys of a command; *refs is `small` or memory to be freed. */
int call_keys(const struct command *command, int argc, const struct bytes *argv,
                     struct key_ref *small, struct key_ref **refs)
{
    *refs = small;
    int count = command_keys(command, argc, argv, small, CALL_SMALL_KEYS);
    if (count > CALL_SMALL_KEYS) {
        *refs = alloc_get((size_t)count * sizeof **refs);
        count = command_keys(command, argc, argv, *refs, count);
    }
    return count < 0 ? 0 : count;
}

static unsigned owner_of(const struct session *session, struct bytes name)
{
    return node_owner(session->shard->node, keyspace_slot(name));
}

static unsigned cursor_owner(const struct session *session, struct bytes cursor)
{
    uint32_t slot;
    uint64_t position;
    if (!scan_cursor_parse(cursor, &slot, &position) || slot >= SLOT_COUNT)
        return session->shard->index;
    return node_owner(session->shard->node, (uint16_t)slot);
}

bool call_reaches_out(const struct command *command, int argc, const struct bytes *argv)
{
    return (command->id == COMMAND_SORT || command->id == COMMAND_SORT_RO) &&
           sort_reaches_out(argc, argv);
}

int call_owner(struct session *session, const struct command *command, int argc,
               const struct bytes *argv)
{
    const struct shard *shard = session->shard;
    if (shard->node->shard_count == 1)
        return 0;
    if (command->where == WHERE_CURSOR)
        return (int)cursor_owner(session, argv[1]);
    if (call_reaches_out(command, argc, argv))
        return -1;
    struct key_ref small[CALL_SMALL_KEYS], *refs;
    int count = call_keys(command, argc, argv, small, &refs);
    int owner = count == 0 ? (int)shard->index : (int)owner_of(session, argv[refs[0].index]);
    for (int i = 1; i < count; i++)
        if ((int)owner_of(session, argv[refs[i].index]) != owner)
            owner = -1;
    if (refs != small)
        alloc_free(refs);
    return owner;
}

bool call_splits(const struct command *command, int argc)
{
    return command->where != WHERE_EACH || command->key_step <= 1 ||
           (argc - command->first_key) % command->key_step == 0;
}

/* ---- Preparing: which shards, which locks. ---- */

struct call *call_new(struct session *session, struct client *client, struct queue *queue)
{
    unsigned shards = session->shard->node->shard_count;
    struct call *call =
        alloc_zeroed(sizeof *call + shards * sizeof call->works[0] + shards * sizeof(int16_t));
    call->session = session;
    call->client = client;
    call->queue = queue;
    call->part_of = (int16_t *)(void *)&call->works[shards];
    memset(call->part_of, -1, shards * sizeof(int16_t));
    client->call = call;
    client->stall |= STALL_CALL;
    session->calls++;
    return call;
}

struct work *call_work(struct call *call, unsigned shard)
{
    if (call->part_of[shard] < 0) {
        call->part_of[shard] = (int16_t)call->work_count;
        reply_init(&call->works[call->work_count].reply, call->client->resp);
        call->works[call->work_count].frozen = call->exec;
        call->work_count++;
    }
    return &call->works[call->part_of[shard]];
}

void call_lock(struct work *work, uint64_t key, bool exclusive)
{
    if (work->lock_count == work->lock_cap) {
        work->lock_cap = work->lock_cap == 0 ? 8 : work->lock_cap * 2;
        work->locks = alloc_resize(work->locks, work->lock_cap * sizeof *work->locks);
    }
    work->locks[work->lock_count++] = (struct lock){key, exclusive};
}

static void lock_all(struct call *call, enum lock_whole whole)
{
    for (unsigned s = 0; s < call->session->shard->node->shard_count; s++) {
        struct work *work = call_work(call, s);
        if (work->whole < whole)
            work->whole = whole;
    }
}

void call_prepare(struct call *call, const struct queued *queued)
{
    struct session *session = call->session;
    const struct command *command = queued->command;
    bool writes = (command->flags & CMD_WRITE) != 0;
    if (command->where == WHERE_SESSION)
        return;
    if (command->where == WHERE_ALL) {
        lock_all(call, writes ? WHOLE_EXCLUSIVE : WHOLE_SHARED);
        return;
    }
    if (call_reaches_out(command, queued->argc, queued->argv)) { /* who knows which keys */
        lock_all(call, WHOLE_EXCLUSIVE);
        return;
    }
    if (command->where == WHERE_CURSOR) { /* a key lent out would be missed */
        struct work *work = call_work(call, cursor_owner(session, queued->argv[1]));
        if (work->whole < WHOLE_SHARED)
            work->whole = WHOLE_SHARED;
        return;
    }
    struct key_ref small[CALL_SMALL_KEYS], *refs;
    int count = call_keys(command, queued->argc, queued->argv, small, &refs);
    if (count == 0) /* the handler will say what is wrong */
        call_work(call, session->shard->index);
    for (int i = 0; i < count; i++) {
        struct key key = keyspace_key(session->shard->keyspace.seed, queued->argv[refs[i].index]);
        call_lock(call_work(call, node_owner(session->shard->node, key.slot)), key.hash,
                 command->where == WHERE_GATHER || (writes && (refs[i].flags & KEY_RO) == 0));
    }
    if (refs != small)
        alloc_free(refs);
}

/* Lends the client's watches to the works of their shards, with shared locks. */
void call_lend_watches(struct call *call)
{
    struct watch_list *list = call->client->watches;
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct watch *w = list->first;
        list->first = w->next;
        struct work *work = call_work(call, node_owner(call->session->shard->node, w->key.slot));
        call_lock(work, w->key.hash, false);
        w->next = work->watches;
        work->watches = w;
    }
}

/* Gives the watches back to the client. */
void call_return_watches(struct call *call)
{
    struct client *client = call->client;
    for (uint32_t i = 0; i < call->work_count; i++) {
        while (call->works[i].watches != NULL) {
            struct watch *w = call->works[i].watches;
            call->works[i].watches = w->next;
            if (client->watches == NULL)
                client->watches = alloc_zeroed(sizeof *client->watches);
            w->next = client->watches->first;
            client->watches->first = w;
        }
    }
}

/* A whole-shard lock covers the shard's keys. A shard locked whole only for reading
 * while some key of it is to be written has to be locked for writing. */
void call_settle_locks(struct call *call)
{
    for (uint32_t i = 0; i < call->work_count; i++) {
        struct work *work = &call->works[i];
        if (work->whole == WHOLE_NOT)
            continue;
        for (uint32_t k = 0; k < work->lock_count; k++)
            if (work->locks[k].exclusive)
                work->whole = WHOLE_EXCLUSIVE;
        work->lock_count = 0;
    }
}

/* Whether others may execute commands between those of the call: a session command may
 * have to ask other shards. */
static bool may_pause(const struct call *call)
{
    for (uint32_t i = 0; i < call->queue->count; i++)
        if (call->queue->items[i]->command->where == WHERE_SESSION)
            return call->exec;
    return false;
}

/* Whether the call can run here and now: all on this shard, nobody in the way. */
bool call_all_here(const struct call *call)
{
    const struct shard *shard = call->session->shard;
    if (call->wait != NULL)
        return false;
    if (call->work_count == 0)
        return true;
    if (call->work_count > 1 || call->part_of[shard->index] != 0 || may_pause(call))
        return false;
    if (shard->locks.seats == 0)
        return true;
    const struct work *work = &call->works[0];
    if (work->whole != WHOLE_NOT)
        return false;
    for (uint32_t i = 0; i < work->lock_count; i++)
        if (locks_conflict(&shard->locks, work->locks[i].key, work->locks[i].exclusive))
            return false;
    return true;
}

void call_make_tx(struct call *call)
{
    struct tx *tx = tx_new(call->session->shard, call->work_count, call);
    const unsigned shards = call->session->shard->node->shard_count;
    for (unsigned s = 0; s < shards; s++) {
        if (call->part_of[s] < 0)
            continue;
        struct tx_part *part = &tx->parts[call->part_of[s]];
        struct work *work = &call->works[call->part_of[s]];
        part->shard = (uint16_t)s;
        part->data = work;
        part->seat.locks = work->locks;
        part->seat.lock_count = work->lock_count;
        part->seat.whole = work->whole;
    }
    call->tx = tx;
}
