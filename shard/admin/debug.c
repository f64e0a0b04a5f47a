/* Debug, the subcommands that run where the client lives; see debug.h. */
#include "shard/admin/debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/bits.h"
#include "base/glob.h"
#include "base/number.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/config_rewrite.h"
#include "shard/admin/figures.h"
#include "shard/admin/help.h"
#include "shard/admin/replication_id.h"
#include "shard/session/address.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

bool debug_allowed(const struct client *client)
{
    int allowed = client->session->settings->enable_debug_command;
    return allowed == SETTING_ALLOWED_YES ||
           (allowed == SETTING_ALLOWED_LOCAL && (client->flags & CLIENT_UNIX ||
                                                 address_is_local_peer(client->stream.fd)));
}

static void debug_ok(struct client *client)
{
    reply_ok(&client->reply);
}

/* ---- Ways to end. ---- */

static void debug_segfault(struct client *client)
{
    (void)client;
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)page = 'x';
}

static void debug_panic(struct client *client)
{
    log_warning(server_log(client->session->server), "DEBUG %.*s called: aborting",
                (int)client->argv[1].len, client->argv[1].data);
    abort();
}

static void debug_oom(struct client *client)
{
    (void)client;
    alloc_fail(SIZE_MAX / 2);
}

/* ---- Replies. ---- */

static void protocol_map(struct reply *reply)
{
    reply_map(reply, 3);
    for (int i = 0; i < 3; i++) {
        reply_int(reply, i);
        reply_bool(reply, i == 1);
    }
}

static void protocol_attribute(struct reply *reply)
{
    if (reply->resp >= 3) {
        reply_attribute(reply, 1);
        reply_bulk_cstr(reply, "key-popularity");
        reply_array(reply, 2);
        reply_bulk_cstr(reply, "key:123");
        reply_int(reply, 90);
    }
    reply_bulk_cstr(reply, "Some real reply following the attribute");
}

static void protocol_push(struct reply *reply)
{
    if (reply->resp < 3) {
        reply_error(reply, "ERR RESP2 is not supported by this command");
        return;
    }
    reply_push(reply, 2);
    reply_bulk_cstr(reply, "server-cpu-usage");
    reply_int(reply, 42);
    reply_bulk_cstr(reply, "Some real reply following the push reply");
}

static void debug_protocol(struct client *client)
{
    struct reply *reply = &client->reply;
    struct bytes type = client->argv[2];
    if (bytes_equal_nocase(type, "string")) {
        reply_bulk_cstr(reply, "Hello World");
    } else if (bytes_equal_nocase(type, "integer")) {
        reply_int(reply, 12345);
    } else if (bytes_equal_nocase(type, "double")) {
        reply_double(reply, 3.141);
    } else if (bytes_equal_nocase(type, "bignum")) {
        reply_big_number(reply, bytes_of("1234567999999999999999999999999999999"));
    } else if (bytes_equal_nocase(type, "null")) {
        reply_nil(reply);
    } else if (bytes_equal_nocase(type, "array") || bytes_equal_nocase(type, "set")) {
        if (bytes_equal_nocase(type, "set"))
            reply_set(reply, 3);
        else
            reply_array(reply, 3);
        for (int i = 0; i < 3; i++)
            reply_int(reply, i);
    } else if (bytes_equal_nocase(type, "map")) {
        protocol_map(reply);
    } else if (bytes_equal_nocase(type, "attrib")) {
        protocol_attribute(reply);
    } else if (bytes_equal_nocase(type, "push")) {
        protocol_push(reply);
    } else if (bytes_equal_nocase(type, "true") || bytes_equal_nocase(type, "false")) {
        reply_bool(reply, bytes_equal_nocase(type, "true"));
    } else if (bytes_equal_nocase(type, "verbatim")) {
        reply_verbatim(reply, bytes_of("This is a verbatim\nstring"), "txt");
    } else {
        reply_error(reply, "ERR Wrong protocol type name. Please use one of the following: "
                           "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|"
                           "true|false");
    }
}

