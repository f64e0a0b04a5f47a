"""HyperLogLog commands: estimates, the bytes of values, and what is damaged."""

import random

import pytest

from harness.resp import NIL, OK, Error, Simple
from harness.texts import EXEC_ABORT, WRONG_TYPE, arity

NOT_HLL = Error("WRONGTYPE Key is not a valid HyperLogLog string value.")
DAMAGED = Error("INVALIDOBJ Corrupted HLL object detected")
HEADER = b"HYLL\x01" + bytes(3)
STALE = bytes(7) + b"\x80"
EMPTY = HEADER + STALE + b"\x7f\xff"
DENSE_BYTES = 12304


def numbers(low, high):
    return ["n%d" % n for n in range(low, high)]


def near(estimate, count):
    return abs(estimate - count) <= 1 + 0.05 * count


@pytest.mark.parametrize("command,few,many", [
    ("pfadd", [], None), ("pfcount", [], None), ("pfmerge", [], None),
    ("pfdebug", ["ENCODING"], ["ENCODING", "k", "x"]), ("pfselftest", None, ["x"])])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    if few is not None:
        assert client(command, *few) == arity(command)
    if many:
        assert client(command, *many) == arity(command)


def test_adding_tells_whether_the_estimate_may_have_changed(client):
    assert client("PFADD", "h") == 1
    assert client("PFADD", "h") == 0
    assert client("PFADD", "h", "a", "b", "c") == 1
    assert client("PFADD", "h", "c", "a") == 0
    assert client("PFCOUNT", "h") == 3
    assert client("PFADD", "h", "", b"\x00\xff") == 1
    assert client("PFCOUNT", "h") == 5
    assert client("PFCOUNT", "missing") == 0
    assert client("EXISTS", "missing") == 0


def test_a_value_is_a_string_with_the_bytes_of_redis(client):
    client("PFADD", "h")
    assert client("GET", "h") == EMPTY
    assert client("TYPE", "h") == Simple("string")
    client("PFADD", "h", "foo")
    # Register 7348 is 5: Z:7348 v:5,1 Z:9035
    assert client("GET", "h") == HEADER + STALE + b"\x5c\xb3\x90\x63\x4a"
    assert client("PFCOUNT", "h") == 1
    assert client("GET", "h") == HEADER + b"\x01" + bytes(7) + b"\x5c\xb3\x90\x63\x4a"


def test_a_value_can_be_kept_and_written_back(client):
    client("PFADD", "h", *numbers(0, 500))
    kept = client("GET", "h")
    client("PFADD", "h", *numbers(500, 5000))
    client("SET", "again", kept)
    assert near(client("PFCOUNT", "again"), 500)
    assert client("PFADD", "again", *numbers(0, 500)) == 0
    client("SET", "dense", client("GET", "h"))
    assert client("STRLEN", "dense") == DENSE_BYTES
    assert client("PFCOUNT", "dense") == client("PFCOUNT", "h")


def test_estimates_are_near_at_any_size(client):
    count = 0
    for more in [1, 9, 90, 900, 9000, 20000]:
        while more > 0:
            step = min(more, 3000)
            client("PFADD", "h", *numbers(count, count + step))
            count += step
            more -= step
        assert near(client("PFCOUNT", "h"), count)


def test_a_value_gets_dense_when_it_is_large(client):
    client("PFADD", "h", *numbers(0, 100))
    assert client("PFDEBUG", "ENCODING", "h") == Simple("sparse")
    small = client("STRLEN", "h")
    assert 100 < small < 500
    client("PFADD", "h", *numbers(100, 3000))
    assert client("PFDEBUG", "ENCODING", "h") == Simple("dense")
    assert client("STRLEN", "h") == DENSE_BYTES


def test_the_limit_of_the_sparse_form_is_a_setting(client):
    client("CONFIG", "SET", "hll-sparse-max-bytes", "50")
    client("PFADD", "h", "a", "b")
    assert client("PFDEBUG", "ENCODING", "h") == Simple("sparse")
    client("PFADD", "h", *numbers(0, 20))
    assert client("PFDEBUG", "ENCODING", "h") == Simple("dense")
    client("CONFIG", "SET", "hll-sparse-max-bytes", "20000")
    client("PFADD", "i", *numbers(0, 3000))
    assert client("PFDEBUG", "ENCODING", "i") == Simple("sparse")
    assert near(client("PFCOUNT", "i"), 3000)


def test_several_keys_are_counted_together_wherever_they_are(client):
    keys = ["h%d" % i for i in range(12)]
    for i, name in enumerate(keys):
        client("PFADD", name, *numbers(i * 50, i * 50 + 100))
    estimate = client("PFCOUNT", *keys, "missing")
    assert near(estimate, 650)
    assert client("PFCOUNT", *reversed(keys)) == estimate
    assert client("PFCOUNT", "h3", "h3") == client("PFCOUNT", "h3")
    assert client("EXISTS", *keys) == len(keys)


def test_merging_makes_a_union_wherever_the_keys_are(client):
    keys = ["h%d" % i for i in range(12)]
    for i, name in enumerate(keys):
        client("PFADD", name, *numbers(i * 50, i * 50 + 100))
    assert client("PFMERGE", "all", *keys, "missing") == OK
    assert client("PFCOUNT", "all") == client("PFCOUNT", *keys)
    assert client("PFADD", "all", *numbers(0, 650)) == 0
    assert client("PFMERGE", "h0", "h1") == OK
    assert client("PFADD", "h0", *numbers(0, 150)) == 0


