/*
 * Dispatch: decides what becomes of each command; see session.h.
 *
 * The fast path: a command of one key, from a client in no special state. On this
 * shard it is executed at once; for another it joins the batch of this turn. No lock
 * is looked at unless a transaction is in flight here.
 */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/command_ids.gen.h"
#include "shard/admin/debug.h"
#include "shard/admin/slow.h"
#include "shard/session/batch.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/dispatch.h"
#include "shard/session/execute.h"
#include "shard/session/pause.h"
#include "shard/session/queue.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/stats.h"
#include "shard/session/transaction.h"
#include "shard/session/wait.h"
#include "shard/session/waiting.h"

#define PENDING_MAX 4096 /* replies a client may have outstanding */

/* States in which no command begins before all earlier ones are answered. */
#define WAIT_FLAGS (CLIENT_SLOW_FLAGS & ~(CLIENT_REPLY_OFF | CLIENT_NO_TOUCH))

static bool arity_fits(const struct command *command, uint32_t argc)
{
    int32_t arity = command->arity;
    return arity >= 0 ? argc == (uint32_t)arity : argc >= (uint32_t)-arity;
}

/* The blobs of a request's arguments, taken out of the parser; NULL if there are none.
 * To be given to blobs_drop(). */
static struct blob **blobs_take(struct client *client, const struct request *request)
{
    if (likely(client->parser.blob_count == 0) || request->argv != client->parser.argv)
        return NULL;
    struct blob **blobs = alloc_zeroed(request->argc * sizeof(struct blob *));
    for (uint32_t i = 0; i < request->argc; i++)
        blobs[i] = resp_take_blob(&client->parser, i);
    return blobs;
}

static void blobs_drop(struct blob **blobs, uint32_t argc)
{
    if (likely(blobs == NULL))
        return;
    for (uint32_t i = 0; i < argc; i++)
        blob_put(blobs[i]);
    alloc_free(blobs);
}

static void seat_granted(struct shard *shard, struct seat *seat)
{
    struct client *client = container_of(seat, struct client, seat);
    (void)shard;
    client->granted = true;
    client_resume(client, STALL_LOCK);
}

/* The command found nothing and waits from now on. */
static void wait_begin(struct session *session, struct client *client,
                       const struct request *request, struct blob **blobs, struct op_wait *wait)
{
    struct queued *queued =
        queued_new(request->command, (int)request->argc, request->argv, blobs);
    wait_here(session, client, queued, wait);
}

/* Executes a command whose keys are on this shard. wait: not NULL if it may wait. */
static enum outcome run_here(struct session *session, struct client *client,
                             const struct request *request, struct op_wait *wait)
{
    struct shard *shard = session->shard;
    if (unlikely(shard->locks.seats > 0) && !client->granted &&
        execute_conflicts(session, request->command, (int)request->argc, request->argv,
                          &request->key)) {
        execute_take_seat(session, request->command, (int)request->argc, request->argv,
                          &request->key, &client->seat, &client->seat_locks, seat_granted);
        client->stall |= STALL_LOCK;
        return OUTCOME_AGAIN;
    }
    struct blob **blobs = blobs_take(client, request);
    struct batch *capture = NULL;
    struct op op = {
        .ks = &shard->keyspace,
        .db = &shard->keyspace.dbs[client->db],
        .command = request->command,
        .argv = request->argv,
        .argc = (int)request->argc,
        .key = request->key,
        .reply = &client->reply,
        .limits = &session->op_limits,
        .blobs = blobs,
        .wait = wait,
    };
    if (unlikely(client->pending_count > 0)) {
        capture = batch_capture(session, client);
        op.reply = &capture->reply;
    }
    shard->keyspace.no_touch = client_no_touch(client, request->command);
    uint64_t slow = execute(session, &op);
    if (unlikely(slow != 0))
        slow_note(session, client, op.command, op.argc, op.argv, blobs, slow);
    shard->keyspace.no_touch = false;
    if (unlikely(capture != NULL))
        batch_captured(capture);
    if (unlikely(wait != NULL && wait->waits))
        wait_begin(session, client, request, blobs, wait);
    if (unlikely(session->keys_due))
        waiting_serve(session);
    if (unlikely(client->granted))
        client_leave_seat(client);
    blobs_drop(blobs, request->argc);
    return OUTCOME_DONE;
}

static enum outcome run_there(struct session *session, struct client *client,
                              const struct request *request, unsigned owner)
{
    struct blob **blobs = blobs_take(client, request);
    batch_add(session, owner, client, request, blobs);
    blobs_drop(blobs, request->argc);
    return OUTCOME_DONE;
}

