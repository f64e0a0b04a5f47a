/* Call, on the shard that owns the keys: see call_part.h. */
#include "shard/session/call_part.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/admin/slow.h"
#include "shard/runtime/shard.h"
#include "shard/session/execute.h"
#include "shard/session/session.h"
#include "shard/session/waiting.h"

/* Gives the keyspace the time of the work's hops; returns what it was. */
static int64_t freeze(struct keyspace *ks, struct work *work)
{
    int64_t now_ms = ks->now_ms;
    if (work->frozen && work->now_ms == 0)
        work->now_ms = now_ms;
    if (work->frozen)
        ks->now_ms = work->now_ms;
    return now_ms;
}

void call_run_shares(struct shard *shard, struct work *work)
{
    struct session *session = session_of(shard);
    struct keyspace *ks = &shard->keyspace;
    int64_t now_ms = freeze(ks, work);
    /* A reading hop that came along with the locks may have to be run again. */
    reply_clear(&work->reply, SIZE_MAX);
    for (uint32_t i = 0; i < work->share_count; i++) {
        struct share *share = &work->shares[i];
        work->reply.resp = share->resp;
        struct op op = {
            .ks = ks,
            .db = &ks->dbs[share->db],
            .command = share->command,
            .argv = share->argv,
            .argc = share->argc,
            .reply = &work->reply,
            .limits = &session->op_limits,
            .blobs = share->blobs,
            .marks = share->marks,
        };
        if (share->command->first_key > 0 && share->command->first_key < share->argc)
            op.key = op_key(&op, share->command->first_key);
        ks->no_touch = share->no_touch;
        if (share->part) {
            share->ticks = execute_part(session, &op);
        } else {
            uint64_t slow = execute(session, &op);
            if (unlikely(slow != 0))
                slow_note(session, share->client, op.command, op.argc, op.argv, op.blobs, slow);
        }
        share->end = reply_here(&work->reply);
    }
    ks->no_touch = false;
    ks->now_ms = now_ms;
    reply_share(&work->reply);
}

void call_hop_shares(struct shard *shard, struct tx_part *part)
{
    struct waiting *waiting = session_of(shard)->waiting;
    waiting_hop(waiting, &part->seat);
    call_run_shares(shard, part->data);
    waiting_hop(waiting, NULL);
}

void call_loan_take(struct keyspace *ks, struct loan *loan)
{
    struct db *db = &ks->dbs[loan->db];
    struct found found = keyspace_find(ks, db, &loan->key);
    loan->present = found.entry != NULL;
    if (!loan->present)
        return;
    loan->expiry = entry_expiry(found.entry);
    loan->access = found.entry->access;
    loan->value = keyspace_take(ks, db, &loan->key, &found, &loan->holder);
    if (loan->value.encoding == ENCODING_BLOB)
        blob_share((struct blob *)(uintptr_t)loan->value.word);
}

void call_hop_take(struct shard *shard, struct tx_part *part)
{
    const struct waiting *waiting = session_of(shard)->waiting;
    struct work *work = part->data;
    int64_t now_ms = freeze(&shard->keyspace, work);
    for (uint32_t i = 0; i < work->loan_count; i++) {
        struct loan *loan = &work->loans[i];
        if (loan->taken)
            continue;
        loan->taken = true;
        loan->behind = waiting_ahead_of_key(waiting, loan->db, &loan->key);
        call_loan_take(&shard->keyspace, loan);
    }
    shard->keyspace.now_ms = now_ms;
}

static void loan_return(struct keyspace *ks, struct loan *loan)
{
    struct db *db = &ks->dbs[loan->db];
    if (loan->present) {
        struct found found = {0};
        keyspace_put(ks, db, &loan->key, &found, loan->value, loan->expiry)->access = loan->access;
        alloc_free(loan->holder);
    }
    for (struct loan_event *e = loan->events; e != NULL; e = e->next)
        (e->also ? keyspace_also_changed : keyspace_changed)(ks, db, &loan->key, e->kind,
                                                             e->event_class, e->event);
}

void call_hop_return(struct shard *shard, struct tx_part *part)
{
    struct waiting *waiting = session_of(shard)->waiting;
    struct work *work = part->data;
    waiting_hop(waiting, &part->seat);
    for (uint32_t i = 0; i < work->loan_count; i++)
        loan_return(&shard->keyspace, &work->loans[i]);
    waiting_hop(waiting, NULL);
    if (work->wait_part != NULL)
        waiting_add(waiting, work->wait_part);
    work->wait_part = NULL;
}

void call_compare(struct shard *shard, struct work *work)
{
    struct watch_table *table = session_of(shard)->watches;
    for (const struct watch *w = work->watches; w != NULL; w = w->next)
        if (!watch_valid(table, w->db, &w->key, w->version))
            work->stale = true;
}

void call_hop_compare(struct shard *shard, struct tx_part *part)
{
    call_compare(shard, part->data);
}

void call_hop_watch(struct shard *shard, struct tx_part *part)
{
    struct work *work = part->data;
    for (struct watch *w = work->watches; w != NULL; w = w->next)
        if (w->version == 0) /* else registered by a hop that another shard's retry undid */
            w->version = watch_add(session_of(shard)->watches, w->db, &w->key);
}
