#!/usr/bin/env python3
"""Writes the lookup tables of crc.c as a C header to the given path.

Table k holds, for each byte, the remainder of that byte followed by k zero
bytes, which is what processing eight bytes a step needs.
"""

import sys

CRC16_POLY = 0x1021
CRC64_POLY_REFLECTED = 0x95AC9329AC4BC9B5  # 0xad93d23594c935a9, bits reversed
STEP = 8


def crc16_base():
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (CRC16_POLY if crc & 0x8000 else 0)
        yield crc & 0xFFFF


def crc64_base():
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (CRC64_POLY_REFLECTED if crc & 1 else 0)
        yield crc


def extend(base, add_zero_byte):
    tables = [list(base)]
    while len(tables) < STEP:
        tables.append([add_zero_byte(tables[0], crc) for crc in tables[-1]])
    return tables


def write(out, declaration, digits, tables):
    per_line = 96 // (digits + 4)
    out.write(f"static const {declaration}[{STEP}][256] = {{\n")
    for table in tables:
        out.write("    {\n")
        for start in range(0, 256, per_line):
            row = table[start:start + per_line]
            out.write("        " + " ".join(f"0x{crc:0{digits}x}," for crc in row) + "\n")
        out.write("    },\n")
    out.write("};\n")


def main():
    crc16 = extend(crc16_base(),
                   lambda base, crc: ((crc << 8) & 0xFFFF) ^ base[crc >> 8])
    crc64 = extend(crc64_base(), lambda base, crc: (crc >> 8) ^ base[crc & 0xFF])
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Written by base/crc_tables.py. */\n")
        write(out, "uint16_t crc16_table", 4, crc16)
        write(out, "uint64_t crc64_table", 16, crc64)


if __name__ == "__main__":
    main()
