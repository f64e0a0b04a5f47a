/*
 * shoal-server: reads its configuration, starts a node, waits to be told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/cpu.h"
#include "base/log.h"
#include "net/io.h"
#include "shard/admin/settings.h"
#include "shard/admin/settings_args.h"
#include "shard/runtime/node.h"
#include "shard/runtime/shard.h"
#include "shard/session/descriptors.h"
#include "shard/session/listen.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "tools/daemon.h"

#define HUGE_PAGES_FROM_BYTES (UINT64_C(128) << 20) /* for each thread */

static int usage(const char *text, int status)
{
    fputs(text, status == 0 ? stdout : stderr);
    return status;
}

static const char usage_text[] =
    "Usage: ./shoal-server [/path/to/shoal.conf] [options] [-]\n"
    "       ./shoal-server - (read config from stdin)\n"
    "       ./shoal-server -v or --version\n"
    "       ./shoal-server -h or --help\n"
    "\n"
    "Examples:\n"
    "       ./shoal-server (run the server with default configuration)\n"
    "       echo 'maxclients 128' | ./shoal-server -\n"
    "       ./shoal-server /etc/shoal/6379.conf\n"
    "       ./shoal-server --port 7777 --threads 4\n"
    "       ./shoal-server /etc/myshoal.conf --loglevel verbose -\n";

/* Lowers maxclients to what the descriptor limit leaves room for. */
static void limit_clients(struct log *log, struct settings *settings, unsigned shards)
{
    uint64_t room = descriptors_raise((uint64_t)settings->maxclients, shards);
    if (room >= (uint64_t)settings->maxclients)
        return;
    log_warning(log,
                "There are not enough file descriptors for maxclients %lld, so maxclients is %llu "
                "now. Raise the limit with `ulimit -n`.",
                (long long)settings->maxclients, (unsigned long long)room);
    settings->maxclients = (int64_t)room;
}

/* The back end to use, and a log line that says which and why. */
static enum io_choice choose_io(struct log *log, const struct settings *settings, bool *failed)
{
    char why[256];
    *failed = false;
    if (settings->io_backend == SETTING_IO_BACKEND_EPOLL) {
        log_notice(log, "I/O back end: epoll, as configured");
        return IO_EPOLL;
    }
    if (io_uring_usable(why, sizeof why)) {
        log_notice(log, "I/O back end: io_uring");
        return IO_URING;
    }
    if (settings->io_backend == SETTING_IO_BACKEND_URING) {
        log_warning(log, "io-backend uring was asked for, but io_uring is not usable: %s", why);
        *failed = true;
        return IO_EPOLL;
    }
    log_notice(log, "I/O back end: epoll, since io_uring is not usable: %s", why);
    return IO_EPOLL;
}

static int unix_open(struct log *log, const struct settings *settings)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (settings->unixsocket == NULL || settings->unixsocket[0] == 0)
        return -1;
    if (strlen(settings->unixsocket) >= sizeof address.sun_path) {
        log_warning(log, "unixsocket: the path is too long: %s", settings->unixsocket);
        return -2;
    }
    strcpy(address.sun_path, settings->unixsocket);
    unlink(settings->unixsocket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        (settings->unixsocketperm != 0 &&
         chmod(settings->unixsocket, (mode_t)settings->unixsocketperm) != 0) ||
        listen(fd, (int)settings->tcp_backlog) != 0) {
        log_warning(log, "Failed opening Unix socket %s: %s", settings->unixsocket,
                    strerror(errno));
        if (fd >= 0)
            close(fd);
        return -2;
    }
    return fd;
}

/* Waits for a reason to stop: a signal, or SHUTDOWN. */
static void wait_for_stop(struct server *server, const sigset_t *signals)
{
    for (;;) {
        struct timespec wait = {.tv_nsec = 100000000};
        int got = sigtimedwait(signals, NULL, &wait);
        if (got == SIGTERM || got == SIGINT) {
            log_warning(server->log, "Received %s scheduling shutdown...",
                        got == SIGTERM ? "SIGTERM" : "SIGINT");
            return;
        }
        if (got == SIGHUP)
            log_reopen(server->log);
        if (atomic_load(&server->shutdown) != 0)
            return;
    }
}

static void log_line(void *log, const char *line)
{
    log_warning(log, "%s", line);
}

/* Where memory is scarce, huge pages are for those parts that grow. */
static void huge_pages(const struct settings *settings, unsigned threads)
{
    bool scarce = cpu_memory_usable("") / threads < HUGE_PAGES_FROM_BYTES;
    alloc_huge_pages(settings->disable_thp ? ALLOC_HUGE_NEVER
                     : scarce              ? ALLOC_HUGE_LATER
                                           : ALLOC_HUGE_AT_ONCE);
}

