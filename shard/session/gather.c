/*
 * Gather: the part of a call that brings the keys of several shards together for a command;
 * see call_state.h and the loans in call_part.h.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "engine/commands/command_ids.gen.h"
#include "engine/commands/sort_keys.h"
#include "shard/admin/slow.h"
#include "shard/runtime/shard.h"
#include "shard/session/call_state.h"
#include "shard/session/client.h"
#include "shard/session/execute.h"
#include "shard/session/session.h"
#include "shard/session/wait.h"

static struct work *work_of_key(struct call *call, const struct key *key)
{
    return call_work(call, node_owner(call->session->shard->node, key->slot));
}

static struct loan *loan_new(struct work *work)
{
    if (work->loan_count == work->loan_cap) {
        work->loan_cap = work->loan_cap == 0 ? 4 : work->loan_cap * 2;
        work->loans = alloc_resize(work->loans, work->loan_cap * sizeof *work->loans);
    }
    return &work->loans[work->loan_count++];
}

static void loan_add(struct call *call, struct bytes name, uint16_t db)
{
    struct key key = keyspace_key(call->session->shard->keyspace.seed, name);
    struct work *work = work_of_key(call, &key);
    for (uint32_t i = 0; i < work->loan_count; i++)
        if (work->loans[i].db == db && bytes_equal(work->loans[i].key.name, name))
            return;
    *loan_new(work) = (struct loan){.key = key, .db = db};
}

/* For a key that follows from the data. If it is on loan already, this loan finds nothing
 * and does no harm. */
static void loan_reach(void *ctx, struct bytes name)
{
    struct call *call = ctx;
    struct key key = keyspace_key(call->session->shard->keyspace.seed, name);
    char *copy = alloc_get(name.len);
    memcpy(copy, name.data, name.len);
    key.name = bytes_make(copy, name.len);
    *loan_new(work_of_key(call, &key)) =
        (struct loan){.key = key, .db = call->client->db, .own_name = true};
}

/* COPY may name another database. */
static int other_db(const struct call *call, const struct queued *queued)
{
    if (queued->command->id != COMMAND_COPY)
        return -1;
    int64_t db = -1;
    for (int i = 3; i + 1 < queued->argc; i++)
        if (bytes_equal_nocase(queued->argv[i], "db") &&
            (!number_parse_i64(queued->argv[i + 1], &db) || db < 0 ||
             db >= call->session->scratch.db_count))
            db = -1;
    return (int)db;
}

void gather_begin(struct call *call, const struct queued *queued)
{
    struct key_ref small[CALL_SMALL_KEYS], *refs;
    int count = call_keys(queued->command, queued->argc, queued->argv, small, &refs);
    int other = other_db(call, queued);
    for (int i = 0; i < count; i++) {
        loan_add(call, queued->argv[refs[i].index], call->client->db);
        if (other >= 0 && other != call->client->db)
            loan_add(call, queued->argv[refs[i].index], (uint16_t)other);
    }
    if (refs != small)
        alloc_free(refs);
    assert(call->tx != NULL);
    call_send_hop(call, HOP_TAKE, call_hop_take, false);
}

static void on_scratch_change(void *ctx, const struct change *change)
{
    struct call *call = ctx;
    for (uint32_t w = 0; w < call->work_count; w++) {
        struct work *work = &call->works[w];
        for (uint32_t i = 0; i < work->loan_count; i++) {
            struct loan *loan = &work->loans[i];
            if (loan->db != change->db || !bytes_equal(loan->key.name, change->key.name))
                continue;
            struct loan_event *event = alloc_get(sizeof *event);
            *event = (struct loan_event){.kind = change->kind,
                                         .also = change->also,
                                         .event_class = change->event_class,
                                         .event = change->event};
            struct loan_event **end = &loan->events;
            while (*end != NULL)
                end = &(*end)->next;
            *end = event;
            return;
        }
    }
    assert(false); /* a command changed a key it did not name */
}

static void loan_bring(struct keyspace *ks, struct loan *loan)
{
    if (!loan->present || loan->here)
        return;
    loan->here = true;
    struct found found = {0};
    struct entry *e =
        keyspace_put(ks, &ks->dbs[loan->db], &loan->key, &found, loan->value, loan->expiry);
    e->access = loan->access;
    alloc_free(loan->holder);
    loan->holder = NULL;
}

