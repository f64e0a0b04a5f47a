/* Command docs: see command_docs.h. */
#include "shard/admin/command_docs.h"

#include <stdio.h>

#include "engine/commands/command.h"
#include "engine/commands/command_words.h"
#include "net/reply.h"

/* The words of the bits that are set, as a set of status replies. */
static void reply_words(struct reply *reply, uint64_t bits, const char *const *words,
                        unsigned count)
{
    reply_set(reply, (size_t)__builtin_popcountll(bits));
    for (unsigned i = 0; i < count; i++)
        if (bits >> i & 1)
            reply_status(reply, words[i]);
}

void command_docs_key_flags(struct reply *reply, uint16_t flags)
{
    reply_words(reply, flags, key_flag_names, KEY_BIT_COUNT);
}

static void reply_flags(struct reply *reply, uint64_t flags)
{
    size_t count = 0;
    for (unsigned i = 0; i < CMD_BIT_COUNT; i++)
        count += command_flag_names[i].shown && (flags >> i & 1);
    reply_set(reply, count);
    for (unsigned i = 0; i < CMD_BIT_COUNT; i++)
        if (command_flag_names[i].shown && (flags >> i & 1))
            reply_status(reply, command_flag_names[i].word);
}

static void reply_categories(struct reply *reply, uint64_t acl)
{
    char word[64];
    reply_set(reply, (size_t)__builtin_popcountll(acl));
    for (unsigned i = 0; i < ACL_CAT_BIT_COUNT; i++) {
        if (!(acl >> i & 1))
            continue;
        snprintf(word, sizeof word, "@%s", acl_category_names[i]);
        reply_status(reply, word);
    }
}

static void reply_tips(struct reply *reply, const struct command_doc *doc)
{
    reply_set(reply, doc->tip_count);
    for (unsigned i = 0; i < doc->tip_count; i++)
        reply_bulk_cstr(reply, doc->tips[i]);
}

/* ---- Key specs. ---- */

static void reply_pair(struct reply *reply, const char *name, int64_t value)
{
    reply_bulk_cstr(reply, name);
    reply_int(reply, value);
}

/* The head of begin_search or find_keys, up to the fields of its spec. */
static void reply_step(struct reply *reply, const char *step, const char *type, size_t fields)
{
    reply_bulk_cstr(reply, step);
    reply_map(reply, 2);
    reply_bulk_cstr(reply, "type");
    reply_bulk_cstr(reply, type);
    reply_bulk_cstr(reply, "spec");
    reply_map(reply, fields);
}

static void reply_begin(struct reply *reply, const struct key_spec *spec)
{
    switch ((enum key_begin)spec->begin) {
    case KEY_BEGIN_UNKNOWN:
        reply_step(reply, "begin_search", "unknown", 0);
        break;
    case KEY_BEGIN_INDEX:
        reply_step(reply, "begin_search", "index", 1);
        reply_pair(reply, "index", spec->from.index);
        break;
    case KEY_BEGIN_KEYWORD:
        reply_step(reply, "begin_search", "keyword", 2);
        reply_bulk_cstr(reply, "keyword");
        reply_bulk_cstr(reply, spec->from.keyword);
        reply_pair(reply, "startfrom", spec->from.startfrom);
        break;
    }
}

static void reply_find(struct reply *reply, const struct key_spec *spec)
{
    switch ((enum key_find)spec->find) {
    case KEY_FIND_UNKNOWN:
        reply_step(reply, "find_keys", "unknown", 0);
        break;
    case KEY_FIND_RANGE:
        reply_step(reply, "find_keys", "range", 3);
        reply_pair(reply, "lastkey", spec->keys.last);
        reply_pair(reply, "keystep", spec->keys.step);
        reply_pair(reply, "limit", spec->keys.limit);
        break;
    case KEY_FIND_KEYNUM:
        reply_step(reply, "find_keys", "keynum", 3);
        reply_pair(reply, "keynumidx", spec->keys.keynum_index);
        reply_pair(reply, "firstkey", spec->keys.first);
        reply_pair(reply, "keystep", spec->keys.step);
        break;
    }
}

static void reply_key_specs(struct reply *reply, const struct command *command)
{
    reply_set(reply, command->key_spec_count);
    for (unsigned i = 0; i < command->key_spec_count; i++) {
        const struct key_spec *spec = &command->key_specs[i];
        reply_map(reply, spec->notes == NULL ? 3 : 4);
        if (spec->notes != NULL) {
            reply_bulk_cstr(reply, "notes");
            reply_bulk_cstr(reply, spec->notes);
        }
        reply_bulk_cstr(reply, "flags");
        command_docs_key_flags(reply, spec->flags);
        reply_begin(reply, spec);
        reply_find(reply, spec);
    }
}

