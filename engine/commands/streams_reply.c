/* Stream reply: see streams_reply.h. */
#include "engine/commands/streams_reply.h"

void streams_reply_id(struct reply *reply, struct stream_id id)
{
    char text[STREAM_ID_TEXT];
    reply_bulk(reply, bytes_make(text, stream_id_format(text, id)));
}

void streams_reply_entry(struct reply *reply, struct stream_cursor *c)
{
    reply_array(reply, 2);
    streams_reply_id(reply, c->entry.id);
    reply_array(reply, 2 * c->entry.fields);
    while (c->entry.left > 0) {
        struct bytes field, value;
        stream_field(c, &field, &value);
        reply_bulk(reply, field);
        reply_bulk(reply, value);
    }
}

bool streams_reply_entry_of(struct reply *reply, const struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    if (!stream_seek(&c, s, id, id, false))
        return false;
    streams_reply_entry(reply, &c);
    return true;
}

void streams_reply_range(struct reply *reply, const struct stream *s, struct stream_id low,
                         struct stream_id high, bool back, uint64_t count)
{
    struct reply_mark open = reply_open(reply);
    struct stream_cursor c;
    size_t replied = 0;
    bool there = stream_seek(&c, s, low, high, back);
    while (there) {
        streams_reply_entry(reply, &c);
        replied++;
        there = replied != count && stream_step(&c);
    }
    reply_close_array(reply, open, replied);
}
