/* Listeners: the promises of net/io.h on accepting, at the descriptor limit too. */
#include "test/unit/net/io_world.h"

#include <sys/resource.h>

IO_TEST(a_listener_accepts_every_connection)
{
    struct world *w = world_new(choice);
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    int fds[200];
    io_listen(w->io, &l);
    for (int i = 0; i < 200; i++)
        fds[i] = connect_tcp(&address);
    TURN_UNTIL(w, w->accepted == 200);
    cr_assert_eq(w->refused, 0);
    for (int i = 0; i < 200; i++) {
        close(fds[i]);
        close(w->fds[i]);
    }
    io_unlisten(w->io, &l);
    turn_for(w, 10 * MS);
    int extra = connect_tcp(&address);
    turn_for(w, 10 * MS);
    cr_assert_eq(w->accepted, 200, "nothing is accepted after io_unlisten()");
    io_listen(w->io, &l);
    io_unlisten(w->io, &l);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->accepted == 201);
    cr_assert_eq(w->refused, 0);
    close(extra);
    close(w->fds[200]);
    world_free(w);
    close(l.fd);
}

static rlim_t limit_descriptors(rlim_t count)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = count;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

IO_TEST(accepting_at_the_descriptor_limit_reports_and_waits)
{
    struct world *w = world_new(choice);
    struct conn c;
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    start_pair(w, &c);
    int client = connect_tcp(&address), second = connect_tcp(&address);
    /* Every descriptor below the limit is taken. */
    int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(probe);
    rlim_t before = limit_descriptors((rlim_t)probe);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->refused > 0);
    cr_assert_eq(w->last_error, -EMFILE);
    uint64_t turns = w->io->counters.turns, waits = w->io->counters.waits;
    for (uint64_t end = clock_monotonic_ns() + 250 * MS; clock_monotonic_ns() < end;)
        turn(w, 500 * MS);
    cr_assert_lt(w->io->counters.turns - turns, 20, "the limit keeps nobody busy");
    cr_assert_gt(w->io->counters.waits, waits);
    cr_assert_leq(w->refused, 8);
    cr_assert_eq(w->accepted, 0);
    /* Room by a stream that closes. */
    unsigned refused = w->refused;
    TURN_UNTIL(w, w->refused > refused); /* the next try is far off now */
    refused = w->refused;
    io_close(w->io, &c.stream);
    uint64_t start_ns = clock_monotonic_ns();
    TURN_UNTIL(w, w->accepted == 1);
    cr_assert_leq(w->refused, refused + 2);
    cr_assert_lt(clock_monotonic_ns() - start_ns, 60 * MS);
    /* Room that nobody tells of. */
    limit_descriptors(before);
    TURN_UNTIL(w, w->accepted == 2);
    finish(w, &c);
    close(client);
    close(second);
    io_unlisten(w->io, &l);
    turn_for(w, 5 * MS);
    world_free(w);
}

IO_TEST(a_listener_stalled_at_the_limit_can_be_unlistened)
{
    struct world *w = world_new(choice);
    struct sockaddr_in address;
    struct listener l = {.fd = listen_tcp(&address)};
    int client = connect_tcp(&address);
    int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(probe);
    rlim_t before = limit_descriptors((rlim_t)probe);
    io_listen(w->io, &l);
    TURN_UNTIL(w, w->refused > 0);
    io_unlisten(w->io, &l);
    limit_descriptors(before);
    turn_for(w, 250 * MS);
    cr_assert_eq(w->accepted, 0);
    close(client);
    world_free(w);
}
