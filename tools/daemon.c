/* Daemon: see daemon.h. */
#include "tools/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shard/admin/settings.h"

#define PIDFILE_DEFAULT "/var/run/shoal.pid"

void daemon_detach(void)
{
    if (fork() != 0)
        _exit(0);
    setsid();
    int fd = open("/dev/null", O_RDWR);
    if (fd < 0)
        return;
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

const char *daemon_pidfile(const struct settings *settings)
{
    if (settings->pidfile != NULL && settings->pidfile[0] != 0)
        return settings->pidfile;
    return settings->daemonize ? PIDFILE_DEFAULT : NULL;
}

void daemon_write_pid(struct log *log, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        log_warning(log, "Failed to write PID file %s: %s", path, strerror(errno));
        return;
    }
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
}

static void notify_systemd(struct log *log, const char *path)
{
    static const char text[] = "STATUS=Ready to accept connections\nREADY=1\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        log_warning(log, "supervised by systemd - NOTIFY_SOCKET is no usable address: %s", path);
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') /* in the abstract name space */
        address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (fd < 0 || sendto(fd, text, sizeof text - 1, MSG_NOSIGNAL, (struct sockaddr *)&address,
                         size) < 0)
        log_warning(log, "Can't notify systemd at %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

int daemon_supervisor(int supervised)
{
    if (supervised != SETTING_SUPERVISED_AUTO)
        return supervised;
    if (getenv("NOTIFY_SOCKET") != NULL)
        return SETTING_SUPERVISED_SYSTEMD;
    return getenv("UPSTART_JOB") != NULL ? SETTING_SUPERVISED_UPSTART : SETTING_SUPERVISED_NO;
}

void daemon_ready(struct log *log, int supervisor)
{
    const char *socket_path = getenv("NOTIFY_SOCKET");
    if (supervisor == SETTING_SUPERVISED_SYSTEMD) {
        if (socket_path == NULL)
            log_warning(log, "systemd supervision requested or auto-detected, but NOTIFY_SOCKET "
                             "is not set");
        else
            notify_systemd(log, socket_path);
    } else if (supervisor == SETTING_SUPERVISED_UPSTART) {
        if (getenv("UPSTART_JOB") == NULL)
            log_warning(log, "upstart supervision requested, but UPSTART_JOB is not set");
        else
            raise(SIGSTOP);
    }
}
