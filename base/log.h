/*
 * Log: one line a message, to standard output or a file, and to syslog if wanted.
 *
 *   4711:M 23 Nov 2026 10:28:33.123 * Ready to accept connections
 *
 * The line is what Redis 7 writes: process id, role (M primary, S replica, X sentinel, C child),
 * local time, level mark, message. Any thread may write: a line is one write(2) to a descriptor in
 * append mode, so lines never mix. The level and the role may change while others write.
 */
#ifndef SHOAL_BASE_LOG_H
#define SHOAL_BASE_LOG_H

#include "base/bytes.h"
#include <stdatomic.h>
#include <stdbool.h>

enum log_level {
    LOG_LEVEL_DEBUG,   /* mark '.' */
    LOG_LEVEL_VERBOSE, /* mark '-' */
    LOG_LEVEL_NOTICE,  /* mark '*' */
    LOG_LEVEL_WARNING, /* mark '#' */
    LOG_LEVEL_NOTHING  /* as a threshold: no message passes */
};

/* Bytes of a message that are kept; the rest is cut. */
enum { LOG_MESSAGE_MAX = 2048 };

struct log {
    _Atomic int level;
    _Atomic char role;
    _Atomic bool syslog;
    int fd;
    char *path; /* NULL for standard output */
};

/*
 * Starts a log that lets messages of `level` and above pass. `path` is copied; NULL or "" means
 * standard output. Returns 0, or -1 with errno when the file cannot be opened.
 */
int log_init(struct log *log, enum log_level level, const char *path, char role);

/* Closes what log_init() opened. No thread uses the log any more. */
void log_deinit(struct log *log);

/*
 * Opens the path again if it names another file than the one that is open, as after a rotation:
 * cheap enough for a timer. Other threads may write meanwhile. Returns 0, or -1 with errno when
 * the file cannot be opened; the old file stays in use then.
 */
int log_reopen(struct log *log);

/*
 * Sends messages to syslog too. `ident` stays valid as long as the process may log. `facility` is
 * one of syslog.h. Syslog's connection belongs to the process, so the last call wins.
 */
void log_enable_syslog(struct log *log, const char *ident, int facility);

static inline bool log_enabled(const struct log *log, enum log_level level)
{
    return (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static inline void log_set_level(struct log *log, enum log_level level)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

static inline void log_set_role(struct log *log, char role)
{
    atomic_store_explicit(&log->role, role, memory_order_relaxed);
}

/* Writes a line if `level` passes. errno is kept. A write that fails loses the line. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* These do not evaluate their arguments when the level does not pass. */
#define log_at(log, level, ...)                                                                    \
    do {                                                                                           \
        if (log_enabled((log), (level))) log_write((log), (level), __VA_ARGS__);                   \
    } while (0)
#define log_debug(log, ...)   log_at(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_verbose(log, ...) log_at(log, LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define log_notice(log, ...)  log_at(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_warning(log, ...) log_at(log, LOG_LEVEL_WARNING, __VA_ARGS__)

/* "debug", "verbose", "notice", "warning", "nothing", in any case. */
bool log_parse_level(struct bytes name, enum log_level *level);
const char *log_level_name(enum log_level level);

/* "user" and "local0" to "local7", in any case, to the constants of syslog.h. */
bool log_parse_facility(struct bytes name, int *facility);

#endif
