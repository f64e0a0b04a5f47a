/* Address: see address.h. */
#include "shard/session/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void print(const struct sockaddr_storage *address, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN];
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
        snprintf(out, size, "%s:%u", ip, ntohs(in->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, ip, sizeof ip);
        snprintf(out, size, "[%s]:%u", ip, ntohs(in->sin6_port));
    } else if (address->ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const void *)address;
        snprintf(out, size, "%.*s:0", (int)(size > 3 ? size - 3 : 0), un->sun_path);
    } else {
        snprintf(out, size, "?:0");
    }
}

void address_of_local(int fd, char *out, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        address.ss_family = AF_UNSPEC;
    print(&address, out, size);
}

void address_of_peer(int fd, char *out, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &len) != 0)
        address.ss_family = AF_UNSPEC;
    if (address.ss_family == AF_UNIX) /* the peer has no name: the socket's path */
        address_of_local(fd, out, size);
    else
        print(&address, out, size);
}

bool address_is_local_peer(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &len) != 0)
        return false;
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)&address;
        static const unsigned char mapped[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
        return IN6_IS_ADDR_LOOPBACK(&in->sin6_addr) ||
               memcmp(&in->sin6_addr, mapped, sizeof mapped) == 0;
    }
    return address.ss_family == AF_UNIX;
}
