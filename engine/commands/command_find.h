/*
 * The perfect hash behind command_find(): its tables are generated, its code is
 * in command_find.c. Only these two meet here.
 *
 * A name is hashed as three numbers: its first eight and its last eight bytes,
 * lower-cased (see command_find.c for names shorter than eight), and a tag made of
 * its length and its container. The generator chose `displace` and `seed` so that every name
 * has a slot of its own (hash and displace: Belazzougui, Botelho, Dietzfelbinger,
 * ESA 2009), so that a lookup compares one slot.
 */
#ifndef SHOAL_ENGINE_COMMANDS_COMMAND_FIND_H
#define SHOAL_ENGINE_COMMANDS_COMMAND_FIND_H

#include <stdint.h>

enum {
    COMMAND_NAME_MAX = 24,      /* longest name or subcommand name, in bytes */
    COMMAND_TAG_LENGTH_BITS = 8 /* tag = length | (id of the container + 1) << 8 */
};

struct command_slot {
    uint64_t head;
    uint64_t tail;
    uint32_t tag; /* 0: empty */
    uint16_t id;
};

struct command_index {
    const struct command_slot *slots;
    const uint16_t *displace;
    uint64_t seed;         /* an odd number the hash is multiplied by */
    uint8_t slot_bits;     /* log2 of the number of slots */
    uint8_t displace_bits; /* log2 of the number of displacements */
};

extern const struct command_index command_index;

#endif
