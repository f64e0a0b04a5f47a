/*
 * Both ends of many pairs are streams of one io and do random things. Byte n of a
 * direction is a function of n, so that every loss, repetition or swap shows.
 */
#include "test/unit/net/io_world.h"

#define SIDES      40
#define SOAK_BYTES (3 << 20)

struct side {
    struct conn conn; /* first, so that a conn is its side */
    struct side *other;
    struct rng *rng;
    size_t sent_pos, got_pos, fill_len;
    char *fill, *sending;
    struct iovec iov[8];
};

static char soak_byte(size_t pos)
{
    return (char)(pos * 131 + (pos >> 8) * 7 + (pos >> 16));
}

static void soak_check(struct side *side, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(data[i], soak_byte(side->got_pos + i));
    side->got_pos += len;
}

static void soak_act(struct side *side)
{
    struct io *io = side->conn.world->io;
    struct stream *s = &side->conn.stream;
    switch (rng_below(side->rng, 8)) {
    case 0:
        io_pause(io, s);
        break;
    case 1:
    case 2:
        io_resume(io, s);
        break;
    case 3:
        if (s->fill_left > 0 || side->got_pos == SOAK_BYTES) break;
        side->fill_len = bits_min(1 + rng_below(side->rng, 60000), SOAK_BYTES - side->got_pos);
        side->fill = alloc_resize(side->fill, side->fill_len);
        io_recv_into(io, s, side->fill, side->fill_len);
        break;
    default:
        break;
    }
}

static void soak_send(struct side *side)
{
    size_t len = 1 + rng_below(side->rng, rng_below(side->rng, 4) == 0 ? 400000 : 300);
    len = bits_min(len, SOAK_BYTES - side->sent_pos);
    side->sending = alloc_resize(side->sending, len);
    for (size_t i = 0; i < len; i++)
        side->sending[i] = soak_byte(side->sent_pos + i);
    side->sent_pos += len;
    size_t count = 1 + rng_below(side->rng, 8), at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t part = i + 1 == count ? len - at : rng_below(side->rng, len - at + 1);
        side->iov[i] = (struct iovec){side->sending + at, part};
        at += part;
    }
    send_iov(&side->conn, side->iov, count);
}

static void soak_on_data(struct conn *c, char *data, size_t len)
{
    struct side *side = (struct side *)c;
    c->got_len = 0;
    soak_check(side, data, len);
    soak_act(side);
}

static void soak_on_filled(struct conn *c)
{
    struct side *side = (struct side *)c;
    soak_check(side, side->fill, side->fill_len);
    soak_act(side);
}

static void soak_on_sent(struct conn *c)
{
    struct side *side = (struct side *)c;
    cr_assert_eq(c->sent_error, 0);
    if (side->sent_pos < SOAK_BYTES) soak_send(side);
    soak_act(side);
}

static bool soak_done(const struct side *side)
{
    return side->got_pos == SOAK_BYTES && side->sent_pos == SOAK_BYTES &&
           !side->conn.stream.sending;
}

static void soak_start(struct world *w, struct side *a, struct side *b, struct rng *rng, bool tcp)
{
    struct side *both[2] = {a, b};
    if (tcp)
        start_tcp(w, &a->conn);
    else
        start_pair(w, &a->conn);
    cr_assert_eq(fcntl(a->conn.peer, F_SETFL, O_NONBLOCK), 0);
    start(w, &b->conn, a->conn.peer, -1);
    a->conn.peer = -1;
    for (int i = 0; i < 2; i++) {
        both[i]->other = both[1 - i];
        both[i]->rng = rng;
        both[i]->conn.on_data = soak_on_data;
        both[i]->conn.on_filled = soak_on_filled;
        both[i]->conn.on_sent = soak_on_sent;
    }
    for (int i = 0; i < 2; i++)
        soak_send(both[i]);
}

IO_TEST(streams_doing_random_things_lose_no_byte)
{
    struct world *w = world_new(choice);
    static struct side sides[SIDES];
    struct rng rng;
    rng_init(&rng, 42);
    for (int i = 0; i < SIDES; i += 2)
        soak_start(w, &sides[i], &sides[i + 1], &rng, i % 4 == 0);
    for (int open = SIDES; open > 0;) {
        turn(w, MS);
        struct side *side = &sides[rng_below(&rng, SIDES)];
        if (side->conn.closed == 0 && !side->conn.stream.closing) soak_act(side);
        open = 0;
        for (int i = 0; i < SIDES; i++) {
            side = &sides[i];
            open += side->conn.closed == 0;
            if (side->conn.stream.closing) continue;
            if (side->conn.stream.paused && rng_below(&rng, 8) == 0)
                io_resume(w->io, &side->conn.stream);
            if (soak_done(side) && soak_done(side->other)) io_close(w->io, &side->conn.stream);
        }
    }
    cr_assert_eq(w->io->counters.received_bytes, (uint64_t)SIDES * SOAK_BYTES);
    cr_assert_eq(w->io->counters.sent_bytes, (uint64_t)SIDES * SOAK_BYTES);
    for (int i = 0; i < SIDES; i++) {
        alloc_free(sides[i].conn.got);
        alloc_free(sides[i].fill);
        alloc_free(sides[i].sending);
    }
    world_free(w);
}
