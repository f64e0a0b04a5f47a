"""String commands: what they answer, what they leave behind, and every error text."""

import random
import time

import pytest

from harness.resp import NIL, OK, Double, Error, Map
from harness.texts import (NOT_FLOAT, NOT_INTEGER, OVERFLOW, SYNTAX, TOO_LONG, WRONG_TYPE, arity,
                           expire_time)

I64_MAX = 2 ** 63 - 1
I64_MIN = -2 ** 63

# Command, too few arguments, too many (None where any number is fine).
ARITIES = [
    ("append", ["k"], ["k", "v", "x"]), ("decr", [], ["k", "1"]),
    ("decrby", ["k"], ["k", "1", "2"]),
    ("get", [], ["k", "x"]), ("getdel", [], ["k", "x"]), ("getex", [], None),
    ("getrange", ["k", "0"], ["k", "0", "1", "2"]), ("getset", ["k"], ["k", "v", "x"]),
    ("incr", [], ["k", "1"]), ("incrby", ["k"], ["k", "1", "2"]),
    ("incrbyfloat", ["k"], ["k", "1", "2"]),
    ("lcs", ["a"], None), ("mget", [], None), ("mset", ["a"], ["a", "1", "b"]),
    ("msetnx", ["a"], ["a", "1", "b"]), ("psetex", ["k", "1"], ["k", "1", "v", "x"]),
    ("set", ["k"], None),
    ("setex", ["k", "1"], ["k", "1", "v", "x"]), ("setnx", ["k"], ["k", "v", "x"]),
    ("setrange", ["k", "0"], ["k", "0", "v", "x"]), ("strlen", [], ["k", "x"]),
    ("substr", ["k", "0"], ["k", "0", "1", "2"]),
]


@pytest.mark.parametrize("command,few,many", ARITIES, ids=[a[0] for a in ARITIES])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    assert client(command.upper(), *few) == arity(command)
    if many is not None:
        assert client(command, *many) == arity(command)


@pytest.mark.needs("rpush")
@pytest.mark.parametrize("line", [
    "APPEND l x", "DECR l", "DECRBY l 1", "GET l", "GETDEL l", "GETEX l", "GETRANGE l 0 -1",
    "GETSET l x",
    "INCR l", "INCRBY l 1", "INCRBYFLOAT l 1", "SETRANGE l 0 x", "STRLEN l", "SUBSTR l 0 -1",
    "SET l x GET",
    "SET l x GET EX 5"])
def test_a_list_is_the_wrong_type_and_stays(client, line):
    client("RPUSH", "l", "a", "b")
    assert client.words(line) == WRONG_TYPE
    assert client("LRANGE", "l", "0", "-1") == [b"a", b"b"]
    assert client("TTL", "l") == -1


@pytest.mark.needs("rpush")
def test_lcs_of_a_list_names_strings(client):
    client("RPUSH", "l", "a")
    expected = Error("ERR The specified keys must contain string values")
    assert client("LCS", "l", "missing") == expected
    assert client("LCS", "missing", "l") == expected


@pytest.mark.needs("rpush")
def test_set_and_mset_overwrite_any_type_and_mget_answers_null_for_it(client):
    client("RPUSH", "l", "a")
    client("RPUSH", "m", "a")
    assert client("MGET", "l", "m") == [NIL, NIL]
    assert client("SET", "l", "x") == OK
    assert client("MSET", "m", "y") == OK
    assert client("MGET", "l", "m") == [b"x", b"y"]


# --- GET, SET ---------------------------------------------------------------------------------

VALUES = [b"", b"x", b"\x00\r\n\xff binary", b"a" * 20, b"a" * 44, b"a" * 45, b"a" * 63, b"a" * 64,
          b"a" * 255, b"a" * 256, b"b" * 70000, b"0", b"-0", b"007", b"+1", b"1.0", b" 1", b"1 ",
          str(I64_MAX).encode(), str(I64_MIN).encode(), str(I64_MAX + 1).encode(),
          str(I64_MIN - 1).encode(), b"9999", b"10000"]


def test_values_come_back_byte_for_byte(client):
    for i, value in enumerate(VALUES):
        assert client("SET", "key:%d" % i, value) == OK
    for i, value in enumerate(VALUES):
        assert client("GET", "key:%d" % i) == value
        assert client("STRLEN", "key:%d" % i) == len(value)


