/* Descriptors: see descriptors.h. */
#include "shard/session/descriptors.h"

#include <sys/resource.h>

#define RESERVED 32 /* files, pipes and the like */
#define PER_SHARD 16

uint64_t descriptors_raise(uint64_t clients, unsigned shards)
{
    uint64_t own = RESERVED + (uint64_t)shards * PER_SHARD;
    uint64_t wanted = clients + own;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return clients;
    struct rlimit more = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
    if (more.rlim_max < wanted)
        more.rlim_max = wanted; /* works for root */
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return clients;
    more.rlim_cur = more.rlim_max = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &more) != 0)
        more = limit;
    if (more.rlim_cur >= wanted)
        return clients;
    return more.rlim_cur > own ? more.rlim_cur - own : 1;
}
