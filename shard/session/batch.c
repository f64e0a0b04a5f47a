/* Batch: see batch.h. */
#include "shard/session/batch.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/keyspace/prefetch.h"
#include "shard/admin/slow.h"
#include "shard/session/client.h"
#include "shard/session/execute.h"
#include "shard/session/session.h"
#include "shard/session/waiting.h"

#define BLOCK_BYTES 4096
#define REPLY_KEEP_BYTES (32 * 1024)
#define BLOCK_KEEP_BYTES (64 * 1024)

static void on_batch(struct shard *shard, struct message *message);

static struct batch *batch_new(struct session *session, unsigned to)
{
    struct batch *batch = session->spare;
    if (batch != NULL) {
        session->spare = batch->next_spare;
    } else {
        batch = alloc_get(sizeof *batch);
        memset(batch, 0, offsetof(struct batch, items));
    }
    batch->home = session;
    batch->to = to;
    batch->count = batch->done = batch->taken = batch->at = 0;
    batch->full = false;
    return batch;
}

static void batch_recycle(struct session *session, struct batch *batch)
{
    reply_clear(&batch->reply, REPLY_KEEP_BYTES);
    /* One block is kept, unless it is a large one. */
    struct batch_block *block = batch->blocks;
    while (block != NULL && (block->next != NULL || block->cap > BLOCK_KEEP_BYTES)) {
        struct batch_block *next = block->next;
        alloc_free(block);
        block = next;
    }
    if (block != NULL)
        block->used = 0;
    batch->blocks = block;
    batch->next_spare = session->spare;
    session->spare = batch;
}

void batch_free_spares(struct session *session)
{
    for (struct batch *b = session->spare, *next; b != NULL; b = next) {
        next = b->next_spare;
        for (struct batch_block *block = b->blocks, *after; block != NULL; block = after) {
            after = block->next;
            alloc_free(block);
        }
        reply_deinit(&b->reply);
        alloc_free(b);
    }
    session->spare = NULL;
}

/* Memory in the batch, aligned to 8 bytes. */
static void *batch_space(struct batch *batch, size_t size)
{
    struct batch_block *block = batch->blocks;
    size_t used = block == NULL ? 0 : bits_align_up(block->used, 8);
    if (block == NULL || used + size > block->cap) {
        size_t cap = bits_max(size, BLOCK_BYTES);
        struct batch_block *more = alloc_get(sizeof *more + cap);
        *more = (struct batch_block){.next = block, .cap = cap};
        batch->blocks = block = more;
        used = 0;
    }
    block->used = used + size;
    return block->data + used;
}

static void copy_args(struct batch *batch, struct batch_item *item, const struct request *request,
                      struct blob **blobs)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < request->argc; i++)
        bytes += blobs != NULL && blobs[i] != NULL ? 0 : request->argv[i].len;
    struct bytes *argv = batch_space(batch, request->argc * sizeof *argv + bytes);
    char *to = (char *)(argv + request->argc);
    item->blobs = NULL;
    if (blobs != NULL) {
        item->blobs = batch_space(batch, request->argc * sizeof *item->blobs);
        memcpy(item->blobs, blobs, request->argc * sizeof *item->blobs);
    }
    for (uint32_t i = 0; i < request->argc; i++) {
        struct bytes arg = request->argv[i];
        if (blobs != NULL && blobs[i] != NULL) {
            blob_share(blobs[i]);
            blobs[i] = NULL;
            argv[i] = arg; /* lies in the blob, which is the item's now */
            continue;
        }
        memcpy(to, arg.data, arg.len);
        argv[i] = bytes_make(to, arg.len);
        to += arg.len;
    }
    item->argv = argv;
    item->argc = request->argc;
}

static void batch_send(struct session *session, struct batch *batch)
{
    session->open[batch->to] = NULL;
    session->batches_out++;
    batch->full = true;
    struct message *message = &batch->message;
    message->handle = on_batch;
    shard_post(session->shard, batch->to, &message);
}

void batch_add(struct session *session, unsigned to, struct client *client,
               const struct request *request, struct blob **blobs)
{
    struct batch *batch = session->open[to];
    if (batch == NULL)
        session->open[to] = batch = batch_new(session, to);
    struct batch_item *item = &batch->items[batch->count];
    item->client = client;
    item->command = request->command;
    item->key = request->key;
    item->db = client->db;
    item->resp = client->resp;
    item->no_touch = client_no_touch(client, request->command);
    copy_args(batch, item, request, blobs);
    if (request->keyed) /* the name lies in the copy now */
        item->key.name = item->argv[request->command->first_key];
    client_expect(client, batch, batch->count++);
    if (batch->count == BATCH_ITEMS)
        batch_send(session, batch);
}

void batch_send_all(struct session *session)
{
    for (unsigned i = 0; i < session->shard->node->shard_count; i++)
        if (session->open[i] != NULL)
            batch_send(session, session->open[i]);
    struct batch *own = session->own;
    if (own != NULL) {
        session->own = NULL;
        own->full = true;
        if (own->taken == own->count)
            batch_recycle(session, own);
    }
}

struct batch *batch_capture(struct session *session, struct client *client)
{
    struct batch *batch = session->own;
    if (batch != NULL && batch->count == BATCH_ITEMS) {
        batch->full = true;
        if (batch->taken == batch->count)
            batch_recycle(session, batch);
        batch = NULL;
    }
    if (batch == NULL)
        session->own = batch = batch_new(session, session->shard->index);
    batch->reply.resp = client->resp;
    batch->items[batch->count].client = client;
    client_expect(client, batch, batch->count++);
    return batch;
}