void command_docs_info(struct reply *reply, const struct command *command)
{
    reply_array(reply, 10);
    reply_bulk_cstr(reply, command->name);
    reply_int(reply, command->arity);
    reply_flags(reply, command->flags);
    reply_int(reply, command->first_key);
    reply_int(reply, command->last_key);
    reply_int(reply, command->key_step);
    reply_categories(reply, command->acl);
    reply_tips(reply, command->doc);
    reply_key_specs(reply, command);
    if (command->subcommand_count == 0)
        reply_set(reply, 0);
    else
        reply_array(reply, command->subcommand_count);
    for (unsigned i = 0; i < command->subcommand_count; i++)
        command_docs_info(reply, command->subcommands[i]);
}

/* ---- Documentation. ---- */

/* Writes an entry of a map and counts it, if there is something to write. */
static void reply_text(struct reply *reply, const char *name, const char *text, size_t *pairs)
{
    if (text == NULL)
        return;
    reply_bulk_cstr(reply, name);
    reply_bulk_cstr(reply, text);
    ++*pairs;
}

static void reply_args(struct reply *reply, const struct command_arg *args, unsigned count);

static void reply_arg(struct reply *reply, const struct command_arg *arg)
{
    struct reply_mark open = reply_open(reply);
    size_t pairs = 0;
    bool nested = arg->type == ARG_TYPE_ONEOF || arg->type == ARG_TYPE_BLOCK;
    reply_text(reply, "name", arg->name, &pairs);
    reply_text(reply, "type", arg_type_names[arg->type], &pairs);
    if (!nested)
        reply_text(reply, "display_text", arg->display != NULL ? arg->display : arg->name, &pairs);
    if (arg->key_spec_index >= 0) {
        reply_pair(reply, "key_spec_index", arg->key_spec_index);
        pairs++;
    }
    reply_text(reply, "token", arg->token, &pairs);
    reply_text(reply, "since", arg->since, &pairs);
    reply_text(reply, "deprecated_since", arg->deprecated_since, &pairs);
    if (arg->flags != 0) {
        reply_bulk_cstr(reply, "flags");
        reply_words(reply, arg->flags, arg_flag_names, ARG_BIT_COUNT);
        pairs++;
    }
    if (nested) {
        reply_bulk_cstr(reply, "arguments");
        reply_args(reply, arg->args, arg->arg_count);
        pairs++;
    }
    reply_close_map(reply, open, pairs);
}

static void reply_args(struct reply *reply, const struct command_arg *args, unsigned count)
{
    reply_array(reply, count);
    for (unsigned i = 0; i < count; i++)
        reply_arg(reply, &args[i]);
}

static void reply_history(struct reply *reply, const struct command_doc *doc)
{
    reply_bulk_cstr(reply, "history");
    reply_set(reply, doc->history_count);
    for (unsigned i = 0; i < doc->history_count; i++) {
        reply_array(reply, 2);
        reply_bulk_cstr(reply, doc->history[i].version);
        reply_bulk_cstr(reply, doc->history[i].text);
    }
}

void command_docs_doc(struct reply *reply, const struct command *command)
{
    const struct command_doc *doc = command->doc;
    struct reply_mark open = reply_open(reply);
    size_t pairs = 0;
    reply_text(reply, "summary", doc->summary, &pairs);
    reply_text(reply, "since", doc->since, &pairs);
    reply_text(reply, "group", doc->group, &pairs);
    reply_text(reply, "complexity", doc->complexity, &pairs);
    if (doc->flags != 0) {
        reply_bulk_cstr(reply, "doc_flags");
        reply_words(reply, doc->flags, doc_flag_names, DOC_BIT_COUNT);
        pairs++;
    }
    reply_text(reply, "deprecated_since", doc->deprecated_since, &pairs);
    reply_text(reply, "replaced_by", doc->replaced_by, &pairs);
    if (doc->history_count > 0) {
        reply_history(reply, doc);
        pairs++;
    }
    if (doc->arg_count > 0) {
        reply_bulk_cstr(reply, "arguments");
        reply_args(reply, doc->args, doc->arg_count);
        pairs++;
    }
    if (command->subcommand_count > 0) {
        reply_bulk_cstr(reply, "subcommands");
        reply_map(reply, command->subcommand_count);
        for (unsigned i = 0; i < command->subcommand_count; i++) {
            reply_bulk_cstr(reply, command->subcommands[i]->name);
            command_docs_doc(reply, command->subcommands[i]);
        }
        pairs++;
    }
    reply_close_map(reply, open, pairs);
}
