/*
 * CPU: affinity through the scheduler's system calls, quotas and limits through the files of the
 * control groups (kernel documentation: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst and
 * scheduler/sched-bwc.rst). See the header.
 *
 * A container may see its group's path as the host knows it while only the group itself is mounted.
 * So each group from the path up to the root is tried, and those that do not exist say nothing.
 */
#include "base/cpu.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/number.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CPUS_FIRST_TRY = 1024,
    CPUS_LAST_TRY = 1 << 20,
    PATH_CAP = 4096,
    CPU_UNLIMITED_V1_SHIFT = 62 /* v1 says "none" with a number near 2^63 */
};

/* The mask of the calling thread, for the caller to CPU_FREE(), and its size; NULL on failure. */
static cpu_set_t *affinity_mask(size_t *size)
{
    for (int cpus = CPUS_FIRST_TRY; cpus <= CPUS_LAST_TRY; cpus *= 2) {
        cpu_set_t *mask = CPU_ALLOC((size_t)cpus);

        *size = CPU_ALLOC_SIZE((size_t)cpus);
        if (mask && sched_getaffinity(0, *size, mask) == 0) return mask;
        CPU_FREE(mask);
        if (errno != EINVAL) break;
    }
    return NULL;
}

size_t cpu_affinity(int *ids, size_t cap)
{
    size_t size, count = 0;
    cpu_set_t *mask = affinity_mask(&size);

    for (size_t cpu = 0; mask && cpu < size * 8; cpu++) {
        if (!CPU_ISSET_S(cpu, size, mask)) continue;
        if (count < cap) ids[count] = (int)cpu;
        count++;
    }
    if (mask) CPU_FREE(mask);
    if (count > 0) return count;
    if (cap > 0) ids[0] = 0;
    return 1;
}

