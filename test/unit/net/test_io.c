/* Streams: the promises of net/io.h on receiving, sending and closing. */
#include "test/unit/net/io_world.h"

IO_TEST(bytes_arrive_as_data_events_in_order)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    write_all(c.peer, "hello", 5);
    TURN_UNTIL(w, c.got_len == 5);
    write_all(c.peer, " world", 6);
    TURN_UNTIL(w, c.got_len == 11);
    cr_assert_eq(memcmp(c.got, "hello world", 11), 0);
    cr_assert_eq(w->io->counters.received_bytes, 11);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_long_stream_arrives_whole)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 8 << 20;
    struct peer_job job = {.fd = c.peer, .data = pattern_new(len), .len = len, .piece = 100000};
    pthread_create(&job.thread, NULL, peer_write, &job);
    TURN_UNTIL(w, c.got_len == len);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(c.got, job.data, len), 0);
    finish(w, &c);
    alloc_free(job.data);
    world_free(w);
}

#define CROWD 300
struct loan {
    char *data;
    size_t len;
    char expected;
};
static struct loan loans[CROWD * 4];
static size_t loan_count;

static void keep_loan(struct conn *c, char *data, size_t len)
{
    loans[loan_count++] = (struct loan){data, len, *(char *)c->ctx};
}

IO_TEST(bytes_of_many_streams_stay_valid_until_the_next_turn)
{
    struct world *w = world_new(choice);
    static struct conn crowd[CROWD];
    static char letters[CROWD], block[16 * 1024];
    for (int i = 0; i < CROWD; i++) {
        start_pair(w, &crowd[i]);
        letters[i] = (char)('a' + i % 26);
        crowd[i].ctx = &letters[i];
        crowd[i].on_data = keep_loan;
        memset(block, letters[i], sizeof block);
        write_all(crowd[i].peer, block, sizeof block);
    }
    size_t total = 0;
    for (int turns = 0; total < CROWD * sizeof block; turns++) {
        cr_assert_lt(turns, 500);
        loan_count = 0;
        turn(w, 100 * MS);
        for (size_t i = 0; i < loan_count; i++) {
            for (size_t k = 0; k < loans[i].len; k++)
                cr_assert_eq(loans[i].data[k], loans[i].expected);
            total += loans[i].len;
        }
    }
    for (int i = 0; i < CROWD; i++) {
        cr_assert_eq(crowd[i].got_len, sizeof block);
        finish(w, &crowd[i]);
    }
    world_free(w);
}

IO_TEST(a_paused_stream_hands_nothing_out_until_resumed)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    turn(w, 0);
    io_pause(w->io, &c.stream);
    turn_for(w, 10 * MS);
    write_all(c.peer, "late", 4);
    shutdown(c.peer, SHUT_WR);
    turn_for(w, 30 * MS);
    cr_assert_eq(c.data, 0);
    cr_assert_eq(c.ended, 0);
    io_resume(w->io, &c.stream);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.got_len, 4);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_pause_taken_back_at_once_loses_nothing)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    for (size_t i = 1; i <= 100; i++) {
        io_pause(w->io, &c.stream);
        if (i % 3 == 0) turn(w, 0);
        io_resume(w->io, &c.stream);
        if (i % 5 == 0) io_pause(w->io, &c.stream);
        write_all(c.peer, "x", 1);
        if (i % 5 == 0) io_resume(w->io, &c.stream);
        TURN_UNTIL(w, c.got_len == i);
    }
    finish(w, &c);
    world_free(w);
}

static void pause_now(struct conn *c, char *data, size_t len)
{
    io_pause(c->world->io, &c->stream);
}