def test_keys_are_binary_too(client):
    keys = [b"", b"\x00", b"\r\n", b"\xff\xfe", b"a b", b"{tag}x", b"k" * 10000]
    for i, key in enumerate(keys):
        assert client("SET", key, str(i)) == OK
    assert client("MGET", *keys) == [str(i).encode() for i in range(len(keys))]
    assert sorted(client("KEYS", "*")) == sorted(keys)


def test_get_of_a_missing_key_is_null(client):
    assert client("GET", "missing") == NIL
    assert client("EXISTS", "missing") == 0


def test_set_drops_the_time_to_live(client):
    client("SET", "k", "v", "EX", "100")
    assert client("SET", "k", "w") == OK
    assert client("TTL", "k") == -1


def test_set_keepttl_keeps_the_time_to_live(client):
    client("SET", "k", "v", "EX", "100")
    assert client("SET", "k", "w", "KEEPTTL") == OK
    assert 95 < client("TTL", "k") <= 100
    assert client("GET", "k") == b"w"


def test_set_ex_px_exat_pxat_set_the_time_to_live(client):
    now = int(time.time())
    for option, value in [("EX", 100), ("PX", 100000), ("EXAT", now + 100),
                          ("PXAT", now * 1000 + 100000),
                          ("ex", 100), ("pXaT", now * 1000 + 100000)]:
        assert client("SET", "k", "v", option, value) == OK
        assert 98000 < client("PTTL", "k") <= 101000, option


def test_set_with_a_past_absolute_time_leaves_no_key(client):
    client("SET", "k", "old")
    assert client("SET", "k", "v", "EXAT", "1") == OK
    assert client("EXISTS", "k") == 0
    assert client("SET", "k", "v", "PXAT", "1") == OK
    assert client("GET", "k") == NIL


def test_set_nx_and_xx(client):
    assert client("SET", "k", "v", "XX") == NIL
    assert client("SET", "k", "v", "NX") == OK
    assert client("SET", "k", "w", "NX") == NIL
    assert client("GET", "k") == b"v"
    assert client("SET", "k", "w", "xx") == OK
    assert client("GET", "k") == b"w"


def test_a_refused_set_changes_neither_value_nor_time_to_live(client):
    client("SET", "k", "v", "EX", "100")
    assert client("SET", "k", "w", "NX", "EX", "5") == NIL
    assert client("TTL", "k") > 90


def test_set_get_answers_the_old_value(client):
    assert client("SET", "k", "1", "GET") == NIL
    assert client("SET", "k", "2", "GET") == b"1"
    assert client("SET", "k", "3", "GET", "NX") == b"2"
    assert client("GET", "k") == b"2"
    assert client("SET", "k", "4", "XX", "GET") == b"2"
    assert client("GET", "k") == b"4"
    assert client("SET", "new", "1", "XX", "GET") == NIL
    assert client("EXISTS", "new") == 0
    assert client("SET", "new", "1", "NX", "GET") == NIL
    assert client("GET", "new") == b"1"


def test_set_get_with_expiry_and_keepttl(client):
    client("SET", "k", "1")
    assert client("SET", "k", "2", "GET", "EX", "50") == b"1"
    assert client("SET", "k", "3", "KEEPTTL", "GET") == b"2"
    assert 40 < client("TTL", "k") <= 50


@pytest.mark.parametrize("options", [
    "NX XX", "XX NX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL EX 1", "EX", "PX", "EXAT", "PXAT",
    "BOGUS",
    "EXAT 1 PX 1", "KEEPTTL PXAT 1", "GET BOGUS", "EX 10 EXAT 10"])
def test_set_refuses_options_that_do_not_go_together(client, options):
    assert client("SET", "k", "v", *options.split()) == SYNTAX
    assert client("EXISTS", "k") == 0


def test_a_repeated_option_of_set_is_no_error_and_the_last_counts(client):
    assert client("SET", "k", "v", "EX", "100", "EX", "200", "GET", "GET") == NIL
    assert 195 < client("TTL", "k") <= 200


@pytest.mark.parametrize("option", ["EX", "PX", "EXAT", "PXAT"])
def test_set_refuses_bad_times(client, option):
    for bad in ["", "x", "1.5", " 1", "1x", str(I64_MAX + 1)]:
        assert client("SET", "k", "v", option, bad) == NOT_INTEGER
    for bad in ["0", "-1", str(I64_MIN)]:
        assert client("SET", "k", "v", option, bad) == expire_time("set")
    if option in ("EX", "EXAT", "PX"):
        assert client("SET", "k", "v", option, I64_MAX) == expire_time("set")
    assert client("EXISTS", "k") == 0


