/*
 * Limits of containers, from made-up control group files.
 */
#include "base/cpu.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/shoal-cpu-XXXXXX";

static void setup(void)
{
    cr_assert_not_null(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void teardown(void)
{
    nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(cpu, .init = setup, .fini = teardown);

/* Writes a file below the root, with its directories. */
static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

Test(cpu, without_any_file_there_is_no_limit)
{
    cr_assert_eq(cpu_quota(root), CPU_UNLIMITED);
    cr_assert_eq(cpu_memory_limit(root), CPU_UNLIMITED);
    cr_assert_eq(cpu_memory_physical(root), CPU_UNLIMITED);
    cr_assert_eq(cpu_usable(root), cpu_affinity(NULL, 0));
}

Test(cpu, a_v2_quota_is_rounded_up_to_whole_processors)
{
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.max", "250000 100000\n");
    cr_assert_eq(cpu_quota(root), 3);
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    cr_assert_eq(cpu_quota(root), 2);
    put("/sys/fs/cgroup/cpu.max", "5000 100000\n");
    cr_assert_eq(cpu_quota(root), 1);
    cr_assert_eq(cpu_usable(root), 1);
    put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    cr_assert_eq(cpu_quota(root), CPU_UNLIMITED);
}

Test(cpu, the_tightest_group_up_to_the_root_counts)
{
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "150000 50000\n");
    put("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    put("/sys/fs/cgroup/a/memory.max", "67108864\n");
    put("/sys/fs/cgroup/a/b/memory.max", "134217728\n");
    cr_assert_eq(cpu_quota(root), 3);
    cr_assert_eq(cpu_memory_limit(root), 67108864);
}

Test(cpu, a_path_that_only_the_host_knows_falls_back_to_what_is_mounted)
{
    put("/proc/self/cgroup", "0::/docker/0123abcd\n");
    put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    put("/sys/fs/cgroup/memory.max", "1048576\n");
    cr_assert_eq(cpu_quota(root), 1);
    cr_assert_eq(cpu_memory_limit(root), 1048576);
}

Test(cpu, v1_hierarchies_are_found_under_either_name)
{
    put("/proc/self/cgroup", "12:memory:/box\n4:cpu,cpuacct:/box\n3:cpuset:/\n1:name=systemd:/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "150000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "268435456\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    cr_assert_eq(cpu_quota(root), 2);
    cr_assert_eq(cpu_memory_limit(root), 268435456);
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(cpu_quota(root), 1);
}

Test(cpu, the_v1_ways_to_say_none_are_understood)
{
    put("/proc/self/cgroup", "2:memory:/\n1:cpu:/\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    cr_assert_eq(cpu_quota(root), CPU_UNLIMITED);
    cr_assert_eq(cpu_memory_limit(root), CPU_UNLIMITED);
}

Test(cpu, a_hybrid_machine_obeys_both_versions)
{
    put("/proc/self/cgroup", "1:memory:/v1\n0::/v2\n");
    put("/sys/fs/cgroup/memory/v1/memory.limit_in_bytes", "4096000\n");
    put("/sys/fs/cgroup/unified/v2/cpu.max", "200000 100000\n");
    cr_assert_eq(cpu_memory_limit(root), 4096000);
    cr_assert_eq(cpu_quota(root), 2);
}

Test(cpu, damaged_files_limit_nothing)
{
    put("/proc/self/cgroup", "\n:\n0:\n0::\nnonsense\n0::/x\n::::\n");
    put("/sys/fs/cgroup/x/cpu.max", "100000 0\n");
    put("/sys/fs/cgroup/x/memory.max", "\n");
    put("/sys/fs/cgroup/cpu.max", "");
    cr_assert_eq(cpu_quota(root), CPU_UNLIMITED);
    put("/sys/fs/cgroup/memory.max", "twelve");
    cr_assert_eq(cpu_memory_limit(root), CPU_UNLIMITED);
}

Test(cpu, usable_memory_is_the_smaller_of_limit_and_machine)
{
    put("/proc/meminfo", "MemFree:  12 kB\nMemTotal:       16384 kB\nBuffers: 1 kB\n");
    put("/proc/self/cgroup", "0::/\n");
    cr_assert_eq(cpu_memory_physical(root), 16384 * 1024);
    cr_assert_eq(cpu_memory_usable(root), 16384 * 1024);
    put("/sys/fs/cgroup/memory.max", "1000000\n");
    cr_assert_eq(cpu_memory_usable(root), 1000000);
    put("/sys/fs/cgroup/memory.max", "100000000000\n");
    cr_assert_eq(cpu_memory_usable(root), 16384 * 1024);
}

Test(cpu, the_real_machine_has_a_processor_and_memory)
{
    cr_assert_geq(cpu_usable(""), 1);
    cr_assert_leq(cpu_usable(""), cpu_affinity(NULL, 0));
    cr_assert_gt(cpu_memory_usable(""), 1 << 20);
    cr_assert_neq(cpu_memory_physical(""), CPU_UNLIMITED);
}

Test(cpu, pinning_leaves_one_processor_in_the_mask)
{
    int ids[4096];
    size_t count = cpu_affinity(ids, 4096);
    int last = ids[count - 1];

    for (size_t i = 1; i < count; i++)
        cr_assert_gt(ids[i], ids[i - 1]);
    cr_assert_eq(cpu_pin_thread(last), 0);
    cr_assert_eq(cpu_affinity(ids, 1), 1);
    cr_assert_eq(ids[0], last);
    cr_assert_eq(sched_getcpu(), last);
}

Test(cpu, pinning_to_no_such_processor_fails)
{
    cr_assert_eq(cpu_pin_thread(-1), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(cpu_pin_thread(100000), -1);
    cr_assert_eq(errno, EINVAL);
}
