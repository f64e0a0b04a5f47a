/*
 * Args: a line of text to arguments and back, by the rules of configuration files and of inline
 * commands.
 *
 * Arguments are separated by white space. In "double quotes" the escapes \n \r \t \b \a and \xHH
 * stand for a byte and \ before anything else for that; in 'single quotes' only \' is an escape. A
 * closing quote ends its argument and is followed by white space or the end of the line.
 */
#ifndef SHOAL_BASE_ARGS_H
#define SHOAL_BASE_ARGS_H

#include "base/buffer.h"
#include "base/bytes.h"
#include <stddef.h>

/* Arguments in order. A NUL, not counted, follows the bytes of each. */
struct bytes_list {
    struct bytes *items;
    size_t count;
    char *storage; /* what the items point into */
};

/*
 * Splits a line, which ends at its first NUL if it has one. Returns 0 with a list for the caller to
 * args_deinit(), empty for a blank line; or -1 with an empty list when quotes are unbalanced.
 */
int args_split(struct bytes line, struct bytes_list *out);

/* Frees the memory of a list and leaves an empty one. */
void args_deinit(struct bytes_list *list);

/*
 * Appends `text` in double quotes and printable: args_split() gives the same bytes back. Bytes
 * outside of printable ASCII become escapes.
 */
void args_quote(struct buffer *out, struct bytes text);

#endif