def test_a_key_vanishes_when_its_time_is_up(client):
    client("SET", "k", "v", "PX", "60")
    assert client("GET", "k") == b"v"
    time.sleep(0.08)
    assert client("GET", "k") == NIL
    assert client("EXISTS", "k") == 0
    assert client("DBSIZE") == 0


def test_setnx(client):
    assert client("SETNX", "k", "a") == 1
    assert client("SETNX", "k", "b") == 0
    assert client("GET", "k") == b"a"


def test_setnx_takes_an_expired_key_for_missing(client):
    client("SET", "k", "a", "PX", "1")
    time.sleep(0.01)
    assert client("SETNX", "k", "b") == 1
    assert client("PTTL", "k") == -1


def test_setex_and_psetex(client):
    assert client("SETEX", "k", "100", "v") == OK
    assert 98 <= client("TTL", "k") <= 100
    assert client("PSETEX", "k", "5000", "w") == OK
    assert 4000 < client("PTTL", "k") <= 5000
    assert client("GET", "k") == b"w"


@pytest.mark.parametrize("command", ["setex", "psetex"])
def test_setex_and_psetex_refuse_bad_times(client, command):
    for bad in ["x", "", "1.0"]:
        assert client(command, "k", bad, "v") == NOT_INTEGER
    for bad in ["0", "-5", I64_MAX]:
        assert client(command, "k", bad, "v") == expire_time(command)
    assert client("EXISTS", "k") == 0


# --- GETDEL, GETEX, GETSET --------------------------------------------------------------------

def test_getdel(client):
    client("SET", "k", "v")
    assert client("GETDEL", "k") == b"v"
    assert client("GETDEL", "k") == NIL
    assert client("EXISTS", "k") == 0


def test_getset_answers_the_old_value_and_drops_the_time_to_live(client):
    assert client("GETSET", "k", "a") == NIL
    client("EXPIRE", "k", "100")
    assert client("GETSET", "k", "b") == b"a"
    assert client("TTL", "k") == -1


def test_getex_sets_keeps_and_persists(client):
    client("SET", "k", "v")
    assert client("GETEX", "k") == b"v"
    assert client("TTL", "k") == -1
    now = int(time.time())
    for option, value in [("EX", 100), ("PX", 100000), ("EXAT", now + 100),
                          ("PXAT", now * 1000 + 100000)]:
        client("PERSIST", "k")
        assert client("GETEX", "k", option, value) == b"v"
        assert 98000 < client("PTTL", "k") <= 101000
    assert client("GETEX", "k") == b"v"
    assert client("TTL", "k") > 90
    assert client("GETEX", "k", "PERSIST") == b"v"
    assert client("TTL", "k") == -1
    assert client("GETEX", "missing", "EX", "10") == NIL
    assert client("EXISTS", "missing") == 0


def test_getex_with_a_past_time_answers_the_value_and_deletes(client):
    client("SET", "k", "v")
    assert client("GETEX", "k", "EXAT", "1") == b"v"
    assert client("EXISTS", "k") == 0


@pytest.mark.parametrize("options", ["EX", "PERSIST EX 1", "EX 1 PERSIST", "EX 1 PX 1", "KEEPTTL",
                                     "NX", "GET", "BOGUS"])
def test_getex_refuses_wrong_options(client, options):
    client("SET", "k", "v")
    assert client("GETEX", "k", *options.split()) == SYNTAX


def test_getex_refuses_bad_times(client):
    client("SET", "k", "v")
    assert client("GETEX", "k", "EX", "x") == NOT_INTEGER
    assert client("GETEX", "k", "EX", "0") == expire_time("getex")
    assert client("GETEX", "k", "PX", "-1") == expire_time("getex")
    assert client("GETEX", "k", "EX", I64_MAX) == expire_time("getex")
    assert client("TTL", "k") == -1


# --- APPEND, STRLEN, ranges -------------------------------------------------------------------

def test_append_grows_a_string_and_creates_it(client):
    assert client("APPEND", "k", "abc") == 3
    assert client("APPEND", "k", "") == 3
    assert client("APPEND", "k", b"\x00d") == 5
    assert client("GET", "k") == b"abc\x00d"
    assert client("APPEND", "empty", "") == 0
    assert client("EXISTS", "empty") == 1


def test_append_to_an_integer_makes_it_text(client):
    client("SET", "k", "12")
    assert client("APPEND", "k", "3") == 3
    assert client("GET", "k") == b"123"
    assert client("INCR", "k") == 124


