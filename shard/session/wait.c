/* Wait: see wait.h. */
#include "shard/session/wait.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/command_keys.h"
#include "shard/admin/slow.h"
#include "shard/runtime/shard.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "shard/session/wait_heap.h"
#include "shard/session/wait_part.h"
#include "shard/session/wait_restore.h"
#include "shard/session/waiting.h"

#define SMALL_KEYS 32
#define AGAIN_NS UINT64_C(1000000) /* to end a wait that somebody tries to serve just now */

/* ---- Making and freeing. ---- */

static unsigned owner_of_arg(const struct wait *wait, int arg)
{
    return node_owner(wait->session->shard->node, keyspace_slot(wait->queued->argv[arg]));
}

/* Gives each shard its part of the keys that are waited for: those of which data goes to the
 * client or to another key. */
static void parts_fill(struct wait *wait, const struct key_ref *refs, int count)
{
    uint32_t at = 0;
    unsigned shards = wait->session->shard->node->shard_count;
    for (unsigned s = 0; s < shards; s++) {
        uint32_t args = 0;
        bool away = false;
        for (int i = 0; i < count; i++) {
            bool here = owner_of_arg(wait, refs[i].index) == s;
            if ((refs[i].flags & KEY_ACCESS) == 0)
                away = away || !here;
            else if (here)
                wait->args[at + args++] = (uint32_t)refs[i].index;
        }
        if (args == 0)
            continue;
        struct wait_part *part = &wait->parts[wait->part_count++];
        part->wait = wait;
        part->shard = (uint16_t)s;
        part->away = away;
        part->args = &wait->args[at];
        part->arg_count = args;
        reply_init(&part->reply, wait->resp);
        at += args;
    }
}

/* What stands beside the keys of the command and goes with them. */
static void shape(struct wait *wait, const struct key_ref *refs, int count)
{
    const struct key_spec *spec = wait->queued->command->key_specs;
    wait->numkeys_at = -1;
    if (spec->find == KEY_FIND_KEYNUM && count > 0)
        wait->numkeys_at = refs[0].index - spec->keys.first + spec->keys.keynum_index;
    if (spec->find == KEY_FIND_RANGE && spec->keys.limit == 2)
        wait->ids = (uint32_t)count;
}

struct wait *wait_new(struct session *session, struct client *client, struct queued *queued)
{
    struct key_ref small[SMALL_KEYS], *refs = small;
    int count = command_keys(queued->command, queued->argc, queued->argv, refs, SMALL_KEYS);
    if (count > SMALL_KEYS) {
        refs = alloc_get((size_t)count * sizeof *refs);
        count = command_keys(queued->command, queued->argc, queued->argv, refs, count);
    }
    count = count < 0 ? 0 : count;
    uint32_t cap = (uint32_t)bits_min((uint64_t)count, session->shard->node->shard_count);
    struct wait *wait = alloc_zeroed(sizeof *wait + cap * sizeof wait->parts[0]);
    wait->session = session;
    wait->client = client;
    wait->queued = queued;
    wait->db = client->db;
    wait->resp = client->resp;
    wait->no_touch = client_no_touch(client, queued->command);
    wait->any_change = (queued->command->acl & ACL_CAT_STREAM) != 0 &&
                       (queued->command->flags & CMD_WRITE) != 0;
    wait->args = alloc_get((size_t)bits_max((uint64_t)count, 1) * sizeof *wait->args);
    parts_fill(wait, refs, count);
    shape(wait, refs, count);
    if (refs != small)
        alloc_free(refs);
    client->wait = wait;
    session->waits++;
    return wait;
}

static void wait_free(struct wait *wait)
{
    assert(wait->client == NULL && wait->out == 0);
    wait_heap_remove(&wait->session->wait_heap, wait);
    for (uint32_t i = 0; i < wait->part_count; i++) {
        reply_deinit(&wait->parts[i].reply);
        if (wait->parts[i].restore != NULL)
            queued_free(wait->parts[i].restore);
    }
    queued_free(wait->queued);
    alloc_free(wait->args);
    wait->session->waits--;
    alloc_free(wait);
}

static void settle(struct wait *wait)
{
    if (wait->client == NULL && wait->out == 0)
        wait_free(wait);
}

