/*
 * Session: input, output and the hooks of the runtime; see session.h.
 *
 * Input. Bytes of a client become a chunk: its complete commands are parsed into
 * requests at once, those of other clients behind them, and the whole run is
 * executed together: so that keys can be prefetched across commands and clients.
 * What a client may not execute yet (see enum stall) is kept in its own buffer.
 */
#include "shard/session/session.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/command_names.h"
#include "engine/keyspace/prefetch.h"
#include "engine/types/types.h"
#include "shard/session/background.h"
#include "shard/session/batch.h"
#include "shard/session/client.h"
#include "shard/session/listen.h"
#include "shard/session/server.h"
#include "shard/session/stats.h"
#include "shard/session/waiting.h"
#include "shard/session/watch.h"

#define REPLY_KEEP_BYTES (16 * 1024)
#define QUERY_KEEP_BYTES (32 * 1024)
#define FILL_DIRECT_BYTES (64 * 1024) /* missing bytes worth a receive of their own */

/* ---- From bytes to requests. ---- */

static bool run_full(const struct session *session)
{
    return session->chunk_count == RUN_CHUNKS || session->request_count == RUN_REQUESTS ||
           RUN_ARGS - session->arg_count < 64;
}

static void request_add(struct session *session, struct client *client, struct chunk *chunk)
{
    struct resp_parser *parser = &client->parser;
    struct request *request = &session->requests[session->request_count++];
    request->argv = parser->argv;
    request->argc = (uint32_t)parser->argc;
    request->at = chunk->parsed;
    request->keyed = false;
    const struct command *command = client->last_command;
    if (unlikely(session->names != NULL))
        command = command_names_find(session->names, parser->argv[0]);
    else if (command == NULL || !bytes_equal_nocase(parser->argv[0], command->name))
        command = command_find(parser->argv[0]);
    request->command = command;
    client->last_command = command;
    if (parser->argv == session->args + session->arg_count)
        session->arg_count += request->argc;
    if (command != NULL && command->where == WHERE_KEY && request->argc > 1 &&
        command->first_key == 1) {
        request->key = keyspace_key(session->shard->keyspace.seed, parser->argv[1]);
        request->keyed = true;
    }
    chunk->count++;
}

static void protocol_error(struct session *session, struct client *client)
{
    if (client->pending_count > 0) { /* read again when the replies before are in */
        client->stall |= STALL_PENDING;
        resp_restart(&client->parser);
        return;
    }
    if (client->flags & CLIENT_REPLY_SKIP) { /* that command has been answered */
        client->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
        client->reply.muted = false;
    }
    reply_errorf(&client->reply, "ERR %s", client->parser.error);
    log_verbose(server_log(session->server), "Protocol error from client %s: %s", client->peer,
                client->parser.error);
    client_close(client, true);
}

enum taken { TAKEN_ALL, TAKEN_FULL, TAKEN_SLOW, TAKEN_BAD };

/* Parses commands of the chunk into requests. TAKEN_SLOW: the last one's arguments
 * lie in the parser, it has to be executed before the next is parsed. */
static enum taken chunk_parse(struct session *session, struct chunk *chunk)
{
    struct client *client = chunk->client;
    const struct resp_limits *limits = client->flags & CLIENT_LOCKED_OUT
                                           ? &session->limits_locked_out
                                           : &session->limits;
    if (client->held) {
        client->held = false;
        resp_rebase(&client->parser, chunk->data);
        request_add(session, client, chunk);
        chunk->parsed += client->parser.used;
        return TAKEN_SLOW;
    }
    for (;;) {
        if (run_full(session))
            return TAKEN_FULL;
        enum resp_result result =
            resp_parse(&client->parser, limits, chunk->data + chunk->parsed,
                       chunk->len - chunk->parsed, session->args + session->arg_count,
                       RUN_ARGS - session->arg_count);
        switch (result) {
        case RESP_COMMAND: {
            /* Limits may be others once a client has authenticated. */
            bool slow = resp_is_slow(&client->parser) || client->flags & CLIENT_LOCKED_OUT;
            request_add(session, client, chunk);
            chunk->parsed += client->parser.used;
            if (slow)
                return TAKEN_SLOW;
            break;
        }
        case RESP_EMPTY:
            chunk->parsed += client->parser.used;
            break;
        case RESP_MORE:
            return TAKEN_ALL;
        case RESP_BAD:
            return TAKEN_BAD;
        }
    }
}

