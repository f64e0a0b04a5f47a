/* Zset reply: see zset_reply.h. */
#include "engine/commands/zset_reply.h"

void zset_reply_score(struct reply *reply, double score)
{
    char text[NUMBER_DOUBLE_MAX + 3];
    size_t len = number_format_double_shortest(text + 1, NUMBER_DOUBLE_MAX, score);
    if (reply->resp != 3) {
        reply_bulk(reply, bytes_make(text + 1, len));
        return;
    }
    text[0] = ',';
    text[len + 1] = '\r';
    text[len + 2] = '\n';
    reply_raw(reply, text, len + 3);
}

void zset_reply_members(struct reply *reply, size_t count, bool scores)
{
    reply_array(reply, scores && reply->resp != 3 ? count * 2 : count);
}

void zset_reply_member(struct reply *reply, struct bytes member, double score, bool scores)
{
    if (scores && reply->resp == 3)
        reply_array(reply, 2);
    reply_bulk(reply, member);
    if (scores)
        zset_reply_score(reply, score);
}

void zset_reply_ranks(struct reply *reply, const struct zset_ref *zs, size_t first, size_t past,
                      bool reverse, bool scores)
{
    zset_reply_members(reply, past - first, scores);
    if (first == past)
        return;
    struct zset_cursor c = zset_at(zs, reverse ? past - 1 : first);
    for (size_t left = past - first; left > 0; left--) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score = 0;
        zset_get(&c, &member, scores ? &score : NULL, scratch);
        zset_reply_member(reply, member, score, scores);
        if (reverse)
            zset_prev(&c);
        else
            zset_next(&c);
    }
}
