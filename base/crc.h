/*
 * CRC: the two checksums of the formats we share with Redis.
 *
 * Both work on eight bytes a step with tables (Kounavis and Berry, "A systematic approach to
 * building high performance software-based CRC generators", ISCC 2005).
 */
#ifndef SHOAL_BASE_CRC_H
#define SHOAL_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-16/XMODEM: polynomial 0x1021, start 0, not reflected. A key's hash slot is this modulo 16384.
 * Of "123456789" it is 0x31C3.
 */
uint16_t crc16(const void *data, size_t len);

/*
 * CRC-64/Jones as at the end of RDB files: polynomial 0xad93d23594c935a9, reflected, start 0, no
 * final inversion. `crc` is 0 at the start, later the value so far: crc64(crc64(0, a), b) is the
 * checksum of a followed by b. Of "123456789" it is 0xe9c6d914c4b8d9ca.
 */
uint64_t crc64(uint64_t crc, const void *data, size_t len);

/*
 * The checksum of a followed by b, from crc64(0, a), crc64(0, b) and the length of b. Takes
 * O(log second_len) steps.
 */
uint64_t crc64_combine(uint64_t first_crc, uint64_t second_crc, uint64_t second_len);

#endif
