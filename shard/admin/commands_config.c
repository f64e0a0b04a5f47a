/*
 * CONFIG and its subcommands.
 *
 * Changes are made on shard 0, one after the other, each from the settings in force
 * there: so that none is lost, whoever else changes something at the same time. It takes
 * two surveys. In the first, shard 0 makes the new settings and goes over to them; in the
 * second, the others do. They may be told of two changes in either order, which is why
 * settings are numbered and older ones are passed over. The client is answered when every
 * shard goes by its change or a later one, so that whoever learns of the answer finds the
 * change in force everywhere. No lock is involved: it works the same inside EXEC, whose
 * other commands wait meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/config_rewrite.h"
#include "shard/admin/help.h"
#include "shard/admin/settings_config.h"
#include "shard/admin/settings_rewrite.h"
#include "shard/runtime/shard.h"
#include "shard/session/address.h"
#include "shard/session/client.h"
#include "shard/session/descriptors.h"
#include "shard/session/listen.h"
#include "shard/session/queue.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"
#include "shard/session/survey.h"

/* ---- CONFIG GET. ---- */

static void reply_setting(void *context, struct bytes name, struct bytes value)
{
    struct reply *reply = context;
    reply_bulk(reply, name);
    reply_bulk(reply, value.len > 0 ? value : bytes_of("")); /* no bytes, no memory */
}

void cmd_config_get(struct client *client)
{
    struct reply_mark open = reply_open(&client->reply);
    size_t count =
        settings_config_get(client->session->settings, client->argv + 2,
                            (size_t)client->argc - 2, reply_setting, &client->reply);
    reply_close_map(&client->reply, open, count);
}

/* ---- CONFIG SET. ---- */

/* A CONFIG SET under way. */
struct config_change {
    struct queued *command;               /* its arguments */
    bool may_set_protected;
    struct published_settings *published; /* what came of it; NULL: refused */
    struct buffer error;                  /* the reply then */
};

/* The shards open their sockets when they go over to the settings. */
static bool prepare_listening(struct log *log, const struct settings *now,
                              const struct settings *next, struct buffer *error)
{
    bool same_port = next->port == now->port;
    if (!server_moves(now, next) || listen_possible(log, next, same_port))
        return true;
    if (same_port)
        settings_config_refuse(error, "bind", "Failed to bind to specified addresses.");
    else
        settings_config_refuse(error, "port", "Unable to listen on this port. Check server logs.");
    return false;
}

static bool prepare_clients(const struct settings *now, const struct settings *next,
                            unsigned shards, struct buffer *error)
{
    char problem[160];
    if (next->maxclients <= now->maxclients)
        return true;
    uint64_t room = descriptors_raise((uint64_t)next->maxclients, shards);
    if (room >= (uint64_t)next->maxclients)
        return true;
    snprintf(problem, sizeof problem,
             "The operating system is not able to handle the specified number of clients, "
             "try with %llu",
             (unsigned long long)room);
    settings_config_refuse(error, "maxclients", problem);
    return false;
}

static bool prepare_directory(const struct settings *now, const struct settings *next,
                              struct buffer *error)
{
    if (strcmp(next->dir, now->dir) == 0 || chdir(next->dir) == 0)
        return true;
    settings_config_refuse(error, "dir", strerror(errno));
    return false;
}

/* Asks the system for what the new settings need; the step that cannot be taken back is
 * the last. False: refused, the reply is in `error`. */
static bool prepare(const struct session *session, const struct settings *next,
                    struct buffer *error)
{
    const struct settings *now = session->settings;
    return prepare_listening(server_log(session->server), now, next, error) &&
           prepare_clients(now, next, session->shard->node->shard_count, error) &&
           prepare_directory(now, next, error);
}

static void log_line(void *context, const char *line)
{
    log_warning((struct log *)context, "%s", line);
}

/* On shard 0: makes the new settings and goes over to them. */
static void change_make(struct session *session, struct survey *survey)
{
    if (session->shard->index != 0)
        return;
    struct config_change *change = survey->ctx;
    struct log *log = server_log(session->server);
    const struct settings *now = session->settings;
    struct settings_config_caller caller = {.may_set_protected = change->may_set_protected};
    struct settings *settings;
    if (settings_config_set(now, change->command->argv + 2, (size_t)change->command->argc - 2,
                            caller, &settings, &change->error) != SETTINGS_CONFIG_OK)
        return;
    if (!prepare(session, settings, &change->error)) {
        settings_free(settings);
        return;
    }
    settings_each_notice(settings, now, log_line, log);
    log_set_level(log, (enum log_level)settings->loglevel);
    change->published = alloc_zeroed(sizeof *change->published);
    change->published->values = settings;
    change->published->version = session->published_settings->version + 1;
    atomic_init(&change->published->holders, session->shard->node->shard_count);
    server_adopt_settings(session, change->published);
}

