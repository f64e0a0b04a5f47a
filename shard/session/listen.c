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

static int tcp_open(const struct addrinfo *info, int backlog)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (info->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void listener_add(struct session *session, int fd, int tag)
{
    struct listener *listener = &session->listeners[session->listener_count++];
    *listener = (struct listener){.fd = fd, .tag = tag};
    io_listen(session->shard->io, listener);
}

/* One address of `bind`: "*" and "::*" are all, a leading "-" makes it optional. */
static bool bind_address(struct session *session, const char *address)
{
    const struct settings *settings = session->settings;
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
        log_warning(server_log(session->server), "Could not resolve the address %s: %s", address,
                    gai_strerror(error));
        return false;
    }
    int fd = tcp_open(info, (int)settings->tcp_backlog);
    freeaddrinfo(info);
    if (fd >= 0) {
        listener_add(session, fd, TAG_TCP);
        return true;
    }
    if (optional && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT || errno == ENOPROTOOPT ||
                     errno == EPROTONOSUPPORT))
        return true;
    log_warning(server_log(session->server),
                "Could not create server TCP listening socket %s:%s: %s",
                address, port, strerror(errno));
    return false;
}

bool listen_start(struct session *session)
{
    const struct settings *settings = session->settings;
    session->listeners = alloc_zeroed((settings->bind.count + 1) * sizeof *session->listeners);
    if (settings->port != 0)
        for (size_t i = 0; i < settings->bind.count; i++)
            if (!bind_address(session, settings->bind.items[i]))
                return false;
    if (session->server->unix_fd >= 0 && session->shard->index == 0)
        listener_add(session, session->server->unix_fd, TAG_UNIX);
    return true;
}

void listen_stop(struct session *session)
{
    for (unsigned i = 0; i < session->listener_count; i++) {
        io_unlisten(session->shard->io, &session->listeners[i]);
        close(session->listeners[i].fd);
    }
    session->listener_count = 0;
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