void batch_captured(struct batch *batch)
{
    batch->items[batch->count - 1].end = reply_here(&batch->reply);
    batch->done = batch->count;
}

void batch_taken(struct session *session, struct batch *batch)
{
    if (++batch->taken == batch->count && batch->full)
        batch_recycle(session, batch);
}

/* Home again: the replies are handed out. */
static void on_batch_home(struct shard *shard, struct message *message)
{
    struct batch *batch = container_of(message, struct batch, message);
    struct session *session = session_of(shard);
    assert(batch->home == session);
    session->batches_out--;
    batch->done = batch->count;
    batch->full = false; /* not to be recycled while it is walked */
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].client != NULL) /* not collected yet */
            client_collect(batch->items[i].client);
    batch->full = true;
    if (batch->taken == batch->count)
        batch_recycle(session, batch);
}

/* ---- On the receiving shard. ---- */

static void item_run(struct session *session, struct batch *batch, struct batch_item *item)
{
    struct shard *shard = session->shard;
    struct op op = {
        .ks = &shard->keyspace,
        .db = &shard->keyspace.dbs[item->db],
        .command = item->command,
        .argv = item->argv,
        .argc = (int)item->argc,
        .key = item->key,
        .reply = &batch->reply,
        .limits = &session->op_limits,
        .blobs = item->blobs,
    };
    batch->reply.resp = item->resp;
    shard->keyspace.no_touch = item->no_touch;
    uint64_t slow = execute(session, &op);
    if (unlikely(slow != 0))
        slow_note(session, item->client, op.command, op.argc, op.argv, op.blobs, slow);
    shard->keyspace.no_touch = false;
    item->end = reply_here(&batch->reply);
    if (unlikely(session->keys_due))
        waiting_serve(session);
    if (unlikely(item->blobs != NULL))
        for (uint32_t i = 0; i < item->argc; i++)
            blob_put(item->blobs[i]);
}

static void batch_prefetch(const struct session *session, const struct batch *batch, uint32_t from)
{
    struct key keys[PREFETCH_GROUP];
    size_t n = 0;
    uint16_t db = batch->items[from].db;
    uint32_t end = (uint32_t)bits_min(from + PREFETCH_GROUP, batch->count);
    for (uint32_t i = from; i < end; i++)
        if (batch->items[i].db == db)
            keys[n++] = batch->items[i].key;
    prefetch_keys(&session->shard->keyspace.dbs[db], keys, n);
}

static void batch_granted(struct shard *shard, struct seat *seat);

/* Whether the next item has to wait; then it has taken a seat. */
static bool batch_waits(struct session *session, struct batch *batch, struct batch_item *item)
{
    struct locks *locks = &session->shard->locks;
    if (likely(locks->seats == 0))
        return false;
    if (!execute_conflicts(session, item->command, (int)item->argc, item->argv, &item->key))
        return false;
    execute_take_seat(session, item->command, (int)item->argc, item->argv, &item->key,
                      &batch->seat, &batch->seat_locks, batch_granted);
    return true;
}

/* Executes from batch->at on. False: it waits for a lock. */
static bool batch_run(struct session *session, struct batch *batch)
{
    while (batch->at < batch->count) {
        if (batch->at % PREFETCH_GROUP == 0)
            batch_prefetch(session, batch, batch->at);
        struct batch_item *item = &batch->items[batch->at];
        if (unlikely(batch_waits(session, batch, item)))
            return false;
        item_run(session, batch, item);
        batch->at++;
    }
    reply_share(&batch->reply);
    struct message *message = &batch->message;
    message->handle = on_batch_home;
    shard_post(session->shard, batch->home->shard->index, &message);
    return true;
}

/* Executes what was held up behind a batch that waited. */
static void source_continue(struct session *session, struct source *source)
{
    while (source->parked == NULL && source->held_first != NULL) {
        struct message *message = source->held_first;
        source->held_first = message->next;
        struct batch *batch = container_of(message, struct batch, message);
        if (!batch_run(session, batch))
            source->parked = batch;
    }
}

/* The lock the batch waited for is its own. */
static void batch_granted(struct shard *shard, struct seat *seat)
{
    struct session *session = session_of(shard);
    struct batch *batch = container_of(seat, struct batch, seat);
    struct source *source = &session->sources[batch->home->shard->index];
    assert(source->parked == batch);
    item_run(session, batch, &batch->items[batch->at]);
    batch->at++;
    locks_leave(&shard->locks, seat);
    alloc_free(batch->seat_locks);
    batch->seat_locks = NULL;
    source->parked = NULL;
    if (!batch_run(session, batch))
        source->parked = batch;
    source_continue(session, source);
}

static void on_batch(struct shard *shard, struct message *message)
{
    struct session *session = session_of(shard);
    struct batch *batch = container_of(message, struct batch, message);
    struct source *source = &session->sources[batch->home->shard->index];
    if (unlikely(source->parked != NULL)) {
        message->next = NULL;
        if (source->held_first == NULL)
            source->held_first = message;
        else
            source->held_last->next = message;
        source->held_last = message;
        return;
    }
    if (unlikely(!batch_run(session, batch)))
        source->parked = batch;
}