static void change_adopt(struct session *session, struct survey *survey)
{
    struct config_change *change = survey->ctx;
    if (session->shard->index != 0)
        server_adopt_settings(session, change->published);
}

static void change_free(struct config_change *change)
{
    buffer_deinit(&change->error);
    queued_free(change->command);
    alloc_free(change);
}

static void change_done(struct client *client, struct survey *survey)
{
    reply_ok(&client->reply);
    change_free(survey->ctx);
}

static void change_made(struct client *client, struct survey *survey)
{
    struct config_change *change = survey->ctx;
    if (change->published != NULL) {
        survey_start(client, change_adopt, change_done, change);
        return;
    }
    reply_error_bytes(&client->reply, buffer_bytes(&change->error));
    change_free(change);
}

/* enable-protected-configs cannot change, so it may be asked here. */
static bool may_set_protected(const struct client *client)
{
    int allowed = client->session->settings->enable_protected_configs;
    if (allowed == SETTING_ALLOWED_LOCAL)
        return address_is_local_peer(client->stream.fd);
    return allowed == SETTING_ALLOWED_YES;
}

void cmd_config_set(struct client *client)
{
    struct config_change *change = alloc_zeroed(sizeof *change);
    change->command = queued_new(client->command, client->argc, client->argv, NULL);
    change->may_set_protected = may_set_protected(client);
    survey_start(client, change_make, change_made, change);
}

/* ---- CONFIG REWRITE. ---- */

struct rewrite {
    bool all;
    int result;
    char error[SETTINGS_ERROR_MAX];
};

/* On shard 0, which holds the latest settings; two rewrites never meet. */
static void rewrite_file(struct session *session, struct survey *survey)
{
    struct rewrite *rewrite = survey->ctx;
    if (session->shard->index != 0)
        return;
    rewrite->result = settings_rewrite(session->server->config_path, session->settings, NULL,
                                       rewrite->all, rewrite->error, sizeof rewrite->error);
    if (rewrite->result == 0)
        log_notice(server_log(session->server), "CONFIG REWRITE executed with success.");
    else
        log_warning(server_log(session->server), "CONFIG REWRITE failed: %s", rewrite->error);
}

static void rewrite_done(struct client *client, struct survey *survey)
{
    struct rewrite *rewrite = survey->ctx;
    if (rewrite->result == 0)
        reply_ok(&client->reply);
    else
        reply_error(&client->reply, rewrite->error);
    alloc_free(rewrite);
}

void config_rewrite(struct client *client, bool all)
{
    struct rewrite *rewrite = alloc_zeroed(sizeof *rewrite);
    rewrite->all = all;
    survey_start(client, rewrite_file, rewrite_done, rewrite);
}

void cmd_config_rewrite(struct client *client)
{
    config_rewrite(client, false);
}

/* ---- CONFIG RESETSTAT. ---- */

/* The number of changes is not a statistic: it tells what has not been saved. */
static void counters_reset(struct keyspace_counters *counters)
{
    *counters = (struct keyspace_counters){.changes = counters->changes};
}

static void stats_ask(struct session *session, struct survey *survey)
{
    (void)survey;
    stats_reset(session->stats);
    counters_reset(&session->shard->keyspace.counters);
    counters_reset(&session->scratch.counters);
    session->shard->io->counters = (struct io_counters){0};
}

static void stats_done(struct client *client, struct survey *survey)
{
    (void)survey;
    reply_ok(&client->reply);
}

void cmd_config_resetstat(struct client *client)
{
    survey_start(client, stats_ask, stats_done, NULL);
}

void cmd_config_help(struct client *client)
{
    static const char *const lines[] = {
        "GET <pattern> [<pattern> ...]",
        "    Show the settings whose names match a pattern, with their values.",
        "SET <setting> <value> [<setting> <value> ...]",
        "    Change settings: all of these, or none when one is refused.",
        "RESETSTAT",
        "    Start the statistics of INFO from zero.",
        "REWRITE",
        "    Bring the configuration file up to date with the settings in force.",
    };
    help_reply(client, "CONFIG", lines, countof(lines));
}
