/*
 * Session command: CLIENT LIST. Every shard describes its own clients, in order of their
 * numbers; the client's shard merges the lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/session/client.h"
#include "shard/session/client_describe.h"
#include "shard/session/session.h"
#include "shard/session/survey.h"

/* Which clients. */
struct selection {
    enum client_type type;
    struct client_question question;
    bool by_id;
    size_t count;
    uint64_t *wanted; /* numbers in the order asked for */
    uint64_t *sorted; /* the same in ascending order */
};

/* A client's line in the text of its shard. */
struct line {
    uint64_t id;
    size_t at, len;
};

struct lines {
    struct buffer text;
    struct line *items; /* ids ascend */
    size_t count, cap;
    size_t merged;
};

static void selection_free(struct selection *selection)
{
    alloc_free(selection->wanted);
    alloc_free(selection->sorted);
    alloc_free(selection);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* NULL: an error was replied. */
static struct selection *selection_parse(struct client *client)
{
    struct selection *selection = alloc_zeroed(sizeof *selection);
    int argc = client->argc;
    if (argc == 4 && bytes_equal_nocase(client->argv[2], "type")) {
        struct bytes word = client->argv[3];
        selection->type = client_describe_type_named(word);
        if (selection->type != CLIENT_TYPE_ANY)
            return selection;
        reply_errorf(&client->reply, "ERR Unknown client type '%.*s'", (int)word.len, word.data);
    } else if (argc > 3 && bytes_equal_nocase(client->argv[2], "id")) {
        selection->by_id = true;
        selection->count = (size_t)argc - 3;
        selection->wanted = alloc_get(selection->count * sizeof(uint64_t));
        bool valid = true;
        for (size_t i = 0; i < selection->count && valid; i++) {
            int64_t id;
            valid = number_parse_i64(client->argv[3 + i], &id);
            selection->wanted[i] = valid ? (uint64_t)id : 0; /* a negative one: nobody's */
        }
        if (valid) {
            size_t bytes = selection->count * sizeof(uint64_t);
            selection->sorted = alloc_get(bytes);
            memcpy(selection->sorted, selection->wanted, bytes);
            qsort(selection->sorted, selection->count, sizeof(uint64_t), compare_ids);
            return selection;
        }
        reply_error(&client->reply, "ERR Invalid client ID");
    } else if (argc == 2) {
        return selection;
    } else {
        reply_error(&client->reply, "ERR syntax error");
    }
    selection_free(selection);
    return NULL;
}

static bool selected(const struct selection *selection, const struct client *client)
{
    if (client->closing || !client_describe_is(client, selection->type))
        return false;
    return !selection->by_id || bsearch(&client->id, selection->sorted, selection->count,
                                        sizeof(uint64_t), compare_ids) != NULL;
}

static void lines_add(struct lines *lines, const struct client *client,
                      const struct client_question *question)
{
    if (lines->count == lines->cap) {
        lines->cap = lines->cap == 0 ? 16 : lines->cap * 2;
        lines->items = alloc_resize(lines->items, lines->cap * sizeof *lines->items);
    }
    size_t at = lines->text.len;
    client_describe(&lines->text, client, question);
    buffer_append_char(&lines->text, '\n');
    lines->items[lines->count++] =
        (struct line){.id = client->id, .at = at, .len = lines->text.len - at};
}

static void ask(struct session *session, struct survey *survey)
{
    const struct selection *selection = survey->ctx;
    struct lines *lines = alloc_zeroed(sizeof *lines);
    /* Clients get their numbers when they are put at the end of the session's list. */
    for (struct list_node *n = session->clients.next; n != &session->clients; n = n->next) {
        const struct client *client = container_of(n, struct client, link);
        if (selected(selection, client))
            lines_add(lines, client,
                      client == survey->client ? &selection->question : NULL);
    }
    survey->answers[session->shard->index] = lines;
}

static void append_line(struct buffer *out, const struct lines *lines, const struct line *line)
{
    buffer_append(out, lines->text.data + line->at, line->len);
}

/* The lines of all shards, ordered by number. */
static void merge_all(struct buffer *out, struct survey *survey)
{
    for (;;) {
        struct lines *first = NULL;
        for (uint32_t i = 0; i < survey->count; i++) {
            struct lines *lines = survey->answers[i];
            if (lines->merged < lines->count &&
                (first == NULL ||
                 lines->items[lines->merged].id < first->items[first->merged].id))
                first = lines;
        }
        if (first == NULL)
            return;
        append_line(out, first, &first->items[first->merged++]);
    }
}

static int compare_lines(const void *a, const void *b)
{
    return compare_ids(&((const struct line *)a)->id, &((const struct line *)b)->id);
}

/* The lines of the numbers asked for, in that order. */
static void merge_wanted(struct buffer *out, struct survey *survey)
{
    const struct selection *selection = survey->ctx;
    for (size_t w = 0; w < selection->count; w++) {
        struct line key = {.id = selection->wanted[w]};
        for (uint32_t i = 0; i < survey->count; i++) {
            const struct lines *lines = survey->answers[i];
            if (lines->count == 0)
                continue;
            const struct line *line = bsearch(&key, lines->items, lines->count, sizeof key,
                                              compare_lines);
            if (line != NULL)
                append_line(out, lines, line);
        }
    }
}

static void done(struct client *client, struct survey *survey)
{
    struct selection *selection = survey->ctx;
    struct buffer out;
    buffer_init(&out);
    if (selection->by_id)
        merge_wanted(&out, survey);
    else
        merge_all(&out, survey);
    reply_verbatim(&client->reply, buffer_bytes(&out), "txt");
    buffer_deinit(&out);
    for (uint32_t i = 0; i < survey->count; i++) {
        struct lines *lines = survey->answers[i];
        buffer_deinit(&lines->text);
        alloc_free(lines->items);
        alloc_free(lines);
    }
    selection_free(selection);
}

void cmd_client_list(struct client *client)
{
    struct selection *selection = selection_parse(client);
    if (selection == NULL)
        return;
    selection->question = client_describe_question(client);
    survey_start(client, ask, done, selection);
}
