/* Figures: see figures.h. */
#include "shard/admin/figures.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "shard/runtime/shard.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"
#include "shard/session/waiting.h"

#define SAMPLED_SLOTS 64    /* for the bytes of tables */
#define SAMPLED_KEYS 16     /* for the mean time to live */
#define VISITED_KEYS 256

/* ---- On each shard. ---- */

struct ttl_sample {
    const struct keyspace *ks;
    double sum;
    uint32_t count, visited;
};

static void sample_ttl(void *ctx, struct entry *entry)
{
    struct ttl_sample *sample = ctx;
    sample->visited++;
    if (!(entry->flags & ENTRY_EXPIRES))
        return;
    sample->sum += (double)(entry_expiry(entry) - sample->ks->now_ms);
    sample->count++;
}

static bool any_slot(void *ctx, uint32_t slot)
{
    (void)ctx;
    (void)slot;
    return true;
}

/* Looks at a few keys from a place chosen at random on. */
static double mean_ttl(struct keyspace *ks, struct db *db)
{
    struct ttl_sample sample = {.ks = ks};
    uint32_t slot = (uint32_t)rng_below(&ks->rng, SLOT_COUNT);
    uint64_t cursor = 0;
    bool wrapped = false;
    while (sample.count < SAMPLED_KEYS && sample.visited < VISITED_KEYS) {
        if (slot >= SLOT_COUNT) {
            if (wrapped)
                break;
            wrapped = true;
            slot = 0;
            cursor = 0;
        }
        keyspace_scan(ks, db, &slot, &cursor, SAMPLED_KEYS, any_slot, sample_ttl, &sample);
    }
    return sample.count == 0 ? 0 : sample.sum / sample.count;
}

static uint64_t estimate_tables(const struct db *db)
{
    uint64_t busy = 0, seen = 0, bytes = 0;
    for (uint32_t w = 0; w < SLOT_COUNT / 64; w++) {
        for (uint64_t bits = db->busy[w]; bits != 0; bits &= bits - 1) {
            busy++;
            if (seen == SAMPLED_SLOTS)
                continue;
            bytes += table_bytes(&db->slots[w * 64 + (uint32_t)__builtin_ctzll(bits)]);
            seen++;
        }
    }
    uint64_t slots = SLOT_COUNT * sizeof *db->slots;
    return slots + (seen == 0 ? 0 : bytes * busy / seen);
}

static void gather_dbs(struct keyspace *ks, struct figures *figures)
{
    figures->db_count = ks->db_count;
    figures->dbs = alloc_zeroed(ks->db_count * sizeof *figures->dbs);
    for (uint16_t i = 0; i < ks->db_count; i++) {
        struct db *db = &ks->dbs[i];
        struct figures_db *row = &figures->dbs[i];
        row->keys = db->keys;
        row->expires = db->expiring;
        row->table_bytes = db->slots == NULL ? 0 : estimate_tables(db);
        row->expires_bytes = db->wheel == NULL ? 0 : expiry_bytes(db->wheel);
        row->ttl_ms = db->expiring == 0 ? 0 : mean_ttl(ks, db);
    }
}

static void copy_histogram(struct command_stats *row)
{
    uint64_t *copy = alloc_get(HISTOGRAM_BUCKETS * sizeof *copy);
    memcpy(copy, row->histogram, HISTOGRAM_BUCKETS * sizeof *copy);
    row->histogram = copy;
}

static void gather_commands(const struct stats *stats, struct figures *figures)
{
    figures->commands = alloc_get(sizeof stats->commands);
    memcpy(figures->commands, stats->commands, sizeof stats->commands);
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (figures->commands[i].histogram != NULL)
            copy_histogram(&figures->commands[i]);
}

static void add_keyspace(struct keyspace_counters *to, const struct keyspace_counters *from)
{
    to->hits += from->hits;
    to->misses += from->misses;
    to->expired += from->expired;
    to->expired_parts += from->expired_parts;
    to->changes += from->changes;
    to->expire_cycles_us += from->expire_cycles_us;
    to->reclaimed += from->reclaimed;
}

