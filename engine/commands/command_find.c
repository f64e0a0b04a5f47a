/*
 * Finding a command by its name, in any case.
 *
 * Runs once for every command of every client. A name becomes two 64-bit words
 * and a tag, lower-cased eight bytes at a time; a perfect hash of them gives the
 * only slot to look at, and comparing two words and the tag tells whether it is
 * the one: no loop over characters. The generator computes the same words and the
 * same hash (name_words and name_hash in gen_command_table.py).
 */

#include "engine/commands/command_find.h"

#include <assert.h>
#include <string.h>

#include "engine/commands/command.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "generated words are little-endian");

static uint64_t load_u64(const char *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static uint64_t load_u32(const char *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Of at most seven bytes: every byte is in the word, some of them twice. */
static uint64_t short_word(const char *data, size_t len)
{
    if (len >= 4) return load_u32(data) | load_u32(data + len - 4) << 32;
    return (uint64_t)(uint8_t)data[0] | (uint64_t)(uint8_t)data[len / 2] << 8 |
           (uint64_t)(uint8_t)data[len - 1] << 16;
}

static const struct command_slot *slot_of(uint64_t head, uint64_t tail, uint32_t tag)
{
    uint64_t hash = head * UINT64_C(0x9e3779b97f4a7c15) ^ tail * UINT64_C(0xc2b2ae3d27d4eb4f) ^
                    tag * UINT64_C(0x165667b19e3779f9);
    hash ^= hash >> 32;
    hash *= command_index.seed;
    uint32_t displace = command_index.displace[hash >> (64 - command_index.displace_bits)];
    uint32_t mask = (UINT32_C(1) << command_index.slot_bits) - 1;
    return &command_index.slots[((uint32_t)(hash >> 16) ^ displace) & mask];
}

/* Names longer than 16 bytes have a middle that is neither in head nor in tail. */
static bool same_middle(const char *own, struct bytes name)
{
    return name.len <= 16 || bytes_lower_word(load_u64(name.data + 8)) == load_u64(own + 8);
}

static const struct command *find(struct bytes name, uint32_t container_tag)
{
    if (name.len == 0 || name.len > COMMAND_NAME_MAX) return NULL;
    uint64_t head, tail;
    if (name.len >= 8) {
        head = bytes_lower_word(load_u64(name.data));
        tail = bytes_lower_word(load_u64(name.data + name.len - 8));
    } else {
        head = tail = bytes_lower_word(short_word(name.data, name.len));
    }
    uint32_t tag = (uint32_t)name.len | container_tag << COMMAND_TAG_LENGTH_BITS;
    const struct command_slot *slot = slot_of(head, tail, tag);
    if (slot->tag != tag || slot->head != head || slot->tail != tail) return NULL;
    const struct command *command = &command_table[slot->id];
    const char *own = command->name;
    if (command->container) own += strlen(command->container->name) + 1;
    return same_middle(own, name) ? command : NULL;
}

const struct command *command_find(struct bytes name)
{
    return find(name, 0);
}

const struct command *command_find_sub(const struct command *container, struct bytes sub)
{
    assert(container->is_container);
    return find(sub, container->id + 1u);
}
