/* Daemon: what a server tells the system it runs on: its process id, that it is ready. */
#ifndef SHOAL_TOOLS_DAEMON_H
#define SHOAL_TOOLS_DAEMON_H

#include "base/log.h"

struct settings;

/* Goes to the background: the caller goes on in a child without a terminal. */
void daemon_detach(void);

/* The file the process id belongs in; NULL: none is written. */
const char *daemon_pidfile(const struct settings *settings);

/* Writes it; why it cannot is logged. */
void daemon_write_pid(struct log *log, const char *path);

/* What `supervised` comes to: SETTING_SUPERVISED_NO, _SYSTEMD or _UPSTART; `auto` is what
 * the environment (NOTIFY_SOCKET, UPSTART_JOB) says. */
int daemon_supervisor(int supervised);

/*
 * Of daemon_supervisor(): tells the supervisor that the server is ready. systemd: READY=1 to the
 * socket NOTIFY_SOCKET names (sd_notify(3)); upstart: stops itself, to be continued.
 */
void daemon_ready(struct log *log, int supervisor);

#endif