static struct chunk *chunk_open(struct session *session, struct client *client, char *data,
                                size_t len, bool from_query)
{
    struct chunk *chunk = &session->chunks[session->chunk_count++];
    *chunk = (struct chunk){.client = client, .data = data, .len = len,
                            .first = session->request_count, .from_query = from_query};
    client->chunked = true;
    return chunk;
}

/* ---- Execution of the run. ---- */

static size_t unread_bytes(const struct client *client)
{
    return reply_size(&client->reply) + reply_size(&client->sending);
}

/* Unread replies from which on the client is not read from any more. */
static void check_output(struct session *session, struct client *client)
{
    size_t unread = unread_bytes(client);
    if (likely(unread <= session->reply_look))
        return;
    if (session->reply_hard > 0 && unread > session->reply_hard)
        background_output_limit(session, client);
    /* One that holds a lock has to go on: others wait for it. */
    else if (unread > session->reply_pause && !client->granted)
        client->stall |= STALL_OUTPUT;
}

static void run_prefetch(const struct session *session, const struct chunk *chunk, uint32_t at,
                         uint32_t end)
{
    const struct shard *shard = session->shard;
    struct key keys[PREFETCH_GROUP];
    size_t n = 0;
    for (uint32_t i = at; i < end && n < PREFETCH_GROUP; i++) {
        const struct request *request = &session->requests[i];
        if (request->keyed && node_owner(shard->node, request->key.slot) == shard->index)
            keys[n++] = request->key;
    }
    prefetch_keys(&shard->keyspace.dbs[chunk->client->db], keys, n);
}

/* What is left of a chunk stays with the client. */
static void chunk_keep(struct chunk *chunk, size_t used)
{
    struct client *client = chunk->client;
    if (chunk->from_query) {
        client->query_at += used;
        if (client->query_at == client->query.len) {
            client->query.len = client->query_at = 0;
            if (client->query.cap > QUERY_KEEP_BYTES)
                buffer_deinit(&client->query);
        }
    } else if (used < chunk->len) {
        assert(client->query_at == client->query.len);
        client->query.len = client->query_at = 0;
        buffer_append(&client->query, chunk->data + used, chunk->len - used);
    }
}

/* Executes the requests of a chunk until one stalls the client. */
static void chunk_execute(struct session *session, struct chunk *chunk, uint32_t *prefetched)
{
    struct client *client = chunk->client;
    size_t used = chunk->parsed;
    uint32_t end = chunk->first + chunk->count;
    for (uint32_t i = chunk->first; i < end; i++) {
        check_output(session, client);
        if (i >= *prefetched) {
            uint32_t until = (uint32_t)bits_min(i + PREFETCH_GROUP, session->request_count);
            run_prefetch(session, chunk, i, until);
            *prefetched = until;
        }
        const struct request *request = &session->requests[i];
        enum outcome outcome = client->stall != 0 ? OUTCOME_AGAIN
                                                  : dispatch(session, client, request);
        if (outcome == OUTCOME_AGAIN) {
            used = request->at;
            client->held = i == chunk->first && resp_is_slow(&client->parser) &&
                           request->argv == client->parser.argv;
            break;
        }
        if (outcome == OUTCOME_STALL && i + 1 < end) {
            used = session->requests[i + 1].at;
            break;
        }
    }
    if (used < chunk->parsed && !client->held)
        resp_restart(&client->parser); /* what was parsed behind it is parsed again */
    chunk_keep(chunk, used);
}

