/* Turns: the promises of net/io.h on sleeping, waking and how much a turn does. */
#include "test/unit/net/io_world.h"

#include <stdatomic.h>

struct waker {
    pthread_t thread;
    enum io_choice choice;
    struct io *target;
    unsigned delay_ms, count;
    atomic_bool done;
};

static void *wake_later(void *arg)
{
    struct waker *waker = arg;
    struct world *w = world_new(waker->choice);
    usleep(waker->delay_ms * 1000);
    for (unsigned i = 0; i < waker->count; i++)
        io_wake(w->io, waker->target);
    turn(w, 0);
    atomic_store(&waker->done, true);
    world_free(w);
    return NULL;
}

IO_TEST(a_wake_from_another_thread_ends_a_turn_that_sleeps)
{
    struct world *w = world_new(choice);
    for (int i = 0; i < 3; i++) {
        turn_for(w, 2 * MS);
        struct waker waker = {.choice = choice, .target = w->io, .delay_ms = 30, .count = 1};
        uint64_t start_ns = clock_monotonic_ns();
        pthread_create(&waker.thread, NULL, wake_later, &waker);
        turn(w, 10000 * MS);
        cr_assert_lt(clock_monotonic_ns() - start_ns, 5000 * (uint64_t)MS);
        cr_assert_gt(clock_monotonic_ns() - start_ns, 20 * (uint64_t)MS);
        pthread_join(waker.thread, NULL);
    }
    world_free(w);
}

IO_TEST(wakes_before_a_turn_end_it_at_once_and_are_used_up)
{
    struct world *w = world_new(choice);
    struct waker waker = {.choice = choice, .target = w->io, .count = 5};
    pthread_create(&waker.thread, NULL, wake_later, &waker);
    pthread_join(waker.thread, NULL);
    uint64_t start_ns = clock_monotonic_ns();
    turn(w, 10000 * MS);
    cr_assert_lt(clock_monotonic_ns() - start_ns, 5000 * (uint64_t)MS);
    turn_for(w, 5 * MS);
    start_ns = clock_monotonic_ns();
    turn(w, 20 * MS);
    cr_assert_geq(clock_monotonic_ns() - start_ns, 20 * (uint64_t)MS);
    world_free(w);
}

IO_TEST(a_turn_takes_as_long_as_its_timeout)
{
    struct world *w = world_new(choice);
    turn(w, 0);
    const int64_t timeouts[] = {0, 300000, 2 * MS, 1500 * MS};
    for (size_t i = 0; i < countof(timeouts); i++) {
        uint64_t start_ns = clock_monotonic_ns();
        turn(w, timeouts[i]);
        uint64_t took = clock_monotonic_ns() - start_ns;
        cr_assert_geq(took, (uint64_t)timeouts[i]);
        cr_assert_lt(took, (uint64_t)timeouts[i] + 500 * MS);
    }
    cr_assert_eq(w->io->counters.turns, 5);
    cr_assert_eq(w->io->counters.waits, 3);
    world_free(w);
}

IO_TEST(a_flood_of_wakes_disturbs_no_stream)
{
    struct world *w = world_new(choice);
    struct conn c;
    start_pair(w, &c);
    turn(w, 0);
    struct waker waker = {.choice = choice, .target = w->io, .count = 20000};
    pthread_create(&waker.thread, NULL, wake_later, &waker);
    pthread_join(waker.thread, NULL);
    write_all(c.peer, "still here", 10);
    TURN_UNTIL(w, c.got_len == 10);
    struct iovec iov = {"so am I", 7};
    send_iov(&c, &iov, 1);
    TURN_UNTIL(w, c.sent == 1);
    finish(w, &c);
    world_free(w);
}

/* The kernel's own operations fill and send for io_uring; a turn does not wait for them. */
Test(io_epoll, a_turn_moves_a_bounded_part_of_large_payloads, .timeout = 60)
{
    struct world *w = world_new(IO_EPOLL);
    struct conn up, down;
    start_tcp(w, &up);
    start_tcp(w, &down);
    size_t len = 64 << 20;
    char *memory = alloc_zeroed(len), *sent = alloc_zeroed(len);
    struct peer_job upload = {.fd = up.peer, .data = alloc_zeroed(len), .len = len, .piece = len};
    struct peer_job download = {.fd = down.peer, .data = alloc_get(len), .len = len, .piece = len};
    io_recv_into(w->io, &up.stream, memory, len);
    struct iovec iov = {sent, len};
    send_iov(&down, &iov, 1);
    pthread_create(&upload.thread, NULL, peer_write, &upload);
    pthread_create(&download.thread, NULL, peer_read, &download);
    while (up.filled == 0 || down.sent == 0) {
        uint64_t received = w->io->counters.received_bytes, gone = w->io->counters.sent_bytes;
        turn(w, 100 * MS);
        cr_assert_leq(w->io->counters.received_bytes - received, 1 << 20);
        cr_assert_leq(w->io->counters.sent_bytes - gone, 1 << 20);
    }
    pthread_join(upload.thread, NULL);
    pthread_join(download.thread, NULL);
    finish(w, &up);
    finish(w, &down);
    alloc_free(memory);
    alloc_free(sent);
    alloc_free(upload.data);
    alloc_free(download.data);
    world_free(w);
}

/* The clock of whoever is served is read when waiting is over, once a turn. */
static void woken_once_a_turn(enum io_choice choice)
{
    struct world *w = world_new(choice);
    for (size_t i = 0; i < 50; i++) {
        size_t before = w->woken;
        turn(w, i % 3 == 0 ? 1 * MS : 0);
        cr_assert_eq(w->woken, before + 1);
    }
    world_free(w);
}

Test(io_turn, io_uring_says_once_a_turn_that_waiting_is_over)
{
    char why[256];
    if (!io_uring_usable(why, sizeof why)) cr_skip_test("%s", why);
    woken_once_a_turn(IO_URING);
}

Test(io_turn, epoll_says_once_a_turn_that_waiting_is_over)
{
    woken_once_a_turn(IO_EPOLL);
}
