"""Geo commands with real clients: both protocols, keys on several shards, a large set."""

import math

import pytest

from harness.resp import NIL, Error
from harness.texts import SYNTAX, WRONG_TYPE

PALERMO = ["13.361389", "38.115556", "Palermo"]
CATANIA = ["15.087269", "37.502669", "Catania"]


@pytest.fixture
def sicily(client):
    assert client("GEOADD", "s", *PALERMO, *CATANIA) == 2
    return client


def test_distances(sicily):
    assert sicily.words("GEODIST s Palermo Catania") == b"166274.1516"
    assert sicily.words("GEODIST s Palermo Catania km") == b"166.2742"
    assert sicily.words("GEODIST s Palermo none") == NIL
    assert sicily.words("GEODIST s Palermo Catania km x") == SYNTAX


def test_geohashes(sicily):
    assert sicily.words("GEOHASH s Palermo Catania") == [b"sqc8b49rny0", b"sqdtr74hyu0"]


def test_positions(sicily):
    """Doubles in RESP3, their text in RESP2."""
    (place,) = sicily.words("GEOPOS s Palermo")
    assert place in ([b"13.36138933897018433", b"38.11555639549629859"],
                     [13.36138933897018433, 38.11555639549629859])


def test_a_search_answers_what_was_asked_for(sicily):
    assert sicily.words("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHHASH") == [
        [b"Catania", b"56.4413", 3479447370796909], [b"Palermo", b"190.4424", 3479099956230698]]
    assert sicily.words("GEORADIUS_RO s 15 37 100 km") == [b"Catania"]


@pytest.mark.parametrize("number", range(12))
def test_results_are_stored_on_any_shard(sicily, number):
    name = "d%d" % number
    assert sicily.words("GEOSEARCHSTORE %s s FROMMEMBER Palermo BYRADIUS 200 km" % name) == 2
    assert sicily.words("GEODIST %s Palermo Catania" % name) == b"166274.1516"
    assert sicily.words("GEORADIUS s 15 37 100 km STOREDIST %s" % name) == 1
    assert math.isclose(float(sicily("ZSCORE", name, "Catania")), 56.4412578701582)
    assert sicily.words("GEORADIUSBYMEMBER missing x 1 m STORE %s" % name) == 0
    assert sicily("EXISTS", name) == 0


@pytest.mark.parametrize("line", [
    "GEOADD k 1 1 a", "GEODIST k a b", "GEOHASH k a", "GEOPOS k a", "GEORADIUS k 1 1 1 m",
    "GEOSEARCH k FROMLONLAT 1 1 BYRADIUS 1 m", "GEORADIUSBYMEMBER k a 1 m"])
def test_a_string_is_the_wrong_type(client, line):
    client("SET", "k", "text")
    assert client.words(line) == WRONG_TYPE


def test_a_search_needs_a_center_and_a_shape(sicily):
    assert sicily.words("GEOSEARCH s BYRADIUS 1 m COUNT 1 ASC") == Error(
        "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH")
    assert sicily.words("GEOSEARCH s FROMLONLAT 1 1 COUNT 1 ASC") == Error(
        "ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH")


def test_a_large_set(client):
    for row in range(50):
        words = [w for i in range(100)
                 for w in (str(row / 100), str(i / 100), "m%d-%d" % (row, i))]
        assert client("GEOADD", "big", *words) == 100
    assert client.words("GEOSEARCH big FROMLONLAT 0.2 0.5 BYRADIUS 100 m") == [b"m20-50"]
    assert len(client.words("GEOSEARCH big FROMLONLAT 0 0 BYBOX 400 400 km")) == 5000
    assert client("UNLINK", "big") == 1
