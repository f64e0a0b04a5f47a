/*
 * Server: what the sessions of a node share: its settings and where it listens.
 *
 * The settings in force are frozen: CONFIG SET makes a copy, changes it and has every
 * shard go over to it (server_adopt_settings); the old ones are freed when all did.
 */
#ifndef SHOAL_SHARD_SESSION_SERVER_H
#define SHOAL_SHARD_SESSION_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "shard/admin/settings.h"

/* The version of Redis whose behaviour is offered, as HELLO and INFO tell it. */
#define SERVER_REDIS_VERSION "7.2.0"

struct command_names;
struct node;
struct session;

/* Settings published to all shards. */
struct published_settings {
    const struct settings *values; /* frozen */
    uint64_t version;              /* frozen: later ones are higher */
    _Atomic unsigned holders;      /* shards that use it; the last one frees it */
};

struct server {
    struct node *node;
    struct log *log;
    struct published_settings *initial; /* what the shards start with */
    struct command_names *names;        /* frozen; NULL: no command was renamed */
    const char *config_path;            /* absolute, or NULL */
    const char *executable;
    const char *version;
    const char *backend;    /* "io_uring" or "epoll" */
    const char *supervisor; /* "no", "systemd" or "upstart" */
    uint64_t memory_limit;  /* of the machine or container */
    int unix_fd;            /* listening, or -1; shard 0 accepts for all */
    _Atomic int shutdown;   /* shared atomic: 1: SIGTERM, SHUTDOWN; the main thread acts */
    _Atomic uint64_t peak_memory;
    _Atomic uint64_t startup_memory; /* shared atomic: what the shards used before serving */
    _Atomic uint64_t replication_ids; /* shared atomic: how often the id was changed */
    _Atomic uint64_t slow_entries;   /* shared atomic: slow log entries there ever were */
    unsigned next_unix; /* shard 0's: where the next unix connection goes */
    _Atomic unsigned quiet; /* shards that have nothing left to do while stopping */
};

/* Takes over the settings. */
struct server *server_new(struct log *log, struct settings *settings);
void server_free(struct server *server);

/* Names the commands as the settings want it. False: they cannot be named so, the reason
 * was logged. */
bool server_name_commands(struct server *server);

/* Makes these the session's settings and drops its hold on those before. Settings older
 * than those the session has are passed over. */
void server_adopt_settings(struct session *session, struct published_settings *settings);

/* Whether the settings have other addresses to listen on. */
bool server_moves(const struct settings *before, const struct settings *now);

/* Has the session go by its settings: limits, timeouts... */
void server_apply(struct session *session);

static inline struct log *server_log(const struct server *server)
{
    return server->log;
}

#endif
