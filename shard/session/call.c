/* Call: see call.h. */
#include "shard/session/call.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/random.h"
#include "shard/admin/slow.h"
#include "shard/runtime/shard.h"
#include "shard/session/call_state.h"
#include "shard/session/client.h"
#include "shard/session/dispatch.h"
#include "shard/session/merge.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "shard/session/wait.h"
#include "shard/session/waiting.h"
#include "shard/session/watch.h"

static void call_step(struct call *call);

/* ---- The end. ---- */

static void works_free(struct call *call)
{
    for (uint32_t i = 0; i < call->work_count; i++) {
        struct work *work = &call->works[i];
        alloc_free(work->locks);
        alloc_free(work->shares);
        alloc_free(work->loans);
        reply_deinit(&work->reply);
    }
    alloc_free(call->key_part);
    queue_free(call->queue);
    call->session->calls--;
    alloc_free(call);
}

static void call_freed(struct tx *tx)
{
    works_free(tx->ctx);
}

static void call_end(struct call *call)
{
    struct client *client = call->client;
    struct session *session = call->session;
    call_return_watches(call);
    if (call->exec)
        watch_drop_all(client);
    client->call = NULL;
    if (call->wait != NULL)
        wait_called(call->wait, call->answered);
    if (client->closing) {
        watch_drop_all(client);
        client_settle(client);
    } else {
        client_flush_later(client);
        client_resume(client, STALL_CALL);
    }
    if (call->tx != NULL) {
        tx_finish(call->tx, call_freed);
        return;
    }
    works_free(call);
    if (unlikely(session->keys_due))
        waiting_serve(session);
}

/* ---- Hops. ---- */

static struct share *share_add(struct work *work, struct call *call, const struct queued *queued)
{
    if (work->share_count == work->share_cap) {
        work->share_cap = work->share_cap == 0 ? 4 : work->share_cap * 2;
        work->shares = alloc_resize(work->shares, work->share_cap * sizeof *work->shares);
    }
    struct share *share = &work->shares[work->share_count++];
    *share = (struct share){.command = queued->command, .argv = queued->argv,
                            .argc = queued->argc, .blobs = queued->blobs,
                            .db = call->client->db, .resp = call->client->resp,
                            .no_touch = client_no_touch(call->client, queued->command),
                            .client = call->client,
                            .part = queued->command->where == WHERE_ALL};
    return share;
}

static void shares_clear(struct work *work)
{
    for (uint32_t i = 0; i < work->share_count; i++) {
        struct share *share = &work->shares[i];
        if (share->own_argv) {
            for (int k = 0; share->blobs != NULL && k < share->argc; k++)
                blob_put(share->blobs[k]); /* those the handler did not take */
            alloc_free((void *)share->argv);
        }
        alloc_free(share->marks);
    }
    work->share_count = work->merged = 0;
    reply_clear(&work->reply, 16 * 1024);
}

static void on_hop(struct tx *tx);

/* Sends a hop to the works that have something for it; the others stay. */
void call_send_hop(struct call *call, enum hop hop, tx_hop_fn fn, bool last)
{
    call->hop = hop;
    for (uint32_t i = 0; i < call->work_count; i++) {
        const struct work *work = &call->works[i];
        bool has = hop == HOP_TAKE || hop == HOP_RETURN ? work->loan_count > 0
                                                       : work->share_count > 0;
        /* With the last hop the others come along to release. */
        call->tx->parts[i].selected = has || last;
    }
    tx_run(call->tx, fn, last, on_hop);
}

static unsigned segment_owner(struct call *call, const struct queued *queued)
{
    return (unsigned)call_owner(call->session, queued->command, queued->argc, queued->argv);
}

static bool is_single(struct call *call, const struct queued *queued)
{
    const struct command *command = queued->command;
    if (command->where == WHERE_SESSION || command->where == WHERE_ALL ||
        !call_splits(command, queued->argc))
        return false;
    return call_owner(call->session, command, queued->argc, queued->argv) >= 0;
}

