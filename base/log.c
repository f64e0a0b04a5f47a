/*
 * Log: see the header for the line and the promises about threads.
 *
 * log_reopen() puts the new file under the old descriptor number in one step (dup3), so a writer
 * needs no lock: its line goes whole to the one file or to the other.
 */
#include "base/log.h"

#include "base/alloc.h"
#include "base/bits.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    char mark;
    int syslog_priority;
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"debug", '.', LOG_DEBUG},
    [LOG_LEVEL_VERBOSE] = {"verbose", '-', LOG_INFO},
    [LOG_LEVEL_NOTICE] = {"notice", '*', LOG_NOTICE},
    [LOG_LEVEL_WARNING] = {"warning", '#', LOG_WARNING},
    [LOG_LEVEL_NOTHING] = {"nothing", '#', LOG_WARNING},
};

static const struct {
    const char *name;
    int value;
} facilities[] = {
    {"user", LOG_USER},     {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

int log_init(struct log *log, enum log_level level, const char *path, char role)
{
    bool to_file = path && path[0] != '\0';
    int fd = to_file ? open_file(path) : STDOUT_FILENO;

    if (fd < 0) return -1;
    log->fd = fd;
    log->path = NULL;
    if (to_file) {
        size_t size = strlen(path) + 1;

        log->path = alloc_get(size);
        memcpy(log->path, path, size);
    }
    atomic_init(&log->level, (int)level);
    atomic_init(&log->role, role);
    atomic_init(&log->syslog, false);
    return 0;
}

void log_deinit(struct log *log)
{
    if (log->path) close(log->fd);
    alloc_free(log->path);
    log->path = NULL;
    log->fd = -1;
}

/* Whether the path still names the file that is open. */
static bool is_current(const struct log *log)
{
    struct stat by_path, by_fd;

    return stat(log->path, &by_path) == 0 && fstat(log->fd, &by_fd) == 0 &&
           by_path.st_dev == by_fd.st_dev && by_path.st_ino == by_fd.st_ino;
}

int log_reopen(struct log *log)
{
    int fd, result;

    if (!log->path || is_current(log)) return 0;
    fd = open_file(log->path);
    if (fd < 0) return -1;
    result = dup3(fd, log->fd, O_CLOEXEC);
    close(fd);
    return result < 0 ? -1 : 0;
}

void log_enable_syslog(struct log *log, const char *ident, int facility)
{
    openlog(ident, LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
    atomic_store(&log->syslog, true);
}

/* Writes "pid:role date time mark " and returns its length. */
static size_t format_prefix(char *out, size_t cap, char role, enum log_level level)
{
    struct timespec now;
    struct tm local;
    char date[32];
    int len;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    strftime(date, sizeof(date), "%d %b %Y %H:%M:%S", &local);
    len = snprintf(out, cap, "%d:%c %s.%03d %c ", (int)getpid(), role, date,
                   (int)(now.tv_nsec / 1000000), levels[level].mark);
    assert(len > 0 && (size_t)len < cap);
    return (size_t)len;
}

/* One write for the whole line; what the kernel took only in part (a full disk) stays cut. */
static void write_line(int fd, const char *line, size_t len)
{
    ssize_t written;

    do
        written = write(fd, line, len);
    while (written < 0 && errno == EINTR);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    enum { PREFIX_MAX = 96 };
    char line[PREFIX_MAX + LOG_MESSAGE_MAX + 1];
    int error = errno, len;
    size_t prefix, message;
    va_list args;

    if (!log_enabled(log, level) || level >= LOG_LEVEL_NOTHING) return;
    prefix = format_prefix(line, PREFIX_MAX, atomic_load(&log->role), level);
    va_start(args, format);
    errno = error; /* for %m */
    len = vsnprintf(line + prefix, LOG_MESSAGE_MAX + 1, format, args);
    va_end(args);
    message = len < 0 ? 0 : bits_min((size_t)len, LOG_MESSAGE_MAX);
    if (atomic_load_explicit(&log->syslog, memory_order_relaxed))
        syslog(levels[level].syslog_priority, "%.*s", (int)message, line + prefix);
    line[prefix + message] = '\n';
    write_line(log->fd, line, prefix + message + 1);
    errno = error;
}

bool log_parse_level(struct bytes name, enum log_level *level)
{
    for (size_t i = 0; i < countof(levels); i++)
        if (bytes_equal_nocase(name, levels[i].name)) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

const char *log_level_name(enum log_level level)
{
    assert((size_t)level < countof(levels));
    return levels[level].name;
}

bool log_parse_facility(struct bytes name, int *facility)
{
    for (size_t i = 0; i < countof(facilities); i++)
        if (bytes_equal_nocase(name, facilities[i].name)) {
            *facility = facilities[i].value;
            return true;
        }
    return false;
}
