/*
 * Command run: executes a command line on a keyspace the way a shard does, for tests.
 *
 * Rows come from the command table, so handlers see what the server would give them.
 * Arguments are split at spaces; '' is the empty argument.
 */
#ifndef SHOAL_TEST_UNIT_ENGINE_COMMAND_RUN_H
#define SHOAL_TEST_UNIT_ENGINE_COMMAND_RUN_H

#include <stdint.h>

#include "engine/commands/op.h"

#define RUN_ARGS_MAX 64
#define RUN_EVENTS_MAX 1024

struct command_run {
    struct keyspace ks;
    struct op_limits limits;
    struct reply reply;
    struct observer observer;
    uint16_t db;
    char events[RUN_EVENTS_MAX]; /* of the last command: "g:del:a@0 " each */
};

/* Starts at ms 1000000 of the clock, with 16 databases, RESP2. */
void command_run_init(struct command_run *run);
void command_run_deinit(struct command_run *run);

/* The reply to a command, NUL-terminated; valid until the next command. */
const char *command_run(struct command_run *run, const char *line);

/* The same with arguments as they are. */
const char *command_run_args(struct command_run *run, int argc, const struct bytes *argv);

/* The same for a handler that sessions call by itself. */
const char *command_run_op(struct command_run *run, op_fn handler, const char *line);

/* The same for a command that may wait; whether it does, and then for how long. */
bool command_run_waiting(struct command_run *run, const char *line, int64_t *timeout_ms);

/* Puts a string under a key, without an event; expiry in ms or ENTRY_NO_EXPIRY. */
void command_run_set(struct command_run *run, const char *key, const char *value, int64_t expiry);

/* The bytes of a string key of the current database in scratch; NULL: no such key. */
const char *command_run_get(struct command_run *run, const char *key, char scratch[static 256]);

/* Asserts that a command line gets exactly this reply. */
#define run_expect(run, line, expected) cr_assert_str_eq(command_run((run), (line)), (expected), \
    "%s replied %s", (line), (run)->reply.data)

/* Asserts the events of the last command. */
#define run_expect_events(run, expected) cr_assert_str_eq((run)->events, (expected), \
    "events: %s", (run)->events)

#endif