/* Appends the content of a file; false, and nothing appended, if it cannot be read. */
static bool read_file(const char *path, struct buffer *out)
{
    size_t start = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    if (fd < 0) return false;
    do {
        buffer_reserve(out, 1024);
        got = read(fd, out->data + out->len, 1024);
        if (got > 0) out->len += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    close(fd);
    if (got < 0) out->len = start;
    return got == 0;
}

/* Takes text up to `separator` (or all that is left) off the front of *rest. */
static struct bytes next_field(struct bytes *rest, char separator)
{
    const char *at = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
    struct bytes field = bytes_make(rest->data, at ? (size_t)(at - rest->data) : rest->len);
    size_t used = field.len + (at != NULL);

    *rest = bytes_make(rest->data + used, rest->len - used);
    return field;
}

/* The first up to two white-space separated words of a one-line file; absent ones are empty. */
static bool read_words(const char *path, struct buffer *file, struct bytes words[2])
{
    buffer_clear(file);
    if (!read_file(path, file)) return false;
    struct bytes rest = buffer_bytes(file);
    struct bytes line = next_field(&rest, '\n');

    words[0] = next_field(&line, ' ');
    words[1] = next_field(&line, ' ');
    return true;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whole processors for a quota per period, both in microseconds. */
static uint64_t quota_cpus(struct bytes quota, struct bytes period)
{
    uint64_t quota_us, period_us;

    if (!number_parse_u64(quota, &quota_us) || !number_parse_u64(period, &period_us) ||
        quota_us == 0 || period_us == 0)
        return CPU_UNLIMITED;
    return quota_us / period_us + (quota_us % period_us != 0);
}

/* Each of these reads the limit of one group, whose directory is given. */
typedef uint64_t read_limit_fn(const char *group, struct buffer *file);

static uint64_t read_cpu_v2(const char *group, struct buffer *file)
{
    char path[PATH_CAP + 32];
    struct bytes words[2];

    snprintf(path, sizeof(path), "%s/cpu.max", group);
    return read_words(path, file, words) ? quota_cpus(words[0], words[1]) : CPU_UNLIMITED;
}

static uint64_t read_cpu_v1(const char *group, struct buffer *file)
{
    char path[PATH_CAP + 32], quota[NUMBER_I64_MAX];
    struct bytes words[2];

    snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", group);
    if (!read_words(path, file, words) || words[0].len >= sizeof(quota)) return CPU_UNLIMITED;
    size_t quota_len = words[0].len;

    memcpy(quota, words[0].data, quota_len);
    snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", group);
    if (!read_words(path, file, words)) return CPU_UNLIMITED;
    return quota_cpus(bytes_make(quota, quota_len), words[0]);
}

static uint64_t read_memory_file(const char *group, const char *name, struct buffer *file)
{
    char path[PATH_CAP + 32];
    struct bytes words[2];
    uint64_t limit;

    snprintf(path, sizeof(path), "%s/%s", group, name);
    if (!read_words(path, file, words) || !number_parse_u64(words[0], &limit) ||
        limit >> CPU_UNLIMITED_V1_SHIFT != 0)
        return CPU_UNLIMITED;
    return limit;
}

static uint64_t read_memory_v2(const char *group, struct buffer *file)
{
    return read_memory_file(group, "memory.max", file);
}

static uint64_t read_memory_v1(const char *group, struct buffer *file)
{
    return read_memory_file(group, "memory.limit_in_bytes", file);
}

/* The smallest limit from a group up to the root of its hierarchy, mounted at `mount`. */
static uint64_t walk_up(const char *root, struct bytes mount, struct bytes group,
                        read_limit_fn *read_limit, struct buffer *file)
{
    uint64_t limit = CPU_UNLIMITED;
    char path[PATH_CAP];

    for (;;) {
        int len = snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s%.*s%.*s", root,
                           mount.len ? "/" : "", (int)mount.len, mount.data ? mount.data : "",
                           (int)group.len, group.len ? group.data : "");

        if (len > 0 && (size_t)len < sizeof(path)) limit = smaller(limit, read_limit(path, file));
        if (group.len == 0) return limit;
        while (group.len > 0 && group.data[group.len - 1] != '/')
            group.len--;
        if (group.len > 0) group.len--;
    }
}

static bool names_controller(struct bytes controllers, const char *controller)
{
    while (controllers.len > 0)
        if (bytes_equal(next_field(&controllers, ','), bytes_of(controller))) return true;
    return false;
}

/* The smallest limit over all hierarchies: lines of /proc/self/cgroup are "id:controllers:path". */
static uint64_t smallest_limit(const char *root, const char *controller, read_limit_fn *read_v2,
                               read_limit_fn *read_v1)
{
    uint64_t limit = CPU_UNLIMITED;
    struct buffer groups, file;
    char path[PATH_CAP];

    buffer_init(&groups);
    buffer_init(&file);
    snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    read_file(path, &groups);
    for (struct bytes rest = buffer_bytes(&groups); rest.len > 0;) {
        struct bytes group = next_field(&rest, '\n');
        struct bytes id = next_field(&group, ':');
        struct bytes controllers = next_field(&group, ':');

        if (bytes_equal(group, bytes_of("/"))) group.len = 0;
        if (bytes_equal(id, bytes_of("0")) && controllers.len == 0) {
            limit = smaller(limit, walk_up(root, bytes_of(""), group, read_v2, &file));
            limit = smaller(limit, walk_up(root, bytes_of("unified"), group, read_v2, &file));
        } else if (names_controller(controllers, controller)) {
            limit = smaller(limit, walk_up(root, controllers, group, read_v1, &file));
            limit = smaller(limit, walk_up(root, bytes_of(controller), group, read_v1, &file));
        }
    }
    buffer_deinit(&groups);
    buffer_deinit(&file);
    return limit;
}

uint64_t cpu_quota(const char *root)
{
    return smallest_limit(root, "cpu", read_cpu_v2, read_cpu_v1);
}

size_t cpu_usable(const char *root)
{
    uint64_t usable = smaller(cpu_affinity(NULL, 0), cpu_quota(root));

    assert(usable >= 1);
    return (size_t)usable;
}

uint64_t cpu_memory_limit(const char *root)
{
    return smallest_limit(root, "memory", read_memory_v2, read_memory_v1);
}

uint64_t cpu_memory_physical(const char *root)
{
    uint64_t kilobytes, result = CPU_UNLIMITED;
    struct buffer file;
    char path[PATH_CAP];

    buffer_init(&file);
    snprintf(path, sizeof(path), "%s/proc/meminfo", root);
    read_file(path, &file);
    for (struct bytes rest = buffer_bytes(&file); rest.len > 0;) {
        struct bytes value = next_field(&rest, '\n');

        if (!bytes_equal(next_field(&value, ':'), bytes_of("MemTotal"))) continue;
        while (value.len > 0 && value.data[0] == ' ')
            value = bytes_make(value.data + 1, value.len - 1);
        if (number_parse_u64(next_field(&value, ' '), &kilobytes) && kilobytes < UINT64_MAX / 1024)
            result = kilobytes * 1024;
        break;
    }
    buffer_deinit(&file);
    return result;
}

uint64_t cpu_memory_usable(const char *root)
{
    return smaller(cpu_memory_limit(root), cpu_memory_physical(root));
}

int cpu_pin_thread(int cpu)
{
    cpu_set_t *mask;
    size_t size;
    int result;

    if (cpu < 0) {
        errno = EINVAL;
        return -1;
    }
    size = CPU_ALLOC_SIZE((size_t)cpu + 1);
    mask = CPU_ALLOC((size_t)cpu + 1);
    if (!mask) return -1;
    CPU_ZERO_S(size, mask);
    CPU_SET_S((size_t)cpu, size, mask);
    result = sched_setaffinity(0, size, mask);
    CPU_FREE(mask);
    return result;
}