void session_run(struct session *session)
{
    if (session->chunk_count == 0 || session->running)
        return;
    session->running = true;
    uint32_t prefetched = 0;
    for (uint32_t i = 0; i < session->chunk_count; i++)
        chunk_execute(session, &session->chunks[i], &prefetched);
    session->running = false;
    uint32_t chunks = session->chunk_count;
    session->chunk_count = session->request_count = session->arg_count = 0;
    for (uint32_t i = 0; i < chunks; i++) {
        struct client *client = session->chunks[i].client;
        client->chunked = false;
        if (!client->held)
            resp_release(&client->parser);
        if (reply_size(&client->reply) > 0)
            client_flush_later(client);
        if (client->stall == 0 && client->query.len > client->query_at)
            client_again(client);
        client_settle(client);
    }
}

/* ---- Input. ---- */

/* Starts to receive the rest of a large argument in its own memory. */
static void fill_begin(struct session *session, struct client *client)
{
    struct resp_parser *parser = &client->parser;
    if (resp_filling(parser) && resp_fill_left(parser) >= FILL_DIRECT_BYTES &&
        client->stream.fill_left == 0 && !client->closing)
        io_recv_into(session->shard->io, &client->stream, resp_fill_at(parser),
                     resp_fill_left(parser));
}

static void backpressure(struct session *session, struct client *client)
{
    bool pause = client->stall != 0 && client->query.len - client->query_at > QUERY_KEEP_BYTES;
    if (pause && !client->paused_reading && !client->closing) {
        client->paused_reading = true;
        io_pause(session->shard->io, &client->stream);
    } else if (client->stall == 0 && client->paused_reading && !client->closing) {
        client->paused_reading = false;
        io_resume(session->shard->io, &client->stream);
    }
}

/* Takes commands from data (or from the client's buffer) until it is used up or the
 * client stalls. */
static void take_commands(struct session *session, struct client *client, char *data, size_t len,
                          bool from_query)
{
    while (client->stall == 0) {
        if (run_full(session))
            session_run(session);
        if (client->stall != 0)
            break;
        if (from_query) {
            data = client->query.data + client->query_at;
            len = client->query.len - client->query_at;
            if (len == 0)
                return;
        }
        struct chunk *chunk = chunk_open(session, client, data, len, from_query);
        enum taken taken = chunk_parse(session, chunk);
        if (taken == TAKEN_ALL && chunk->count == 0) {
            session->chunk_count--;
            client->chunked = false;
            chunk_keep(chunk, chunk->parsed);
            return;
        }
        if (taken == TAKEN_ALL && !resp_filling(&client->parser))
            return; /* executed with the run; the rest is kept then */
        session_run(session);
        if (taken == TAKEN_BAD && client->stall == 0)
            protocol_error(session, client);
        else if (taken == TAKEN_BAD) /* read again when the commands before it are done */
            resp_restart(&client->parser);
        if (taken == TAKEN_ALL || taken == TAKEN_BAD)
            return;
        from_query = true; /* what is left has been kept there */
    }
    if (!from_query && len > 0) {
        client->query.len = client->query_at = 0;
        buffer_append(&client->query, data, len);
    }
}

/* Goes on with what a client has in its own buffer. */
static void client_continue(struct session *session, struct client *client)
{
    if (client->closing || client->chunked || client->stall != 0)
        return;
    if ((client->query.len > client->query_at || client->held) && !resp_filling(&client->parser))
        take_commands(session, client, NULL, 0, true);
    fill_begin(session, client);
    backpressure(session, client);
    if (client->flags & CLIENT_PEER_DONE)
        client_flush_later(client);
}

static void session_again(struct session *session)
{
    while (!list_empty(&session->again)) {
        struct client *client =
            container_of(list_pop_front(&session->again), struct client, again_link);
        client->again_linked = false;
        client_continue(session, client);
    }
}

