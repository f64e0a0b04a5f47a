/*
 * Figures: what INFO and MEMORY tell, gathered by a survey and added up.
 *
 * Each shard fills in figures of its own; the client's shard adds them to a total. The
 * gathering costs a shard microseconds, unless the figures of commands are asked for
 * (copies of their histograms) or much memory has not been measured for long.
 */
#ifndef SHOAL_SHARD_ADMIN_FIGURES_H
#define SHOAL_SHARD_ADMIN_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/keyspace/keyspace.h"
#include "net/io.h"
#include "shard/session/stats.h"

struct client;
struct session;
struct survey;

/* What to gather beyond the plain counters. */
enum { FIGURES_MEMORY = 1, FIGURES_KEYS = 2, FIGURES_COMMANDS = 4 };

struct figures_db {
    uint64_t keys, expires;
    uint64_t table_bytes, expires_bytes; /* estimates */
    double ttl_ms; /* mean of keys with an expiry, from a sample */
};

struct figures {
    uint32_t shards; /* added up here */
    uint64_t clients, blocked;
    uint64_t waits_timed; /* waiting clients with a time-out */
    uint64_t waited_keys, waited_keys_any_change; /* see waiting.h */
    uint64_t executed, connections, rejected_connections, error_replies;
    uint64_t commands_rate, input_rate, output_rate; /* a second */
    uint64_t input_max, output_max, clients_bytes;
    uint64_t batches; /* sent to other shards and not back */
    uint64_t pending_frees;
    uint64_t command_us, cpu_us; /* executing commands; all that the thread did */
    uint64_t turns_rate;         /* a second */
    uint64_t memory_bytes;
    struct io_counters io;
    struct keyspace_counters keyspace;
    uint16_t db_count;
    struct figures_db *dbs;          /* FIGURES_KEYS, else NULL */
    struct command_stats *commands;  /* FIGURES_COMMANDS, else NULL: COMMAND_COUNT rows */
    struct error_stats *errors;
    uint32_t error_count, error_cap;
};

/* What a survey is to gather: the beginning of its ctx. */
struct figures_request {
    unsigned what; /* FIGURES_* */
};

/* The question of such a survey: answers[i] are the figures of shard i. */
void figures_ask(struct session *session, struct survey *survey);

/* The sum of the answers; to be freed with figures_free(). The answers stay. */
struct figures *figures_total(const struct survey *survey);

/* Frees the answers. */
void figures_drop(struct survey *survey);

void figures_free(struct figures *figures);

/* The resident memory of the process, bytes. */
uint64_t figures_resident(void);

/* Brings the node's peak up to what is used, and returns it. */
uint64_t figures_peak(struct session *session, uint64_t memory_bytes);

#endif