/* A run of commands with their keys on one shard each. */
static void segment_begin(struct call *call)
{
    uint32_t end = call->at;
    while (end < call->queue->count && is_single(call, call->queue->items[end])) {
        const struct queued *queued = call->queue->items[end++];
        share_add(call_work(call, segment_owner(call, queued)), call, queued);
    }
    call->segment_end = end;
    if (call->tx == NULL) {
        call->hop = HOP_SEGMENT;
        call_run_shares(call->session->shard, &call->works[0]);
        return;
    }
    call_send_hop(call, HOP_SEGMENT, call_hop_shares, end == call->queue->count);
}

static void segment_end(struct call *call)
{
    for (; call->at < call->segment_end; call->at++) {
        const struct queued *queued = call->queue->items[call->at];
        struct work *work = &call->works[call->part_of[segment_owner(call, queued)]];
        struct reply_mark from = {0};
        if (work->merged > 0)
            from = work->shares[work->merged - 1].end;
        reply_move(&call->client->reply, &work->reply, from, work->shares[work->merged].end);
        work->merged++;
    }
}

/* The share of each shard in a command that runs on the keys of each. */
static void each_split(struct call *call, const struct queued *queued)
{
    const struct command *command = queued->command;
    int step = command->key_step, first = command->first_key;
    uint32_t keys = (uint32_t)((queued->argc - first + step - 1) / step);
    alloc_free(call->key_part);
    call->key_part = alloc_get(keys * sizeof *call->key_part);
    call->key_count = keys;
    uint32_t counts[NODE_SHARDS_MAX] = {0};
    for (uint32_t k = 0; k < keys; k++) {
        struct bytes name = queued->argv[first + (int)k * step];
        unsigned owner = node_owner(call->session->shard->node, keyspace_slot(name));
        call->key_part[k] = (uint16_t)call->part_of[owner];
        counts[call->key_part[k]]++;
    }
    for (uint32_t p = 0; p < call->work_count; p++) {
        if (counts[p] == 0)
            continue;
        struct share *share = share_add(&call->works[p], call, queued);
        share->part = true;
        size_t args = (size_t)first + (size_t)counts[p] * (size_t)step;
        struct bytes *argv = alloc_get(args * (sizeof *argv + sizeof(struct blob *)));
        memcpy(argv, queued->argv, (size_t)first * sizeof *argv);
        share->argv = argv;
        share->own_argv = true;
        share->argc = first;
        share->blobs = NULL;
        if (queued->blobs != NULL) {
            share->blobs = (struct blob **)(argv + args);
            memset(share->blobs, 0, args * sizeof(struct blob *));
        }
        if (command->merge == MERGE_KEYS)
            share->marks = alloc_get(counts[p] * sizeof *share->marks);
    }
    for (uint32_t k = 0; k < keys; k++) {
        struct work *work = &call->works[call->key_part[k]];
        struct share *share = &work->shares[work->share_count - 1];
        for (int i = 0; i < step; i++) {
            int from = first + (int)k * step + i;
            if (from >= queued->argc)
                break;
            ((struct bytes *)share->argv)[share->argc] = queued->argv[from];
            if (share->blobs != NULL && queued->blobs[from] != NULL) {
                share->blobs[share->argc] = queued->blobs[from];
                blob_share(queued->blobs[from]);
                queued->blobs[from] = NULL;
            }
            share->argc++;
        }
    }
}

static void merge_split(struct call *call, const struct queued *queued)
{
    if (queued->command->where == WHERE_ALL)
        for (uint32_t i = 0; i < call->work_count; i++)
            share_add(&call->works[i], call, queued);
    else
        each_split(call, queued);
}

static void merge_begin(struct call *call, const struct queued *queued)
{
    merge_split(call, queued);
    if (call->tx == NULL) {
        call->hop = HOP_MERGE;
        call_run_shares(call->session->shard, &call->works[0]);
        return;
    }
    call_send_hop(call, HOP_MERGE, call_hop_shares, call->at + 1 == call->queue->count);
}

/* Counts a command that several shards executed, as long as the longest of its parts. */
static void merge_count(struct call *call, bool failed)
{
    const struct queued *queued = call->queue->items[call->at];
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < call->work_count; i++)
        if (call->works[i].share_count > 0)
            ticks = bits_max(ticks, call->works[i].shares[0].ticks);
    uint64_t slow = stats_count(call->session->stats, queued->command, ticks, failed,
                                &call->client->reply);
    if (unlikely(slow != 0))
        slow_note(call->session, call->client, queued->command, queued->argc, queued->argv,
                  queued->blobs, slow);
}

