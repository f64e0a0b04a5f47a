/* Descriptors: the process's limit of open files, and the clients it leaves room for. */
#ifndef SHOAL_SHARD_SESSION_DESCRIPTORS_H
#define SHOAL_SHARD_SESSION_DESCRIPTORS_H

#include <stdint.h>

/*
 * Raises the limit, as far as needed and allowed, so that so many clients fit beside what
 * the server itself opens, with so many shards. Never lowers it. Returns for how many
 * clients there is room now: `clients`, or less but at least one.
 */
uint64_t descriptors_raise(uint64_t clients, unsigned shards);

#endif
