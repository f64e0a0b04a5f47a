/* Call: see call.h. */
#include "shard/session/call.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/number.h"
#include "base/random.h"
#include "engine/commands/command_ids.gen.h"
#include "engine/commands/command_keys.h"
#include "engine/commands/scan.h"
#include "shard/admin/slow.h"
#include "shard/runtime/shard.h"
#include "shard/runtime/tx.h"
#include "shard/session/call_part.h"
#include "shard/session/client.h"
#include "shard/session/dispatch.h"
#include "shard/session/execute.h"
#include "shard/session/merge.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/watch.h"

#define SMALL_KEYS 32

/* What the hop under way is for. */
enum hop { HOP_NONE, HOP_SEGMENT, HOP_MERGE, HOP_TAKE, HOP_RETURN };

struct call {
    struct session *session;
    struct client *client;
    struct tx *tx; /* NULL: everything is on this shard */
    struct queue *queue;
    uint32_t at;          /* next command */
    uint32_t segment_end; /* commands [at, segment_end) are in the hop under way */
    enum hop hop;
    bool exec;
    bool watch;    /* a WATCH command */
    bool started;  /* the reply's header is written */
    uint16_t *key_part; /* MERGE_KEYS: which part has the i-th key */
    uint32_t key_count;
    uint32_t work_count;
    int16_t *part_of; /* shard -> index in works, -1: none */
    struct work works[];
};

static void call_step(struct call *call);

/* ---- Keys and their shards. ---- */