def test_append_keeps_the_time_to_live(client):
    client("SET", "k", "a", "EX", "100")
    client("APPEND", "k", "b")
    assert client("TTL", "k") > 90


def test_many_small_appends_add_up(client):
    pieces = [b"%d," % i for i in range(3000)]
    replies = client.pipeline([("APPEND", "k", p) for p in pieces])
    whole = b"".join(pieces)
    assert replies[-1] == len(whole)
    assert client("GET", "k") == whole


@pytest.mark.parametrize("command", ["GETRANGE", "SUBSTR"])
def test_ranges_follow_the_rules_of_slices_with_an_inclusive_end(client, command):
    value = b"Hello, world"
    client("SET", "k", value)
    size = len(value)
    for start in range(-size - 3, size + 3):
        for end in range(-size - 3, size + 3):
            if start < 0 and end < 0 and start > end:
                expected = b""
            else:
                low = max(0, start + size if start < 0 else start)
                high = min(size - 1, max(0, end + size) if end < 0 else end)
                expected = value[low:high + 1] if low <= high else b""
            assert client(command, "k", start, end) == expected, (start, end)


def test_ranges_of_an_integer_and_of_a_missing_key(client):
    client("SET", "k", "12345")
    assert client("GETRANGE", "k", "1", "3") == b"234"
    assert client("GETRANGE", "k", "-2", "-1") == b"45"
    assert client("GETRANGE", "missing", "0", "-1") == b""
    assert client("GETRANGE", "k", I64_MIN, I64_MAX) == b"12345"
    assert client("GETRANGE", "k", "x", "1") == NOT_INTEGER
    assert client("GETRANGE", "k", "0", "1.0") == NOT_INTEGER


def test_setrange_overwrites_and_pads_with_zero_bytes(client):
    client("SET", "k", "Hello World")
    assert client("SETRANGE", "k", "6", "Redis") == 11
    assert client("GET", "k") == b"Hello Redis"
    assert client("SETRANGE", "pad", "3", "x") == 4
    assert client("GET", "pad") == b"\0\0\0x"
    assert client("SETRANGE", "pad", "6", "y") == 7
    assert client("GET", "pad") == b"\0\0\0x\0\0y"
    client("SET", "number", "1234")
    assert client("SETRANGE", "number", "1", "9") == 4
    assert client("GET", "number") == b"1934"


def test_setrange_of_nothing_changes_nothing(client):
    assert client("SETRANGE", "missing", "5", "") == 0
    assert client("EXISTS", "missing") == 0
    client("SET", "k", "abc")
    assert client("SETRANGE", "k", "100", "") == 3


def test_setrange_errors(client):
    assert client("SETRANGE", "k", "-1", "x") == Error("ERR offset is out of range")
    assert client("SETRANGE", "k", "x", "x") == NOT_INTEGER
    assert client("SETRANGE", "k", 512 * 1024 * 1024, "x") == TOO_LONG
    assert client("SETRANGE", "k", 512 * 1024 * 1024 - 4, "world") == TOO_LONG
    assert client("SETRANGE", "k", I64_MAX, "x") == TOO_LONG
    assert client("EXISTS", "k") == 0


def test_append_past_the_limit_is_refused(client):
    assert client("CONFIG", "SET", "proto-max-bulk-len", "1mb") == OK
    client("SETRANGE", "k", 1024 * 1024 - 2, "x")
    assert client("APPEND", "k", "xx") == TOO_LONG
    assert client("APPEND", "k", "x") == 1024 * 1024
    assert client("SETRANGE", "k", 1024 * 1024, "x") == TOO_LONG


# --- numbers ----------------------------------------------------------------------------------

def test_increments_and_decrements(client):
    assert client("INCR", "k") == 1
    assert client("INCRBY", "k", "10") == 11
    assert client("DECR", "k") == 10
    assert client("DECRBY", "k", "20") == -10
    assert client("INCRBY", "k", "-5") == -15
    assert client("DECRBY", "k", "-5") == -10
    assert client("GET", "k") == b"-10"


def test_increments_stop_at_the_limits(client):
    client("SET", "k", I64_MAX)
    assert client("INCR", "k") == OVERFLOW
    assert client("INCRBY", "k", "1") == OVERFLOW
    assert client("DECRBY", "k", "-1") == OVERFLOW
    assert client("GET", "k") == str(I64_MAX).encode()
    assert client("DECR", "k") == I64_MAX - 1
    client("SET", "k", I64_MIN)
    assert client("DECR", "k") == OVERFLOW
    assert client("INCRBY", "k", "-1") == OVERFLOW
    assert client("INCRBY", "k", I64_MAX) == -1
    assert client("DECRBY", "k", I64_MIN) == Error("ERR decrement would overflow")