/* Clients that a pause holds back, or a command that waits. */
static uint64_t count_blocked(const struct session *session)
{
    uint64_t count = 0;
    for (const struct list_node *n = session->clients.next; n != &session->clients; n = n->next)
        if (container_of(n, struct client, link)->stall & (STALL_PAUSE | STALL_BLOCKED))
            count++;
    return count;
}

static void gather_plain(struct session *session, struct figures *figures)
{
    const struct stats *stats = session->stats;
    struct shard *shard = session->shard;
    figures->shards = 1;
    figures->clients = session->client_count;
    figures->blocked = count_blocked(session);
    figures->waits_timed = session->wait_heap.count;
    figures->waited_keys = waiting_keys(session->waiting);
    figures->waited_keys_any_change = waiting_keys_any_change(session->waiting);
    figures->executed = stats->executed;
    figures->connections = stats->connections;
    figures->rejected_connections = stats->rejected_connections;
    figures->error_replies = stats->error_replies;
    figures->commands_rate = stats_rate_mean(&stats->commands_rate);
    figures->input_rate = stats_rate_mean(&stats->input_rate);
    figures->output_rate = stats_rate_mean(&stats->output_rate);
    for (int i = 0; i < STATS_SECONDS; i++) {
        figures->input_max = bits_max(figures->input_max, stats->input_max[i]);
        figures->output_max = bits_max(figures->output_max, stats->output_max[i]);
    }
    figures->clients_bytes = stats->clients_bytes;
    figures->turns_rate = stats_rate_mean(&stats->turns_rate);
    figures->cpu_us = stats_cpu_us(stats);
    uint64_t ticks = 0;
    for (int i = 0; i < COMMAND_COUNT; i++)
        ticks += stats->commands[i].ticks;
    figures->command_us = (uint64_t)((double)ticks / stats_ticks_per_us(stats));
    figures->batches = session->batches_out;
    figures->pending_frees = shard->keyspace.reclaim.keys + session->scratch.reclaim.keys;
    figures->io = shard->io->counters;
    add_keyspace(&figures->keyspace, &shard->keyspace.counters);
    /* Keys brought together from several shards are looked up in the scratch keyspace. */
    figures->keyspace.hits += session->scratch.counters.hits;
    figures->keyspace.misses += session->scratch.counters.misses;
    figures->keyspace.reclaimed += session->scratch.counters.reclaimed;
    figures->error_count = figures->error_cap = stats->error_count;
    figures->errors = alloc_get(stats->error_count * sizeof *figures->errors);
    memcpy(figures->errors, stats->errors, stats->error_count * sizeof *figures->errors);
}

void figures_ask(struct session *session, struct survey *survey)
{
    const struct figures_request *request = survey->ctx;
    struct figures *figures = alloc_zeroed(sizeof *figures);
    gather_plain(session, figures);
    if (request->what & FIGURES_MEMORY)
        figures->memory_bytes = stats_memory(session->stats, STATS_MEMORY_COST_FACTOR);
    if (request->what & FIGURES_KEYS)
        gather_dbs(&session->shard->keyspace, figures);
    if (request->what & FIGURES_COMMANDS)
        gather_commands(session->stats, figures);
    survey->answers[session->shard->index] = figures;
}

/* ---- On the client's shard. ---- */

static void add_dbs(struct figures *total, const struct figures *part)
{
    if (part->dbs == NULL)
        return;
    if (total->dbs == NULL) {
        total->db_count = part->db_count;
        total->dbs = alloc_zeroed(part->db_count * sizeof *total->dbs);
    }
    for (uint16_t i = 0; i < part->db_count; i++) {
        struct figures_db *to = &total->dbs[i];
        const struct figures_db *from = &part->dbs[i];
        uint64_t expires = to->expires + from->expires;
        if (expires > 0)
            to->ttl_ms = (to->ttl_ms * (double)to->expires +
                          from->ttl_ms * (double)from->expires) / (double)expires;
        to->keys += from->keys;
        to->expires = expires;
        to->table_bytes += from->table_bytes;
        to->expires_bytes += from->expires_bytes;
    }
}

