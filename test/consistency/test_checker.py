"""The checker finds every anomaly it has a name for in histories made by hand, no other."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from checker import check  # noqa: E402
from graph import Graph  # noqa: E402
from history import TOKEN_BYTES, Transaction, token  # noqa: E402

A, B = token(1, 1), token(1, 2)
C, D = token(1, 3), token(1, 4)
X, Y = b"ax", b"ay"


class Story:
    """Builds a history; a transaction without times overlaps all others."""

    def __init__(self):
        self.history = []

    def add(self, *operations, at=None, ok=True, pipeline=None):
        invoke, complete = at or (0, 10 ** 9)
        self.history.append(Transaction(invoke, complete, ok, len(self.history), pipeline,
                                        list(operations)))
        return self

    def kinds(self, **options):
        return {anomaly.kind for anomaly in check(self.history, **options)}


def append(key, text, place=None):
    return ("append", key, text, None if place is None else place * TOKEN_BYTES)


def read(key, *tokens):
    return ("read", key, b"".join(tokens) if tokens else None)


def write(key, value):
    return ("write", key, value)


def test_a_good_history_has_no_anomaly():
    story = Story()
    story.add(append(X, A, 1), at=(0, 10))
    story.add(append(X, B, 2), append(Y, C, 1), at=(20, 30))
    story.add(read(X, A), read(Y), at=(15, 25))
    story.add(read(X, A, B), read(Y, C), at=(40, 50))
    story.add(("length", X, 2 * TOKEN_BYTES), at=(60, 70))
    assert story.kinds() == set()


def test_g0_two_transactions_append_to_two_keys_in_opposite_order():
    story = Story()
    story.add(append(X, A), append(Y, C)).add(append(X, B), append(Y, D))
    story.add(read(X, A, B)).add(read(Y, D, C))
    assert story.kinds() == {"G0"}


def test_g0_is_seen_from_the_replies_of_append_alone():
    story = Story()
    story.add(append(X, A, 1), append(Y, C, 2)).add(append(X, B, 2), append(Y, D, 1))
    assert story.kinds() == {"G0"}


def test_g1a_a_read_of_an_aborted_append():
    story = Story().add(append(X, A), ok=False).add(read(X, A))
    assert "G1a" in story.kinds()


def test_g1b_a_read_in_the_middle_of_a_transaction():
    story = Story().add(append(X, A, 1), append(X, B, 2)).add(read(X, A)).add(read(X, A, B))
    assert "G1b" in story.kinds()


def test_g1c_two_transactions_read_what_the_other_appended():
    story = Story().add(append(X, A), read(Y, C)).add(append(Y, C), read(X, A))
    assert story.kinds() == {"G1c"}


def test_g_single_a_read_sees_one_half_of_a_transaction():
    story = Story().add(append(X, A, 1), append(Y, C, 1)).add(read(X, A), read(Y)).add(read(Y, C))
    assert story.kinds() == {"G-single"}


def test_g2_write_skew():
    story = Story().add(read(X), append(Y, C, 1)).add(read(Y), append(X, A, 1))
    assert story.kinds() == {"G2"}


def test_a_stale_read_violates_real_time():
    story = Story().add(append(X, A, 1), at=(0, 10)).add(read(X), at=(20, 30))
    assert story.kinds() == {"G-single-realtime"}


def test_a_stale_strlen_violates_real_time():
    story = Story().add(append(X, A, 1), at=(0, 10)).add(("length", X, 0), at=(20, 30))
    assert story.kinds() == {"G-single-realtime"}


def test_appends_in_the_wrong_order_of_time():
    story = Story().add(append(X, A, 2), at=(0, 10)).add(append(X, B, 1), at=(20, 30))
    assert story.kinds() == {"G0-realtime"}


def test_reads_that_go_back_in_time():
    story = Story().add(append(X, A, 1)).add(read(X, A), at=(10, 20)).add(read(X), at=(30, 40))
    assert story.kinds() == {"G-single-realtime"}


def test_overlapping_operations_may_come_in_any_order():
    story = Story().add(append(X, A, 2), at=(0, 100)).add(append(X, B, 1),
                                                          at=(50, 150)).add(read(X), at=(20, 60))
    assert story.kinds() == set()


def test_an_unknown_transaction_may_have_happened_late():
    story = Story().add(append(X, A), at=(0, 10), ok=None)
    story.add(read(X), at=(20, 30)).add(read(X, A), at=(40, 50))
    assert story.kinds() == set()
    assert "G-single-realtime" in story.add(read(X), at=(60, 70)).kinds()


def test_a_pipeline_keeps_the_order_of_its_commands_on_a_key():
    story = Story().add(append(X, A, 1), pipeline=1).add(read(X), pipeline=1)
    assert story.kinds() == {"G-single-pipeline"}
    story = Story().add(append(X, A, 1), pipeline=1).add(read(X), pipeline=2)
    assert story.kinds() == set()


def test_two_reads_that_disagree_about_the_order():
    story = Story().add(append(X, A)).add(append(X, B)).add(read(X, A, B)).add(read(X, B))
    assert "incompatible-order" in story.kinds()


def test_a_lost_append():
    story = Story().add(append(X, A, 1)).add(append(X, B, 1))
    assert story.kinds() == {"lost-append"}
    story = Story().add(append(X, A, 1), at=(0, 1)).add(append(X, B, 2), at=(2, 3))
    story.add(read(X, A), at=(4, 5))
    assert story.kinds() == {"G-single-realtime"}


def test_a_doubled_append_and_a_token_out_of_nowhere():
    assert "duplicate" in Story().add(append(X, A)).add(read(X, A, A)).kinds()
    assert "garbage" in Story().add(read(X, A)).kinds()
    assert "garbage" in Story().add(append(Y, A)).add(read(X, A)).kinds()


def test_a_transaction_that_disagrees_with_itself():
    assert "internal" in Story().add(append(X, A, 1), read(X)).kinds()
    assert "internal" in Story().add(append(X, A)).add(read(X), read(X, A)).kinds()
    story = Story().add(append(X, A, 1)).add(read(X, A), append(X, B, 2), read(X, A, B))
    assert "internal" not in story.kinds()


def test_half_a_token_is_torn():
    story = Story().add(append(X, A)).add(append(X, B)).add(read(X, A, B)).add(("length", X, 15))
    assert "torn-append" in story.kinds()


# --- registers --------------------------------------------------------------------------------

def test_registers_in_good_order():
    story = Story()
    story.add(read(b"g1"), write(b"g1", b"u"), at=(0, 10))
    story.add(read(b"g1", b"u"), write(b"g1", b"v"), at=(5, 20))
    story.add(read(b"g1", b"v"), at=(30, 40))
    assert story.kinds() == set()


def test_a_lost_update():
    story = Story().add(read(b"g1"), write(b"g1", b"u")).add(read(b"g1"), write(b"g1", b"v"))
    assert "lost-update" in story.kinds()


def test_a_group_of_registers_read_in_part_before_and_in_part_after():
    story = Story()
    story.add(read(b"g1:0"), read(b"g1:1"), write(b"g1:0", b"u"), write(b"g1:1", b"u"))
    story.add(read(b"g1:0", b"u"), read(b"g1:1"))
    assert story.kinds() == {"G-single"}


def test_a_stale_register():
    story = Story().add(read(b"g1"), write(b"g1", b"u"), at=(0, 10)).add(read(b"g1"), at=(20, 30))
    assert story.kinds() == {"G-single-realtime"}


def test_a_register_with_an_aborted_or_unknown_value():
    assert "G1a" in Story().add(write(b"g1", b"u"), ok=False).add(read(b"g1", b"u")).kinds()
    assert "garbage" in Story().add(read(b"g1", b"u")).kinds()


def test_blind_registers_never_mix():
    story = Story().add(write(b"b1:0", b"u"), write(b"b1:1", b"u"))
    story.add(write(b"b1:0", b"v"), write(b"b1:1", b"v"))
    assert story.kinds() == set()
    story.add(read(b"b1:0", b"u"), read(b"b1:1", b"v"))
    assert story.kinds() == {"torn-read"}


def test_blind_registers_are_never_stale():
    story = Story().add(write(b"b1:0", b"u"), at=(0, 10)).add(write(b"b1:0", b"v"), at=(20, 30))
    story.add(read(b"b1:0", b"u"), at=(25, 60))
    assert story.kinds() == set()
    story.add(read(b"b1:0", b"u"), at=(40, 50))
    assert story.kinds() == {"stale-read"}


def test_sums_and_moving_tokens():
    assert Story().add(("balances", (b"60", b"40"))).kinds(balance=100) == set()
    assert Story().add(("balances", (b"60", b"30"))).kinds(balance=100) == {"balance"}
    good, twice, gone = (b"t1", None, b"t2"), (b"t1", b"t1", b"t2"), (b"t1", None, None)
    assert Story().add(("holders", good)).kinds(holders=[b"t1", b"t2"]) == set()
    assert Story().add(("holders", twice)).kinds(holders=[b"t1", b"t2"]) == {"holders"}
    assert Story().add(("holders", gone)).kinds(holders=[b"t1", b"t2"]) == {"holders"}


def test_the_report_names_the_cycle_and_its_operations():
    story = Story().add(append(X, A, 1), at=(0, 10)).add(read(X), at=(20000, 30000))
    (anomaly,) = check(story.history)
    assert "T1 -rw(ax)-> T0" in anomaly.text and "T0 -rt-> T1" in anomaly.text
    assert "APPEND ax 010000001;" in anomaly.text and "read ax -> nil" in anomaly.text


# --- the graph --------------------------------------------------------------------------------

def test_components_of_a_long_chain_and_of_a_ring():
    size = 50000
    graph = Graph(size)
    for i in range(size - 1):
        graph.add(i, i + 1, "e")
    assert graph.components() == []
    graph.add(size - 1, 0, "e")
    (component,) = graph.components()
    assert len(component) == size


def test_components_respect_nodes_and_kinds():
    graph = Graph(5)
    for a, b, kind in [(0, 1, "x"), (1, 0, "y"), (2, 3, "x"), (3, 2, "x"), (3, 4, "x")]:
        graph.add(a, b, kind)
    assert sorted(map(sorted, graph.components())) == [[0, 1], [2, 3]]
    assert list(map(sorted, graph.components(kinds={"x"}))) == [[2, 3]]
    assert list(map(sorted, graph.components(nodes=[0, 1, 2]))) == [[0, 1]]


def test_the_shortest_cycle_is_reported():
    graph = Graph(6)
    for i in range(6):
        graph.add(i, (i + 1) % 6, "e")
    graph.add(2, 1, "e")
    cycle = graph.cycle(graph.components()[0], {"e"})
    assert sorted(edge[:2] for edge in cycle) == [(1, 2), (2, 1)]
