/* Info: the section about memory; see info.h. */
#include "shard/admin/info.h"

#include "base/alloc.h"
#include "shard/admin/memory_figures.h"
#include "shard/session/server.h"
#include "shard/session/session.h"

#define add(...) buffer_appendf(&info->out, __VA_ARGS__)

typedef unsigned long long ull;

static void add_size(struct info *info, const char *name, uint64_t bytes)
{
    char human[MEMORY_HUMAN_SIZE];
    memory_human(human, bytes);
    add("%s:%llu\r\n%s_human:%s\r\n", name, (ull)bytes, name, human);
}

static void add_scripts(struct info *info)
{
    add("used_memory_lua:0\r\n"
        "used_memory_vm_eval:0\r\n"
        "used_memory_lua_human:0B\r\n"
        "used_memory_scripts_eval:0\r\n"
        "number_of_cached_scripts:0\r\n"
        "number_of_functions:0\r\n"
        "number_of_libraries:0\r\n"
        "used_memory_vm_functions:0\r\n"
        "used_memory_vm_total:0\r\n"
        "used_memory_vm_total_human:0B\r\n"
        "used_memory_functions:0\r\n"
        "used_memory_scripts:0\r\n"
        "used_memory_scripts_human:0B\r\n");
}

/* The allocator tells what is allocated and the system what is resident: all that lies
 * between the two counts as the allocator's. */
static void add_fragmentation(struct info *info, const struct memory_figures *m)
{
    add("allocator_frag_ratio:%.2f\r\n"
        "allocator_frag_bytes:%lld\r\n"
        "allocator_rss_ratio:1.00\r\n"
        "allocator_rss_bytes:0\r\n"
        "rss_overhead_ratio:1.00\r\n"
        "rss_overhead_bytes:0\r\n"
        "mem_fragmentation_ratio:%.2f\r\n"
        "mem_fragmentation_bytes:%lld\r\n",
        m->fragmentation, (long long)m->fragmentation_bytes, m->fragmentation,
        (long long)m->fragmentation_bytes);
}

void info_memory(struct info *info)
{
    struct session *session = info->session;
    const struct settings *settings = session->settings;
    struct memory_figures m = memory_figures(session, info->total);
    char allocator[32];
    alloc_name(allocator, sizeof allocator);
    add("# Memory\r\n");
    add_size(info, "used_memory", m.used);
    add_size(info, "used_memory_rss", m.resident);
    add_size(info, "used_memory_peak", m.peak);
    add("used_memory_peak_perc:%.2f%%\r\n"
        "used_memory_overhead:%llu\r\n"
        "used_memory_startup:%llu\r\n"
        "used_memory_dataset:%llu\r\n"
        "used_memory_dataset_perc:%.2f%%\r\n",
        m.peak_percent, (ull)m.overhead, (ull)m.startup, (ull)m.dataset, m.dataset_percent);
    add("allocator_allocated:%llu\r\n"
        "allocator_active:%llu\r\n"
        "allocator_resident:%llu\r\n",
        (ull)m.used, (ull)m.resident, (ull)m.resident);
    add_size(info, "total_system_memory", session->server->memory_limit);
    add_scripts(info);
    add_size(info, "maxmemory", settings->maxmemory);
    add("maxmemory_policy:");
    settings_get(settings, settings_find(bytes_of("maxmemory-policy")), &info->out);
    add("\r\n");
    add_fragmentation(info, &m);
    add("mem_not_counted_for_evict:0\r\n"
        "mem_replication_backlog:0\r\n"
        "mem_total_replication_buffers:0\r\n"
        "mem_clients_slaves:0\r\n"
        "mem_clients_normal:%llu\r\n"
        "mem_cluster_links:0\r\n"
        "mem_aof_buffer:0\r\n"
        "mem_allocator:%s\r\n"
        "active_defrag_running:0\r\n"
        "lazyfree_pending_objects:%llu\r\n"
        "lazyfreed_objects:%llu\r\n",
        (ull)info->total->clients_bytes, allocator, (ull)info->total->pending_frees,
        (ull)info->total->keyspace.reclaimed);
}
