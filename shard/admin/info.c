/* Info: the command; see info.h. */
#include "shard/admin/info.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/client.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

/* The sections, in the order of the answer. */
static const struct {
    const char *name;
    const char *alias; /* or NULL */
    info_section write;
    unsigned needs; /* FIGURES_* */
    bool usual;     /* part of INFO without arguments */
} sections[] = {
    {"server", NULL, info_server, 0, true},
    {"clients", NULL, info_clients, 0, true},
    {"memory", NULL, info_memory, FIGURES_MEMORY | FIGURES_KEYS, true},
    {"persistence", NULL, info_persistence, 0, true},
    {"stats", NULL, info_stats, 0, true},
    {"replication", NULL, info_replication, 0, true},
    {"cpu", NULL, info_cpu, 0, true},
    {"modules", "module_list", info_modules, 0, true},
    {"commandstats", NULL, info_commandstats, FIGURES_COMMANDS, false},
    {"errorstats", NULL, info_errorstats, 0, true},
    {"latencystats", NULL, info_latencystats, FIGURES_COMMANDS, false},
    {"cluster", NULL, info_cluster, 0, true},
    {"keyspace", NULL, info_keyspace, FIGURES_KEYS, true},
    {"shards", NULL, info_shards, FIGURES_MEMORY | FIGURES_KEYS, false},
};

struct info_request {
    struct figures_request figures;
    uint32_t wanted; /* bit i: sections[i] */
};

static uint32_t wanted_by(struct bytes word)
{
    bool all = bytes_equal_nocase(word, "all") || bytes_equal_nocase(word, "everything");
    bool usual = bytes_equal_nocase(word, "default");
    uint32_t wanted = 0;
    for (size_t i = 0; i < countof(sections); i++)
        if (all || (usual && sections[i].usual) || bytes_equal_nocase(word, sections[i].name) ||
            (sections[i].alias != NULL && bytes_equal_nocase(word, sections[i].alias)))
            wanted |= UINT32_C(1) << i;
    return wanted;
}

static void info_done(struct client *client, struct survey *survey)
{
    struct info_request *request = survey->ctx;
    struct figures *total = figures_total(survey);
    struct info info = {.session = client->session, .total = total, .survey = survey};
    buffer_init(&info.out);
    for (size_t i = 0; i < countof(sections); i++) {
        if (!(request->wanted >> i & 1))
            continue;
        if (info.out.len > 0)
            buffer_append_cstr(&info.out, "\r\n");
        sections[i].write(&info);
    }
    reply_verbatim(&client->reply, buffer_bytes(&info.out), "txt");
    buffer_deinit(&info.out);
    figures_free(total);
    figures_drop(survey);
    alloc_free(request);
}

void cmd_info(struct client *client)
{
    uint32_t wanted = 0;
    for (int i = 1; i < client->argc; i++)
        wanted |= wanted_by(client->argv[i]);
    if (client->argc == 1)
        wanted = wanted_by(bytes_of("default"));
    struct info_request *request = alloc_zeroed(sizeof *request);
    request->wanted = wanted;
    for (size_t i = 0; i < countof(sections); i++)
        if (wanted >> i & 1)
            request->figures.what |= sections[i].needs;
    survey_start(client, figures_ask, info_done, request);
}