IO_TEST(a_stream_paused_from_its_data_event_goes_on_after_resume)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_data = pause_now;
    char *sent = pattern_new(100000);
    write_all(c.peer, sent, 100000);
    uint64_t limit = clock_monotonic_ns() + UINT64_C(10000000000);
    while (c.got_len < 100000 && clock_monotonic_ns() < limit) {
        turn(w, MS);
        io_resume(w->io, &c.stream);
    }
    cr_assert_eq(c.got_len, 100000);
    cr_assert_eq(memcmp(c.got, sent, 100000), 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_large_payload_goes_straight_to_the_owners_memory)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    turn(w, 0);
    size_t len = 6 << 20;
    char *memory = alloc_get(len);
    io_recv_into(w->io, &c.stream, memory, len);
    turn_for(w, 5 * MS);
    struct peer_job job = {
        .fd = c.peer, .data = pattern_new(len + 10), .len = len + 10, .piece = 1 << 20};
    pthread_create(&job.thread, NULL, peer_write, &job);
    TURN_UNTIL(w, c.filled == 1);
    cr_assert_eq(c.data, 0, "nothing of the payload, and nothing before filled");
    cr_assert_eq(memcmp(memory, job.data, len), 0);
    TURN_UNTIL(w, c.got_len == 10);
    cr_assert_eq(memcmp(c.got, job.data + len, 10), 0);
    pthread_join(job.thread, NULL);
    finish(w, &c);
    alloc_free(memory);
    alloc_free(job.data);
    world_free(w);
}

static void fill_once(struct conn *c, char *data, size_t len)
{
    if (c->data == 1) io_recv_into(c->world->io, &c->stream, c->ctx, 50000);
}

IO_TEST(bytes_received_before_the_memory_was_named_are_copied_there)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char *memory = alloc_get(50000), *sent = pattern_new(120000);
    c.ctx = memory;
    c.on_data = fill_once;
    write_all(c.peer, sent, 120000);
    TURN_UNTIL(w, c.filled == 1 && c.got_len == 70000);
    size_t first = 0;
    while (first < c.got_len && memcmp(memory, sent + first, 100) != 0)
        first++;
    cr_assert_gt(first, 0);
    cr_assert_eq(memcmp(c.got, sent, first), 0);
    cr_assert_eq(memcmp(memory, sent + first, 50000), 0);
    cr_assert_eq(memcmp(c.got + first, sent + first + 50000, 70000 - first), 0);
    finish(w, &c);
    alloc_free(memory);
    alloc_free(sent);
    world_free(w);
}

static void fill_next(struct conn *c)
{
    if (c->filled < 40)
        io_recv_into(c->world->io, &c->stream, (char *)c->ctx + c->filled * 100, 100);
}

IO_TEST(memory_named_from_the_filled_event_takes_the_bytes_that_follow)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char memory[4000], *sent = pattern_new(5000);
    c.ctx = memory;
    c.on_filled = fill_next;
    write_all(c.peer, sent, 5000);
    io_recv_into(w->io, &c.stream, memory, 100);
    TURN_UNTIL(w, c.filled == 40 && c.got_len == 1000);
    cr_assert_eq(memcmp(memory, sent, 4000), 0);
    cr_assert_eq(memcmp(c.got, sent + 4000, 1000), 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_paused_stream_still_fills_the_owners_memory)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    io_pause(w->io, &c.stream);
    turn_for(w, 5 * MS);
    char memory[10];
    io_recv_into(w->io, &c.stream, memory, 10);
    write_all(c.peer, "0123456789rest", 14);
    TURN_UNTIL(w, c.filled == 1);
    turn_for(w, 10 * MS);
    cr_assert_eq(c.data, 0);
    io_resume(w->io, &c.stream);
    TURN_UNTIL(w, c.got_len == 4);
    finish(w, &c);
    world_free(w);
}

