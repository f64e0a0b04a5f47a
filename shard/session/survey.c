/* Survey: see survey.h. */
#include "shard/session/survey.h"

#include "base/alloc.h"
#include "base/list.h"
#include "shard/runtime/shard.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/dispatch.h"
#include "shard/session/session.h"

struct survey_leg {
    struct message message;
    struct survey *survey;
};

static void survey_end(struct survey *survey)
{
    struct client *client = survey->client;
    struct session *session = client->session;
    session->calls--;
    client->surveys--;
    uint32_t errors = client->reply.errors;
    survey->done(client, survey);
    alloc_free(survey->answers);
    alloc_free(survey->legs);
    alloc_free(survey);
    if (client->surveys > 0)
        return; /* done() started another */
    execute_surveyed(session, client, client->reply.errors != errors);
    if (client->call != NULL) {
        call_continue(client->call); /* though the client be gone: it holds locks */
        return;
    }
    if (client->closing) {
        client_settle(client);
        return;
    }
    client_flush_later(client);
    client_resume(client, STALL_CALL);
}

static void on_answer(struct shard *shard, struct message *message)
{
    struct survey_leg *leg = container_of(message, struct survey_leg, message);
    (void)shard;
    if (--leg->survey->left == 0)
        survey_end(leg->survey);
}

static void on_question(struct shard *shard, struct message *message)
{
    struct survey_leg *leg = container_of(message, struct survey_leg, message);
    leg->survey->ask(session_of(shard), leg->survey);
    message->handle = on_answer;
    shard_post(shard, leg->survey->client->shard->index, &message);
}

void survey_start(struct client *client, survey_ask ask, survey_done done, void *ctx)
{
    struct session *session = client->session;
    unsigned count = session->shard->node->shard_count;
    struct survey *survey = alloc_zeroed(sizeof *survey);
    *survey = (struct survey){.client = client, .ask = ask, .done = done, .ctx = ctx,
                              .left = count, .count = count};
    survey->answers = alloc_zeroed(count * sizeof(void *));
    survey->legs = alloc_zeroed(count * sizeof *survey->legs);
    client->stall |= STALL_CALL;
    client->surveys++;
    session->calls++;
    for (unsigned i = 0; i < count; i++) {
        survey->legs[i].survey = survey;
        struct message *message = &survey->legs[i].message;
        message->handle = on_question;
        shard_post(session->shard, i, &message);
    }
}