static void add_commands(struct figures *total, const struct figures *part)
{
    if (part->commands == NULL)
        return;
    if (total->commands == NULL)
        total->commands = alloc_zeroed(COMMAND_COUNT * sizeof *total->commands);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        struct command_stats *to = &total->commands[i];
        const struct command_stats *from = &part->commands[i];
        to->calls += from->calls;
        to->ticks += from->ticks;
        to->rejected += from->rejected;
        to->failed += from->failed;
        if (from->histogram == NULL)
            continue;
        if (to->histogram == NULL)
            to->histogram = alloc_zeroed(HISTOGRAM_BUCKETS * sizeof *to->histogram);
        for (int b = 0; b < HISTOGRAM_BUCKETS; b++)
            to->histogram[b] += from->histogram[b];
    }
}

/* Errors are kept in the order of their codes. */
static void add_error(struct figures *total, const struct error_stats *error)
{
    uint32_t at = 0;
    while (at < total->error_count && strcmp(total->errors[at].code, error->code) < 0)
        at++;
    if (at < total->error_count && strcmp(total->errors[at].code, error->code) == 0) {
        total->errors[at].count += error->count;
        return;
    }
    if (total->error_count == total->error_cap) {
        total->error_cap = total->error_cap == 0 ? 16 : total->error_cap * 2;
        total->errors = alloc_resize(total->errors, total->error_cap * sizeof *total->errors);
    }
    memmove(&total->errors[at + 1], &total->errors[at],
            (total->error_count++ - at) * sizeof *total->errors);
    total->errors[at] = *error;
}

static void add_io(struct io_counters *to, const struct io_counters *from)
{
    to->received_bytes += from->received_bytes;
    to->sent_bytes += from->sent_bytes;
    to->receives += from->receives;
    to->sends += from->sends;
    to->turns += from->turns;
    to->waits += from->waits;
    to->wakes += from->wakes;
}

static void add(struct figures *total, const struct figures *part)
{
    total->shards++;
    total->clients += part->clients;
    total->blocked += part->blocked;
    total->waits_timed += part->waits_timed;
    total->waited_keys += part->waited_keys;
    total->waited_keys_any_change += part->waited_keys_any_change;
    total->executed += part->executed;
    total->connections += part->connections;
    total->rejected_connections += part->rejected_connections;
    total->error_replies += part->error_replies;
    total->commands_rate += part->commands_rate;
    total->input_rate += part->input_rate;
    total->output_rate += part->output_rate;
    total->input_max = bits_max(total->input_max, part->input_max);
    total->output_max = bits_max(total->output_max, part->output_max);
    total->clients_bytes += part->clients_bytes;
    total->turns_rate += part->turns_rate;
    total->cpu_us += part->cpu_us;
    total->command_us += part->command_us;
    total->batches += part->batches;
    total->pending_frees += part->pending_frees;
    if (ALLOC_PLAIN) /* measured for the whole process */
        total->memory_bytes = bits_max(total->memory_bytes, part->memory_bytes);
    else
        total->memory_bytes += part->memory_bytes;
    add_io(&total->io, &part->io);
    add_keyspace(&total->keyspace, &part->keyspace);
    add_dbs(total, part);
    add_commands(total, part);
    for (uint32_t i = 0; i < part->error_count; i++)
        add_error(total, &part->errors[i]);
}

struct figures *figures_total(const struct survey *survey)
{
    struct figures *total = alloc_zeroed(sizeof *total);
    for (uint32_t i = 0; i < survey->count; i++)
        add(total, survey->answers[i]);
    return total;
}

void figures_free(struct figures *figures)
{
    if (figures->commands != NULL)
        for (int i = 0; i < COMMAND_COUNT; i++)
            alloc_free(figures->commands[i].histogram);
    alloc_free(figures->commands);
    alloc_free(figures->dbs);
    alloc_free(figures->errors);
    alloc_free(figures);
}

void figures_drop(struct survey *survey)
{
    for (uint32_t i = 0; i < survey->count; i++)
        figures_free(survey->answers[i]);
}

uint64_t figures_resident(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t figures_peak(struct session *session, uint64_t memory_bytes)
{
    _Atomic uint64_t *peak = &session->server->peak_memory;
    uint64_t before = atomic_load(peak);
    while (before < memory_bytes && !atomic_compare_exchange_weak(peak, &before, memory_bytes))
        ;
    return bits_max(before, memory_bytes);
}
