"""Bitmap commands, compared with models written in Python."""

import random

import pytest

from harness.resp import NIL, OK, Error
from harness.texts import NOT_INTEGER, SYNTAX, WRONG_TYPE, arity

BIT_OFFSET = Error("ERR bit offset is not an integer or out of range")
BIT_VALUE = Error("ERR bit is not an integer or out of range")
BITFIELD_TYPE = Error("ERR Invalid bitfield type. Use something like i16 u8. "
                      "Note that u64 is not supported but i64 is.")


def bits_of(value):
    return [byte >> (7 - i) & 1 for byte in value for i in range(8)]


@pytest.mark.parametrize("command,few,many", [
    ("setbit", ["k", "1"], ["k", "1", "1", "1"]), ("getbit", ["k"], ["k", "1", "1"]),
    ("bitcount", [], None),
    ("bitpos", ["k"], None), ("bitop", ["AND", "d"], None), ("bitfield", [], None),
    ("bitfield_ro", [], None)])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    if many:
        assert client(command, *many) == arity(command)


@pytest.mark.needs("rpush")
@pytest.mark.parametrize("line", [
    "SETBIT l 1 1", "GETBIT l 1", "BITCOUNT l", "BITPOS l 1", "BITOP AND d l",
    "BITOP OR d missing l",
    "BITFIELD l GET u8 0", "BITFIELD l SET u8 0 1", "BITFIELD_RO l GET u8 0"])
def test_a_list_is_the_wrong_type(client, line):
    client("RPUSH", "l", "a")
    assert client.words(line) == WRONG_TYPE
    assert client("EXISTS", "d") == 0


# --- SETBIT, GETBIT ---------------------------------------------------------------------------

def test_setbit_answers_the_old_bit_and_grows_with_zeros(client):
    assert client("SETBIT", "k", "7", "1") == 0
    assert client("GET", "k") == b"\x01"
    assert client("SETBIT", "k", "7", "0") == 1
    assert client("SETBIT", "k", "23", "0") == 0
    assert client("GET", "k") == b"\0\0\0"
    assert client("GETBIT", "k", "1000") == 0
    assert client("STRLEN", "k") == 3
    assert client("GETBIT", "missing", "5") == 0
    assert client("EXISTS", "missing") == 0


def test_setbit_works_on_a_value_that_was_an_integer(client):
    client("SET", "k", "1")
    assert client("GETBIT", "k", "2") == 1
    assert client("SETBIT", "k", "6", "1") == 0
    assert client("GET", "k") == b"3"


