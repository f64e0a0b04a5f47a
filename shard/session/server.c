/* Server: see server.h. */
#include "shard/session/server.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "engine/commands/command_names.h"
#include "shard/runtime/node.h"
#include "shard/session/auth.h"
#include "shard/session/listen.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"

struct server *server_new(struct log *log, struct settings *settings)
{
    struct server *server = alloc_zeroed(sizeof *server);
    server->log = log;
    server->unix_fd = -1;
    server->initial = alloc_zeroed(sizeof *server->initial);
    server->initial->values = settings;
    return server;
}

bool server_name_commands(struct server *server)
{
    const struct settings_list *renames = &server->initial->values->renames;
    if (renames->count == 0)
        return true;
    server->names = command_names_new();
    for (size_t i = 0; i + 1 < renames->count; i += 2) {
        const char *problem = command_names_change(server->names, bytes_of(renames->items[i]),
                                                   bytes_of(renames->items[i + 1]));
        if (problem != NULL) {
            log_warning(server->log, "rename-command %s \"%s\": %s", renames->items[i],
                        renames->items[i + 1], problem);
            return false;
        }
    }
    return true;
}

void server_free(struct server *server)
{
    command_names_free(server->names);
    alloc_free(server);
}

void server_adopt_settings(struct session *session, struct published_settings *settings)
{
    struct published_settings *drop = session->published_settings;
    if (drop != NULL && settings != NULL && settings->version < drop->version) {
        drop = settings;
    } else {
        const struct settings *before = session->settings;
        session->published_settings = settings;
        session->settings = settings == NULL ? NULL : settings->values;
        if (settings != NULL)
            server_apply(session);
        if (settings != NULL && before != NULL && server_moves(before, settings->values))
            listen_follow(session);
    }
    if (drop != NULL && atomic_fetch_sub(&drop->holders, 1) == 1) {
        settings_free((struct settings *)drop->values);
        alloc_free(drop);
    }
}

bool server_moves(const struct settings *before, const struct settings *now)
{
    return before->port != now->port ||
           settings_differ(before, now, settings_find(bytes_of("bind")));
}

/* Up to where values keep their small form. */
static void apply_small_forms(struct op_limits *limits, const struct settings *s)
{
    limits->hash_max_listpack_entries = (uint64_t)s->hash_max_listpack_entries;
    limits->hash_max_listpack_value = (uint64_t)s->hash_max_listpack_value;
    limits->set_max_intset_entries = (uint64_t)s->set_max_intset_entries;
    limits->set_max_listpack_entries = (uint64_t)s->set_max_listpack_entries;
    limits->set_max_listpack_value = (uint64_t)s->set_max_listpack_value;
    limits->zset_max_listpack_entries = (uint64_t)s->zset_max_listpack_entries;
    limits->zset_max_listpack_value = (uint64_t)s->zset_max_listpack_value;
    limits->list_max_listpack_size = (int)s->list_max_listpack_size;
    limits->stream_node_max_bytes = (uint64_t)s->stream_node_max_bytes;
    limits->stream_node_max_entries = (uint64_t)s->stream_node_max_entries;
    limits->hll_sparse_max_bytes = (uint64_t)s->hll_sparse_max_bytes;
}

/* How uses of keys are noted. */
static void apply_access(struct session *session, const struct settings *s)
{
    bool lru = s->maxmemory_policy == SETTING_EVICTION_ALLKEYS_LRU ||
               s->maxmemory_policy == SETTING_EVICTION_VOLATILE_LRU;
    struct access_policy policy = {
        .lfu = s->maxmemory_policy == SETTING_EVICTION_ALLKEYS_LFU ||
               s->maxmemory_policy == SETTING_EVICTION_VOLATILE_LFU,
        .log_factor = (uint32_t)s->lfu_log_factor,
        .decay_minutes = (uint32_t)s->lfu_decay_time,
    };
    session->op_limits.ints_unshared = s->maxmemory > 0 && (lru || policy.lfu);
    uint64_t seconds = session->shard->now_ns / UINT64_C(1000000000);
    keyspace_set_access(&session->shard->keyspace, policy, seconds);
    keyspace_set_access(&session->scratch, policy, seconds);
}

void server_apply(struct session *session)
{
    const struct settings *s = session->settings;
    session->limits = (struct resp_limits){.bulk_max = s->proto_max_bulk_len};
    session->limits_locked_out = session->limits;
    session->limits_locked_out.restricted = true;
    session->op_limits.bulk_max = s->proto_max_bulk_len;
    apply_small_forms(&session->op_limits, s);
    apply_access(session, s);
    session->reply_pause = s->client_reply_pause;
    session->reply_hard =
        s->client_output_buffer_limit.of[SETTINGS_CLIENT_NORMAL].hard_bytes;
    session->reply_look = session->reply_pause;
    if (session->reply_hard > 0 && session->reply_hard < session->reply_look)
        session->reply_look = session->reply_hard;
    session->query_limit = s->client_query_buffer_limit;
    session->strict = s->pipeline_order == SETTING_PIPELINE_ORDER_STRICT;
    session->max_clients = (uint32_t)s->maxclients;
    session->shard->spin_ns = (uint64_t)s->spin_us * 1000;
    stats_set_slow(session->stats, s);
    session->needs_auth = s->requirepass.text != NULL;
    auth_settings_changed(session);
    memory_limit_changed(session);
}
