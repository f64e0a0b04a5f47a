/* Listen: see listen.h. */
#include "shard/session/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "shard/session/address.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"
#include "shard/session/stats.h"

enum { TAG_TCP, TAG_UNIX };

static void set_option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

/* The listeners of some settings. Those of former settings stay in place: connections the
 * kernel had accepted for them may still be delivered. */
struct listening {
    struct listening *former;
    unsigned count;
    struct listener listeners[];
};

/* A descriptor, or -1 with errno. `shared`: other sockets of this user may listen there
 * as well. */
static int socket_open(const struct addrinfo *info, int backlog, bool shared)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (info->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool is_missing(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENOPROTOOPT ||
           error == EPROTONOSUPPORT;
}

/* Listens on one address of `bind`: "*" and "::*" are all, a leading "-" makes it
 * optional. *fd is -1 if it is optional and not there. False: logged. */
static bool address_open(struct log *log, const struct settings *settings, const char *address,
                         bool shared, int *fd)
{
    bool optional = address[0] == '-';
    const char *host = address + optional;
    char port[8];
    snprintf(port, sizeof port, "%d", (int)settings->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info;
    if (strcmp(host, "*") == 0) {
        host = NULL;
        hints.ai_family = AF_INET;
    } else if (strcmp(host, "::*") == 0) {
        host = NULL;
        hints.ai_family = AF_INET6;
    }
    int error = getaddrinfo(host, port, &hints, &info);
    if (error != 0) {
        log_warning(log, "Could not resolve the address %s: %s", address, gai_strerror(error));
        return false;
    }
    *fd = socket_open(info, (int)settings->tcp_backlog, shared);
    freeaddrinfo(info);
    if (*fd >= 0 || (optional && is_missing(errno)))
        return true;
    log_warning(log, "Could not create server TCP listening socket %s:%s: %s", address, port,
                strerror(errno));
    return false;
}

static size_t address_count(const struct settings *settings)
{
    return settings->port == 0 ? 0 : settings->bind.count;
}

bool listen_possible(struct log *log, const struct settings *settings, bool shared)
{
    size_t count = address_count(settings);
    int *fds = alloc_get((count + 1) * sizeof *fds);
    size_t opened = 0;
    while (opened < count &&
           address_open(log, settings, settings->bind.items[opened], shared, &fds[opened]))
        opened++;
    for (size_t i = 0; i < opened; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    alloc_free(fds);
    return opened == count;
}

static void listener_add(struct session *session, struct listening *listening, int fd, int tag)
{
    struct listener *listener = &listening->listeners[listening->count++];
    *listener = (struct listener){.fd = fd, .tag = tag};
    io_listen(session->shard->io, listener);
}

static void listening_close(struct session *session, struct listening *listening)
{
    for (unsigned i = 0; i < listening->count; i++) {
        io_unlisten(session->shard->io, &listening->listeners[i]);
        close(listening->listeners[i].fd);
    }
    listening->count = 0;
}

/* Listens on the addresses of the session's settings. */
static bool addresses_start(struct session *session)
{
    const struct settings *settings = session->settings;
    size_t count = address_count(settings);
    struct listening *listening =
        alloc_zeroed(sizeof *listening + count * sizeof listening->listeners[0]);
    listening->former = session->listening;
    session->listening = listening;
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        int fd = -1;
        if (!address_open(server_log(session->server), settings, settings->bind.items[i], true,
                          &fd))
            complete = false;
        if (fd >= 0)
            listener_add(session, listening, fd, TAG_TCP);
    }
    return complete;
}

bool listen_start(struct session *session)
{
    if (session->server->unix_fd >= 0 && session->shard->index == 0) {
        session->listening =
            alloc_zeroed(sizeof *session->listening + sizeof session->listening->listeners[0]);
        listener_add(session, session->listening, session->server->unix_fd, TAG_UNIX);
    }
    return addresses_start(session);
}

void listen_follow(struct session *session)
{
    struct listening *before = session->listening;
    if (session->stopping)
        return;
    addresses_start(session); /* what fails was logged; the others serve */
    listening_close(session, before);
}

void listen_stop(struct session *session)
{
    for (struct listening *l = session->listening; l != NULL; l = l->former)
        listening_close(session, l);
}

void listen_free(struct session *session)
{
    for (struct listening *l = session->listening, *former; l != NULL; l = former) {
        former = l->former;
        alloc_free(l);
    }
    session->listening = NULL;
}

/* Turns a connection away with one line, without waiting for it. */
static void refuse(struct session *session, int fd, const char *text)
{
    ssize_t ignored = send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)ignored;
    session->stats->rejected_connections++;
    close(fd);
}

static bool is_protected(const struct session *session, int fd)
{
    const struct settings *settings = session->settings;
    return settings->protected_mode && !session->needs_auth && !address_is_local_peer(fd);
}

static const char protected_text[] =
    "-DENIED Shoal is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. If you want to connect from external computers to Shoal you may adopt one of the "
    "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET "
    "protected-mode no' from the loopback interface by connecting to Shoal from the same host the "
    "server is running, however MAKE SURE Shoal is not publicly accessible from internet if you do "
    "so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable "
    "the protected mode by editing the Shoal configuration file, and setting the protected mode "
    "option to 'no', and then restarting the server. 3) If you started the server manually just "
    "for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication "
    "password for the default user. NOTE: You only need to do one of the above things in order for "
    "the server to start accepting connections from the outside.\r\n";

static void adopt(struct session *session, int fd, bool unix_socket)
{
    struct node *node = session->shard->node;
    const struct settings *settings = session->settings;
    if (session->stopping) {
        close(fd);
        return;
    }
    if (atomic_fetch_add(&node->clients, 1) >= (uint32_t)session->max_clients) {
        atomic_fetch_sub(&node->clients, 1);
        refuse(session, fd, "-ERR max number of clients reached\r\n");
        return;
    }
    if (!unix_socket && is_protected(session, fd)) {
        atomic_fetch_sub(&node->clients, 1);
        refuse(session, fd, protected_text);
        return;
    }
    if (!unix_socket) {
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        if (settings->tcp_keepalive > 0) {
            int interval = (int)settings->tcp_keepalive;
            set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
            set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, interval);
            set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval / 3 > 0 ? interval / 3 : 1);
            set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
        }
    }
    session->stats->connections++;
    client_new(session, fd, unix_socket);
}

/* A connection handed to another shard. */
struct gift {
    struct message message;
    int fd;
};

static void on_gift(struct shard *shard, struct message *message)
{
    struct gift *gift = container_of(message, struct gift, message);
    adopt(session_of(shard), gift->fd, true);
    alloc_free(gift);
}

void listen_accepted(void *ctx, struct listener *listener, int fd)
{
    struct shard *shard = ctx;
    struct session *session = session_of(shard);
    if (fd < 0) {
        /* Said once a second at most: it comes back as long as descriptors are short. */
        if (session->accept_error_ns + UINT64_C(1000000000) < shard->now_ns) {
            session->accept_error_ns = shard->now_ns;
            log_warning(server_log(session->server),
                        "Accepting a client connection failed: %s%s", strerror(-fd),
                        fd == -EMFILE || fd == -ENFILE
                            ? " (raise `ulimit -n`, or lower maxclients)" : "");
        }
        return;
    }
    if (listener->tag != TAG_UNIX) {
        adopt(session, fd, false);
        return;
    }
    unsigned to = session->server->next_unix++ % shard->node->shard_count;
    struct gift *gift = alloc_get(sizeof *gift);
    gift->fd = fd;
    struct message *message = &gift->message;
    message->handle = on_gift;
    shard_post(shard, to, &message);
}
