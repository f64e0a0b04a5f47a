/* Bit count: how many bits of a range of bytes are set. */
#ifndef SHOAL_ENGINE_COMMANDS_BIT_COUNT_H
#define SHOAL_ENGINE_COMMANDS_BIT_COUNT_H

#include <stddef.h>
#include <stdint.h>

/* Bits set in `len` bytes at any alignment. */
uint64_t bit_count(const void *data, size_t len);

#endif