static void merge_end(struct call *call)
{
    const struct command *command = call->queue->items[call->at]->command;
    struct reply *reply = &call->client->reply;
    uint32_t errors = reply->errors;
    switch ((enum command_merge)command->merge) {
    case MERGE_SUM:
        merge_sum(reply, call->works, call->work_count);
        break;
    case MERGE_OK:
        merge_ok(reply, call->works, call->work_count);
        break;
    case MERGE_KEYS:
        merge_keys(reply, call->works, call->work_count, call->key_part, call->key_count);
        break;
    case MERGE_CONCAT:
        merge_concat(reply, call->works, call->work_count);
        break;
    case MERGE_PICK:
        merge_pick(reply, call->works, call->work_count,
                   rng_next(&call->session->shard->keyspace.rng));
        break;
    case MERGE_DIGEST:
        merge_digest(reply, call->works, call->work_count, call->session->scratch.db_count);
        break;
    case MERGE_NONE:
    case MERGE_COUNT:
        assert(false);
    }
    merge_count(call, reply->errors != errors);
    call->at++;
}

/* ---- The state machine. ---- */

static void run_session_command(struct call *call, const struct queued *queued)
{
    struct client *client = call->client;
    client->command = queued->command;
    client->argv = queued->argv;
    client->argc = queued->argc;
    client->flags |= CLIENT_IN_EXEC;
    execute_session(call->session, client);
    client->flags &= ~(uint32_t)CLIENT_IN_EXEC;
    call->at++;
}

/* Answers a command that cannot be split among shards. */
static void refuse_command(struct call *call, const struct queued *queued)
{
    struct reply *reply = &call->client->reply;
    reply_errorf(reply, "ERR wrong number of arguments for '%s' command", queued->command->name);
    stats_count(call->session->stats, queued->command, 0, true, reply);
    call->at++;
}

/* Uses what the hop that ended brought. */
static void hop_end(struct call *call)
{
    enum hop hop = call->hop;
    call->hop = HOP_NONE;
    switch (hop) {
    case HOP_SEGMENT:
        segment_end(call);
        break;
    case HOP_MERGE:
        merge_end(call);
        break;
    case HOP_TAKE:
        gather_run(call);
        return;
    case HOP_RETURN:
        gather_end(call);
        return;
    case HOP_NONE:
        return;
    }
    for (uint32_t i = 0; i < call->work_count; i++)
        shares_clear(&call->works[i]);
}

static void call_step(struct call *call)
{
    for (;;) {
        hop_end(call);
        if (call->hop != HOP_NONE)
            return;
        if (call->at == call->queue->count)
            break;
        const struct queued *queued = call->queue->items[call->at];
        const struct command *command = queued->command;
        if (command->where == WHERE_SESSION) {
            run_session_command(call, queued);
            if (call->client->surveys > 0)
                return; /* call_continue() */
        }
        if (command->where == WHERE_SESSION)
            continue;
        if (!call_splits(command, queued->argc)) {
            refuse_command(call, queued);
            continue;
        }
        if (call->wait == NULL && is_single(call, queued))
            segment_begin(call);
        else if (command->where == WHERE_GATHER)
            gather_begin(call, queued);
        else
            merge_begin(call, queued);
        if (call->hop != HOP_NONE && call->tx != NULL)
            return;
    }
    call_end(call);
}

const struct queue *call_transaction(const struct call *call)
{
    return call->exec ? call->queue : NULL;
}

void call_continue(struct call *call)
{
    call_step(call);
}

static void on_hop(struct tx *tx)
{
    call_step(tx->ctx);
}

/* The watched keys have been compared: go on or give up. */
static void compared(struct call *call)
{
    bool stale = false;
    for (uint32_t i = 0; i < call->work_count; i++)
        stale = stale || call->works[i].stale;
    if (stale) {
        reply_nil_array(&call->client->reply);
        call_end(call);
        return;
    }
    if (call->exec)
        reply_array(&call->client->reply, call->queue->count);
    call_step(call);
}