static void each_loan(struct call *call, void (*fn)(struct keyspace *, struct loan *))
{
    for (uint32_t w = 0; w < call->work_count; w++)
        for (uint32_t i = 0; i < call->works[w].loan_count; i++)
            fn(&call->session->scratch, &call->works[w].loans[i]);
}

/* Whether somebody is served elsewhere who has been waiting longer for one of the keys. */
static bool is_behind(const struct call *call)
{
    bool behind = false;
    for (uint32_t w = 0; w < call->work_count; w++)
        for (uint32_t i = 0; i < call->works[w].loan_count; i++)
            behind = behind || call->works[w].loans[i].behind;
    return behind && !call->again;
}

/* The command, which may wait, was run: with a reply, or it waits from the next hop on. */
static void settle_wait(struct call *call, struct op_wait *op_wait)
{
    if (call->wait == NULL)
        return;
    call->answered = !op_wait->waits;
    if (op_wait->waits && !call->again && !call->client->closing) {
        wait_parks(call->wait, op_wait);
        for (uint32_t w = 0; w < call->work_count; w++)
            call->works[w].wait_part =
                wait_part_of(call->wait, call->tx->parts[w].shard);
    }
    op_wait_drop(op_wait, call->wait->queued->argc);
}

/* Brings the keys that are on loan into the scratch keyspace, whose time is the present. */
static void bring(struct call *call)
{
    const struct keyspace *own = &call->session->shard->keyspace;
    struct keyspace *ks = &call->session->scratch;
    ks->now_ms = own->now_ms;
    ks->access_now = own->access_now;
    ks->access = own->access;
    each_loan(call, loan_bring);
}

/* Takes the keys that the command reaches out for, whose names its own key tells. */
static void reach_out(struct call *call, const struct queued *queued)
{
    struct keyspace *ks = &call->session->scratch;
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[call->client->db],
        .command = queued->command,
        .argv = queued->argv,
        .argc = queued->argc,
        .limits = &call->session->op_limits,
    };
    op.key = op_key(&op, queued->command->first_key);
    call->reached = true;
    bring(call);
    sort_pattern_keys(&op, loan_reach, call);
    call_send_hop(call, HOP_TAKE, call_hop_take, false);
}

static void run(struct call *call)
{
    struct session *session = call->session;
    const struct queued *queued = call->queue->items[call->at];
    struct keyspace *ks = &session->scratch;
    bring(call);
    struct observer observer = {.changed = on_scratch_change, .ctx = call};
    keyspace_observe(ks, &observer);
    struct op_wait op_wait = {.behind = is_behind(call)};
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[call->client->db],
        .command = queued->command,
        .argv = queued->argv,
        .argc = queued->argc,
        .reply = &call->client->reply,
        .limits = &session->op_limits,
        .blobs = queued->blobs,
        .wait = call->wait == NULL ? NULL : &op_wait,
    };
    if (queued->command->first_key > 0)
        op.key = op_key(&op, queued->command->first_key);
    ks->no_touch = client_no_touch(call->client, queued->command);
    uint64_t slow = execute(session, &op);
    if (unlikely(slow != 0))
        slow_note(session, call->client, op.command, op.argc, op.argv, op.blobs, slow);
    ks->no_touch = false;
    each_loan(call, call_loan_take);
    keyspace_unobserve(ks, &observer);
    settle_wait(call, &op_wait);
    call_send_hop(call, HOP_RETURN, call_hop_return, call->at + 1 == call->queue->count);
}

/* The keys are here: runs the command, then sends them home. What a client that is gone has
 * been waiting for is left where it is. */
void gather_run(struct call *call)
{
    const struct queued *queued = call->queue->items[call->at];
    if (call->wait != NULL && call->client->closing)
        call_send_hop(call, HOP_RETURN, call_hop_return, true);
    else if (!call->reached && call_reaches_out(queued->command, queued->argc, queued->argv))
        reach_out(call, queued);
    else
        run(call);
}

void gather_end(struct call *call)
{
    for (uint32_t w = 0; w < call->work_count; w++) {
        struct work *work = &call->works[w];
        for (uint32_t i = 0; i < work->loan_count; i++) {
            for (struct loan_event *e = work->loans[i].events, *next; e != NULL; e = next) {
                next = e->next;
                alloc_free(e);
            }
            if (work->loans[i].own_name)
                alloc_free((void *)work->loans[i].key.name.data);
        }
        work->loan_count = 0;
    }
    call->reached = false;
    call->at++;
}
