"""The harness itself: its RESP decoder keeps types apart and takes bytes in any cut."""

import pytest

from harness.resp import (NIL, BigNumber, Decoder, Double, Error, Map, Null, ProtocolError, Push,
                          Set,
                          Simple, Verbatim, decode, encode, identical)

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
