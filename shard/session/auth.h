/*
 * Auth: who a client is. There is one user, "default", whose password is the setting
 * requirepass; without one every password fits.
 *
 * A connection that was accepted while there was a password has to authenticate
 * (CLIENT_LOCKED_OUT); one that is in stays in when the password changes.
 */
#ifndef SHOAL_SHARD_SESSION_AUTH_H
#define SHOAL_SHARD_SESSION_AUTH_H

#include <stdbool.h>

#include "base/bytes.h"

#define AUTH_DEFAULT_USER "default"

struct client;
struct session;

/* Whether two secrets are equal, in a time that depends on the length of `given` only. */
bool auth_same_secret(struct bytes given, struct bytes secret);

/* Lets the client in if it names the user and the password; replies with the error
 * otherwise, and leaves the client as it was. */
bool auth_admit(struct client *client, struct bytes user, struct bytes password);

/* Makes the client what a new connection would be: in, or locked out. */
void auth_reset(struct client *client);

/* The settings have changed: where no password is asked for, everybody is in. */
void auth_settings_changed(struct session *session);

#endif