static int serve(struct settings *settings, struct log *log, const char *config_path,
                 const char *executable)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    bool failed;
    struct node_options options = {
        .shards = settings->threads > 0 ? (unsigned)settings->threads : (unsigned)cpu_usable(""),
        .databases = (uint16_t)settings->databases,
        .pin = settings->pin_threads,
        .clock = clock_system(),
        .log = log,
    };
    if (options.shards > NODE_SHARDS_MAX)
        options.shards = NODE_SHARDS_MAX;
    log_notice(log, "Shoal %s, %u thread%s, pid %d", SHOAL_VERSION, options.shards,
               options.shards == 1 ? "" : "s", (int)getpid());
    settings_each_notice(settings, NULL, log_line, log);
    options.io = choose_io(log, settings, &failed);
    if (failed)
        return 1;
    limit_clients(log, settings, options.shards);
    huge_pages(settings, options.shards);
    struct server *server = server_new(log, settings);
    server->version = SHOAL_VERSION;
    server->config_path = config_path;
    server->executable = executable;
    server->backend = options.io == IO_URING ? "io_uring" : "epoll";
    server->memory_limit = cpu_memory_usable("");
    int supervisor = daemon_supervisor((int)settings->supervised);
    server->supervisor = supervisor == SETTING_SUPERVISED_SYSTEMD   ? "systemd"
                         : supervisor == SETTING_SUPERVISED_UPSTART ? "upstart"
                                                                    : "no";
    if (!server_name_commands(server))
        return 1;
    if (!listen_possible(log, settings, false))
        return 1;
    server->unix_fd = unix_open(log, settings);
    if (server->unix_fd == -2)
        return 1;
    struct node *node = node_new(&options, &session_hooks, server);
    server->node = node;
    atomic_init(&server->initial->holders, options.shards);
    char pidfile[1024] = "", unixsocket[1024] = "";
    if (daemon_pidfile(settings) != NULL) {
        snprintf(pidfile, sizeof pidfile, "%s", daemon_pidfile(settings));
        daemon_write_pid(log, pidfile);
    }
    if (settings->unixsocket != NULL)
        snprintf(unixsocket, sizeof unixsocket, "%s", settings->unixsocket);
    int status = 0;
    if (node_start(node)) {
        log_notice(log, "Ready to accept connections");
        daemon_ready(log, supervisor);
        wait_for_stop(server, &signals);
        log_notice(log, "User requested shutdown...");
    } else {
        status = 1;
    }
    node_stop(node);
    if (unixsocket[0] != 0)
        unlink(unixsocket);
    if (pidfile[0] != 0)
        unlink(pidfile);
    if (status == 0)
        log_warning(log, "Shoal is now ready to exit, bye bye...");
    node_free(node);
    server_free(server);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "--version") == 0)) {
        printf("Shoal server v=%s bits=%d\n", SHOAL_VERSION, (int)sizeof(void *) * 8);
        return 0;
    }
    if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
        return usage(usage_text, 0);
    struct settings *settings = settings_new_default();
    struct buffer error;
    buffer_init(&error);
    char *config_path = NULL;
    if (settings_args_load(settings, argc, argv, STDIN_FILENO, &config_path, &error) != 0) {
        fprintf(stderr, "%.*s\n", (int)error.len, error.data);
        return 1;
    }
    buffer_deinit(&error);
    if (settings->dir != NULL && settings->dir[0] != 0 && chdir(settings->dir) != 0) {
        fprintf(stderr, "Can't chdir to '%s': %s\n", settings->dir, strerror(errno));
        return 1;
    }
    /* A supervisor watches the process it has started. */
    if (settings->daemonize &&
        daemon_supervisor((int)settings->supervised) == SETTING_SUPERVISED_NO)
        daemon_detach();
    struct log log;
    const char *logfile = settings->logfile != NULL && settings->logfile[0] != 0
                              ? settings->logfile : NULL;
    if (log_init(&log, (enum log_level)settings->loglevel, logfile, 'M') != 0) {
        fprintf(stderr, "Can't open the log file %s: %s\n", logfile, strerror(errno));
        return 1;
    }
    if (settings->syslog_enabled)
        log_enable_syslog(&log, settings->syslog_ident, (int)settings->syslog_facility);
    int status = serve(settings, &log, config_path, argv[0]);
    alloc_free(config_path);
    log_deinit(&log);
    return status;
}
