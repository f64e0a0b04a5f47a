"""The harness itself: its RESP decoder keeps types apart and takes bytes in any cut."""

import sys

import pytest

from harness import matrix
from harness.resp import (NIL, BigNumber, Decoder, Double, Error, Map, Null, ProtocolError, Push,
                          Set,
                          Simple, Verbatim, decode, encode, identical)
from harness.server import PortLease, Server, ServerFailure

EVERY_TYPE = (b"*11\r\n+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n"
              b"(123456789012345678901\r\n=7\r\ntxt:abc\r\n")


def test_every_type_decodes_to_a_type_of_its_own():
    value, end = decode(EVERY_TYPE)
    assert end == len(EVERY_TYPE)
    assert [type(v) for v in value] == [Simple, Error, int, bytes, Null, Null, Null, bool, Double,
                                        BigNumber, Verbatim]
    assert [v.kind for v in value[4:7]] == ["bulk", "array", "resp3"]


def test_a_reply_cut_anywhere_decodes_the_same():
    whole, _ = decode(EVERY_TYPE)
    for cut in range(1, len(EVERY_TYPE)):
        decoder = Decoder()
        decoder.feed(EVERY_TYPE[:cut])
        assert decoder.next() is None
        decoder.feed(EVERY_TYPE[cut:])
        assert identical(decoder.next(), whole)


def test_maps_sets_and_pushes_nest():
    value, _ = decode(b"%2\r\n+a\r\n~2\r\n:1\r\n:2\r\n$1\r\nb\r\n>1\r\n_\r\n")
    assert isinstance(value, Map)
    assert isinstance(value["a"], Set) and value["a"] == [1, 2]
    assert isinstance(value[b"b"], Push)


def test_an_attribute_is_skipped():
    assert decode(b"|1\r\n+ttl\r\n:3\r\n:5\r\n")[0] == 5


def test_identical_tells_what_equality_forgives():
    assert not identical(Simple("OK"), b"OK")
    assert not identical(Null("bulk"), Null("array"))
    assert Null("bulk") == NIL
    assert not identical(1, True)
    assert not identical(1, Double("1"))
    assert identical(Set([1, 2]), Set([2, 1]))
    assert not identical([1, 2], [2, 1])


@pytest.mark.parametrize("junk", [b"hello\r\n", b"$x\r\n", b"$3\r\nabcde", b"#y\r\n", b"*-5\r\n"])
def test_what_is_no_resp_is_refused(junk):
    with pytest.raises(ProtocolError):
        decode(junk)


def test_encode_counts_bytes_not_characters():
    assert encode(["SET", "\u00e4", 5]) == b"*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa4\r\n$1\r\n5\r\n"


# --- the server's start and end ---------------------------------------------------------------

STAND_IN = """#!%s
import signal, socket, sys
words = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", int(words[words.index("--port") + 1])))

def end(*_):
    print(words[words.index("--says") + 1], flush=True)
    sys.exit(int(words[words.index("--code") + 1]))

signal.signal(signal.SIGTERM, end)
while True:
    peer, _ = listener.accept()
    peer.recv(100)
    peer.sendall(b"+PONG\\r\\n")
    peer.close()
""" % sys.executable


@pytest.fixture
def stand_in(tmp_path):
    """A program that answers PING and ends as it is told."""
    path = tmp_path / "stand-in-server"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return lambda says, code: Server(binary=str(path), options={"says": says, "code": code})


def test_a_clean_end_is_accepted_and_leaves_no_directory(stand_in):
    server = stand_in("bye", 0)
    assert server.dir.exists()
    server.stop()
    assert not server.dir.exists() and not server.alive()


def test_an_exit_code_is_a_failure(stand_in):
    with pytest.raises(ServerFailure, match="ended with code 3"):
        stand_in("bye", 3).stop()


@pytest.mark.parametrize("line", ["==1==ERROR: AddressSanitizer: heap-use-after-free",
                                  "x.c:1: runtime error: oops",
                                  "WARNING: ThreadSanitizer: data race"])
def test_a_sanitizer_report_is_a_failure_even_with_a_clean_exit(stand_in, line):
    with pytest.raises(ServerFailure, match="in the log"):
        stand_in(line, 0).stop()


def test_a_binary_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ServerFailure, match="no-such-server"):
        Server(binary=str(tmp_path / "no-such-server"))


def test_two_leases_never_share_a_port():
    leases = [PortLease() for _ in range(50)]
    assert len({lease.port for lease in leases}) == 50
    for lease in leases:
        lease.release()


def test_the_quick_matrix_touches_every_value_once():
    for axis, values in enumerate([{1, 4}, {"uring", "epoll"}, {2, 3}]):
        assert {cell[axis] for cell in matrix.QUICK} == values
    assert len(matrix.FULL) == 12
