"""BZPOPMIN, BZPOPMAX and BZMPOP: the waiting of test_waiting.py, with sorted sets."""

import pytest

from harness.resp import NIL, QUEUED
from harness.texts import WRONG_TYPE
from test_waiting import KEYS, served, waiter  # noqa: F401, a fixture


def number(client, text):
    """A score as the protocol has it."""
    return float(text) if client.protocol == 3 else text.encode()


def test_what_is_there_is_taken_at_once(client):
    for key in KEYS:
        client("ZADD", key, "1", "a", "2.5", "b", "3", "c", "4", "d")
        assert client("BZPOPMIN", key, "0") == [key.encode(), b"a", number(client, "1")]
        assert client("BZPOPMAX", "none", key, "0") == [key.encode(), b"d", number(client, "4")]
        assert client("BZMPOP", "0", "2", "none", key, "MIN", "COUNT", "5") == [
            key.encode(), [[b"b", number(client, "2.5")], [b"c", number(client, "3")]]]
        assert client("EXISTS", key) == 0


def test_the_time_out_ends_in_null(client):
    assert client("BZPOPMIN", *KEYS, "0.01") == NIL
    assert client("BZPOPMAX", *KEYS, "0.01") == NIL
    assert client("BZMPOP", "0.01", "2", *KEYS[:2], "MAX") == NIL


@pytest.mark.parametrize("key", KEYS)
def test_members_serve_who_waits_in_the_order_they_came(client, waiter, key):  # noqa: F811
    first = waiter("BZPOPMIN", *KEYS, "0")
    second = waiter("BZPOPMAX", key, "0")
    third = waiter("BZMPOP", "0", "1", key, "MIN", "COUNT", "2")
    assert client("ZADD", key, "1", "a", "2", "b", "3", "c", "4", "d", "5", "e") == 5
    assert served(first) == [key.encode(), b"a", number(client, "1")]
    assert served(second) == [key.encode(), b"e", number(client, "5")]
    assert served(third) == [key.encode(),
                             [[b"b", number(client, "2")], [b"c", number(client, "3")]]]
    assert client("ZRANGE", key, "0", "-1") == [b"d"]


def test_a_value_of_another_type_serves_nobody(client, waiter):  # noqa: F811
    c = waiter("BZPOPMIN", "k", "0")
    client("SADD", "k", "x")
    assert client("BZPOPMIN", "k", "0") == WRONG_TYPE
    client("DEL", "k")
    client("ZUNIONSTORE", "k", "1", "none")
    client("ZADD", "other", "7", "x")
    client("RENAME", "other", "k")
    assert served(c) == [b"k", b"x", number(client, "7")]


def test_a_transaction_does_not_wait(client):
    client("MULTI")
    assert client("BZPOPMIN", "none", "0") == QUEUED
    assert client("BZMPOP", "0", "1", "none", "MAX") == QUEUED
    assert client("EXEC") == [NIL, NIL]
