/*
 * Info: the text that INFO answers, section by section.
 *
 * info.c has the command and the table of sections, info_sections.c and info_memory.c
 * write those with fixed fields, info_commands.c those with a field for each command,
 * error or shard. Field names are Redis's; what Shoal does not have carries the value it
 * has in Redis while the feature is off.
 */
#ifndef SHOAL_SHARD_ADMIN_INFO_H
#define SHOAL_SHARD_ADMIN_INFO_H

#include "base/buffer.h"
#include "shard/admin/figures.h"

/* The version of Redis that Shoal answers as. */
#define INFO_REDIS_VERSION "7.2.0"

struct session;
struct survey;

/* What a section is written from. */
struct info {
    struct session *session; /* the client's */
    const struct figures *total;
    const struct survey *survey; /* the figures of each shard */
    struct buffer out;
};

typedef void (*info_section)(struct info *info);

void info_server(struct info *info);
void info_clients(struct info *info);
void info_memory(struct info *info);
void info_persistence(struct info *info);
void info_stats(struct info *info);
void info_replication(struct info *info);
void info_cpu(struct info *info);
void info_modules(struct info *info);
void info_commandstats(struct info *info);
void info_errorstats(struct info *info);
void info_latencystats(struct info *info);
void info_cluster(struct info *info);
void info_keyspace(struct info *info);
void info_shards(struct info *info);

#endif
