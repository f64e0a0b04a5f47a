/*
 * HLL: HyperLogLogs, which estimate how many different elements they were shown.
 *
 * 16384 registers of 6 bits, standard error 0.81 %. A HyperLogLog is a string that clients
 * may read, keep and write back, in the format of Redis (src/hyperloglog.c describes it):
 *
 *   "HYLL" | encoding 1 | unused 3 | estimate 8, little endian | registers
 *
 * The highest bit of the estimate says that it is out of date. The registers are dense, 6 bits
 * each from the lowest bit of the first byte on (12288 bytes), or sparse, runs of equal
 * registers (hll_sparse.h). Where bytes come from, and that they grow, is the caller's business.
 *
 * Any bytes may be given to the functions here that take a view: what is damaged is told and
 * never read past its end.
 *
 * Sources: Flajolet et al., "HyperLogLog", 2007; Heule et al., "HyperLogLog in Practice", 2013;
 * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284.
 */
#ifndef SHOAL_ENGINE_TYPES_HLL_H
#define SHOAL_ENGINE_TYPES_HLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define HLL_INDEX_BITS 14
#define HLL_REGISTERS (1u << HLL_INDEX_BITS)
#define HLL_VALUE_BITS (64 - HLL_INDEX_BITS) /* of the hash; values go up to one more */
#define HLL_REGISTER_MAX 63                  /* what 6 bits hold; damaged ones have it */
#define HLL_HEADER_BYTES 16
#define HLL_DENSE_BYTES (HLL_HEADER_BYTES + HLL_REGISTERS * 6 / 8)
#define HLL_EMPTY_BYTES (HLL_HEADER_BYTES + 2)

/* What an element says: that a register is at least `value`, 1 to HLL_VALUE_BITS + 1. */
struct hll_mark {
    uint32_t index;
    uint8_t value;
};

/* The mark of an element: MurmurHash64A (Appleby) of its bytes, seed 0xadc83b19; the lowest
 * 14 bits are the index, the zeroes above them and one make the value. O(bytes). */
struct hll_mark hll_mark_of(struct bytes element);

/* Writes a HyperLogLog that has seen nothing, sparse, its estimate (0) valid. */
void hll_make(char bytes[HLL_EMPTY_BYTES]);

/* Whether the bytes have the header of a HyperLogLog, and the length if they are dense. Their
 * runs may still be damaged. O(1). */
bool hll_recognized(struct bytes value);

/* Whether all of it is as it should be. O(bytes). */
bool hll_validate(struct bytes value);

/* Whether a recognized one is dense. */
static inline bool hll_is_dense(struct bytes value)
{
    return value.data[4] == 0;
}

/* The estimate that a recognized one keeps; false: it is out of date. */
bool hll_kept(struct bytes value, uint64_t *estimate);

/* Keeps an estimate in the header, or marks the kept one as out of date. */
void hll_keep(char *data, uint64_t estimate);
void hll_outdate(char *data);

/* A register of a dense one, below HLL_REGISTERS. */
uint8_t hll_dense_get(const char *data, uint32_t index);
void hll_dense_set(char *data, uint32_t index, uint8_t value);

/* Raises each of the HLL_REGISTERS registers to that of a recognized value, where that is
 * larger. False: its runs are damaged, and the registers are not to be used. */
bool hll_merge(struct bytes value, uint8_t *registers);

/* Makes the dense form of registers, at most HLL_REGISTER_MAX each: the header is that of
 * `header` (HLL_HEADER_BYTES), which may be `data` itself; HLL_DENSE_BYTES are written. */
void hll_make_dense(char *data, const char *header, const uint8_t *registers);

/* Estimates from a recognized value, or from registers. False: its runs are damaged.
 * O(registers). */
bool hll_count(struct bytes value, uint64_t *estimate);
uint64_t hll_count_registers(const uint8_t *registers);

#endif