IO_TEST(the_end_comes_although_memory_waits_to_be_filled)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char memory[10];
    io_recv_into(w->io, &c.stream, memory, 10);
    write_all(c.peer, "01234", 5);
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.filled, 0);
    cr_assert_eq(c.data, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_small_send_ends_with_one_sent_event_in_a_turn_that_does_not_sleep)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    turn(w, 0);
    struct iovec iov = {"pong", 4};
    send_iov(&c, &iov, 1);
    cr_assert_eq(c.sent, 0);
    for (int i = 0; i < 3 && c.sent == 0; i++)
        turn(w, -1);
    cr_assert_eq(c.sent, 1);
    cr_assert_eq(c.sent_error, 0);
    char got[4];
    cr_assert_eq(recv(c.peer, got, 4, 0), 4);
    cr_assert_eq(memcmp(got, "pong", 4), 0);
    turn_for(w, 5 * MS);
    cr_assert_eq(c.sent, 1);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_large_send_waits_for_a_slow_reader)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 24 << 20;
    char *sent = pattern_new(len);
    struct peer_job job = {
        .fd = c.peer, .data = alloc_get(len), .len = len, .piece = 300000, .pause_us = 500};
    struct iovec iov[4] = {{sent, 3}, {sent + 3, 9 << 20}, {sent, 0}, {NULL, 0}};
    iov[3] = (struct iovec){sent + 3 + (9 << 20), len - 3 - (9 << 20)};
    send_iov(&c, iov, 4);
    turn_for(w, 20 * MS);
    cr_assert_eq(c.sent, 0, "the sockets do not hold as much");
    pthread_create(&job.thread, NULL, peer_read, &job);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(job.data, sent, len), 0);
    cr_assert_eq(w->io->counters.sent_bytes, len);
    finish(w, &c);
    alloc_free(job.data);
    alloc_free(sent);
    world_free(w);
}

static void send_counted(struct conn *c)
{
    struct iovec *iov = c->ctx;
    *iov = (struct iovec){"0123456789", 10};
    if (c->sent < 1000) send_iov(c, iov, 1);
}

IO_TEST(a_send_may_follow_from_the_sent_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    char got[10000];
    struct peer_job job = {.fd = c.peer, .data = got, .len = sizeof got, .piece = 700};
    pthread_create(&job.thread, NULL, peer_read, &job);
    struct iovec iov = {"0123456789", 10};
    c.ctx = &iov;
    c.on_sent = send_counted;
    send_iov(&c, &iov, 1);
    while (c.sent < 1000) /* a turn that slept with a sent event due would not return */
        turn(w, -1);
    pthread_join(job.thread, NULL);
    for (size_t i = 0; i < sizeof got; i++)
        cr_assert_eq(got[i], (char)('0' + i % 10));
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_send_takes_more_vectors_than_the_kernel)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    enum { VECTORS = 3000, EACH = 200 };
    static struct iovec iov[VECTORS];
    char *sent = pattern_new(VECTORS * EACH);
    for (size_t i = 0; i < VECTORS; i++)
        iov[i] = (struct iovec){sent + i * EACH, EACH};
    struct peer_job job = {
        .fd = c.peer, .data = alloc_get(VECTORS * EACH), .len = VECTORS * EACH, .piece = 10000};
    pthread_create(&job.thread, NULL, peer_read, &job);
    send_iov(&c, iov, VECTORS);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    pthread_join(job.thread, NULL);
    cr_assert_eq(memcmp(job.data, sent, VECTORS * EACH), 0);
    finish(w, &c);
    alloc_free(job.data);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_send_of_nothing_is_reported_too)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    struct iovec iov[2] = {{"", 0}, {"", 0}};
    send_iov(&c, iov, 2);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    send_iov(&c, iov, 0);
    TURN_UNTIL(w, c.sent == 2);
    cr_assert_eq(c.sent_error, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_send_to_a_closed_peer_ends_with_an_error)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    size_t len = 4 << 20;
    char *sent = alloc_zeroed(len);
    struct iovec iov = {sent, len};
    send_iov(&c, &iov, 1);
    turn_for(w, 5 * MS);
    cr_assert_eq(c.sent, 0);
    close(c.peer);
    c.peer = -1;
    TURN_UNTIL(w, c.sent == 1 && c.ended == 1);
    cr_assert(c.sent_error == -EPIPE || c.sent_error == -ECONNRESET, "%d", c.sent_error);
    iov = (struct iovec){sent, 1};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 2);
    cr_assert_lt(c.sent_error, 0);
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(the_end_of_the_peer_comes_after_its_bytes_and_leaves_sending_possible)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    char *sent = pattern_new(70000);
    write_all(c.peer, sent, 70000);
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.end_error, 0);
    cr_assert_eq(c.got_len, 70000);
    struct iovec iov = {"bye", 3};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 1);
    cr_assert_eq(c.sent_error, 0);
    char got[3];
    cr_assert_eq(recv(c.peer, got, 3, MSG_WAITALL), 3);
    uint64_t before = w->io->counters.turns;
    turn_for(w, 20 * MS);
    cr_assert_lt(w->io->counters.turns - before, 40, "an ended stream keeps nobody busy");
    finish(w, &c);
    alloc_free(sent);
    world_free(w);
}

