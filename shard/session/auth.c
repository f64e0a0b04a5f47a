/* Auth: see auth.h. */
#include "shard/session/auth.h"

#include "base/list.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/settings.h"
#include "shard/session/client.h"
#include "shard/session/session.h"

bool auth_same_secret(struct bytes given, struct bytes secret)
{
    /* Every byte given is compared with something, also behind the end of the secret.
     * What is gathered is volatile, so that the loop is not left early. */
    volatile unsigned char differ = given.len != secret.len;
    for (size_t i = 0; i < given.len; i++) {
        char other = secret.len == 0 ? 0 : secret.data[i % secret.len];
        differ |= (unsigned char)(given.data[i] ^ other);
    }
    return differ == 0;
}

bool auth_admit(struct client *client, struct bytes user, struct bytes password)
{
    const struct session *session = client->session;
    bool known = bytes_equal(user, bytes_of(AUTH_DEFAULT_USER));
    const struct settings_password *secret = &session->settings->requirepass;
    bool fits = !session->needs_auth ||
                auth_same_secret(password, bytes_make(secret->text, secret->len));
    if (!known || !fits) {
        reply_error(&client->reply,
                    "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    client->flags &= ~(uint32_t)CLIENT_LOCKED_OUT;
    return true;
}

void auth_reset(struct client *client)
{
    client->flags &= ~(uint32_t)CLIENT_LOCKED_OUT;
    if (client->session->needs_auth)
        client->flags |= CLIENT_LOCKED_OUT;
}

void auth_settings_changed(struct session *session)
{
    if (session->needs_auth)
        return;
    for (struct list_node *n = session->clients.next; n != &session->clients; n = n->next)
        container_of(n, struct client, link)->flags &= ~(uint32_t)CLIENT_LOCKED_OUT;
}

void cmd_auth(struct client *client)
{
    if (client->argc > 3) {
        reply_error(&client->reply, "ERR syntax error");
        return;
    }
    if (client->argc == 2 && !client->session->needs_auth) {
        reply_error(&client->reply,
                    "ERR AUTH <password> called without any password configured for the default "
                    "user. Are you sure your configuration is correct?");
        return;
    }
    struct bytes user = client->argc == 2 ? bytes_of(AUTH_DEFAULT_USER) : client->argv[1];
    if (auth_admit(client, user, client->argv[client->argc - 1]))
        reply_ok(&client->reply);
}