/* pipeline-order strict: a command waits until those sent to other shards before it are
 * done. What one shard is sent is executed in order anyway. */
static bool overtakes(struct client *client, unsigned owner)
{
    if (client->pending_count > 0 && owner != client->pending_shard && !client->granted) {
        client->stall |= STALL_PENDING;
        return true;
    }
    client->pending_shard = owner;
    return false;
}

static enum outcome run_on(struct session *session, struct client *client,
                           const struct request *request, unsigned owner)
{
    if (unlikely(client->pending_count >= PENDING_MAX) && !client->granted) {
        client->stall |= STALL_PENDING;
        return OUTCOME_AGAIN;
    }
    if (unlikely(session->strict) && overtakes(client, owner))
        return OUTCOME_AGAIN;
    if (owner == session->shard->index)
        return run_here(session, client, request, NULL);
    return run_there(session, client, request, owner);
}

/* The command waits until all earlier replies of the client are in. */
static bool must_wait(struct client *client)
{
    if (client->pending_count == 0)
        return false;
    client->stall |= STALL_PENDING;
    return true;
}

void execute_session(struct session *session, struct client *client)
{
    const struct command *command = client->command;
    uint32_t errors = client->reply.errors;
    uint64_t begin = stats_ticks();
    client->began_ticks = begin;
    session_handlers[command->id](client);
    /* A command that started a survey is counted when that is done; not so EXEC, which
     * may have run one that did. */
    if (client->surveys > 0 && client->command == command) {
        client->slow = slow_prepare(client, command, client->argc, client->argv, client->blobs);
        return;
    }
    uint64_t slow = stats_end(session->stats, command, begin, client->reply.errors != errors,
                              &client->reply);
    if (unlikely(slow != 0) && client->command == command)
        slow_note(session, client, command, client->argc, client->argv, NULL, slow);
}

void execute_surveyed(struct session *session, struct client *client, bool failed)
{
    struct slow_entry *slow = client->slow;
    client->slow = NULL;
    slow_note_prepared(session, client->command, slow,
                       stats_end(session->stats, client->command, client->began_ticks, failed,
                                 &client->reply));
}

/* Errors found before execution. Inside MULTI they make EXEC fail. */
static void reject(struct session *session, struct client *client, const struct command *command)
{
    if (client->flags & CLIENT_MULTI)
        client->flags |= CLIENT_MULTI_FAILED;
    stats_rejected(session->stats, command, &client->reply);
}

static void reject_unknown(struct session *session, struct client *client,
                           const struct request *request)
{
    char args[256];
    size_t len = 0;
    args[0] = 0;
    for (uint32_t i = 1; i < request->argc && len < 128; i++) {
        int n = snprintf(args + len, sizeof args - len, "'%.*s' ",
                         (int)bits_min(request->argv[i].len, 128 - len), request->argv[i].data);
        len += (size_t)n;
    }
    reply_errorf(&client->reply, "ERR unknown command '%.*s', with args beginning with: %s",
                 (int)bits_min(request->argv[0].len, 128), request->argv[0].data, args);
    reject(session, client, NULL);
}

