/* Execute: see execute.h. */
#include "shard/session/execute.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/command_keys.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"

#define SMALL_KEYS 16

/* During a pause no key expires. A writing command has to make room for its key. */
static inline void handle(const struct session *session, struct op *op)
{
    if (unlikely(session->pause_until_ns != 0)) {
        op->ks->keep_expired = (op->command->flags & CMD_WRITE) == 0;
        op->command->op(op);
        op->ks->keep_expired = false;
    } else {
        op->command->op(op);
    }
}

uint64_t execute(struct session *session, struct op *op)
{
    uint32_t errors = op->reply->errors;
    uint64_t begin = stats_ticks();
    handle(session, op);
    if (unlikely(op->wait != NULL && op->wait->waits))
        return 0; /* counted when it is answered */
    return stats_end(session->stats, op->command, begin, op->reply->errors != errors, op->reply);
}

uint64_t execute_part(struct session *session, struct op *op)
{
    uint64_t begin = stats_ticks();
    handle(session, op);
    return stats_ticks() - begin;
}

static bool one_key(const struct command *command)
{
    return command->where == WHERE_KEY;
}

bool execute_conflicts(struct session *session, const struct command *command, int argc,
                       const struct bytes *argv, const struct key *key)
{
    const struct locks *locks = &session->shard->locks;
    bool writes = (command->flags & CMD_WRITE) != 0;
    if (one_key(command))
        return locks_conflict(locks, key->hash, writes);
    uint32_t count;
    struct lock *wanted = execute_locks(session, command, argc, argv, &count);
    /* A cursor must not miss keys that are lent out. */
    bool conflict = count == 0 && locks->exclusive_seats > 0;
    for (uint32_t i = 0; i < count && !conflict; i++)
        conflict = locks_conflict(locks, wanted[i].key, wanted[i].exclusive);
    alloc_free(wanted);
    return conflict;
}

struct lock *execute_locks(struct session *session, const struct command *command, int argc,
                           const struct bytes *argv, uint32_t *count)
{
    uint64_t seed = session->shard->keyspace.seed;
    struct key_ref small[SMALL_KEYS], *refs = small;
    int found = command_keys(command, argc, argv, refs, SMALL_KEYS);
    *count = 0;
    if (found <= 0)
        return NULL;
    if (found > SMALL_KEYS) {
        refs = alloc_get((size_t)found * sizeof *refs);
        found = command_keys(command, argc, argv, refs, found);
    }
    bool writes = (command->flags & CMD_WRITE) != 0;
    struct lock *locks = alloc_get((size_t)found * sizeof *locks);
    for (int i = 0; i < found; i++) {
        struct bytes name = argv[refs[i].index];
        /* Gathered keys leave their shard for a while: nobody else may look. */
        bool exclusive = command->where == WHERE_GATHER ||
                         (writes && (refs[i].flags & KEY_RO) == 0);
        locks[i] = (struct lock){keyspace_key(seed, name).hash, exclusive};
    }
    *count = (uint32_t)found;
    if (refs != small)
        alloc_free(refs);
    return locks;
}

void execute_take_seat(struct session *session, const struct command *command, int argc,
                       const struct bytes *argv, const struct key *key, struct seat *seat,
                       struct lock **locks,
                       void (*run)(struct shard *shard, struct seat *seat))
{
    struct shard *shard = session->shard;
    *seat = (struct seat){.id = node_next_tx(shard->node), .run = run};
    if (one_key(command)) {
        *locks = alloc_get(sizeof **locks);
        (*locks)[0] = (struct lock){key->hash, (command->flags & CMD_WRITE) != 0};
        seat->lock_count = 1;
    } else {
        *locks = execute_locks(session, command, argc, argv, &seat->lock_count);
        if (seat->lock_count == 0) /* a cursor: waits for all that writes */
            seat->whole = WHOLE_SHARED;
    }
    seat->locks = *locks;
    enum locks_result result = locks_schedule(&shard->locks, seat);
    assert(result == LOCKS_QUEUED);
    (void)result;
    seat->ready = true;
}