static void query_append(struct session *session, struct client *client, const char *data,
                         size_t len)
{
    if (client->query_at > 0 && client->query_at == client->query.len)
        client->query.len = client->query_at = 0;
    if (client->query_at > QUERY_KEEP_BYTES) {
        buffer_consume(&client->query, client->query_at);
        client->query_at = 0;
    }
    buffer_append(&client->query, data, len);
}

/* client-query-buffer-limit: what is not executed yet, the arguments of a command that
 * is not complete included. */
static void check_query(struct session *session, struct client *client)
{
    size_t bytes = client->query.len - client->query_at + resp_memory(&client->parser);
    if (likely(bytes <= session->query_limit) || client->closing)
        return;
    log_warning(server_log(session->server),
                "Closing client that reached max query buffer length: %s", client->peer);
    client_close(client, false);
}

void session_input(struct session *session, struct client *client, char *data, size_t len)
{
    if (client->chunked)
        session_run(session);
    if (client->closing || (client->flags & CLIENT_CLOSE_AFTER_REPLY))
        return;
    client->active_ns = session->shard->now_ns;
    client->bytes_in += len;
    struct resp_parser *parser = &client->parser;
    if (resp_filling(parser)) { /* a small rest of a large argument */
        size_t part = bits_min(len, resp_fill_left(parser));
        memcpy(resp_fill_at(parser), data, part);
        resp_fill_done(parser, part);
        data += part;
        len -= part;
    }
    if (client->stall == 0 && client->query.len == client->query_at) {
        take_commands(session, client, data, len, false);
    } else if (len > 0) {
        query_append(session, client, data, len);
        if (client->stall == 0)
            take_commands(session, client, NULL, 0, true);
    }
    check_query(session, client);
    fill_begin(session, client);
    backpressure(session, client);
}

/* ---- Output. ---- */

static void client_send(struct client *client)
{
    struct reply was = client->sending;
    was.muted = client->reply.muted; /* a command may be in the middle of its reply */
    client->sending = client->reply;
    client->reply = was;
    client->reply.resp = client->resp;
    size_t cap = reply_iov_count(&client->sending);
    struct iovec *iov = &client->iov_one;
    if (cap > 1) {
        alloc_free(client->iov);
        iov = client->iov = alloc_get(cap * sizeof *iov);
    }
    size_t count = reply_iov(&client->sending, iov, cap);
    client->bytes_out += reply_size(&client->sending);
    io_send(client->shard->io, &client->stream, iov, count);
}

/* Whether nothing is left to be done for a client that is to be closed. */
static bool client_finished(const struct client *client)
{
    if (client->pending_count > 0 || client->call != NULL || client->surveys > 0 ||
        client->chunked)
        return false;
    if (client->flags & CLIENT_CLOSE_AFTER_REPLY)
        return true;
    /* Who sends nothing any more and waits would wait for nobody. */
    return client->flags & CLIENT_PEER_DONE && (client->stall & ~STALL_BLOCKED) == 0 &&
           !client->again_linked;
}

static void session_flush(struct shard *shard)
{
    struct session *session = session_of(shard);
    while (!list_empty(&session->flush)) {
        struct client *client =
            container_of(list_pop_front(&session->flush), struct client, flush_link);
        client->flush_linked = false;
        if (client->closing)
            continue;
        if (unlikely(session->reply_hard > 0) && unread_bytes(client) > session->reply_hard) {
            background_output_limit(session, client);
            continue;
        }
        if (client->stream.sending)
            continue;
        if (reply_size(&client->reply) > 0)
            client_send(client);
        else if (client_finished(client))
            client_close(client, false);
    }
}

/* ---- Events of the I/O. ---- */

static void on_data(void *ctx, struct stream *stream, char *data, size_t len)
{
    struct shard *shard = ctx;
    session_input(session_of(shard), client_of(stream), data, len);
}

static void on_filled(void *ctx, struct stream *stream)
{
    struct client *client = client_of(stream);
    (void)ctx;
    client->bytes_in += stream->fill_total;
    resp_fill_done(&client->parser, stream->fill_total);
}