@pytest.mark.parametrize("key", ["a", "b", "c", "d", "e", "f", "g", "h"])
def test_merging_nothing_makes_an_empty_one_where_the_key_belongs(client, key):
    assert client("PFMERGE", key) == OK
    assert client("GET", key) == EMPTY
    assert client("PFMERGE", key, "missing") == OK
    assert client("DBSIZE") == 1


def test_merging_a_dense_one_makes_the_destination_dense(client):
    client("PFADD", "a", "x")
    client("PFADD", "b", "y")
    assert client("PFDEBUG", "TODENSE", "b") == 1
    assert client("PFDEBUG", "TODENSE", "b") == 0
    client("PEXPIRE", "a", "100000")
    assert client("PFMERGE", "a", "b") == OK
    assert client("PFDEBUG", "ENCODING", "a") == Simple("dense")
    assert client("PFCOUNT", "a") == 2
    assert client("PTTL", "a") > 0


def test_the_registers_can_be_looked_at(client):
    client("PFADD", "h", "foo")
    assert client("PFDEBUG", "DECODE", "h") == b"Z:7348 v:5,1 Z:9035"
    registers = client("PFDEBUG", "GETREG", "h")
    assert len(registers) == 16384 and registers[7348] == 5 and sum(registers) == 5
    assert client("PFDEBUG", "DECODE", "h") == Error("ERR HLL encoding is not sparse")
    assert client("PFDEBUG", "BOGUS", "h") == Error("ERR Unknown PFDEBUG subcommand 'BOGUS'")
    assert client("PFDEBUG", "GETREG", "no") == Error("ERR The specified key does not exist")


@pytest.mark.parametrize("value", [
    b"", b"text", b"123456789012345678", b"HYLL", EMPTY[:15], b"hyll" + EMPTY[4:],
    b"HYLL\x02" + EMPTY[5:], b"HYLL\x00" + EMPTY[5:], b"HYLL" + bytes(DENSE_BYTES - 3)])
def test_what_is_no_hyperloglog_is_refused_and_stays(client, value):
    client("SET", "s", value)
    for line in ["PFADD s x", "PFCOUNT s", "PFCOUNT s other", "PFMERGE s", "PFMERGE d s",
                 "PFDEBUG GETREG s"]:
        assert client.words(line) == NOT_HLL
    assert client("GET", "s") == value
    assert client("EXISTS", "d") == 0


@pytest.mark.parametrize("runs", [
    b"", b"\x7f\xfe", b"\x7f\xff\x00", b"\x7f\xff\x80", b"\x00", b"\xff" * 4097, b"\x7f\xff" * 5000])
def test_a_damaged_one_is_an_error_and_stays(client, runs):
    value = HEADER + STALE + runs
    client("SET", "s", value)
    for line in ["PFCOUNT s", "PFCOUNT s other", "PFMERGE s", "PFMERGE d s", "PFDEBUG GETREG s",
                 "PFDEBUG TODENSE s"]:
        assert client.words(line) == DAMAGED
    assert client("GET", "s") == value
    assert client("EXISTS", "d") == 0


def test_any_bytes_behind_a_good_header_do_no_harm(client):
    rng = random.Random(5)
    for _ in range(150):
        client("SET", "s", HEADER + STALE + rng.randbytes(rng.randrange(3000)))
        for line in ["PFCOUNT s", "PFMERGE d s", "PFADD s a b c d e f g h", "PFDEBUG DECODE s",
                     "PFCOUNT s d", "PFDEBUG TODENSE s"]:
            client.words(line)
    for byte in [b"\x00", b"\xff", b"\x55"]:
        client("SET", "s", b"HYLL\x00" + bytes(3) + STALE + byte * 12288)
        assert isinstance(client("PFCOUNT", "s"), int)
        client("DEL", "t")
        assert client("PFMERGE", "t", "s") == OK
        assert client("GET", "t")[16:] == byte * 12288
    assert client("PING") == Simple("PONG")


@pytest.mark.needs("rpush")
@pytest.mark.parametrize("line", [
    "PFADD l a", "PFCOUNT l", "PFCOUNT x l", "PFMERGE l x", "PFMERGE x l", "PFDEBUG GETREG l"])
def test_a_list_is_the_wrong_type(client, line):
    client("RPUSH", "l", "a")
    assert client.words(line) == WRONG_TYPE


def test_counting_keeps_the_estimate_and_counts_as_a_change_for_those_who_watch(client, connect):
    other = connect()
    client("PFADD", "h", "a")
    client("WATCH", "h")
    other("PFCOUNT", "h")
    client("MULTI")
    client("PFCOUNT", "h")
    assert client("EXEC") == NIL
    client("WATCH", "h")
    other("PFCOUNT", "h")
    other("PFADD", "h", "a")
    client("MULTI")
    client("PFCOUNT", "h")
    client("PFADD", "h", "b")
    client("PFMERGE", "i", "h")
    client("PFCOUNT", "h", "i")
    assert client("EXEC") == [1, 1, OK, 2]


def test_a_wrong_command_aborts_a_transaction(client):
    client("MULTI")
    assert client("PFADD") == arity("pfadd")
    assert client("EXEC") == EXEC_ABORT


def test_a_client_library_sees_numbers(r):
    assert r.pfadd("h", "a", "b") == 1
    assert r.pfcount("h") == 2
    assert r.pfmerge("i", "h") is True
    assert r.pfcount("h", "i") == 2


def test_the_self_test_passes(client):
    assert client("PFSELFTEST") == OK