def test_random_bits_agree_with_a_model(client):
    rng = random.Random(2)
    model = bytearray()
    for _ in range(2000):
        offset, bit = rng.randrange(3000), rng.randrange(2)
        if len(model) <= offset // 8:
            model.extend(bytes(offset // 8 + 1 - len(model)))
        old = model[offset // 8] >> (7 - offset % 8) & 1
        model[offset // 8] = model[offset // 8] & ~(1 << (7 - offset % 8)) | bit << (7 - offset % 8)
        assert client("SETBIT", "k", offset, bit) == old
    assert client("GET", "k") == bytes(model)
    assert client("BITCOUNT", "k") == sum(bits_of(model))
    assert client.pipeline([("GETBIT", "k", i) for i in range(3100)]) == bits_of(model) + [0] * (
        3100 - 8 * len(model))


@pytest.mark.parametrize("offset", ["-1", "x", "", "1.0", "4294967296", "9223372036854775808",
                                    "#1"])
def test_bit_offsets_are_checked(client, offset):
    assert client("SETBIT", "k", offset, "1") == BIT_OFFSET
    assert client("GETBIT", "k", offset) == BIT_OFFSET
    assert client("EXISTS", "k") == 0


@pytest.mark.parametrize("bit", ["2", "-1", "x", "", "10", "01"])
def test_bit_values_are_checked(client, bit):
    assert client("SETBIT", "k", "0", bit) == BIT_VALUE
    assert client("EXISTS", "k") == 0


def test_the_last_bit_of_512_megabytes_can_be_read(client):
    assert client("GETBIT", "k", "4294967295") == 0
    client("SET", "k", "a")
    assert client("GETBIT", "k", "4294967295") == 0


# --- BITCOUNT, BITPOS -------------------------------------------------------------------------

def _clamp(size, start, end, backwards_is_empty=True):
    """The half-open range that Redis's inclusive, perhaps negative, range means."""
    if backwards_is_empty and start < 0 and end < 0 and start > end:
        return 0, 0
    start = max(0, start + size) if start < 0 else start
    end = max(0, end + size) if end < 0 else end
    end = min(end, size - 1)
    return (start, end + 1) if start <= end else (0, 0)


@pytest.mark.parametrize("value", [b"", b"foobar", b"\x00\xff" * 20, b"\x01",
                                   b"\xff" * 700 + b"\x7f"])
def test_bitcount_of_ranges(client, value):
    client("SET", "k", value)
    rng = random.Random(3)
    size = len(value)
    assert client("BITCOUNT", "k") == sum(bits_of(value))
    for _ in range(150):
        start, end = (rng.randrange(-size - 3, size + 3) for _ in range(2))
        low, high = _clamp(size, start, end)
        assert client("BITCOUNT", "k", start, end) == sum(bits_of(value[low:high])), (start, end)
        start, end = (rng.randrange(-8 * size - 3, 8 * size + 3) for _ in range(2))
        low, high = _clamp(8 * size, start, end)
        expected = sum(bits_of(value)[low:high])
        assert client("BITCOUNT", "k", start, end, "BIT") == expected, (start, end)
    assert client("BITCOUNT", "k", "0", "-1", "BYTE") == sum(bits_of(value))


def test_bitcount_errors(client):
    client("SET", "k", "foobar")
    assert client("BITCOUNT", "k", "0", "1", "HELLO") == SYNTAX
    assert client("BITCOUNT", "k", "0", "1", "BIT", "x") == SYNTAX
    assert client("BITCOUNT", "k", "0") == SYNTAX
    assert client("BITCOUNT", "k", "a", "b") == NOT_INTEGER
    assert client("BITCOUNT", "missing") == 0
    assert client("BITCOUNT", "missing", "0", "10") == 0


def test_bitcount_and_bitpos_of_a_missing_key_do_not_look_at_their_ranges(client):
    assert client("BITCOUNT", "missing", "0") == 0
    assert client("BITCOUNT", "missing", "a", "1") == 0
    assert client("BITCOUNT", "missing", "0", "1", "HELLO") == 0
    assert client("BITPOS", "missing", "1", "a") == -1
    assert client("BITPOS", "missing", "0", "0", "1", "HELLO") == 0


def _bitpos(value, bit, start=0, end=None, unit=8):
    bits = bits_of(value)
    size = len(bits) if unit == 1 else len(value)
    low, high = _clamp(size, start, size - 1 if end is None else end, backwards_is_empty=False)
    if size == 0 and end is None:
        return -1 if bit else 0
    low, high = low * unit, high * unit
    if low >= high:
        return -1
    for i in range(low, high):
        if bits[i] == bit:
            return i
    return high if bit == 0 and end is None else -1


@pytest.mark.parametrize("value", [b"\xff\xf0\x00", b"\x00\xff\xf0", b"\x00" * 50, b"\xff" * 50,
                                   b"\x01",
                                   b"\x00" * 30 + b"\x10" + b"\xff" * 30])
def test_bitpos_of_ranges(client, value):
    client("SET", "k", value)
    rng = random.Random(4)
    size = len(value)
    for bit in (0, 1):
        assert client("BITPOS", "k", bit) == _bitpos(value, bit)
        for _ in range(80):
            start, end = (rng.randrange(-size - 2, size + 2) for _ in range(2))
            assert client("BITPOS", "k", bit, start) == _bitpos(value, bit, start), (bit, start)
            expected = _bitpos(value, bit, start, end)
            assert client("BITPOS", "k", bit, start, end) == expected, (bit, start, end)
            start, end = (rng.randrange(-8 * size - 2, 8 * size + 2) for _ in range(2))
            assert client("BITPOS", "k", bit, start, end, "BIT") == _bitpos(
                value, bit, start, end, unit=1), (bit, start, end)


def test_bitpos_of_a_missing_key_and_errors(client):
    assert client("BITPOS", "missing", "0") == 0
    assert client("BITPOS", "missing", "1") == -1
    client("SET", "k", "abc")
    assert client("BITPOS", "k", "2") == Error("ERR The bit argument must be 1 or 0.")
    assert client("BITPOS", "k", "x") == NOT_INTEGER
    assert client("BITPOS", "k", "1", "x") == NOT_INTEGER
    assert client("BITPOS", "k", "1", "0", "1", "HELLO") == SYNTAX
    assert client("BITPOS", "k", "1", "0", "1", "BIT", "x") == SYNTAX


# --- BITOP ------------------------------------------------------------------------------------

def _bitop(operation, values):
    size = max(map(len, values))
    padded = [v.ljust(size, b"\0") for v in values]
    if operation == "NOT":
        return bytes(~b & 255 for b in padded[0])
    result = bytearray(padded[0])
    for value in padded[1:]:
        for i, byte in enumerate(value):
            if operation == "AND":
                result[i] &= byte
            elif operation == "OR":
                result[i] |= byte
            else:
                result[i] ^= byte
    return bytes(result)


@pytest.mark.parametrize("operation", ["AND", "OR", "XOR", "NOT"])
def test_bitop_agrees_with_a_model(client, operation):
    rng = random.Random(6)
    for _ in range(60):
        count = 1 if operation == "NOT" else rng.randrange(1, 8)
        values = [rng.randbytes(rng.choice([0, 1, 7, 8, 31, 32, 33, 100])) for _ in range(count)]
        keys = ["s%d" % i for i in range(count)]
        for key, value in zip(keys, values):
            client("SET", key, value)
        expected = _bitop(operation, values)
        assert client("BITOP", operation, "dest", *keys) == len(expected)
        if expected:
            assert client("GET", "dest") == expected
        else:
            assert client("EXISTS", "dest") == 0


def test_bitop_treats_missing_keys_as_zeros_and_may_store_into_a_source(client):
    client("SET", "a", b"\xff\x0f")
    assert client("BITOP", "AND", "d", "a", "missing") == 2
    assert client("GET", "d") == b"\0\0"
    assert client("BITOP", "NOT", "a", "a") == 2
    assert client("GET", "a") == b"\x00\xf0"


def test_bitop_of_nothing_deletes_the_destination(client):
    client("SET", "d", "old")
    assert client("BITOP", "OR", "d", "missing", "none") == 0
    assert client("EXISTS", "d") == 0


def test_bitop_replaces_the_destination_and_its_time_to_live(client):
    client("SET", "d", "old", "EX", "100")
    client("SET", "a", "x")
    assert client("BITOP", "or", "d", "a") == 1
    assert client("TTL", "d") == -1


@pytest.mark.needs("rpush")
def test_bitop_overwrites_a_destination_of_another_type(client):
    client("RPUSH", "d", "x")
    client("SET", "a", "x")
    assert client("BITOP", "OR", "d", "a") == 1
    assert client("GET", "d") == b"x"


def test_bitop_errors(client):
    assert client("BITOP", "NOT", "d", "a", "b") == Error(
        "ERR BITOP NOT must be called with a single source key.")
    assert client("BITOP", "NAND", "d", "a", "b") == SYNTAX


# --- BITFIELD ---------------------------------------------------------------------------------

def test_bitfield_basics(client):
    assert client("BITFIELD", "k") == []
    assert client("EXISTS", "k") == 0
    assert client("BITFIELD", "k", "SET", "u8", "0", "255", "GET", "u8", "0", "SET", "i8", "0",
                  "1") == [0, 255, -1]
    assert client("BITFIELD", "k", "INCRBY", "u2", "100", "1", "OVERFLOW", "SAT", "GET", "u4",
                  "0") == [1, 0]
    assert client("BITFIELD", "h", "SET", "u8", "#0", "65", "SET", "u8", "#2", "66") == [0, 0]
    assert client("GET", "h") == b"A\0B"
    assert client("BITFIELD", "missing", "GET", "u8", "100") == [0]
    assert client("EXISTS", "missing") == 0


def test_bitfield_overflow_modes(client):
    client("BITFIELD", "k", "SET", "u8", "0", "250", "SET", "i8", "8", "120")
    assert client("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u8", "0", "10") == [NIL]
    assert client("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u8", "0", "10") == [255]
    assert client("BITFIELD", "k", "OVERFLOW", "WRAP", "INCRBY", "u8", "0", "10") == [9]
    assert client("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "i8", "8", "10") == [NIL]
    assert client("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "i8", "8", "10") == [127]
    assert client("BITFIELD", "k", "INCRBY", "i8", "8", "1") == [-128]
    assert client("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "i8", "8", "-10") == [-128]
    assert client("BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "u4", "16", "100") == [NIL]
    assert client("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "u4", "16", "100", "GET", "u4",
                  "16") == [0, 15]


def _read_field(bits, signed, width, offset):
    value = 0
    for i in range(offset, offset + width):
        value = value * 2 + (bits[i] if i < len(bits) else 0)
    return value - (1 << width) if signed and value >> (width - 1) else value


def _fit(value, signed, width, mode):
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    if low <= value <= high:
        return value
    if mode == "FAIL":
        return None
    if mode == "SAT":
        return low if value < low else high
    value &= (1 << width) - 1
    return value - (1 << width) if signed and value >> (width - 1) else value


def test_random_bitfields_agree_with_a_model(client):
    rng = random.Random(7)
    bits = []
    for _ in range(1500):
        signed = rng.random() < 0.5
        width = rng.randrange(1, 65 if signed else 64)
        offset = rng.randrange(0, 300)
        mode = rng.choice(["WRAP", "SAT", "FAIL"])
        kind = "%s%d" % ("i" if signed else "u", width)
        old = _read_field(bits, signed, width, offset)
        action = rng.choice(["GET", "SET", "INCRBY"])
        if action == "GET":
            assert client("BITFIELD", "k", "GET", kind, offset) == [old]
            continue
        low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
        operand = rng.choice([rng.randrange(low, high + 1), 1, -1, 0])
        if action == "SET" and not signed:
            operand = abs(operand)
        new = _fit(operand if action == "SET" else old + operand, signed, width, mode)
        expected = NIL if new is None else old if action == "SET" else new
        reply = client("BITFIELD", "k", "OVERFLOW", mode, action, kind, offset, operand)
        assert reply == [expected], (mode, action, kind, offset, operand)
        need = -(-(offset + width) // 8) * 8
        bits.extend([0] * (need - len(bits)))
        if new is not None:
            for i in range(width):
                bits[offset + i] = new >> (width - 1 - i) & 1
    assert bits_of(client("GET", "k"))[:len(bits)] == bits


@pytest.mark.parametrize("kind", ["u64", "i65", "u0", "i0", "x8", "8", "u", "", "u-1", "i8x"])
def test_bitfield_types_are_checked(client, kind):
    assert client("BITFIELD", "k", "GET", kind, "0") == BITFIELD_TYPE
    assert client("BITFIELD", "k", "SET", kind, "0", "1") == BITFIELD_TYPE
    assert client("EXISTS", "k") == 0


def test_bitfield_errors_leave_nothing_behind(client):
    assert client("BITFIELD", "k", "SET", "u8", "0", "1", "GET", "u64", "0") == BITFIELD_TYPE
    assert client("BITFIELD", "k", "SET", "u8", "-1", "1") == BIT_OFFSET
    assert client("BITFIELD", "k", "GET", "u8", "#x") == BIT_OFFSET
    assert client("BITFIELD", "k", "SET", "u8", "4294967296", "1") == BIT_OFFSET
    assert client("BITFIELD", "k", "SET", "u8", "0", "x") == NOT_INTEGER
    assert client("BITFIELD", "k", "OVERFLOW",
                  "BOGUS") == Error("ERR Invalid OVERFLOW type specified")
    assert client("BITFIELD", "k", "SET", "u8", "0") == SYNTAX
    assert client("BITFIELD", "k", "BOGUS", "u8", "0") == SYNTAX
    assert client("BITFIELD", "k", "GET") == SYNTAX
    assert client("EXISTS", "k") == 0


def test_bitfield_ro_only_reads(client):
    client("SET", "k", "A")
    assert client("BITFIELD_RO", "k", "GET", "u8", "0", "GET", "u4", "0") == [65, 4]
    expected = Error("ERR BITFIELD_RO only supports the GET subcommand")
    assert client("BITFIELD_RO", "k", "SET", "u8", "0", "1") == expected
    assert client("BITFIELD_RO", "k", "INCRBY", "u8", "0", "1") == expected
    assert client("BITFIELD_RO", "k", "GET", "u8", "0", "INCRBY", "u8", "0", "1") == expected
    assert client("GET", "k") == b"A"
    assert client("BITFIELD_RO", "missing", "GET", "u8", "0") == [0]


def test_bit_writes_keep_the_time_to_live(client):
    client("SET", "k", "a", "EX", "100")
    assert client("SETBIT", "k", "0", "1") == 0
    assert client("BITFIELD", "k", "SET", "u8", "8", "1") == [0]
    assert client("TTL", "k") > 90
    assert client("SET", "k", "b") == OK
