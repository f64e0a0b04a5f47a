/*
 * CPU: how much of the machine this process may use.
 *
 * Containers limit a process in two ways that the plain count of processors does not show: the
 * affinity mask, and the quotas of the control groups (cgroup v1, v2, or both mounted together).
 * A quota counts wherever it stands between the process's group and the root.
 *
 * `root` comes before each path that is read (/proc/self/cgroup, /proc/meminfo, /sys/fs/cgroup):
 * "" on a real machine, a directory with made-up files in tests. What cannot be read limits
 * nothing.
 */
#ifndef SHOAL_BASE_CPU_H
#define SHOAL_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Returned by the limits below when there is none. */
#define CPU_UNLIMITED UINT64_MAX

/*
 * Writes the ids of the processors in the affinity mask of the calling thread, ascending, at most
 * `cap` of them (`ids` may be NULL when `cap` is 0). Returns how many there are, at least 1.
 */
size_t cpu_affinity(int *ids, size_t cap);

/* The smallest CPU quota of the process's groups in whole processors, rounded up, at least 1. */
uint64_t cpu_quota(const char *root);

/* Threads worth starting: the smaller of affinity count and quota, at least 1. */
size_t cpu_usable(const char *root);

/* The smallest memory limit of the process's groups, in bytes. */
uint64_t cpu_memory_limit(const char *root);

/* Physical memory in bytes, CPU_UNLIMITED if it cannot be told. */
uint64_t cpu_memory_physical(const char *root);

/* The smaller of both: what the process can hope for. */
uint64_t cpu_memory_usable(const char *root);

/* Binds the calling thread to one processor. Returns 0, or -1 with errno. */
int cpu_pin_thread(int cpu);

#endif
