/*
 * SHUTDOWN: stops the server, or says why not.
 *
 * This version keeps nothing on disk. So SHUTDOWN with SAVE is refused, the way any save
 * that fails refuses it, unless FORCE makes light of it. Save points do not count: the
 * default settings have some, and nobody who stops such a server expects an error.
 *
 * The main thread stops the shards. The client hears nothing: its connection is closed.
 */
#include "base/bits.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"

enum shutdown_option {
    SHUTDOWN_NOSAVE = 1,
    SHUTDOWN_SAVE = 2,
    SHUTDOWN_NOW = 4, /* does not wait for replicas; there are none */
    SHUTDOWN_FORCE = 8,
    SHUTDOWN_ABORT = 16,
};

/* The options (enum shutdown_option), or -1: a syntax error. */
static int options_parse(const struct client *client)
{
    static const struct {
        const char *word;
        int option;
    } words[] = {
        {"nosave", SHUTDOWN_NOSAVE}, {"save", SHUTDOWN_SAVE},   {"now", SHUTDOWN_NOW},
        {"force", SHUTDOWN_FORCE},   {"abort", SHUTDOWN_ABORT},
    };
    int options = 0;
    for (int i = 1; i < client->argc; i++) {
        int option = -1;
        for (size_t w = 0; w < countof(words); w++)
            if (bytes_equal_nocase(client->argv[i], words[w].word))
                option = words[w].option;
        if (option < 0)
            return -1;
        options |= option;
    }
    bool both = (options & SHUTDOWN_SAVE) && (options & SHUTDOWN_NOSAVE);
    bool abort_and_more = (options & SHUTDOWN_ABORT) && options != SHUTDOWN_ABORT;
    return both || abort_and_more ? -1 : options;
}

void cmd_shutdown(struct client *client)
{
    struct server *server = client->session->server;
    int options = options_parse(client);
    if (options < 0) {
        reply_error(&client->reply, "ERR syntax error");
        return;
    }
    if (options & SHUTDOWN_ABORT) {
        reply_error(&client->reply, "ERR No shutdown in progress.");
        return;
    }
    if (options & SHUTDOWN_SAVE) {
        bool forced = (options & SHUTDOWN_FORCE) != 0;
        log_warning(server->log, "SHUTDOWN SAVE: this version cannot save the data%s",
                    forced ? ". Exit anyway." : ", can't exit.");
        if (!forced) {
            reply_error(&client->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
            return;
        }
    }
    client->stall |= STALL_CLOSING;
    atomic_store(&server->shutdown, 1);
}
