/*
 * Op: one command being executed on the shard that owns its keys.
 *
 * A handler op_<command>() is a function of this context: it reads argv, reads and
 * changes the keyspace and writes exactly one reply. It knows no client, thread or
 * socket, and runs to completion. What it may rely on:
 *
 *  - arity has been checked; argv[0] is the name (argv[1] the subcommand's);
 *  - all keys of argv are in op->ks: they are this shard's, or they were brought
 *    together from several shards for this command (gather);
 *  - a command of several keys that runs on each shard (where: each) sees only the
 *    keys of this shard in argv, in their order, and writes the reply for these;
 *  - argv stays valid until the handler returns, and never lies in the keyspace;
 *  - ks->now_ms does not change while it runs.
 *
 * A handler that changes a key calls op_changed() once for the key after the
 * change. A handler that changes nothing must not call it.
 */
#ifndef SHOAL_ENGINE_COMMANDS_OP_H
#define SHOAL_ENGINE_COMMANDS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "engine/commands/command.h"
#include "engine/keyspace/keyspace.h"
#include "net/reply.h"

/* Settings that commands read; a frozen copy each shard has. */
struct op_limits {
    uint64_t bulk_max;       /* proto-max-bulk-len */
    /* Up to where values keep their small form; 64-bit as the settings are. */
    uint64_t hash_max_listpack_entries, hash_max_listpack_value;
    uint64_t set_max_intset_entries, set_max_listpack_entries, set_max_listpack_value;
    uint64_t zset_max_listpack_entries, zset_max_listpack_value;
    int list_max_listpack_size;       /* elements, or -1 to -5: 4, 8, 16, 32, 64 KB */
    uint64_t stream_node_max_bytes, stream_node_max_entries; /* 0: no limit */
    uint64_t hll_sparse_max_bytes;
    bool ints_unshared; /* Redis would not share integers: it evicts by their use */
};

/*
 * Waiting: how a blocking command that finds nothing to do tells its caller. The caller
 * keeps the client waiting until one of the command's keys changes, and runs the
 * handler again, the whole of it; after the time-out it runs it once more with
 * op->wait NULL.
 */
struct op_wait {
    bool waits;         /* set by the handler: nothing was replied or changed */
    int64_t timeout_ms; /* how long; 0: for ever */
    bool behind;        /* set by the caller: others come first, op_queues() */
    /* What argv[i] has to be when it runs again ("$" of XREAD is the last id of now);
     * NULL for the arguments that stay. argc of them, filled by op_wait_arg(). */
    struct blob **args;
};

struct op {
    struct keyspace *ks;
    struct db *db;
    const struct command *command;
    const struct bytes *argv;
    int argc;
    struct key key; /* of argv[command->first_key], when the command has such */
    struct reply *reply;
    const struct op_limits *limits;
    struct blob **blobs;      /* blobs[i] holds argv[i], or NULL; NULL: none does */
    struct reply_mark *marks; /* MERGE_KEYS on several shards: where each element ends */
    struct op_wait *wait;     /* NULL: the command may not wait (EXEC, time is up) */
};

/* The key named by argv[i]. */
static inline struct key op_key(const struct op *op, int i)
{
    return keyspace_key(op->ks->seed, op->argv[i]);
}

/* Whether argv[i] is this word in any case; the word is given in lower case. */
static inline bool op_arg_is(const struct op *op, int i, const char *lower)
{
    return bytes_equal_nocase(op->argv[i], lower);
}

/* Tells that a key was written (CHANGE_WRITE). The event class is one of the
 * letters of notify-keyspace-events, the event its name ("set", "incrby"...). */
void op_changed(struct op *op, const struct key *key, char event_class, const char *event);

/* The same for what goes with another change, and does not count as one of its own: a second
 * event of the key, another key that changed with it. */
void op_also_changed(struct op *op, const struct key *key, char event_class, const char *event);

/* Tells that a key was written without a notification: its bytes are others, but what it
 * means to clients is not (CHANGE_WRITE of the class '-', which is none of the letters). */
void op_changed_quietly(struct op *op, const struct key *key);

/* Tells that a key was deleted by the command: event "del". */
void op_deleted(struct op *op, const struct key *key);

/* Tells, after op_changed(), that the value became empty and the key is gone: event "del", and
 * one change with the former. */
void op_emptied(struct op *op, const struct key *key);

/*
 * A string value from argument i: an integer if it reads as one, embedded if it is
 * short, a blob otherwise (taken over from the request where it came in one). The
 * embedded bytes are argv's. False: no memory, an error was replied.
 */
bool op_string_value(struct op *op, int i, struct value *value);

/* A string value from bytes that were computed; the same rules, copying. `edited`:
 * the value was changed in place (OBJECT ENCODING raw). An integer-looking text is
 * not turned into an integer when edited. */
bool op_string_value_of(struct op *op, struct bytes bytes, bool edited, struct value *value);

/* Replies with a string value as a bulk, by reference if it is large. */
void op_reply_string(struct op *op, const struct entry *e);

/* True if the entry (may be NULL) is of this type; replies WRONGTYPE otherwise. */
bool op_is_type(struct op *op, const struct entry *e, enum value_type type);

/* Parses argv[i] as a 64-bit integer; replies "ERR value is not an integer or out of
 * range" (or the given text) and returns false if it is not one. */
bool op_int(struct op *op, int i, int64_t *value);
bool op_int_or(struct op *op, int i, int64_t *value, const char *error);

/* Parses argv[i] as a long double; error "ERR value is not a valid float". */
bool op_ldouble(struct op *op, int i, long double *value);

/* Parses argv[i] as a double; error "ERR value is not a valid float". */
bool op_double(struct op *op, int i, double *value);

/* The time-out of a blocking command, seconds in argv[i] (fractions allowed), as ms;
 * replies Redis's errors for what is no number, negative or too large. */
bool op_timeout(struct op *op, int i, int64_t *timeout_ms);

/* A blocking command has found nothing: true, the client will wait, the handler returns
 * without a reply; false: it may not, the handler replies that there is nothing. */
bool op_waits(struct op *op, int64_t timeout_ms);

/* As op_waits(), to be asked before the command looks at its keys: true where it has to queue
 * up behind others who have been waiting for them. */
bool op_queues(struct op *op, int64_t timeout_ms);

/* After op_waits(): argv[i] will be this text when the command runs again. */
void op_wait_arg(struct op *op, int i, struct bytes text);

/* For the caller: frees the arguments, argc of them, that were asked for. */
void op_wait_drop(struct op_wait *wait, int argc);

/*
 * An expiry given as argv[i] in seconds or milliseconds, relative to now or absolute,
 * to ms since 1970. Replies "ERR invalid expire time in '<command>' command" and
 * returns false when it is out of range, or not positive where `positive`.
 */
bool op_expiry(struct op *op, int i, bool seconds, bool relative, bool positive, int64_t *at_ms);

/* The errors that many commands share. */
void op_error_syntax(struct op *op);    /* ERR syntax error */
void op_error_wrong_type(struct op *op); /* WRONGTYPE Operation against a key ... */
void op_error_no_key(struct op *op);     /* ERR no such key */
void op_error_arity(struct op *op);      /* ERR wrong number of arguments for '<command>' command */
void op_error_memory(struct op *op);     /* OOM-like error when a client-sized allocation failed */

#endif