@pytest.mark.parametrize("bad", ["", "x", "1.5", " 1", "1 ", "+1", "01", "-0", "0x10",
                                 str(I64_MAX + 1),
                                 str(I64_MIN - 1), "1" * 40])
def test_values_and_increments_must_be_integers(client, bad):
    client("SET", "k", bad)
    for line in ["INCR", "DECR"]:
        assert client(line, "k") == NOT_INTEGER
    assert client("INCRBY", "k", "1") == NOT_INTEGER
    client("SET", "n", "1")
    assert client("INCRBY", "n", bad) == NOT_INTEGER
    assert client("DECRBY", "n", bad) == NOT_INTEGER
    assert client("GET", "n") == b"1"


def test_increments_keep_the_time_to_live(client):
    client("SET", "k", "1", "EX", "100")
    client("INCR", "k")
    client("INCRBYFLOAT", "k", "0.5")
    assert client("TTL", "k") > 90


@pytest.mark.parametrize("start,increment,result", [
    ("10.50", "0.1", "10.6"), ("10.6", "-5", "5.6"), ("5.0e3", "2.0e2", "5200"),
    ("3", "1.1", "4.1"),
    ("3.0", "1.0000", "4"), ("0", "-1.5", "-1.5"), ("1.23", "-1.23", "0"), ("1", "1e-5", "1.00001"),
    ("17179869184", "1.5", "17179869185.5"), ("1e300", "1", None), ("0.1", "0.2", "0.3"),
    ("12.34", "0", "12.34")])
def test_incrbyfloat(client, start, increment, result):
    client("SET", "k", start)
    reply = client("INCRBYFLOAT", "k", increment)
    assert isinstance(reply, bytes) and not isinstance(reply, Double)
    if result is None:
        assert float(reply) == float(start) + float(increment)
    else:
        assert reply == result.encode()
    assert client("GET", "k") == reply


def test_incrbyfloat_creates_and_refuses(client):
    assert client("INCRBYFLOAT", "new", "1.5") == b"1.5"
    for bad in ["x", "", " 1", "1 ", "1,5", "nan", "1.5.5"]:
        assert client("INCRBYFLOAT", "new", bad) == NOT_FLOAT, bad
    assert client("INCRBYFLOAT", "new",
                  "+inf") == Error("ERR increment would produce NaN or Infinity")
    assert client("INCRBYFLOAT", "new",
                  "-inf") == Error("ERR increment would produce NaN or Infinity")
    client("SET", "text", "abc")
    assert client("INCRBYFLOAT", "text", "1") == NOT_FLOAT
    client("SET", "blank", " 1")
    assert client("INCRBYFLOAT", "blank", "1") == NOT_FLOAT
    assert client("GET", "new") == b"1.5"


# --- MGET, MSET, MSETNX -----------------------------------------------------------------------

def test_mset_and_mget_over_many_slots(client):
    pairs = [("key:%d" % i, "value:%d" % i) for i in range(500)]
    assert client("MSET", *[x for p in pairs for x in p]) == OK
    assert client("MGET", *[k for k, _ in pairs]) == [v.encode() for _, v in pairs]
    assert client("DBSIZE") == 500


def test_mget_answers_nulls_and_repeats(client):
    client("SET", "a", "1")
    assert client("MGET", "a", "missing", "a") == [b"1", NIL, b"1"]


def test_mset_takes_the_last_of_a_repeated_key_and_drops_ttl(client):
    client("SET", "a", "0", "EX", "100")
    assert client("MSET", "a", "1", "b", "2", "a", "3") == OK
    assert client("MGET", "a", "b") == [b"3", b"2"]
    assert client("TTL", "a") == -1


def test_msetnx_sets_all_or_nothing(client):
    assert client("MSETNX", "a", "1", "b", "2", "c", "3") == 1
    assert client("MSETNX", "d", "4", "b", "9", "e", "5") == 0
    assert client("MGET", "a", "b", "c", "d", "e") == [b"1", b"2", b"3", NIL, NIL]
    assert client("MSETNX", "x", "1", "x", "2") == 1
    assert client("GET", "x") == b"2"


# --- LCS --------------------------------------------------------------------------------------