void wait_replace_args(struct wait *wait, struct op_wait *op_wait)
{
    if (op_wait->args == NULL)
        return;
    struct queued *old = wait->queued;
    struct bytes *argv = alloc_get((size_t)old->argc * sizeof *argv);
    for (int i = 0; i < old->argc; i++)
        argv[i] = op_wait->args[i] == NULL
                      ? old->argv[i]
                      : bytes_make(op_wait->args[i]->data, op_wait->args[i]->len);
    wait->queued = queued_new(old->command, old->argc, argv, NULL);
    alloc_free(argv);
    queued_free(old);
    op_wait_drop(op_wait, wait->queued->argc);
}

struct wait_part *wait_part_of(struct wait *wait, unsigned shard)
{
    for (uint32_t i = 0; i < wait->part_count; i++)
        if (wait->parts[i].shard == shard)
            return &wait->parts[i];
    return NULL;
}

/* ---- The end, at home. ---- */

/* Gets the parts back that still wait somewhere. */
static void cancel_parts(struct wait *wait)
{
    for (uint32_t i = 0; i < wait->part_count; i++) {
        struct wait_part *part = &wait->parts[i];
        if (!part->out)
            continue;
        struct message *message = &part->cancel;
        message->handle = wait_part_cancel;
        wait->out++;
        shard_post(wait->session->shard, part->shard, &message);
    }
}

/* The client has its answer, or is gone. */
static void detach(struct wait *wait)
{
    struct client *client = wait->client;
    atomic_store(&wait->state, WAIT_OVER);
    wait_heap_remove(&wait->session->wait_heap, wait);
    wait->client = NULL;
    client->wait = NULL;
    client->unblock = NULL;
    cancel_parts(wait);
}

static void resume(struct client *client)
{
    client_flush_later(client);
    client_resume(client, STALL_BLOCKED);
}

/* The command is answered; ticks: of its run, not of the waiting, 0 if it was not slow. */
static void note_slow(const struct wait *wait, uint64_t ticks)
{
    const struct queued *queued = wait->queued;
    if (unlikely(ticks != 0))
        slow_note(wait->session, wait->client, queued->command, queued->argc, queued->argv,
                  queued->blobs, ticks);
}