IO_TEST(a_reset_ends_a_stream_with_the_error)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    struct linger linger = {.l_onoff = 1};
    turn(w, 0);
    setsockopt(c.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(c.peer);
    c.peer = -1;
    TURN_UNTIL(w, c.ended == 1);
    cr_assert_eq(c.end_error, -ECONNRESET);
    finish(w, &c);
    world_free(w);
}

static void close_in_data(struct conn *c, char *data, size_t len)
{
    io_close(c->world->io, &c->stream);
    io_close(c->world->io, &c->stream);
}

static void close_now(struct conn *c)
{
    io_close(c->world->io, &c->stream);
}

IO_TEST(a_stream_may_be_closed_inside_its_data_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_data = close_in_data;
    char block[100000] = {0};
    write_all(c.peer, block, sizeof block);
    TURN_UNTIL(w, c.closed == 1);
    cr_assert_eq(c.data, 1);
    char byte;
    cr_assert_leq(recv(c.peer, &byte, 1, 0), 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_filled_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_filled = close_now;
    char memory[100], block[1000] = {0};
    io_recv_into(w->io, &c.stream, memory, sizeof memory);
    write_all(c.peer, block, sizeof block);
    TURN_UNTIL(w, c.closed == 1);
    cr_assert_eq(c.data, 0);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_sent_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_sent = close_now;
    struct iovec iov = {"last words", 10};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.closed == 1);
    char got[10];
    cr_assert_eq(recv(c.peer, got, 10, MSG_WAITALL), 10);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_stream_may_be_closed_inside_its_ended_event)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    c.on_ended = close_now;
    shutdown(c.peer, SHUT_WR);
    TURN_UNTIL(w, c.closed == 1);
    finish(w, &c);
    world_free(w);
}

IO_TEST(what_was_sent_just_before_a_close_still_goes_out)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    struct iovec iov = {"-ERR bye\r\n", 10};
    send_iov(&c, &iov, 1);
    io_close(w->io, &c.stream);
    TURN_UNTIL(w, c.closed == 1);
    char got[11];
    cr_assert_eq(recv(c.peer, got, 11, MSG_WAITALL), 10);
    finish(w, &c);
    world_free(w);
}

IO_TEST(a_close_with_a_send_and_a_fill_under_way_brings_closed_alone)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_tcp(w, &c);
    size_t len = 16 << 20;
    char *sent = alloc_zeroed(len), *memory = alloc_get(1000);
    io_recv_into(w->io, &c.stream, memory, 1000);
    struct iovec iov = {sent, len};
    send_iov(&c, &iov, 1);
    write_all(c.peer, "some", 4);
    turn_for(w, 10 * MS);
    cr_assert_eq(c.sent, 0);
    finish(w, &c);
    cr_assert_eq(c.sent + c.filled + c.ended, 0);
    alloc_free(sent);
    alloc_free(memory);
    world_free(w);
}

IO_TEST(closing_an_idle_stream_ends_a_turn_without_limit)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    io_pause(w->io, &c.stream);
    turn_for(w, 10 * MS);
    io_close(w->io, &c.stream);
    cr_assert_eq(c.closed, 0, "closed does not come from inside io_close()");
    for (int i = 0; i < 5 && c.closed == 0; i++)
        turn(w, -1);
    cr_assert_eq(c.closed, 1);
    finish(w, &c);
    world_free(w);
}