static void debug_error(struct client *client)
{
    reply_error_bytes(&client->reply, client->argv[2]);
}

static void debug_log(struct client *client)
{
    log_warning(server_log(client->session->server), "DEBUG LOG: %.*s",
                (int)bits_min(client->argv[2].len, 4096), client->argv[2].data);
    reply_ok(&client->reply);
}

/* ---- The rest. ---- */

static void debug_change_repl_id(struct client *client)
{
    replication_id_change(client->session->server);
    log_notice(server_log(client->session->server), "The replication id was changed");
    reply_ok(&client->reply);
}

static void debug_packed_threshold(struct client *client)
{
    uint64_t bytes;
    if (!number_parse_memory(client->argv[2], &bytes) || bytes >= UINT64_C(1) << 32)
        reply_error(&client->reply, "ERR argument must be a memory value bigger than 1 and "
                                    "smaller than 4gb");
    else
        reply_ok(&client->reply);
}

static void debug_stringmatch(struct client *client)
{
    reply_int(&client->reply, glob_match(client->argv[2], client->argv[3], false));
}

static void debug_structsize(struct client *client)
{
    reply_bulkf(&client->reply, "bits:%d entry:%zu client:%zu session:%zu shard:%zu",
                (int)sizeof(void *) * 8, sizeof(struct entry), sizeof(struct client),
                sizeof(struct session), sizeof(struct shard));
}

static void debug_replybuffer(struct client *client)
{
    struct bytes what = client->argv[2], value = client->argv[3];
    int64_t number;
    if (bytes_equal_nocase(what, "peak-reset-time")) {
        if (!bytes_equal_nocase(value, "never") && !bytes_equal_nocase(value, "reset") &&
            !number_parse_i64(value, &number)) {
            reply_error(&client->reply, "ERR value is not an integer or out of range");
            return;
        }
    } else if (!bytes_equal_nocase(what, "resizing")) {
        reply_error(&client->reply, "ERR syntax error");
        return;
    }
    reply_ok(&client->reply);
}

static void debug_rewrite_all(struct client *client)
{
    config_rewrite(client, true);
}

static void debug_client_eviction(struct client *client)
{
    reply_error(&client->reply, "ERR maxmemory-clients is disabled.");
}

static void debug_no_persistence(struct client *client)
{
    reply_errorf(&client->reply, "ERR DEBUG %.*s needs persistence, which this version lacks",
                 (int)bits_min(client->argv[1].len, 128), client->argv[1].data);
}

static void debug_restart(struct client *client)
{
    reply_error(&client->reply, "ERR failed to restart the server. Check server logs.");
    log_warning(server_log(client->session->server),
                "DEBUG RESTART: the server does not restart itself");
}

struct htstats_request {
    struct figures_request figures;
    uint16_t db;
};

static void htstats_done(struct client *client, struct survey *survey)
{
    struct htstats_request *request = survey->ctx;
    struct figures *total = figures_total(survey);
    const struct figures_db *db = &total->dbs[request->db];
    char text[256];
    snprintf(text, sizeof text,
             "[Dictionary HT]\nnumber of elements: %llu\nbytes of tables: %llu\n"
             "[Expires HT]\nnumber of elements: %llu\nbytes of notes: %llu\n",
             (unsigned long long)db->keys, (unsigned long long)db->table_bytes,
             (unsigned long long)db->expires, (unsigned long long)db->expires_bytes);
    reply_verbatim(&client->reply, bytes_of(text), "txt");
    figures_free(total);
    figures_drop(survey);
    alloc_free(request);
}

static void debug_htstats(struct client *client)
{
    int64_t db;
    if (!number_parse_i64(client->argv[2], &db)) {
        reply_error(&client->reply, "ERR value is not an integer or out of range");
        return;
    }
    if (db < 0 || db >= client->shard->keyspace.db_count) {
        reply_error(&client->reply, "ERR Out of range database");
        return;
    }
    struct htstats_request *request = alloc_zeroed(sizeof *request);
    request->figures.what = FIGURES_KEYS;
    request->db = (uint16_t)db;
    survey_start(client, figures_ask, htstats_done, request);
}

