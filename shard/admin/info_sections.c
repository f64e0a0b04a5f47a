/* Info: the sections with fixed fields; see info.h. */
#include "shard/admin/info.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "shard/admin/replication_id.h"
#include "shard/runtime/shard.h"
#include "shard/session/server.h"
#include "shard/session/session.h"

#define add(...) buffer_appendf(&info->out, __VA_ARGS__)

typedef unsigned long long ull;

static void add_executable(struct info *info)
{
    char path[1024];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    if (len > 0)
        add("executable:%.*s\r\n", (int)len, path);
    else
        add("executable:%s\r\n", info->session->server->executable);
}

static void add_listeners(struct info *info)
{
    const struct settings *settings = info->session->settings;
    int count = 0;
    if (settings->port != 0 && settings->bind.count > 0) {
        add("listener%d:name=tcp", count++);
        for (size_t i = 0; i < settings->bind.count; i++)
            add(",bind=%s", settings->bind.items[i]);
        add(",port=%d\r\n", (int)settings->port);
    }
    if (info->session->server->unix_fd >= 0)
        add("listener%d:name=unix,bind=%s\r\n", count, settings->unixsocket);
}

void info_server(struct info *info)
{
    const struct session *session = info->session;
    const struct settings *settings = session->settings;
    const struct server *server = session->server;
    const struct node *node = session->shard->node;
    const struct clock *clock = node->options.clock;
    int64_t now_us = clock_read_wall_us(clock);
    uint64_t uptime = (clock_read_monotonic_ns(clock) - node->started_ns) / 1000000000;
    struct utsname os;
    uname(&os);
    add("# Server\r\n"
        "redis_version:" INFO_REDIS_VERSION "\r\n"
        "redis_git_sha1:00000000\r\n"
        "redis_git_dirty:0\r\n"
        "redis_build_id:0000000000000000\r\n"
        "redis_mode:standalone\r\n"
        "shoal_version:%s\r\n"
        "shoal_threads:%u\r\n",
        server->version, node->shard_count);
    add("os:%s %s %s\r\n"
        "arch_bits:%d\r\n"
        "monotonic_clock:POSIX clock_gettime\r\n"
        "multiplexing_api:%s\r\n"
        "atomicvar_api:c11-builtin\r\n"
        "gcc_version:%d.%d.%d\r\n",
        os.sysname, os.release, os.machine, (int)sizeof(void *) * 8, server->backend, __GNUC__,
        __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
    add("process_id:%d\r\n"
        "process_supervised:%s\r\n"
        "run_id:%s\r\n"
        "tcp_port:%d\r\n"
        "server_time_usec:%lld\r\n"
        "uptime_in_seconds:%llu\r\n"
        "uptime_in_days:%llu\r\n",
        (int)getpid(), server->supervisor, node->run_id, (int)settings->port, (long long)now_us,
        (ull)uptime, (ull)uptime / 86400);
    add("hz:%d\r\nconfigured_hz:%d\r\nlru_clock:%u\r\n", (int)settings->hz, (int)settings->hz,
        (unsigned)(now_us / 1000000) & 0xffffff);
    add_executable(info);
    add("config_file:%s\r\nio_threads_active:0\r\n",
        server->config_path == NULL ? "" : server->config_path);
    add_listeners(info);
}

void info_clients(struct info *info)
{
    const struct figures *total = info->total;
    add("# Clients\r\n"
        "connected_clients:%llu\r\n"
        "cluster_connections:0\r\n"
        "maxclients:%u\r\n"
        "client_recent_max_input_buffer:%llu\r\n"
        "client_recent_max_output_buffer:%llu\r\n"
        "blocked_clients:%llu\r\n"
        "tracking_clients:0\r\n"
        "clients_in_timeout_table:%llu\r\n"
        "total_blocking_keys:%llu\r\n"
        "total_blocking_keys_on_nokey:%llu\r\n",
        (ull)total->clients, info->session->max_clients, (ull)total->input_max,
        (ull)total->output_max, (ull)total->blocked, (ull)total->waits_timed,
        (ull)total->waited_keys, (ull)total->waited_keys_any_change);
}

void info_persistence(struct info *info)
{
    add("# Persistence\r\n"
        "loading:0\r\n"
        "async_loading:0\r\n"
        "current_cow_peak:0\r\n"
        "current_cow_size:0\r\n"
        "current_cow_size_age:0\r\n"
        "current_fork_perc:0.00\r\n"
        "current_save_keys_processed:0\r\n"
        "current_save_keys_total:0\r\n"
        "rdb_changes_since_last_save:%llu\r\n"
        "rdb_bgsave_in_progress:0\r\n"
        "rdb_last_save_time:%lld\r\n"
        "rdb_last_bgsave_status:ok\r\n"
        "rdb_last_bgsave_time_sec:-1\r\n"
        "rdb_current_bgsave_time_sec:-1\r\n"
        "rdb_saves:0\r\n"
        "rdb_last_cow_size:0\r\n"
        "rdb_last_load_keys_expired:0\r\n"
        "rdb_last_load_keys_loaded:0\r\n",
        (ull)info->total->keyspace.changes,
        (long long)info->session->shard->node->started_wall_ms / 1000);
    add("aof_enabled:0\r\n"
        "aof_rewrite_in_progress:0\r\n"
        "aof_rewrite_scheduled:0\r\n"
        "aof_last_rewrite_time_sec:-1\r\n"
        "aof_current_rewrite_time_sec:-1\r\n"
        "aof_last_bgrewrite_status:ok\r\n"
        "aof_rewrites:0\r\n"
        "aof_rewrites_consecutive_failures:0\r\n"
        "aof_last_write_status:ok\r\n"
        "aof_last_cow_size:0\r\n"
        "module_fork_in_progress:0\r\n"
        "module_fork_last_cow_size:0\r\n");
}

static void stats_traffic(struct info *info)
{
    const struct figures *total = info->total;
    add("# Stats\r\n"
        "total_connections_received:%llu\r\n"
        "total_commands_processed:%llu\r\n"
        "instantaneous_ops_per_sec:%llu\r\n"
        "total_net_input_bytes:%llu\r\n"
        "total_net_output_bytes:%llu\r\n"
        "total_net_repl_input_bytes:0\r\n"
        "total_net_repl_output_bytes:0\r\n"
        "instantaneous_input_kbps:%.2f\r\n"
        "instantaneous_output_kbps:%.2f\r\n"
        "instantaneous_input_repl_kbps:0.00\r\n"
        "instantaneous_output_repl_kbps:0.00\r\n"
        "rejected_connections:%llu\r\n",
        (ull)total->connections, (ull)total->executed, (ull)total->commands_rate,
        (ull)total->io.received_bytes, (ull)total->io.sent_bytes,
        (double)total->input_rate / 1024, (double)total->output_rate / 1024,
        (ull)total->rejected_connections);
    add("sync_full:0\r\nsync_partial_ok:0\r\nsync_partial_err:0\r\n");
}

static void stats_keys(struct info *info)
{
    const struct keyspace_counters *keyspace = &info->total->keyspace;
    add("expired_keys:%llu\r\n"
        "expired_subkeys:%llu\r\n"
        "expired_stale_perc:0.00\r\n"
        "expired_time_cap_reached_count:0\r\n"
        "expire_cycle_cpu_milliseconds:%llu\r\n"
        "evicted_keys:0\r\n"
        "evicted_clients:0\r\n"
        "total_eviction_exceeded_time:0\r\n"
        "current_eviction_exceeded_time:0\r\n"
        "keyspace_hits:%llu\r\n"
        "keyspace_misses:%llu\r\n",
        (ull)keyspace->expired, (ull)keyspace->expired_parts,
        (ull)keyspace->expire_cycles_us / 1000, (ull)keyspace->hits, (ull)keyspace->misses);
    add("pubsub_channels:0\r\n"
        "pubsub_patterns:0\r\n"
        "pubsubshard_channels:0\r\n"
        "latest_fork_usec:0\r\n"
        "total_forks:0\r\n"
        "migrate_cached_sockets:0\r\n"
        "slave_expires_tracked_keys:0\r\n"
        "active_defrag_hits:0\r\n"
        "active_defrag_misses:0\r\n"
        "active_defrag_key_hits:0\r\n"
        "active_defrag_key_misses:0\r\n"
        "total_active_defrag_time:0\r\n"
        "current_active_defrag_time:0\r\n"
        "tracking_total_keys:0\r\n"
        "tracking_total_items:0\r\n"
        "tracking_total_prefixes:0\r\n");
}

void info_stats(struct info *info)
{
    const struct figures *total = info->total;
    stats_traffic(info);
    stats_keys(info);
    add("unexpected_error_replies:0\r\n"
        "total_error_replies:%llu\r\n"
        "dump_payload_sanitizations:0\r\n"
        "total_reads_processed:%llu\r\n"
        "total_writes_processed:%llu\r\n"
        "io_threaded_reads_processed:0\r\n"
        "io_threaded_writes_processed:0\r\n"
        "reply_buffer_shrinks:0\r\n"
        "reply_buffer_expands:0\r\n",
        (ull)total->error_replies, (ull)total->io.receives, (ull)total->io.sends);
    add("eventloop_cycles:%llu\r\n"
        "eventloop_duration_sum:%llu\r\n"
        "eventloop_duration_cmd_sum:%llu\r\n"
        "instantaneous_eventloop_cycles_per_sec:%llu\r\n"
        "instantaneous_eventloop_duration_usec:%llu\r\n",
        (ull)total->io.turns, (ull)total->cpu_us, (ull)total->command_us,
        (ull)total->turns_rate, (ull)(total->cpu_us / bits_max(total->io.turns, 1)));
    add("acl_access_denied_auth:0\r\n"
        "acl_access_denied_cmd:0\r\n"
        "acl_access_denied_key:0\r\n"
        "acl_access_denied_channel:0\r\n");
}

void info_replication(struct info *info)
{
    char id[REPLICATION_ID_SIZE];
    replication_id(info->session->server, id);
    add("# Replication\r\n"
        "role:master\r\n"
        "connected_slaves:0\r\n"
        "master_failover_state:no-failover\r\n"
        "master_replid:%s\r\n"
        "master_replid2:0000000000000000000000000000000000000000\r\n"
        "master_repl_offset:0\r\n"
        "second_repl_offset:-1\r\n"
        "repl_backlog_active:0\r\n"
        "repl_backlog_size:%llu\r\n"
        "repl_backlog_first_byte_offset:0\r\n"
        "repl_backlog_histlen:0\r\n",
        id, (ull)info->session->settings->repl_backlog_size);
}

static void add_usage(struct info *info, const char *suffix, int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    add("used_cpu_sys%s:%ld.%06ld\r\n", suffix, (long)usage.ru_stime.tv_sec,
        (long)usage.ru_stime.tv_usec);
    add("used_cpu_user%s:%ld.%06ld\r\n", suffix, (long)usage.ru_utime.tv_sec,
        (long)usage.ru_utime.tv_usec);
}

void info_cpu(struct info *info)
{
    add("# CPU\r\n");
    add_usage(info, "", RUSAGE_SELF);
    add_usage(info, "_children", RUSAGE_CHILDREN);
    add_usage(info, "_main_thread", RUSAGE_THREAD);
}

void info_modules(struct info *info)
{
    add("# Modules\r\n");
}

void info_cluster(struct info *info)
{
    add("# Cluster\r\ncluster_enabled:0\r\n");
}

void info_keyspace(struct info *info)
{
    add("# Keyspace\r\n");
    for (uint16_t i = 0; i < info->total->db_count; i++) {
        const struct figures_db *db = &info->total->dbs[i];
        if (db->keys > 0)
            add("db%u:keys=%llu,expires=%llu,avg_ttl=%lld\r\n", i, (ull)db->keys,
                (ull)db->expires, db->ttl_ms < 0 ? 0 : (long long)db->ttl_ms);
    }
}
