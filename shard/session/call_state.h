/*
 * Call state: what the files of a call share: call.c (the driver), call_prepare.c (shards and
 * locks), gather.c (keys of several shards brought together). See call.h.
 */
#ifndef SHOAL_SHARD_SESSION_CALL_STATE_H
#define SHOAL_SHARD_SESSION_CALL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/commands/command_keys.h"
#include "shard/runtime/tx.h"
#include "shard/session/call_part.h"
#include "shard/session/queue.h"

struct client;
struct session;
struct wait;

#define CALL_SMALL_KEYS 32

/* What the hop under way is for. */
enum hop { HOP_NONE, HOP_SEGMENT, HOP_MERGE, HOP_TAKE, HOP_RETURN };

struct call {
    struct session *session;
    struct client *client;
    struct tx *tx; /* NULL: everything is on this shard */
    struct queue *queue;
    struct wait *wait;    /* of a command that may wait, or NULL */
    uint32_t at;          /* next command */
    uint32_t segment_end; /* commands [at, segment_end) are in the hop under way */
    enum hop hop;
    bool exec;
    bool again;    /* the command has been waiting, and one of its shards woke home */
    bool reached;  /* the keys that a command reaches out for are known */
    bool answered; /* the command of a wait has its reply */
    uint16_t *key_part; /* MERGE_KEYS: which part has the i-th key */
    uint32_t key_count;
    uint32_t work_count;
    int16_t *part_of; /* shard -> index in works, -1: none */
    struct work works[];
};

/* The keys of a command; *refs is `small` (CALL_SMALL_KEYS of them) or memory to be freed. */
int call_keys(const struct command *command, int argc, const struct bytes *argv,
              struct key_ref *small, struct key_ref **refs);

/* A call of these commands (taken over) for a client, which stalls. */
struct call *call_new(struct session *session, struct client *client, struct queue *queue);

/* Whether a command looks at keys that only what its own key holds can tell (SORT). */
bool call_reaches_out(const struct command *command, int argc, const struct bytes *argv);

/* What the call has for a shard, made if there is none yet. */
struct work *call_work(struct call *call, unsigned shard);

void call_lock(struct work *work, uint64_t key, bool exclusive);

/* Adds the shards and locks that a command needs. */
void call_prepare(struct call *call, const struct queued *queued);

/* Lends the client's watches to the works of their shards, with shared locks; and back. */
void call_lend_watches(struct call *call);
void call_return_watches(struct call *call);

/* All commands are prepared: settles what whole-shard locks cover. */
void call_settle_locks(struct call *call);

/* Whether the call can run here and now: all on this shard, nobody in the way. */
bool call_all_here(const struct call *call);

/* Makes the transaction of the prepared call. */
void call_make_tx(struct call *call);

/* Sends a hop to the works that have something for it; the others stay. */
void call_send_hop(struct call *call, enum hop hop, tx_hop_fn fn, bool last);

/* A command whose keys have to come together: takes them out of their shards; runs it once
 * they are here and sends them back; goes on to the next command when they are there. */
void gather_begin(struct call *call, const struct queued *queued);
void gather_run(struct call *call);
void gather_end(struct call *call);

#endif
