/*
 * Survey: asks every shard something and goes on when all have answered, without any
 * lock: for INFO, CLIENT LIST, CONFIG SET and the like.
 *
 * `ask` runs once on each shard's thread, one shard after the other or at the same
 * time; survey->answers[i] is shard i's to write. `done` runs on the client's shard.
 * Until then the client takes no further command; `done` writes its reply. If the
 * client goes away meanwhile, `done` still runs (its reply is dropped). The command's
 * arguments are gone by then, unless EXEC runs it: what is needed later is copied.
 *
 * `done` may start the next survey instead of replying. The command counts as executed,
 * with its time and its errors, when the last one is done.
 */
#ifndef SHOAL_SHARD_SESSION_SURVEY_H
#define SHOAL_SHARD_SESSION_SURVEY_H

#include <stdint.h>

struct client;
struct session;
struct survey;

typedef void (*survey_ask)(struct session *session, struct survey *survey);
typedef void (*survey_done)(struct client *client, struct survey *survey);

struct survey {
    struct client *client;
    survey_ask ask;
    survey_done done;
    void *ctx;       /* the caller's: frozen while shards are asked */
    uint32_t left;   /* shards that have not answered; home's */
    uint32_t count;  /* shards */
    void **answers;  /* answers[i]: shard i's; whoever set it says who frees it */
    struct survey_leg *legs;
};

/* Starts a survey; the reply is `done`'s. Also fit for commands inside EXEC: there,
 * only if the node has one shard or the handler is prepared for STALL_CALL. */
void survey_start(struct client *client, survey_ask ask, survey_done done, void *ctx);

#endif
