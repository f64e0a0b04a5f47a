/* I/O: the choice of a back end and what the back ends share; see io.h. */
#include "net/io.h"

struct io *io_new(enum io_choice choice, const struct io_events *events, char *why, size_t size)
{
    return choice == IO_EPOLL ? io_new_epoll(events, why, size) : io_new_uring(events, why, size);
}

void io_message_advance(struct msghdr *message, size_t sent)
{
    while (message->msg_iovlen > 0 && sent >= message->msg_iov->iov_len) {
        sent -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (sent > 0) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
        message->msg_iov->iov_len -= sent;
    }
}