static void on_compared(struct tx *tx)
{
    compared(tx->ctx);
}

static bool has_watches(const struct call *call)
{
    for (uint32_t i = 0; i < call->work_count; i++)
        if (call->works[i].watches != NULL)
            return true;
    return false;
}

static void on_ready(struct tx *tx)
{
    struct call *call = tx->ctx;
    if (has_watches(call))
        tx_run(tx, call_hop_compare, false, on_compared);
    else
        compared(call);
}

/* A reading command whose only hop came along with the locks. */
static void on_ready_eager(struct tx *tx)
{
    call_step(tx->ctx);
}

static bool is_merged_read(const struct command *command)
{
    return (command->where == WHERE_EACH || command->where == WHERE_ALL) &&
           (command->flags & CMD_WRITE) == 0;
}

static void call_go(struct call *call)
{
    call_settle_locks(call);
    if (call_all_here(call)) {
        if (has_watches(call))
            call_compare(call->session->shard, &call->works[0]);
        compared(call);
        return;
    }
    call_make_tx(call);
    if (!call->exec && is_merged_read(call->queue->items[0]->command)) {
        merge_split(call, call->queue->items[0]);
        call->hop = HOP_MERGE;
        tx_start(call->tx, call_hop_shares, on_ready_eager);
        return;
    }
    tx_start(call->tx, NULL, on_ready);
}

void call_command(struct session *session, struct client *client, struct queued *command)
{
    struct queue *queue = queue_new();
    queue_add(queue, command);
    struct call *call = call_new(session, client, queue);
    call_prepare(call, command);
    call_go(call);
}

static void call_for_wait(struct wait *wait, struct queued *queued, bool again)
{
    struct queue *queue = queue_new();
    queue_add(queue, queued);
    struct call *call = call_new(wait->session, wait->client, queue);
    call->wait = wait;
    call->again = again;
    wait_calls(wait);
    call_prepare(call, queued);
    call_go(call);
}

static struct queued *copy(const struct queued *queued)
{
    return queued_new(queued->command, queued->argc, queued->argv, NULL);
}

void call_blocking(struct session *session, struct client *client, struct queued *command)
{
    struct wait *wait = wait_new(session, client, copy(command));
    call_for_wait(wait, command, false);
}

void call_wait(struct wait *wait)
{
    call_for_wait(wait, copy(wait->queued), true);
}

void call_exec(struct session *session, struct client *client, struct queue *queue)
{
    struct call *call = call_new(session, client, queue);
    call->exec = true;
    for (uint32_t i = 0; i < queue->count; i++)
        call_prepare(call, queue->items[i]);
    call_lend_watches(call);
    if (queue->count == 0 && call->work_count == 0) {
        compared(call);
        return;
    }
    call_go(call);
}

/* ---- WATCH. ---- */

static void on_watched(struct tx *tx)
{
    struct call *call = tx->ctx;
    reply_ok(&call->client->reply);
    call_end(call);
}

static bool already_watched(const struct client *client, const struct key *key)
{
    if (client->watches == NULL)
        return false;
    for (const struct watch *w = client->watches->first; w != NULL; w = w->next)
        if (w->db == client->db && bytes_equal(w->key.name, key->name))
            return true;
    return false;
}

void call_watch(struct session *session, struct client *client, struct queued *command)
{
    struct queue *queue = queue_new();
    queue_add(queue, command);
    struct call *call = call_new(session, client, queue);
    for (int i = 1; i < command->argc; i++) {
        struct key key = keyspace_key(session->shard->keyspace.seed, command->argv[i]);
        if (already_watched(client, &key))
            continue;
        struct watch *w = alloc_get(sizeof *w + key.name.len);
        *w = (struct watch){.db = client->db, .key = key};
        memcpy(w->name, key.name.data, key.name.len);
        w->key.name = bytes_make(w->name, key.name.len);
        struct work *work = call_work(call, node_owner(session->shard->node, key.slot));
        call_lock(work, key.hash, false);
        w->next = work->watches;
        work->watches = w;
    }
    if (call->work_count == 0) {
        reply_ok(&client->reply);
        call_end(call);
        return;
    }
    call_make_tx(call);
    tx_start(call->tx, call_hop_watch, on_watched);
}
