/* Command run: see command_run.h. */
#include "test/unit/engine/command_run.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/types/types.h"

static void note_change(void *ctx, const struct change *change)
{
    struct command_run *run = ctx;
    size_t used = strlen(run->events);
    const char *kind = change->kind == CHANGE_DELETE  ? "-"
                       : change->kind == CHANGE_FLUSH ? "!"
                                                      : "";
    snprintf(run->events + used, sizeof run->events - used, "%s%c:%s:%.*s@%u ", kind,
             change->event_class, change->event, (int)change->key.name.len,
             change->key.name.data == NULL ? "" : change->key.name.data, change->db);
}

void command_run_init(struct command_run *run)
{
    *run = (struct command_run){0};
    keyspace_init(&run->ks, 16, 7, 11);
    run->ks.objects = types_objects;
    run->ks.now_ms = 1000000;
    run->ks.access_now = 1000;
    run->observer = (struct observer){.changed = note_change, .ctx = run};
    run->ks.observers = &run->observer;
    reply_init(&run->reply, 2);
}

void command_run_deinit(struct command_run *run)
{
    run->ks.observers = NULL;
    keyspace_deinit(&run->ks);
    reply_deinit(&run->reply);
}

static const char *execute(struct command_run *run, const struct command *command, op_fn handler,
                           int argc, const struct bytes *argv, struct op_wait *wait)
{
    struct op op = {.ks = &run->ks, .db = &run->ks.dbs[run->db], .command = command, .argv = argv,
                    .argc = argc, .reply = &run->reply, .limits = &run->limits, .wait = wait};
    if (command->first_key > 0) op.key = op_key(&op, command->first_key);
    reply_clear(&run->reply, 1024);
    run->events[0] = '\0';
    handler(&op);
    reply_raw(&run->reply, "", 1);
    return run->reply.data;
}

const char *command_run_args(struct command_run *run, int argc, const struct bytes *argv)
{
    const struct command *command = command_find(argv[0]);
    cr_assert_not_null(command);
    if (command->is_container) command = command_find_sub(command, argv[1]);
    cr_assert_not_null(command);
    cr_assert(command->arity > 0 ? argc == command->arity : argc >= -command->arity);
    return execute(run, command, command->op, argc, argv, NULL);
}

static int split(char *text, struct bytes *argv)
{
    char *rest = NULL;
    int argc = 0;
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        cr_assert(argc < RUN_ARGS_MAX);
        argv[argc++] = strcmp(word, "''") == 0 ? bytes_of("") : bytes_of(word);
    }
    return argc;
}

const char *command_run(struct command_run *run, const char *line)
{
    struct bytes argv[RUN_ARGS_MAX];
    char *text = strdup(line);
    const char *reply = command_run_args(run, split(text, argv), argv);
    free(text);
    return reply;
}

const char *command_run_op(struct command_run *run, op_fn handler, const char *line)
{
    struct bytes argv[RUN_ARGS_MAX];
    char *text = strdup(line);
    int argc = split(text, argv);
    const struct command *command = command_find(argv[0]);
    cr_assert_not_null(command);
    const char *reply = execute(run, command, handler, argc, argv, NULL);
    free(text);
    return reply;
}

bool command_run_waiting(struct command_run *run, const char *line, int64_t *timeout_ms)
{
    struct bytes argv[RUN_ARGS_MAX];
    struct op_wait wait = {0};
    char *text = strdup(line);
    int argc = split(text, argv);
    const struct command *command = command_find(argv[0]);
    cr_assert_not_null(command);
    const char *reply = execute(run, command, command->op, argc, argv, &wait);
    cr_assert_eq(reply[0] == '\0', wait.waits);
    *timeout_ms = wait.timeout_ms;
    free(text);
    return wait.waits;
}

void command_run_set(struct command_run *run, const char *key, const char *value, int64_t expiry)
{
    struct op op = {.ks = &run->ks, .db = &run->ks.dbs[run->db], .reply = &run->reply};
    struct key name = keyspace_key(run->ks.seed, bytes_of(key));
    struct found found = keyspace_write(op.ks, op.db, &name);
    struct value stored;
    cr_assert(op_string_value_of(&op, bytes_of(value), false, &stored));
    keyspace_put(op.ks, op.db, &name, &found, stored, expiry);
}

const char *command_run_get(struct command_run *run, const char *key, char scratch[static 256])
{
    struct key name = keyspace_key(run->ks.seed, bytes_of(key));
    struct found found = keyspace_find(&run->ks, &run->ks.dbs[run->db], &name);
    if (found.entry == NULL) return NULL;
    char digits[NUMBER_I64_MAX];
    struct bytes value = entry_string(found.entry, digits);
    snprintf(scratch, 256, "%.*s", (int)value.len, value.data);
    return scratch;
}