def _lcs_length(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b):
            last, row[j + 1] = row[j + 1], (last + 1 if x == y else max(row[j + 1], row[j]))
    return row[-1]


def _is_subsequence(part, whole):
    rest = iter(whole)
    return all(c in rest for c in part)


def test_lcs_of_random_strings_is_a_longest_common_subsequence(client):
    rng = random.Random(5)
    for _ in range(40):
        a, b = (bytes(rng.choices(b"abc", k=rng.randrange(0, 40))) for _ in range(2))
        client("MSET", "a", a, "b", b)
        found = client("LCS", "a", "b")
        assert _is_subsequence(found, a) and _is_subsequence(found, b)
        assert len(found) == _lcs_length(a, b)
        assert client("LCS", "a", "b", "LEN") == len(found)


def _as_map(reply):
    return reply if isinstance(reply, Map) else Map(zip(reply[::2], reply[1::2]))


def test_lcs_idx_gives_the_ranges_from_the_end(client):
    client("MSET", "a", "ohmytext", "b", "mynewtext")
    reply = _as_map(client("LCS", "a", "b", "IDX"))
    assert reply[b"matches"] == [[[4, 7], [5, 8]], [[2, 3], [0, 1]]]
    assert reply[b"len"] == 6
    reply = _as_map(client("LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN"))
    assert reply[b"matches"] == [[[4, 7], [5, 8], 4]]
    assert reply[b"len"] == 6
    reply = _as_map(client("LCS", "a", "b", "IDX", "MINMATCHLEN", "-3"))
    assert len(reply[b"matches"]) == 2


def test_lcs_idx_answers_a_map_in_resp3(connect):
    client = connect(protocol=3)
    assert isinstance(client("LCS", "a", "b", "IDX"), Map)


def test_lcs_errors(client):
    assert client("LCS", "a", "b", "LEN", "IDX") == Error(
        "ERR If you want both the length and indexes, please just use IDX.")
    assert client("LCS", "a", "b", "BOGUS") == SYNTAX
    assert client("LCS", "a", "b", "MINMATCHLEN") == SYNTAX
    assert client("LCS", "a", "b", "IDX", "MINMATCHLEN", "x") == NOT_INTEGER
    assert client("LCS", "missing", "none") == b""
    assert client("LCS", "missing", "none", "LEN") == 0


# --- encodings --------------------------------------------------------------------------------

@pytest.mark.parametrize("value,encoding", [
    ("1", b"int"), (str(I64_MAX), b"int"), (str(I64_MIN), b"int"), (str(I64_MAX + 1), b"embstr"),
    ("01", b"embstr"), ("", b"embstr"), ("a" * 44, b"embstr"), ("a" * 45, b"raw")])
def test_object_encoding_of_strings(client, value, encoding):
    client("SET", "k", value)
    assert client("OBJECT", "ENCODING", "k") == encoding
    client("DEL", "k")
    client("MSET", "k", value)
    assert client("OBJECT", "ENCODING", "k") == encoding


def test_an_appended_or_patched_string_is_raw(client):
    client("SET", "a", "x")
    client("APPEND", "a", "y")
    assert client("OBJECT", "ENCODING", "a") == b"raw"
    client("SET", "b", "12")
    client("SETRANGE", "b", "0", "3")
    assert client("OBJECT", "ENCODING", "b") == b"raw"
    client("SET", "c", "12")
    client("INCR", "c")
    assert client("OBJECT", "ENCODING", "c") == b"int"


# --- sizes ------------------------------------------------------------------------------------

def test_sixteen_megabytes_in_and_out(client):
    value = random.Random(1).randbytes(1 << 20) * 16
    assert client("SET", "big", value) == OK
    assert client("GET", "big") == value
    assert client("STRLEN", "big") == len(value)
    assert client("GETRANGE", "big", "16777000", "-1") == value[16777000:]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_512_megabytes_in_and_out_and_one_more_is_refused(client, connect):
    size = 512 * 1024 * 1024
    client.sock.settimeout(120)
    value = random.Random(1).randbytes(1 << 20) * 512
    assert client("SET", "big", value) == OK
    assert client("STRLEN", "big") == size
    assert client("GETRANGE", "big", size - 5, "-1") == value[-5:]
    assert client("APPEND", "big", "x") == TOO_LONG
    got = client("GET", "big")
    assert len(got) == size and got == value
    other = connect()
    other.send_raw(b"*2\r\n$3\r\nGET\r\n$%d\r\n" % (size + 1))
    assert other.receive() == Error("ERR Protocol error: invalid bulk length")