/* The keys of a command; *refs is `small` or memory to be freed. */
static int keys_find(const struct command *command, int argc, const struct bytes *argv,
                     struct key_ref *small, struct key_ref **refs)
{
    *refs = small;
    int count = command_keys(command, argc, argv, small, SMALL_KEYS);
    if (count > SMALL_KEYS) {
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

int call_owner(struct session *session, const struct command *command, int argc,
               const struct bytes *argv)
{
    const struct shard *shard = session->shard;
    if (shard->node->shard_count == 1)
        return 0;
    if (command->where == WHERE_CURSOR)
        return (int)cursor_owner(session, argv[1]);
    struct key_ref small[SMALL_KEYS], *refs;
    int count = keys_find(command, argc, argv, small, &refs);
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

static struct call *call_new(struct session *session, struct client *client, struct queue *queue)
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

static struct work *work_of(struct call *call, unsigned shard)
{
    if (call->part_of[shard] < 0) {
        call->part_of[shard] = (int16_t)call->work_count;
        reply_init(&call->works[call->work_count].reply, call->client->resp);
        call->work_count++;
    }
    return &call->works[call->part_of[shard]];
}

static void lock_add(struct work *work, uint64_t key, bool exclusive)
{
    if (work->lock_count == work->lock_cap) {
        work->lock_cap = work->lock_cap == 0 ? 8 : work->lock_cap * 2;
        work->locks = alloc_resize(work->locks, work->lock_cap * sizeof *work->locks);
    }
    work->locks[work->lock_count++] = (struct lock){key, exclusive};
}

static void prepare_command(struct call *call, const struct queued *queued)
{
    struct session *session = call->session;
    const struct command *command = queued->command;
    bool writes = (command->flags & CMD_WRITE) != 0;
    if (command->where == WHERE_SESSION)
        return;
    if (command->where == WHERE_ALL) {
        for (unsigned s = 0; s < session->shard->node->shard_count; s++) {
            struct work *work = work_of(call, s);
            enum lock_whole whole = writes ? WHOLE_EXCLUSIVE : WHOLE_SHARED;
            if (work->whole < whole)
                work->whole = whole;
        }
        return;
    }
    if (command->where == WHERE_CURSOR) { /* a key lent out would be missed */
        struct work *work = work_of(call, cursor_owner(session, queued->argv[1]));
        if (work->whole < WHOLE_SHARED)
            work->whole = WHOLE_SHARED;
        return;
    }
    struct key_ref small[SMALL_KEYS], *refs;
    int count = keys_find(command, queued->argc, queued->argv, small, &refs);
    if (count == 0) /* the handler will say what is wrong */
        work_of(call, session->shard->index);
    for (int i = 0; i < count; i++) {
        struct key key = keyspace_key(session->shard->keyspace.seed, queued->argv[refs[i].index]);
        lock_add(work_of(call, node_owner(session->shard->node, key.slot)), key.hash,
                 command->where == WHERE_GATHER || (writes && (refs[i].flags & KEY_RO) == 0));
    }
    if (refs != small)
        alloc_free(refs);
}

/* Lends the client's watches to the works of their shards, with shared locks. */
static void prepare_watches(struct call *call)
{
    struct watch_list *list = call->client->watches;
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct watch *w = list->first;
        list->first = w->next;
        struct work *work = work_of(call, node_owner(call->session->shard->node, w->key.slot));
        lock_add(work, w->key.hash, false);
        w->next = work->watches;
        work->watches = w;
    }
}

/* Gives the watches back to the client. */
static void return_watches(struct call *call)
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
static void settle_locks(struct call *call)
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
static bool all_here(const struct call *call)
{
    const struct shard *shard = call->session->shard;
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

static void tx_make(struct call *call)
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
    return_watches(call);
    if (call->exec)
        watch_drop_all(client);
    client->call = NULL;
    if (client->closing) {
        watch_drop_all(client);
        client_settle(client);
    } else {
        client_flush_later(client);
        client_resume(client, STALL_CALL);
    }
    if (call->tx != NULL)
        tx_finish(call->tx, call_freed);
    else
        works_free(call);
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
static void hop_send(struct call *call, enum hop hop, tx_hop_fn fn, bool last)
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
        share_add(work_of(call, segment_owner(call, queued)), call, queued);
    }
    call->segment_end = end;
    if (call->tx == NULL) {
        call->hop = HOP_SEGMENT;
        call_run_shares(call->session->shard, &call->works[0]);
        return;
    }
    hop_send(call, HOP_SEGMENT, call_hop_shares, end == call->queue->count);
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
        unsigned owner = owner_of(call->session, queued->argv[first + (int)k * step]);
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
    hop_send(call, HOP_MERGE, call_hop_shares, call->at + 1 == call->queue->count);
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

/* ---- Gather: keys of several shards brought together. ---- */

static void loan_add(struct call *call, struct bytes name, uint16_t db)
{
    struct key key = keyspace_key(call->session->shard->keyspace.seed, name);
    struct work *work = work_of(call, node_owner(call->session->shard->node, key.slot));
    for (uint32_t i = 0; i < work->loan_count; i++)
        if (work->loans[i].db == db && bytes_equal(work->loans[i].key.name, name))
            return;
    if (work->loan_count == work->loan_cap) {
        work->loan_cap = work->loan_cap == 0 ? 4 : work->loan_cap * 2;
        work->loans = alloc_resize(work->loans, work->loan_cap * sizeof *work->loans);
    }
    work->loans[work->loan_count++] = (struct loan){.key = key, .db = db};
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

static void gather_begin(struct call *call, const struct queued *queued)
{
    struct key_ref small[SMALL_KEYS], *refs;
    int count = keys_find(queued->command, queued->argc, queued->argv, small, &refs);
    int other = other_db(call, queued);
    for (int i = 0; i < count; i++) {
        loan_add(call, queued->argv[refs[i].index], call->client->db);
        if (other >= 0 && other != call->client->db)
            loan_add(call, queued->argv[refs[i].index], (uint16_t)other);
    }
    if (refs != small)
        alloc_free(refs);
    assert(call->tx != NULL);
    hop_send(call, HOP_TAKE, call_hop_take, false);
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
    if (!loan->present)
        return;
    struct found found = {0};
    keyspace_put(ks, &ks->dbs[loan->db], &loan->key, &found, loan->value, loan->expiry);
    alloc_free(loan->holder);
    loan->holder = NULL;
}

static void loan_collect(struct keyspace *ks, struct loan *loan)
{
    struct db *db = &ks->dbs[loan->db];
    struct found found = keyspace_find(ks, db, &loan->key);
    loan->present = found.entry != NULL;
    if (!loan->present)
        return;
    loan->expiry = entry_expiry(found.entry);
    loan->value = keyspace_take(ks, db, &loan->key, &found, &loan->holder);
    if (loan->value.encoding == ENCODING_BLOB)
        blob_share((struct blob *)(uintptr_t)loan->value.word);
}

static void each_loan(struct call *call, void (*fn)(struct keyspace *, struct loan *))
{
    for (uint32_t w = 0; w < call->work_count; w++)
        for (uint32_t i = 0; i < call->works[w].loan_count; i++)
            fn(&call->session->scratch, &call->works[w].loans[i]);
}

/* The keys are here: runs the command, then sends them home. */
static void gather_run(struct call *call)
{
    struct session *session = call->session;
    const struct queued *queued = call->queue->items[call->at];
    struct keyspace *ks = &session->scratch;
    ks->now_ms = session->shard->keyspace.now_ms;
    ks->access_now = session->shard->keyspace.access_now;
    each_loan(call, loan_bring);
    struct observer observer = {.changed = on_scratch_change, .ctx = call};
    keyspace_observe(ks, &observer);
    struct op op = {
        .ks = ks,
        .db = &ks->dbs[call->client->db],
        .command = queued->command,
        .argv = queued->argv,
        .argc = queued->argc,
        .reply = &call->client->reply,
        .limits = &session->op_limits,
        .blobs = queued->blobs,
    };
    if (queued->command->first_key > 0)
        op.key = op_key(&op, queued->command->first_key);
    ks->no_touch = client_no_touch(call->client, queued->command);
    uint64_t slow = execute(session, &op);
    if (unlikely(slow != 0))
        slow_note(session, call->client, op.command, op.argc, op.argv, op.blobs, slow);
    ks->no_touch = false;
    each_loan(call, loan_collect);
    keyspace_unobserve(ks, &observer);
    hop_send(call, HOP_RETURN, call_hop_return, call->at + 1 == call->queue->count);
}

static void gather_end(struct call *call)
{
    for (uint32_t w = 0; w < call->work_count; w++) {
        struct work *work = &call->works[w];
        for (uint32_t i = 0; i < work->loan_count; i++) {
            for (struct loan_event *e = work->loans[i].events, *next; e != NULL; e = next) {
                next = e->next;
                alloc_free(e);
            }
        }
        work->loan_count = 0;
    }
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
        if (is_single(call, queued))
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
    settle_locks(call);
    if (all_here(call)) {
        if (has_watches(call))
            call_compare(call->session->shard, &call->works[0]);
        compared(call);
        return;
    }
    tx_make(call);
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
    prepare_command(call, command);
    call_go(call);
}

void call_exec(struct session *session, struct client *client, struct queue *queue)
{
    struct call *call = call_new(session, client, queue);
    call->exec = true;
    for (uint32_t i = 0; i < queue->count; i++)
        prepare_command(call, queue->items[i]);
    prepare_watches(call);
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
    call->watch = true;
    for (int i = 1; i < command->argc; i++) {
        struct key key = keyspace_key(session->shard->keyspace.seed, command->argv[i]);
        if (already_watched(client, &key))
            continue;
        struct watch *w = alloc_get(sizeof *w + key.name.len);
        *w = (struct watch){.db = client->db, .key = key};
        memcpy(w->name, key.name.data, key.name.len);
        w->key.name = bytes_make(w->name, key.name.len);
        struct work *work = work_of(call, node_owner(session->shard->node, key.slot));
        lock_add(work, key.hash, false);
        w->next = work->watches;
        work->watches = w;
    }
    if (call->work_count == 0) {
        reply_ok(&client->reply);
        call_end(call);
        return;
    }
    tx_make(call);
    tx_start(call->tx, call_hop_watch, on_watched);
}
