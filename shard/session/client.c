/* Client: see client.h. Input is in session.c, commands in dispatch.c. */
#include "shard/session/client.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/session/address.h"
#include "shard/session/auth.h"
#include "shard/session/batch.h"
#include "shard/session/call.h"
#include "shard/session/queue.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/wait.h"
#include "shard/session/watch.h"

#define REPLY_KEEP_BYTES (16 * 1024)

struct client *client_new(struct session *session, int fd, bool unix_socket)
{
    struct shard *shard = session->shard;
    struct client *client = alloc_zeroed(sizeof *client);
    client->shard = shard;
    client->session = session;
    client->id = atomic_fetch_add(&shard->node->client_ids, 1) + 1;
    client->resp = 2;
    client->flags = unix_socket ? CLIENT_UNIX : 0;
    auth_reset(client);
    reply_init(&client->reply, 2);
    reply_init(&client->sending, 2);
    resp_init(&client->parser);
    client->created_ms = shard->keyspace.now_ms;
    client->active_ns = shard->now_ns;
    list_init(&client->flush_link);
    list_init(&client->again_link);
    address_of_peer(fd, client->peer, sizeof client->peer);
    address_of_local(fd, client->local, sizeof client->local);
    list_push_back(&session->clients, &client->link);
    session->client_count++;
    io_start(shard->io, &client->stream, fd);
    return client;
}

size_t client_memory(const struct client *client)
{
    return sizeof *client + client->query.cap + client->reply.cap + client->sending.cap +
           resp_memory(&client->parser) + client->pending_cap * sizeof *client->pending +
           client->reply.blob_bytes + client->sending.blob_bytes;
}

void client_flush_later(struct client *client)
{
    if (client->flush_linked)
        return;
    client->flush_linked = true;
    list_push_back(&client->session->flush, &client->flush_link);
}

static void client_free(struct client *client)
{
    struct session *session = client->session;
    assert(client->pending_count == 0 && client->call == NULL);
    list_remove(&client->link);
    list_remove(&client->flush_link);
    list_remove(&client->again_link);
    session->client_count--;
    atomic_fetch_sub(&session->shard->node->clients, 1);
    reply_deinit(&client->reply);
    reply_deinit(&client->sending);
    resp_deinit(&client->parser);
    buffer_deinit(&client->query);
    queue_free(client->queue);
    alloc_free(client->iov);
    alloc_free(client->pending);
    alloc_free(client->name);
    alloc_free(client->lib_name);
    alloc_free(client->lib_version);
    alloc_free(client);
}

/* Gives up the place in the shard's queue, waiting or granted. */
void client_leave_seat(struct client *client)
{
    client->granted = false;
    if (!client->seat.seated)
        return;
    locks_leave(&client->shard->locks, &client->seat);
    alloc_free(client->seat_locks);
    client->seat_locks = NULL;
    locks_advance(&client->shard->locks, client->shard);
}

void client_settle(struct client *client)
{
    if (client->closed && client->pending_count == 0 && client->call == NULL &&
        client->surveys == 0 && !client->chunked)
        client_free(client);
}

void client_close(struct client *client, bool after_reply)
{
    client->stall |= STALL_CLOSING;
    if (after_reply && !client->stream.ended) {
        client->flags |= CLIENT_CLOSE_AFTER_REPLY;
        client_flush_later(client);
        return;
    }
    if (client->closing)
        return;
    client->closing = true;
    client_leave_seat(client);
    watch_drop_all(client);
    wait_abandon(client);
    io_close(client->shard->io, &client->stream);
}

void client_expect(struct client *client, struct batch *batch, uint32_t index)
{
    if (client->pending_count == client->pending_cap) {
        uint32_t cap = client->pending_cap == 0 ? 16 : client->pending_cap * 2;
        struct pending *ring = alloc_get(cap * sizeof *ring);
        for (uint32_t i = 0; i < client->pending_count; i++)
            ring[i] = client->pending[(client->pending_head + i) & (client->pending_cap - 1)];
        alloc_free(client->pending);
        client->pending = ring;
        client->pending_head = 0;
        client->pending_cap = cap;
    }
    uint32_t at = (client->pending_head + client->pending_count++) & (client->pending_cap - 1);
    client->pending[at] = (struct pending){batch, index};
}

void client_collect(struct client *client)
{
    while (client->pending_count > 0) {
        struct pending *first = &client->pending[client->pending_head];
        struct batch *batch = first->batch;
        uint32_t index = first->index;
        if (index >= batch->done)
            return;
        struct reply_mark from = {0};
        if (index > 0)
            from = batch->items[index - 1].end;
        reply_move(&client->reply, &batch->reply, from, batch->items[index].end);
        batch->items[index].client = NULL;
        client->pending_head = (client->pending_head + 1) & (client->pending_cap - 1);
        client->pending_count--;
        batch_taken(client->session, batch);
    }
    if (client->closing) {
        client_settle(client);
        return;
    }
    client_flush_later(client);
    if (client->stall & STALL_PENDING)
        client_resume(client, STALL_PENDING);
}

void client_again(struct client *client)
{
    if (client->again_linked)
        return;
    client->again_linked = true;
    list_push_back(&client->session->again, &client->again_link);
}

void client_resume(struct client *client, enum stall reason)
{
    client->stall &= (uint16_t)~reason;
    if (client->stall == 0)
        client_again(client);
}
