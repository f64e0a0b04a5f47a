/* I/O: the choice of a back end; see io.h. */
#include "net/io.h"

struct io *io_new(enum io_choice choice, const struct io_events *events, char *why, size_t size)
{
    return choice == IO_EPOLL ? io_new_epoll(events, why, size) : io_new_uring(events, why, size);
}
