/* Stream groups: making, moving and removing groups and consumers. */
#include "engine/commands/streams_args.h"
#include "engine/commands/streams_key.h"
#include "op_handlers.gen.h"

#define WORD_MAX 128 /* bytes of an argument that an error repeats */

static void syntax_error(struct op *op)
{
    struct bytes word = op->argv[1];
    int len = word.len < WORD_MAX ? (int)word.len : WORD_MAX;
    reply_errorf(op->reply,
                 "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try XGROUP "
                 "HELP.",
                 len, word.data);
}

struct group_args {
    bool make;            /* MKSTREAM */
    int64_t entries_read; /* STREAM_GROUP_UNKNOWN unless given */
};

/* Reads [MKSTREAM] (of CREATE) and [ENTRIESREAD n] from argv[5] on. */
static bool read_options(struct op *op, bool create, struct group_args *args)
{
    *args = (struct group_args){.entries_read = STREAM_GROUP_UNKNOWN};
    for (int i = 5; i < op->argc; i++) {
        if (create && op_arg_is(op, i, "mkstream")) {
            args->make = true;
        } else if (op_arg_is(op, i, "entriesread") && i + 1 < op->argc) {
            if (!op_int(op, ++i, &args->entries_read))
                return false;
            if (args->entries_read < STREAM_GROUP_UNKNOWN) {
                reply_error(op->reply, "ERR value for ENTRIESREAD must be positive or -1");
                return false;
            }
        } else {
            syntax_error(op);
            return false;
        }
    }
    return true;
}

static void no_key(struct op *op)
{
    reply_error(op->reply, "ERR The XGROUP subcommand requires the key to exist. Note that for "
                           "CREATE you may want to use the MKSTREAM option to create an empty "
                           "stream automatically.");
}

/* The stream of the key and its group argv[3]; NULL: an error was replied. */
static struct stream_group *find_group(struct op *op, struct stream **s)
{
    if (!streams_key_write(op, &op->key, s))
        return NULL;
    if (*s == NULL) {
        no_key(op);
        return NULL;
    }
    struct bytes key = op->key.name, name = op->argv[3];
    struct stream_group *group = stream_group_find(*s, name);
    if (group == NULL)
        reply_errorf(op->reply, "NOGROUP No such consumer group '%.*s' for key name '%.*s'",
                     (int)name.len, name.data, (int)key.len, key.data);
    return group;
}

/* XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD n] */
void op_xgroup_create(struct op *op)
{
    struct group_args args;
    struct stream *s;
    struct stream_id id;
    if (!read_options(op, true, &args) || !streams_key_write(op, &op->key, &s))
        return;
    if (s == NULL && !args.make) {
        no_key(op);
        return;
    }
    if (op->argc > 8) {
        syntax_error(op);
        return;
    }
    if (bytes_equal(op->argv[4], bytes_of("$")))
        id = s == NULL ? stream_id_zero : s->last;
    else if (!streams_args_id(op, 4, &id))
        return;
    if (s == NULL) {
        s = stream_new();
        streams_key_put(op, &op->key, s);
    }
    if (stream_group_create(s, op->argv[3], id, args.entries_read) == NULL) {
        reply_error(op->reply, "BUSYGROUP Consumer Group name already exists");
        return;
    }
    reply_ok(op->reply);
    op_changed(op, &op->key, 't', "xgroup-create");
}

/* XGROUP SETID key group id|$ [ENTRIESREAD n] */
void op_xgroup_setid(struct op *op)
{
    struct group_args args;
    struct stream *s;
    struct stream_id id;
    if (!read_options(op, false, &args))
        return;
    struct stream_group *group = find_group(op, &s);
    if (group == NULL)
        return;
    if (op->argc > 7) {
        syntax_error(op);
        return;
    }
    if (bytes_equal(op->argv[4], bytes_of("$")))
        id = s->last;
    else if (!streams_args_any_id(op, 4, &id))
        return;
    group->last = id;
    group->entries_read = args.entries_read;
    reply_ok(op->reply);
    op_changed(op, &op->key, 't', "xgroup-setid");
}

/* XGROUP DESTROY key group */
void op_xgroup_destroy(struct op *op)
{
    struct stream *s;
    if (!streams_key_write(op, &op->key, &s))
        return;
    if (s == NULL) {
        no_key(op);
        return;
    }
    struct stream_group *group = stream_group_find(s, op->argv[3]);
    reply_int(op->reply, group != NULL);
    if (group == NULL)
        return;
    stream_group_detach(s, group);
    streams_key_discard_group(op, group);
    op_changed(op, &op->key, 't', "xgroup-destroy");
}

/* XGROUP CREATECONSUMER key group consumer */
void op_xgroup_createconsumer(struct op *op)
{
    struct stream *s;
    struct stream_group *group = find_group(op, &s);
    if (group == NULL)
        return;
    bool made = stream_group_consumer(group, op->argv[4]) == NULL;
    if (made)
        streams_key_consumer(op, &op->key, group, op->argv[4]);
    reply_int(op->reply, made);
}

/* XGROUP DELCONSUMER key group consumer */
void op_xgroup_delconsumer(struct op *op)
{
    struct stream *s;
    struct stream_group *group = find_group(op, &s);
    if (group == NULL)
        return;
    struct stream_consumer *consumer = stream_group_consumer(group, op->argv[4]);
    if (consumer == NULL) {
        reply_int(op->reply, 0);
        return;
    }
    reply_int(op->reply, (int64_t)stream_group_drop_consumer(group, consumer));
    op_changed(op, &op->key, 't', "xgroup-delconsumer");
}
