/* Wait restore: see wait_restore.h. */
#include "shard/session/wait_restore.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "engine/commands/command_ids.gen.h"

/* Walks through the texts and numbers of a reply of our own. */
struct reader {
    const struct reply *reply;
    size_t at;
    uint32_t ref;
};

static struct bytes line(struct reader *r)
{
    const char *begin = r->reply->data + r->at;
    const char *end = memchr(begin, '\r', r->reply->len - r->at);
    r->at = (size_t)(end - r->reply->data) + 2;
    return bytes_make(begin, (size_t)(end - begin));
}

/* The next text or number; false: that was all. */
static bool next(struct reader *r, struct bytes *text)
{
    while (r->at < r->reply->len) {
        char type = r->reply->data[r->at++];
        *text = line(r);
        if (type == ',' || type == ':')
            return true;
        if (type != '$')
            continue; /* of an array: what is in it follows */
        int64_t len = 0;
        number_parse_i64(*text, &len);
        const struct reply_ref *ref = &r->reply->refs[r->ref];
        if (r->ref < r->reply->ref_count && ref->at == r->at) {
            *text = bytes_make(ref->blob->data + ref->from, ref->len);
            r->ref++;
            r->at += 2;
        } else {
            *text = bytes_make(r->reply->data + r->at, (size_t)len);
            r->at += (size_t)len + 2;
        }
        return true;
    }
    return false;
}

/* Whether a popping command of lists took from the front. */
static bool from_front(const struct wait *wait)
{
    const struct queued *queued = wait->queued;
    if (queued->command->id != COMMAND_BLMPOP)
        return queued->command->id == COMMAND_BLPOP;
    int64_t keys = 0;
    number_parse_i64(queued->argv[2], &keys);
    return bytes_equal_nocase(queued->argv[3 + keys], "left");
}

static size_t count(const struct reply *reply)
{
    struct reader r = {.reply = reply};
    struct bytes text;
    size_t n = 0;
    while (next(&r, &text))
        n++;
    return n;
}

/* LPUSH or RPUSH key with the elements, the last one taken first. */
static struct queued *push(const struct wait *wait, struct reader *r, size_t texts)
{
    struct bytes *argv = alloc_get((texts + 1) * sizeof *argv);
    const char *name = from_front(wait) ? "lpush" : "rpush";
    argv[0] = bytes_of(name);
    next(r, &argv[1]);
    for (size_t i = texts; i > 1; i--)
        next(r, &argv[i]);
    struct queued *queued =
        queued_new(command_find(bytes_of(name)), (int)texts + 1, argv, NULL);
    alloc_free(argv);
    return queued;
}

/* ZADD key NX score member...: a member that was added meanwhile keeps its score. */
static struct queued *add(struct reader *r, size_t texts)
{
    struct bytes *argv = alloc_get((texts + 2) * sizeof *argv);
    argv[0] = bytes_of("zadd");
    next(r, &argv[1]);
    argv[2] = bytes_of("nx");
    for (size_t i = 3; i + 1 < texts + 2; i += 2) {
        next(r, &argv[i + 1]);
        next(r, &argv[i]);
    }
    struct queued *queued =
        queued_new(command_find(bytes_of("zadd")), (int)texts + 2, argv, NULL);
    alloc_free(argv);
    return queued;
}

bool wait_restore_make(struct wait_part *part)
{
    const struct wait *wait = part->wait;
    const struct command *command = wait->queued->command;
    bool list = (command->acl & ACL_CAT_LIST) != 0, zset = (command->acl & ACL_CAT_SORTEDSET) != 0;
    bool moves = command->id == COMMAND_BLMOVE || command->id == COMMAND_BRPOPLPUSH;
    size_t texts = count(&part->reply);
    if (part->reply.errors > 0 || moves || (!list && !zset) || texts < 2)
        return false;
    struct reader r = {.reply = &part->reply};
    part->restore = list ? push(wait, &r, texts) : add(&r, texts);
    reply_clear(&part->reply, 0);
    return true;
}