static void on_sent(void *ctx, struct stream *stream, int error)
{
    struct client *client = client_of(stream);
    (void)ctx;
    reply_clear(&client->sending, REPLY_KEEP_BYTES);
    if (error != 0) {
        client_close(client, false);
        return;
    }
    if (reply_size(&client->reply) > 0 ||
        client->flags & (CLIENT_CLOSE_AFTER_REPLY | CLIENT_PEER_DONE))
        client_flush_later(client);
    if (client->stall & STALL_OUTPUT)
        client_resume(client, STALL_OUTPUT);
}

static void on_ended(void *ctx, struct stream *stream, int error)
{
    struct shard *shard = ctx;
    struct client *client = client_of(stream);
    if (client->chunked) /* commands before the end are executed */
        session_run(session_of(shard));
    if (error != 0 || client->stall & STALL_BLOCKED) {
        client_close(client, false);
        return;
    }
    /* The other direction may still be open: what was asked for is answered. */
    client->flags |= CLIENT_PEER_DONE;
    client_flush_later(client);
}

static void on_closed(void *ctx, struct stream *stream)
{
    struct client *client = client_of(stream);
    (void)ctx;
    client->closed = true;
    client_settle(client);
}

/* ---- Hooks. ---- */

static void session_execute(struct shard *shard)
{
    struct session *session = session_of(shard);
    if (unlikely(session->memory_limit.set))
        memory_limit_look(session);
    session_run(session);
    while (!list_empty(&session->again)) {
        session_again(session);
        session_run(session);
    }
    if (unlikely(session->keys_due)) /* by what is no command, such as an expiry */
        waiting_serve(session);
    batch_send_all(session);
}

static bool session_init(struct shard *shard)
{
    struct session *session = alloc_zeroed(sizeof *session);
    unsigned shards = shard->node->shard_count;
    shard->session = session;
    session->shard = shard;
    session->server = shard->node->session;
    session->names = session->server->names;
    list_init(&session->clients);
    list_init(&session->flush);
    list_init(&session->again);
    session->open = alloc_zeroed(shards * sizeof(struct batch *));
    session->sources = alloc_zeroed(shards * sizeof *session->sources);
    session->stats = stats_new();
    session->watches = watch_table_new(shard);
    session->waiting = waiting_new(shard);
    keyspace_init(&session->scratch, shard->node->options.databases, shard->node->hash_seed, 1);
    session->scratch.objects = types_objects;
    server_adopt_settings(session, session->server->initial);
    background_measure(session);
    atomic_fetch_add(&session->server->startup_memory, session->stats->memory_bytes);
    return listen_start(session);
}

static void session_deinit(struct shard *shard)
{
    struct session *session = session_of(shard);
    if (session == NULL)
        return;
    listen_stop(session);
    listen_free(session);
    batch_free_spares(session);
    keyspace_deinit(&session->scratch);
    watch_table_free(session->watches);
    waiting_free(session->waiting);
    wait_heap_deinit(&session->wait_heap);
    stats_free(session->stats);
    server_adopt_settings(session, NULL);
    alloc_free(session->open);
    alloc_free(session->sources);
    alloc_free(session);
    shard->session = NULL;
}

/* A transaction has left this shard, and those behind it have not got its locks yet. */
static void session_released(struct shard *shard, const struct seat *seat)
{
    struct session *session = session_of(shard);
    waiting_released(session->waiting, seat);
    if (unlikely(session->keys_due))
        waiting_serve(session);
}

const struct session_hooks session_hooks = {
    .shard_init = session_init,
    .shard_deinit = session_deinit,
    .execute = session_execute,
    .flush = session_flush,
    .background = background_step,
    .drained = background_drained,
    .released = session_released,
    .events = {
        .accepted = listen_accepted,
        .data = on_data,
        .filled = on_filled,
        .sent = on_sent,
        .ended = on_ended,
        .closed = on_closed,
    },
};