/* Ends a wait that nobody serves. */
static void end(struct wait *wait)
{
    int open = WAIT_OPEN;
    struct session *session = wait->session;
    struct client *client = wait->client;
    if (!atomic_compare_exchange_strong(&wait->state, &open, WAIT_OVER)) {
        wait->deadline_ns = session->shard->now_ns + AGAIN_NS;
        wait_heap_put(&session->wait_heap, wait);
        return;
    }
    bool failed = wait->end == WAIT_END_UNBLOCKED;
    if (failed)
        reply_error(&client->reply, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
    else
        reply_nil_array(&client->reply);
    note_slow(wait, stats_end(session->stats, wait->queued->command, stats_ticks(), failed,
                              &client->reply));
    detach(wait);
    settle(wait);
    resume(client);
}

int64_t wait_step(struct session *session, uint64_t now_ns)
{
    struct wait *next;
    while ((next = wait_heap_first(&session->wait_heap)) != NULL) {
        if (next->deadline_ns > now_ns)
            return (int64_t)(next->deadline_ns - now_ns);
        wait_heap_remove(&session->wait_heap, next);
        end(next);
    }
    return -1;
}

/* CLIENT UNBLOCK. */
static void unblock(struct client *client, bool with_error)
{
    struct wait *wait = client->wait;
    wait->end = with_error ? WAIT_END_UNBLOCKED : WAIT_END_TIMEOUT;
    wait_heap_remove(&wait->session->wait_heap, wait);
    end(wait);
}

void wait_abandon(struct client *client)
{
    struct wait *wait = client->wait;
    if (wait == NULL)
        return;
    detach(wait);
    settle(wait);
}

/* ---- The beginning. ---- */

static void stall(struct wait *wait)
{
    wait->client->stall |= STALL_BLOCKED;
    wait->client->unblock = unblock;
    if (wait->client->flags & CLIENT_PEER_DONE)
        client_flush_later(wait->client); /* and be closed there */
}

static void set_deadline(struct wait *wait, int64_t timeout_ms)
{
    if (wait->heap_at != 0 || wait->client == NULL || timeout_ms == 0 ||
        timeout_ms > INT64_MAX / 2000000)
        return;
    wait->deadline_ns = wait->session->shard->now_ns + (uint64_t)timeout_ms * 1000000;
    wait_heap_put(&wait->session->wait_heap, wait);
}

static void parts_out(struct wait *wait)
{
    for (uint32_t i = 0; i < wait->part_count; i++)
        wait->parts[i].out = true;
    wait->out += wait->part_count;
}

void wait_try(struct session *session, struct client *client, struct queued *queued)
{
    struct wait *wait = wait_new(session, client, queued);
    assert(wait->part_count == 1);
    wait->untried = 1;
    parts_out(wait);
    stall(wait);
    struct message *message = &wait->parts[0].message;
    message->handle = wait_part_try;
    shard_post(session->shard, wait->parts[0].shard, &message);
}

void wait_here(struct session *session, struct client *client, struct queued *queued,
               struct op_wait *op_wait)
{
    struct wait *wait = wait_new(session, client, queued);
    assert(wait->part_count == 1 && wait->parts[0].shard == session->shard->index);
    wait_parks(wait, op_wait);
    waiting_add(session->waiting, &wait->parts[0]);
}

void wait_parks(struct wait *wait, struct op_wait *op_wait)
{
    wait_replace_args(wait, op_wait);
    for (uint32_t i = 0; i < wait->part_count; i++) {
        wait->parts[i].timeout_ms = op_wait->timeout_ms;
        wait->parts[i].untried = op_wait->behind;
    }
    wait->untried = op_wait->behind ? wait->part_count : 0;
    parts_out(wait);
    stall(wait);
    if (!op_wait->behind)
        set_deadline(wait, op_wait->timeout_ms);
}

/* ---- Calls. ---- */

void wait_calls(struct wait *wait)
{
    wait->out++;
}

/* The parts that asked for the call go on. */
static void send_woken(struct wait *wait)
{
    for (uint32_t i = 0; i < wait->part_count; i++) {
        struct wait_part *part = &wait->parts[i];
        if (!part->woke)
            continue;
        part->woke = false;
        struct message *message = &part->woken;
        message->handle = wait_part_woken;
        wait->out++;
        shard_post(wait->session->shard, part->shard, &message);
    }
}

void wait_called(struct wait *wait, bool answered)
{
    wait->out--;
    struct client *client = wait->client;
    if (client != NULL && answered) {
        detach(wait);
        settle(wait);
        resume(client);
        return;
    }
    int claimed = WAIT_CLAIMED;
    if (wait->claimed_here)
        atomic_compare_exchange_strong(&wait->state, &claimed, WAIT_OPEN);
    wait->claimed_here = false;
    send_woken(wait);
    settle(wait);
}

/* ---- What comes home. ---- */

void wait_on_home(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, message);
    struct wait *wait = part->wait;
    struct client *client = wait->client;
    part->out = false;
    wait->out--;
    bool answered = reply_size(&part->reply) > 0;
    if (client != NULL && answered) {
        note_slow(wait, part->slow);
        reply_move(&client->reply, &part->reply, (struct reply_mark){0},
                   reply_here(&part->reply));
        detach(wait);
        settle(wait);
        resume(client);
        return;
    }
    if (answered && part->restore == NULL && wait_restore_make(part)) {
        wait->out++;
        struct message *back = &part->message;
        back->handle = wait_part_restore;
        shard_post(shard, part->shard, &back);
    }
    settle(wait);
}

void wait_on_news(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, news);
    struct wait *wait = part->wait;
    (void)shard;
    if (wait->untried > 0 && --wait->untried > 0)
        return;
    set_deadline(wait, part->timeout_ms);
}

void wait_on_wake(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, wake);
    struct wait *wait = part->wait;
    int open = WAIT_OPEN;
    (void)shard;
    if (wait->client == NULL) /* the part has been cancelled */
        return;
    part->woke = true;
    if (wait->client->call == NULL &&
        atomic_compare_exchange_strong(&wait->state, &open, WAIT_CLAIMED)) {
        wait->claimed_here = true;
        call_wait(wait);
    }
    /* Else wait_called() will see to it. */
}

void wait_on_cancelled(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, cancel);
    struct wait *wait = part->wait;
    (void)shard;
    wait->out--;
    if (part->removed) {
        part->out = false;
        wait->out--;
    }
    settle(wait);
}

void wait_on_done(struct shard *shard, struct message *message)
{
    struct wait_part *part = container_of(message, struct wait_part, woken);
    (void)shard;
    part->wait->out--;
    settle(part->wait);
}
