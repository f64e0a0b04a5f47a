"""What the clients did and saw: transactions of small operations, with their times.

A transaction is one command, or all commands of one MULTI/EXEC, or a WATCH, its reads and
the EXEC that followed. Its operations (tuples) are

    ("append", key, token, length)   APPEND; length is the reply, or None if unknown
    ("read", key, value)             GET or a part of MGET; None for a missing key
    ("length", key, length)          STRLEN
    ("write", key, value)            SET, part of MSET, COPY or RENAME onto the key
    ("balances", (value, ...))       MGET of all accounts
    ("holders", (value, ...))        MGET of all keys among which tokens move

The kind of a key is its first byte: "a" a list of fixed-width tokens that only APPEND
changes; "g" a register, each write of which follows a read of it in the same transaction,
so that the order of its versions is known; "b" a register that is written blindly.
"""

TOKEN_BYTES = 10
LIST, REGISTER, BLIND = ord("a"), ord("g"), ord("b")
FOREVER = float("inf")


class Transaction:
    """One atomic step of one client. `ok`: True, False (it did not happen) or None (unknown)."""

    __slots__ = ("invoke", "complete", "ok", "client", "pipeline", "operations")

    def __init__(self, invoke, complete, ok, client, pipeline, operations):
        self.invoke = invoke
        self.complete = complete if ok is not None else FOREVER
        self.ok = ok
        self.client = client
        self.pipeline = pipeline  # transactions sent in one write share it; None: sent alone
        self.operations = operations

    def keys(self):
        return {op[1] for op in self.operations if op[0] not in ("balances", "holders")}


def token(worker, number):
    """The text that one APPEND adds: unique, TOKEN_BYTES long."""
    return b"%02x%07x;" % (worker, number)


def _word(value):
    if value is None:
        return "nil"
    if isinstance(value, bytes):
        text = value.decode("latin1")
        return text if len(text) <= 60 else "...%s (%d bytes)" % (text[-40:], len(text))
    return str(value)


def describe_operation(op):
    if op[0] == "append":
        return "APPEND %s %s -> %s" % (_word(op[1]), _word(op[2]), op[3])
    if op[0] == "write":
        return "write %s = %s" % (_word(op[1]), _word(op[2]))
    if op[0] in ("balances", "holders"):
        return "%s: %s" % (op[0], " ".join(map(_word, op[1])))
    return "%s %s -> %s" % (op[0], _word(op[1]), _word(op[2]))


def describe(number, transaction, start=0):
    """A transaction in one line, times in microseconds since `start`."""
    state = {True: "", False: " FAILED", None: " UNKNOWN"}[transaction.ok]
    complete = "?"
    if transaction.complete != FOREVER:
        complete = "%d" % ((transaction.complete - start) // 1000)
    return "T%d%s client %s [%d..%s us] %s" % (
        number, state, transaction.client, (transaction.invoke - start) // 1000, complete,
        "; ".join(map(describe_operation, transaction.operations)))
