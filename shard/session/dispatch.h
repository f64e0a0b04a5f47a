/* Dispatch: what handlers of session commands and calls share; see dispatch.c. */
#ifndef SHOAL_SHARD_SESSION_DISPATCH_H
#define SHOAL_SHARD_SESSION_DISPATCH_H

#include <stdbool.h>

struct client;
struct session;

/* Runs the handler of client->command (a session command) and counts the call. */
void execute_session(struct session *session, struct client *client);

/* Counts the call of a session command that a survey answered. */
void execute_surveyed(struct session *session, struct client *client, bool failed);

#endif
