/* Fish: the picture that LOLWUT draws, a shoal and those who swim against it. */
#ifndef SHOAL_SHARD_ADMIN_FISH_H
#define SHOAL_SHARD_ADMIN_FISH_H

#include <stdint.h>

#include "base/buffer.h"

/* Sizes of a picture, in characters. */
#define FISH_COLUMNS_MIN 16
#define FISH_COLUMNS_MAX 200
#define FISH_ROWS_MIN 3
#define FISH_ROWS_MAX 60

/* Appends a picture of `rows` lines, each at most so many columns wide and with its
 * newline: ASCII, without spaces at the ends of lines. The same seed gives the same
 * picture. The sizes are within the limits above. */
void fish_draw(struct buffer *out, unsigned columns, unsigned rows, uint64_t seed);

#endif