static void reject_unknown_sub(struct session *session, struct client *client,
                               const struct request *request)
{
    /* As the client called it, which may be another name than the command's own. */
    char name[128];
    size_t len = 0;
    for (; len < request->argv[0].len && len + 1 < sizeof name; len++) {
        char c = request->argv[0].data[len];
        name[len] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    name[len] = 0;
    reply_errorf(&client->reply, "ERR unknown subcommand '%.*s'. Try %s HELP.",
                 (int)bits_min(request->argv[1].len, 128), request->argv[1].data, name);
    reject(session, client, request->command);
}

/* Refuses a known command. A refused EXEC ends its transaction. */
static void refuse(struct session *session, struct client *client, const struct command *command,
                   const char *code, const char *text)
{
    if (command->id == COMMAND_EXEC) {
        transaction_discard(client);
        reply_errorf(&client->reply, "EXECABORT Transaction discarded because of: %s", text);
    } else {
        reply_errorf(&client->reply, "%s%s", code, text);
    }
    reject(session, client, command);
}

/* DEBUG is for those who are allowed to use it, and each subcommand runs in its way. */
static bool admit_debug(struct session *session, struct client *client, struct request *request)
{
    if (!debug_allowed(client)) {
        reply_error(&client->reply,
                    "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
                    "\"local\", you can run it from a local connection, otherwise you need to set "
                    "this option in the configuration file, and then restart the server.");
        reject(session, client, request->command);
        return false;
    }
    request->command = debug_command(request->command, (int)request->argc, request->argv);
    return true;
}

/* Finds the command proper and refuses what may not be executed. False: refused, the
 * error was replied. */
static bool admit(struct session *session, struct client *client, struct request *request)
{
    const struct command *command = request->command;
    if (command == NULL) {
        reject_unknown(session, client, request);
        return false;
    }
    if (command->is_container && request->argc > 1) {
        const struct command *sub = command_find_sub(command, request->argv[1]);
        if (sub == NULL) {
            reject_unknown_sub(session, client, request);
            return false;
        }
        if (client->last_command == command)
            client->last_command = sub;
        request->command = command = sub;
    }
    bool has_handler = command->where != WHERE_SESSION || session_handlers[command->id] != NULL;
    /* In a transaction it is EXEC that finds half a pair. */
    bool halves = (client->flags & CLIENT_MULTI) == 0 &&
                  !call_splits(command, (int)request->argc);
    if (!arity_fits(command, request->argc) || !has_handler || halves) {
        char text[128];
        snprintf(text, sizeof text, "wrong number of arguments for '%s' command", command->name);
        refuse(session, client, command, "ERR ", text);
        return false;
    }
    if (client->flags & CLIENT_LOCKED_OUT && !(command->flags & CMD_NO_AUTH)) {
        refuse(session, client, command, "", "NOAUTH Authentication required.");
        return false;
    }
    if (unlikely(command->flags & CMD_PROTECTED) && command->id == COMMAND_DEBUG)
        return admit_debug(session, client, request);
    return true;
}

static bool runs_in_multi(const struct command *command)
{
    switch (command->id) {
    case COMMAND_EXEC:
    case COMMAND_DISCARD:
    case COMMAND_MULTI:
    case COMMAND_WATCH:
    case COMMAND_QUIT:
    case COMMAND_RESET:
        return true;
    default:
        return false;
    }
}

/* Puts a command of a transaction on the client's queue. */
static void enqueue(struct session *session, struct client *client, const struct request *request)
{
    const struct command *command = request->command;
    if (command->flags & CMD_NO_MULTI) {
        reply_error(&client->reply, "ERR Command not allowed inside a transaction");
        reject(session, client, command);
        return;
    }
    struct blob **blobs = blobs_take(client, request);
    queue_add(client->queue, queued_new(command, (int)request->argc, request->argv, blobs));
    blobs_drop(blobs, request->argc);
    if (client->queue->bytes > session->query_limit) {
        log_warning(server_log(session->server),
                    "Closing client that reached max query buffer length: %s", client->peer);
        client_close(client, false);
        return;
    }
    reply_status(&client->reply, "QUEUED");
}

static enum outcome after(const struct client *client)
{
    return client->stall != 0 ? OUTCOME_STALL : OUTCOME_DONE;
}

static enum outcome run_session(struct session *session, struct client *client,
                                const struct request *request)
{
    struct blob **blobs = blobs_take(client, request);
    client->command = request->command;
    client->argv = request->argv;
    client->argc = (int)request->argc;
    client->blobs = blobs;
    execute_session(session, client);
    client->blobs = NULL;
    blobs_drop(blobs, request->argc);
    return after(client);
}

static enum outcome run_call(struct session *session, struct client *client,
                             const struct request *request)
{
    if (must_wait(client))
        return OUTCOME_AGAIN;
    struct blob **blobs = blobs_take(client, request);
    struct queued *queued =
        queued_new(request->command, (int)request->argc, request->argv, blobs);
    blobs_drop(blobs, request->argc);
    call_command(session, client, queued);
    return after(client);
}

/* A command that waits where there is nothing for it. */
static enum outcome run_blocking(struct session *session, struct client *client,
                                 struct request *request)
{
    const struct command *command = request->command;
    if (must_wait(client))
        return OUTCOME_AGAIN;
    int owner = call_owner(session, command, (int)request->argc, request->argv);
    if (owner == (int)session->shard->index) {
        struct op_wait wait = {
            .behind = waiting_ahead(session->waiting, client->db, session->shard->keyspace.seed,
                                    command, (int)request->argc, request->argv)};
        if (command->first_key > 0 && command->first_key < (int)request->argc)
            request->key = keyspace_key(session->shard->keyspace.seed,
                                        request->argv[command->first_key]);
        enum outcome outcome = run_here(session, client, request, &wait);
        return outcome == OUTCOME_DONE ? after(client) : outcome;
    }
    struct blob **blobs = blobs_take(client, request);
    struct queued *queued = queued_new(command, (int)request->argc, request->argv, blobs);
    blobs_drop(blobs, request->argc);
    if (owner < 0)
        call_blocking(session, client, queued);
    else
        wait_try(session, client, queued);
    return after(client);
}

static enum outcome run_any(struct session *session, struct client *client,
                            struct request *request)
{
    const struct command *command = request->command;
    switch ((enum command_where)command->where) {
    case WHERE_SESSION:
        if (must_wait(client))
            return OUTCOME_AGAIN;
        return run_session(session, client, request);
    case WHERE_KEY:
        if (!request->keyed) {
            request->key = keyspace_key(session->shard->keyspace.seed,
                                        request->argv[command->first_key]);
            request->keyed = true;
        }
        return run_on(session, client, request, node_owner(session->shard->node,
                                                           request->key.slot));
    case WHERE_ALL:
        return run_call(session, client, request);
    case WHERE_CURSOR: /* a walk is about the keys of all shards */
        if (must_wait(client))
            return OUTCOME_AGAIN;
        break;
    default:
        break;
    }
    if (command->flags & CMD_BLOCKING)
        return run_blocking(session, client, request);
    int owner = call_owner(session, command, (int)request->argc, request->argv);
    if (owner < 0)
        return run_call(session, client, request);
    request->keyed = command->first_key > 0 && command->first_key < (int)request->argc;
    if (request->keyed)
        request->key = keyspace_key(session->shard->keyspace.seed,
                                    request->argv[command->first_key]);
    return run_on(session, client, request, (unsigned)owner);
}

/* CLIENT REPLY: whether the command that begins is answered. All earlier replies of a
 * client that skips some are in. True: this is the command to skip. */
static bool mute_begin(struct client *client)
{
    bool skip = (client->flags & CLIENT_REPLY_SKIP_NEXT) != 0;
    client->flags &= ~(uint32_t)(CLIENT_REPLY_SKIP | CLIENT_REPLY_SKIP_NEXT);
    client->flags |= skip ? CLIENT_REPLY_SKIP : 0;
    client->reply.muted = skip || client->flags & CLIENT_REPLY_OFF;
    return skip;
}

/* The command was not begun after all: it will be the one to skip. */
static void mute_undo(struct client *client)
{
    client->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
    client->flags |= CLIENT_REPLY_SKIP_NEXT;
}

/* Refuses, holds back, queues or executes a command. */
static enum outcome take(struct session *session, struct client *client, struct request *request)
{
    if (!admit(session, client, request))
        return OUTCOME_DONE;
    if (unlikely(session->memory_full) && !client->granted &&
        memory_limit_refuses(client, request->command)) {
        refuse(session, client, request->command, "", MEMORY_LIMIT_ERROR);
        return OUTCOME_DONE;
    }
    /* Who holds a lock goes on: others wait for it. */
    if (session->slowed && !client->granted && pause_holds(session, client, request->command)) {
        client->stall |= STALL_PAUSE;
        return OUTCOME_AGAIN;
    }
    client->commands++;
    if (client->flags & CLIENT_MULTI && !runs_in_multi(request->command)) {
        enqueue(session, client, request);
        return OUTCOME_DONE;
    }
    return run_any(session, client, request);
}

/* Whether nothing is wrong with a request that would be answered at once. */
static bool is_clean(const struct request *request)
{
    const struct command *command = request->command;
    return command != NULL && !command->is_container && arity_fits(command, request->argc) &&
           command->key_step <= 1 && !(command->flags & CMD_PROTECTED);
}

/* Whether a command may be held back, or refused for lack of memory. */
static bool slowed_waits(const struct session *session, const struct command *command)
{
    return session->pause_until_ns != 0 || (command->flags & CMD_DENYOOM) != 0;
}

enum outcome dispatch(struct session *session, struct client *client,
                      const struct request *request)
{
    const struct command *command = request->command;
    if (likely(request->keyed && (client->flags & CLIENT_SLOW_FLAGS) == 0 &&
               arity_fits(command, request->argc) && !session->slowed)) {
        client->commands++;
        return run_on(session, client, request,
                      node_owner(session->shard->node, request->key.slot));
    }
    /* An error is answered at once: not before the replies that precede it. */
    bool waits = client->flags & WAIT_FLAGS || !is_clean(request) ||
                 (session->slowed && slowed_waits(session, command));
    if (waits && !client->granted && must_wait(client))
        return OUTCOME_AGAIN;
    struct request mutable = *request;
    if ((client->flags & CLIENT_SLOW_FLAGS) == 0)
        return take(session, client, &mutable);
    if (client->flags & CLIENT_CLOSE_AFTER_REPLY)
        return OUTCOME_STALL;
    bool skip = mute_begin(client);
    enum outcome outcome = take(session, client, &mutable);
    if (skip && outcome == OUTCOME_AGAIN)
        mute_undo(client);
    return outcome;
}