static void debug_help(struct client *client)
{
    static const char *const lines[] = {
        "ASSERT",
        "    End the server as a failed assertion does.",
        "CHANGE-REPL-ID",
        "    Change the replication id.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    Rewrite the configuration file with all settings in it, defaults too.",
        "DIGEST",
        "    Answer a number that stands for the data of all databases.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Answer such a number for the value of each key.",
        "ERROR <string>",
        "    Answer an error with this text.",
        "HTSTATS <dbid>",
        "    Answer what the tables of a database hold and take.",
        "LOG <message>",
        "    Write a message to the log.",
        "OBJECT <key>",
        "    Answer how the value of a key is stored.",
        "OOM",
        "    End the server as running out of memory does.",
        "PANIC",
        "    End the server as an internal error does.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Set <count> keys named <prefix>:<number>, unless they exist.",
        "PROTOCOL <type>",
        "    Answer a value of a type of the protocol: string, integer, double, bignum, null,",
        "    array, set, map, attrib, push, verbatim, true, false.",
        "SEGFAULT",
        "    End the server by a forbidden access to memory.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Delete expired keys in the background, or only when they are met.",
        "SLEEP <seconds>",
        "    Stop all threads for so long. Takes decimals.",
        "STRINGMATCH-LEN <pattern> <string>",
        "    Answer whether a pattern matches.",
        "STRUCTSIZE",
        "    Answer the sizes of structures.",
    };
    help_reply(client, "DEBUG", lines, countof(lines));
}

/* Rows without an effect are switches of things that work in another way here. */
static const struct {
    const char *name;
    int min_argc, max_argc;
    void (*run)(struct client *client);
} subcommands[] = {
    {"help", 2, 2, debug_help},
    {"segfault", 2, 1 << 20, debug_segfault},
    {"panic", 2, 1 << 20, debug_panic},
    {"assert", 2, 1 << 20, debug_panic},
    {"oom", 2, 1 << 20, debug_oom},
    {"protocol", 3, 3, debug_protocol},
    {"error", 3, 3, debug_error},
    {"log", 3, 3, debug_log},
    {"change-repl-id", 2, 2, debug_change_repl_id},
    {"quicklist-packed-threshold", 3, 3, debug_packed_threshold},
    {"stringmatch-len", 4, 4, debug_stringmatch},
    {"structsize", 2, 2, debug_structsize},
    {"replybuffer", 4, 4, debug_replybuffer},
    {"htstats", 3, 1 << 20, debug_htstats},
    {"config-rewrite-force-all", 2, 2, debug_rewrite_all},
    {"client-eviction", 2, 2, debug_client_eviction},
    {"reload", 2, 1 << 20, debug_no_persistence},
    {"loadaof", 2, 1 << 20, debug_no_persistence},
    {"restart", 2, 1 << 20, debug_restart},
    {"crash-and-recover", 2, 1 << 20, debug_restart},
    {"jmap", 2, 2, debug_ok},
    {"dict-resizing", 3, 3, debug_ok},
    {"pause-cron", 3, 3, debug_ok},
    {"set-skip-checksum-validation", 3, 3, debug_ok},
    {"set-disable-deny-scripts", 3, 3, debug_ok},
    {"drop-cluster-packet-filter", 3, 3, debug_ok},
    {"aof-flush-sleep", 3, 3, debug_ok},
};

void cmd_debug(struct client *client)
{
    for (size_t i = 0; i < countof(subcommands); i++) {
        if (client->argc >= subcommands[i].min_argc && client->argc <= subcommands[i].max_argc &&
            bytes_equal_nocase(client->argv[1], subcommands[i].name)) {
            subcommands[i].run(client);
            return;
        }
    }
    reply_errorf(&client->reply,
                 "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try DEBUG HELP.",
                 (int)bits_min(client->argv[1].len, 128), client->argv[1].data);
}
