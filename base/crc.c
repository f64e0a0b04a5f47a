/*
 * CRC: eight bytes a step through tables written at build time by crc_tables.py. See the header.
 */
#include "base/crc.h"

#include "crc_tables.h" /* generated: crc16_table, crc64_table */
#include <string.h>

/* The polynomial of crc64() with its bits reversed, as the reflected algorithm uses it. */
#define CRC64_POLY UINT64_C(0x95ac9329ac4bc9b5)

/* x^0 and x^8 as polynomials in reflected order: the highest bit is the constant term. */
#define CRC64_ONE  (UINT64_C(1) << 63)
#define CRC64_BYTE (UINT64_C(1) << 55)

uint16_t crc16(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint16_t crc = 0;

    for (; len >= 8; len -= 8, p += 8)
        crc = crc16_table[7][p[0] ^ (crc >> 8)] ^ crc16_table[6][p[1] ^ (crc & 0xff)] ^
              crc16_table[5][p[2]] ^ crc16_table[4][p[3]] ^ crc16_table[3][p[4]] ^
              crc16_table[2][p[5]] ^ crc16_table[1][p[6]] ^ crc16_table[0][p[7]];
    for (; len > 0; len--)
        crc = (uint16_t)(crc << 8) ^ crc16_table[0][(crc >> 8) ^ *p++];
    return crc;
}

static uint64_t load_little_endian(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t crc64(uint64_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (; len >= 8; len -= 8, p += 8) {
        crc ^= load_little_endian(p);
        crc = crc64_table[7][crc & 0xff] ^ crc64_table[6][crc >> 8 & 0xff] ^
              crc64_table[5][crc >> 16 & 0xff] ^ crc64_table[4][crc >> 24 & 0xff] ^
              crc64_table[3][crc >> 32 & 0xff] ^ crc64_table[2][crc >> 40 & 0xff] ^
              crc64_table[1][crc >> 48 & 0xff] ^ crc64_table[0][crc >> 56];
    }
    for (; len > 0; len--)
        crc = crc >> 8 ^ crc64_table[0][(crc ^ *p++) & 0xff];
    return crc;
}

/* The product of two polynomials modulo the polynomial of the checksum. */
static uint64_t multiply_mod(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (uint64_t term = CRC64_ONE; a != 0; term >>= 1) {
        if (a & term) {
            product ^= b;
            a ^= term;
        }
        b = b >> 1 ^ (b & 1 ? CRC64_POLY : 0);
    }
    return product;
}

/*
 * With start 0 and no final inversion a checksum is plainly the remainder of the data, so that of
 * "a followed by b" is that of a times x^(8 * length of b), plus that of b.
 */
uint64_t crc64_combine(uint64_t first_crc, uint64_t second_crc, uint64_t second_len)
{
    uint64_t power = CRC64_BYTE;

    for (; second_len > 0; second_len >>= 1) {
        if (second_len & 1) first_crc = multiply_mod(first_crc, power);
        power = multiply_mod(power, power);
    }
    return first_crc ^ second_crc;
}
