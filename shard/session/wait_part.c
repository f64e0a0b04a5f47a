/* Wait part: see wait_part.h. */
#include "shard/session/wait_part.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/runtime/shard.h"
#include "shard/session/execute.h"
#include "shard/session/session.h"
#include "shard/session/waiting.h"

static void send_home(struct shard *shard, const struct wait_part *part, struct message *message,
                      void (*handle)(struct shard *, struct message *))
{
    message->handle = handle;
    shard_post(shard, part->wait->session->shard->index, &message);
}

void wait_part_home(struct shard *shard, struct wait_part *part)
{
    reply_share(&part->reply);
    send_home(shard, part, &part->message, wait_on_home);
}

void wait_part_waits(struct shard *shard, struct wait_part *part)
{
    send_home(shard, part, &part->news, wait_on_news);
}

void wait_part_wake(struct shard *shard, struct wait_part *part)
{
    send_home(shard, part, &part->wake, wait_on_wake);
}

/* Runs the command for the first time. False: it found nothing and may wait. */
static bool first_run(struct session *session, struct wait_part *part, struct op_wait *op_wait)
{
    struct keyspace *ks = &session->shard->keyspace;
    const struct wait *wait = part->wait;
    const struct queued *queued = wait->queued;
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[wait->db],
        .command = queued->command,
        .argv = queued->argv,
        .argc = queued->argc,
        .reply = &part->reply,
        .limits = &session->op_limits,
        .wait = op_wait,
    };
    op_wait->behind = waiting_ahead(session->waiting, wait->db, ks->seed, queued->command,
                                    queued->argc, queued->argv);
    if (queued->command->first_key > 0)
        op.key = op_key(&op, queued->command->first_key);
    ks->no_touch = wait->no_touch;
    part->slow = execute(session, &op);
    ks->no_touch = false;
    return !op_wait->waits;
}

/* Whether the part waits here from now on; false: it is to go home. */
static bool try(struct session *session, struct wait_part *part)
{
    struct wait *wait = part->wait;
    struct op_wait op_wait = {0};
    int open = WAIT_OPEN, claimed = WAIT_CLAIMED;
    if (!atomic_compare_exchange_strong(&wait->state, &open, WAIT_CLAIMED))
        return false; /* the client is gone */
    if (first_run(session, part, &op_wait))
        return false;
    wait_replace_args(wait, &op_wait);
    if (!atomic_compare_exchange_strong(&wait->state, &claimed, WAIT_OPEN))
        return false;
    part->timeout_ms = op_wait.timeout_ms;
    part->untried = op_wait.behind;
    waiting_add(session->waiting, part);
    if (!part->untried)
        wait_part_waits(session->shard, part);
    return true;
}

static void seat_leave(struct shard *shard, struct wait_part *part)
{
    locks_leave(&shard->locks, &part->seat);
    alloc_free(part->seat_locks);
    part->seat_locks = NULL;
}

static void try_granted(struct shard *shard, struct seat *seat)
{
    struct wait_part *part = container_of(seat, struct wait_part, seat);
    struct session *session = session_of(shard);
    bool waits = try(session, part);
    seat_leave(shard, part);
    if (!waits)
        wait_part_home(shard, part);
    if (unlikely(session->keys_due))
        waiting_serve(session);
}

void wait_part_try(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, message);
    struct session *session = session_of(shard);
    const struct queued *queued = part->wait->queued;
    struct key key = {0};
    if (unlikely(shard->locks.seats > 0) &&
        execute_conflicts(session, queued->command, queued->argc, queued->argv, &key)) {
        execute_take_seat(session, queued->command, queued->argc, queued->argv, &key, &part->seat,
                          &part->seat_locks, try_granted);
        return;
    }
    if (!try(session, part))
        wait_part_home(shard, part);
    if (unlikely(session->keys_due))
        waiting_serve(session);
}

void wait_part_cancel(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, cancel);
    struct session *session = session_of(shard);
    part->removed = false;
    if (part->nodes != NULL) {
        waiting_remove(session->waiting, part);
        part->removed = true;
    } else if (part->seat.seated) { /* its first try waits for a lock */
        seat_leave(shard, part);
        part->removed = true;
        locks_advance(&shard->locks, shard);
    }
    if (unlikely(session->keys_due))
        waiting_serve(session);
    send_home(shard, part, &part->cancel, wait_on_cancelled);
}

static void restore(struct shard *shard, struct wait_part *part)
{
    struct session *session = session_of(shard);
    struct keyspace *ks = &shard->keyspace;
    const struct queued *queued = part->restore;
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[part->wait->db],
        .command = queued->command,
        .argv = queued->argv,
        .argc = queued->argc,
        .reply = &part->reply,
        .limits = &session->op_limits,
    };
    op.key = op_key(&op, 1);
    execute(session, &op);
    reply_clear(&part->reply, 0);
}

static void restore_granted(struct shard *shard, struct seat *seat)
{
    struct wait_part *part = container_of(seat, struct wait_part, seat);
    restore(shard, part);
    seat_leave(shard, part);
    wait_part_home(shard, part);
    if (unlikely(session_of(shard)->keys_due))
        waiting_serve(session_of(shard));
}

void wait_part_restore(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, message);
    struct session *session = session_of(shard);
    const struct queued *queued = part->restore;
    struct key key = keyspace_key(shard->keyspace.seed, queued->argv[1]);
    if (unlikely(shard->locks.seats > 0) &&
        execute_conflicts(session, queued->command, queued->argc, queued->argv, &key)) {
        execute_take_seat(session, queued->command, queued->argc, queued->argv, &key, &part->seat,
                          &part->seat_locks, restore_granted);
        return;
    }
    restore(shard, part);
    wait_part_home(shard, part);
    if (unlikely(session->keys_due))
        waiting_serve(session);
}

void wait_part_woken(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, woken);
    struct session *session = session_of(shard);
    waiting_woken(session->waiting, part);
    if (unlikely(session->keys_due))
        waiting_serve(session);
    send_home(shard, part, &part->woken, wait_on_done);
}
