/* Client describe: see client_describe.h. */
#include "shard/session/client_describe.h"

#include "base/number.h"
#include "shard/session/auth.h"
#include "shard/session/call.h"
#include "shard/session/client.h"
#include "shard/session/queue.h"
#include "shard/session/session.h"

enum client_type client_describe_type_named(struct bytes word)
{
    if (bytes_equal_nocase(word, "normal"))
        return CLIENT_TYPE_NORMAL;
    if (bytes_equal_nocase(word, "master"))
        return CLIENT_TYPE_MASTER;
    if (bytes_equal_nocase(word, "slave") || bytes_equal_nocase(word, "replica"))
        return CLIENT_TYPE_REPLICA;
    if (bytes_equal_nocase(word, "pubsub"))
        return CLIENT_TYPE_PUBSUB;
    return CLIENT_TYPE_ANY;
}

bool client_describe_is(const struct client *client, enum client_type type)
{
    (void)client; /* there are no replicas and no subscribers */
    return type == CLIENT_TYPE_ANY || type == CLIENT_TYPE_NORMAL;
}

/* The commands of its transaction, queued or in execution; NULL outside of one. */
static const struct queue *transaction_of(const struct client *client)
{
    if (client->flags & CLIENT_MULTI)
        return client->queue;
    return client->call != NULL ? call_transaction(client->call) : NULL;
}

static void append_flags(struct buffer *out, const struct client *client)
{
    size_t from = out->len;
    if (client->flags & CLIENT_MONITOR)
        buffer_append_char(out, 'O');
    if (transaction_of(client) != NULL)
        buffer_append_char(out, 'x');
    if (client->stall & (STALL_BLOCKED | STALL_PAUSE))
        buffer_append_char(out, 'b');
    if (client->flags & CLIENT_CLOSE_AFTER_REPLY)
        buffer_append_char(out, 'c');
    if (client->flags & CLIENT_UNIX)
        buffer_append_char(out, 'U');
    if (client->flags & CLIENT_NO_EVICT)
        buffer_append_char(out, 'e');
    if (client->flags & CLIENT_NO_TOUCH)
        buffer_append_char(out, 'T');
    if (out->len == from)
        buffer_append_char(out, 'N');
}

struct client_question client_describe_question(const struct client *client)
{
    struct client_question question = {0};
    size_t around = 3 + number_digits_u64((uint64_t)client->argc); /* "*2\r\n" */
    for (int i = 0; i < client->argc; i++) {
        question.argv_bytes += client->argv[i].len;
        around += 5 + number_digits_u64(client->argv[i].len); /* "$4\r\n" and "\r\n" */
    }
    if (client->parser.inline_form)
        around = (size_t)client->argc + 1; /* spaces between, "\r\n" */
    if ((client->flags & CLIENT_IN_EXEC) == 0)
        question.input_bytes = question.argv_bytes + around;
    return question;
}

/* qbuf is what was received and is not executed, the arguments of incomplete commands and
 * the command in execution included; qbuf-free is the room behind it. What the kernel has put
 * into the memory of a large argument counts as room until it tells. */
static void append_memory(struct buffer *out, const struct client *client,
                          const struct client_question *question)
{
    const struct queue *queue = transaction_of(client);
    const struct resp_parser *parser = &client->parser;
    size_t input = client->query.len - client->query_at + parser->blob_bytes;
    size_t room = client->query.cap - client->query.len;
    if (parser->fill != NULL) {
        const struct stream *stream = &client->stream;
        size_t filled = parser->filled;
        if (stream->fill_left > 0)
            filled += stream->fill_total - stream->fill_left;
        input += filled;
        room += parser->fill->cap - filled;
    }
    if (question != NULL)
        input += question->input_bytes;
    buffer_appendf(out, " multi=%lld", queue == NULL ? -1LL : (long long)queue->count);
    buffer_appendf(out, " qbuf=%zu qbuf-free=%zu argv-mem=%zu multi-mem=%zu", input, room,
                   question == NULL ? 0 : question->argv_bytes, queue == NULL ? 0 : queue->bytes);
    /* The peak of the reply buffer is not tracked. */
    buffer_appendf(out, " rbs=%zu rbp=0 obl=%zu oll=%u omem=%zu tot-mem=%zu",
                   client->reply.cap + client->sending.cap,
                   client->reply.len + client->sending.len,
                   client->reply.ref_count + client->sending.ref_count,
                   client->reply.blob_bytes + client->sending.blob_bytes, client_memory(client));
}

/* The last command: of the client that asks, the one that asks (it may have sent more
 * behind it), but EXEC where that is in a transaction. */
static const char *command_name(const struct client *client, bool asking)
{
    const struct command *command = client->last_command;
    if (asking && client->call == NULL)
        command = client->command;
    return command == NULL ? "NULL" : command->name;
}

void client_describe(struct buffer *out, const struct client *client,
                     const struct client_question *question)
{
    const struct shard *shard = client->shard;
    uint64_t idle_ns = shard->now_ns > client->active_ns ? shard->now_ns - client->active_ns : 0;
    int64_t age_ms = shard->keyspace.now_ms - client->created_ms;
    const char *name = client->name;
    buffer_appendf(out, "id=%llu addr=%s laddr=%s fd=%d name=%s age=%lld idle=%llu flags=",
                   (unsigned long long)client->id, client->peer, client->local, client->stream.fd,
                   name == NULL ? "" : name, age_ms > 0 ? (long long)age_ms / 1000 : 0,
                   (unsigned long long)(idle_ns / UINT64_C(1000000000)));
    append_flags(out, client);
    buffer_appendf(out, " db=%u sub=0 psub=0 ssub=0", client->db);
    append_memory(out, client, question);
    buffer_appendf(out, " events=%s cmd=%s user=" AUTH_DEFAULT_USER " redir=-1 resp=%u",
                   client->stream.sending ? "rw" : "r", command_name(client, question != NULL),
                   client->resp);
    buffer_appendf(out, " lib-name=%s lib-ver=%s", client->lib_name == NULL ? "" : client->lib_name,
                   client->lib_version == NULL ? "" : client->lib_version);
}
