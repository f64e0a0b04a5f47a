/*
 * Call, the part executed on a shard: see call.h. Shared by call.c (which drives) and
 * call_part.c (which runs on the shard that owns the keys).
 */
#ifndef SHOAL_SHARD_SESSION_CALL_PART_H
#define SHOAL_SHARD_SESSION_CALL_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/commands/op.h"
#include "net/reply.h"
#include "shard/runtime/tx.h"
#include "shard/session/watch.h"

struct client;
struct wait_part;

/* A command, or the share of it that a shard executes. */
struct share {
    const struct command *command;
    const struct bytes *argv;
    struct blob **blobs;
    int argc;
    uint16_t db;
    uint8_t resp;
    bool own_argv; /* argv was made for this share */
    bool no_touch;
    bool part;     /* of a command that several shards execute: home counts the call */
    uint64_t ticks; /* of the part */
    struct client *client; /* home's; only what never changes during a call is read here */
    struct reply_mark *marks; /* MERGE_KEYS: end of each element of its reply */
    struct reply_mark end;    /* of its reply */
};

/* Something that happened to a gathered key, to be told on its shard. */
struct loan_event {
    struct loan_event *next;
    enum change_kind kind;
    bool also;
    char event_class;
    const char *event;
};

/* A key taken out of its shard for a gather command. */
struct loan {
    struct key key;
    uint16_t db;
    bool present;
    struct value value;
    struct entry *holder; /* holds an embedded value */
    int64_t expiry;
    uint32_t access; /* of the entry */
    bool taken;  /* the hop that takes it has run */
    bool here;   /* it is in the scratch keyspace already */
    bool own_name; /* key.name is the loan's */
    bool behind; /* somebody waits for the key, and is served from his home just now */
    struct loan_event *events;
};

/* What a part of the transaction carries to its shard and back. */
struct work {
    struct lock *locks;
    uint32_t lock_count, lock_cap;
    enum lock_whole whole;
    struct share *shares;
    uint32_t share_count, share_cap;
    uint32_t merged; /* shares whose replies were used */
    struct loan *loans;
    uint32_t loan_count, loan_cap;
    struct watch *watches; /* to compare or to register */
    bool stale;            /* a watched key has changed */
    bool frozen;           /* of an EXEC: time stands still from its first hop here on */
    int64_t now_ms;        /* of that hop; 0: not yet */
    struct wait_part *wait_part; /* to wait here from the return on, or NULL */
    struct reply reply;
};

/* Takes the key of a loan, with all there is to it, out of a keyspace. */
void call_loan_take(struct keyspace *ks, struct loan *loan);

/* Hops. tx_part->data is the struct work. */
void call_hop_shares(struct shard *shard, struct tx_part *part);
void call_hop_take(struct shard *shard, struct tx_part *part);
void call_hop_return(struct shard *shard, struct tx_part *part);
void call_hop_compare(struct shard *shard, struct tx_part *part);
void call_hop_watch(struct shard *shard, struct tx_part *part);

/* The same on the work itself, for a call that is all on one shard. */
void call_run_shares(struct shard *shard, struct work *work);
void call_compare(struct shard *shard, struct work *work);

#endif
