"""A small RESP2/RESP3 client that keeps the wire's types apart.

Errors are values, not exceptions. Nothing is converted: a simple string is not a
bulk string, a RESP3 null is not a RESP2 null bulk, a map stays a list of pairs.
`identical` compares two replies with their types; plain `==` is more lenient
(`NIL` equals every null, a `Map` can be indexed), which is what tests want.
"""

import socket
import time


class Simple(str):
    """A simple string: +OK."""

    __slots__ = ()

    def __repr__(self):
        return "Simple(%s)" % str.__repr__(self)


class Error:
    """An error reply, equal to another by its whole text."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    @property
    def code(self):
        return self.text.split(" ", 1)[0]

    def __eq__(self, other):
        return isinstance(other, Error) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __repr__(self):
        return "Error(%r)" % self.text


class Null:
    """A null of some kind: "bulk" ($-1), "array" (*-1), "resp3" (_). "any" equals all."""

    __slots__ = ("kind",)

    def __init__(self, kind):
        self.kind = kind

    def __eq__(self, other):
        if not isinstance(other, Null):
            return False
        return self.kind == other.kind or "any" in (self.kind, other.kind)

    def __hash__(self):
        return 0

    def __bool__(self):
        return False

    def __repr__(self):
        return "NIL" if self.kind == "any" else "Null(%s)" % self.kind


class Double(float):
    """A RESP3 double, with the text it was sent as."""

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.text = text
        return self


class BigNumber(int):
    """A RESP3 big number."""


class Verbatim(bytes):
    """A RESP3 verbatim string; `fmt` is its three-letter format."""

    fmt = "txt"


class Set(list):
    """A RESP3 set, in the order sent."""


class Push(list):
    """A RESP3 push message."""


class Map(list):
    """A RESP3 map as a list of (key, value), which can also be indexed by a key."""

    def __getitem__(self, key):
        if isinstance(key, (int, slice)):
            return list.__getitem__(self, key)
        for k, v in self:
            if k == key:
                return v
        raise KeyError(key)

    def flat(self):
        return [x for pair in self for x in pair]


OK = Simple("OK")
QUEUED = Simple("QUEUED")
PONG = Simple("PONG")
NIL = Null("any")
_BULK_NULL = Null("bulk")
_ARRAY_NULL = Null("array")
_RESP3_NULL = Null("resp3")


class Incomplete(Exception):
    """More bytes are needed; `total` is how long the buffer must be at least."""

    def __init__(self, total):
        super().__init__(total)
        self.total = total


class ProtocolError(Exception):
    """The server sent what is no RESP."""


class Closed(Exception):
    """The server closed the connection."""


def identical(a, b):
    """Whether two replies are equal with all their types, order of sets apart."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Null):
        return a.kind == b.kind
    if isinstance(a, Double):
        return a.text == b.text
    if isinstance(a, Set):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(identical(x, y) for x, y in zip(a, b))
    return a == b


def to_bytes(arg):
    if isinstance(arg, bytes):
        return arg
    if isinstance(arg, str):
        return arg.encode()
    if isinstance(arg, int) and not isinstance(arg, bool):
        return b"%d" % arg
    if isinstance(arg, float):
        return repr(arg).encode()
    if isinstance(arg, (bytearray, memoryview)):
        return bytes(arg)
    raise TypeError("cannot send %r" % (arg,))


def encode(args):
    """One command as a RESP array of bulk strings."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        raw = to_bytes(arg)
        parts.append(b"$%d\r\n" % len(raw))
        parts.append(raw)
        parts.append(b"\r\n")
    return b"".join(parts)


def encode_many(commands):
    return b"".join(encode(c) for c in commands)


def _need_line(buf, pos):
    end = buf.find(b"\r\n", pos)
    if end < 0:
        raise Incomplete(len(buf) + 1)
    return bytes(buf[pos:end]), end + 2


def _integer(text):
    try:
        return int(text)
    except ValueError:
        raise ProtocolError("bad number %r" % text) from None


def _blob(buf, pos, line):
    size = _integer(line)
    if size == -1:
        return None, pos
    if size < 0:
        raise ProtocolError("bad length %r" % line)
    if len(buf) < pos + size + 2:
        raise Incomplete(pos + size + 2)
    if buf[pos + size:pos + size + 2] != b"\r\n":
        raise ProtocolError("a blob does not end in CRLF")
    return bytes(memoryview(buf)[pos:pos + size]), pos + size + 2


def _sequence(buf, pos, count):
    items = []
    for _ in range(count):
        item, pos = decode(buf, pos)
        items.append(item)
    return items, pos


def _boolean(line):
    if line not in (b"t", b"f"):
        raise ProtocolError("bad boolean %r" % line)
    return line == b"t"


def _verbatim(blob):
    if blob is None or blob[3:4] != b":":
        raise ProtocolError("bad verbatim string %r" % blob)
    value = Verbatim(blob[4:])
    value.fmt = blob[:3].decode()
    return value


def decode(buf, pos=0):
    """One reply at `pos`: (value, position after it). Raises Incomplete."""
    line, after = _need_line(buf, pos)
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return Simple(rest.decode("utf-8", "surrogateescape")), after
    if kind == b":":
        return _integer(rest), after
    if kind == b"-":
        return Error(rest.decode("utf-8", "surrogateescape")), after
    if kind == b"$":
        blob, after = _blob(buf, after, rest)
        return (_BULK_NULL if blob is None else blob), after
    if kind in b"*~>" and kind:
        count = _integer(rest)
        if count == -1 and kind == b"*":
            return _ARRAY_NULL, after
        if count < 0:
            raise ProtocolError("bad count %r" % line)
        items, after = _sequence(buf, after, count)
        return {b"*": list, b"~": Set, b">": Push}[kind](items), after
    if kind == b"%":
        items, after = _sequence(buf, after, 2 * _integer(rest))
        return Map(zip(items[::2], items[1::2])), after
    if kind == b"_":
        return _RESP3_NULL, after
    if kind == b"#":
        return _boolean(rest), after
    if kind == b",":
        return Double(rest.decode()), after
    if kind == b"(":
        return BigNumber(_integer(rest)), after
    if kind == b"=":
        blob, after = _blob(buf, after, rest)
        return _verbatim(blob), after
    if kind == b"!":
        blob, after = _blob(buf, after, rest)
        return Error(blob.decode("utf-8", "surrogateescape")), after
    if kind == b"|":
        _, after = _sequence(buf, after, 2 * _integer(rest))
        return decode(buf, after)
    raise ProtocolError("not RESP: %r" % line[:80])


class Decoder:
    """Takes bytes as they come, gives whole replies."""

    def __init__(self):
        self.buf = bytearray()
        self.pos = 0
        self.wanted = 1

    def feed(self, data):
        self.buf += data

    def next(self):
        """The next reply, or None (never a reply) when it is not all here."""
        if len(self.buf) < self.wanted or self.pos == len(self.buf):
            return None
        try:
            value, self.pos = decode(self.buf, self.pos)
        except Incomplete as more:
            self.wanted = more.total
            return None
        self.wanted = 1
        if self.pos == len(self.buf) or self.pos > 1 << 16:
            del self.buf[:self.pos]
            self.pos = 0
        return value


class Client:
    """A blocking connection: client("SET", "k", "v") answers the reply as a value."""

    def __init__(self, port, protocol=2, host="127.0.0.1", timeout=10.0):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.decoder = Decoder()
        self.pushes = []
        self.protocol = protocol
        if protocol == 3:
            reply = self("HELLO", "3")
            if isinstance(reply, Error):
                raise ProtocolError(reply.text)

    def send_raw(self, data):
        self.sock.sendall(data)

    def send(self, *args):
        self.sock.sendall(encode(args))

    def receive(self, timeout=None):
        """The next reply; push messages go to `pushes` instead."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            value = self.decoder.next()
            if isinstance(value, Push):
                self.pushes.append(value)
                continue
            if value is not None:
                return value
            self._fill(deadline)

    def receive_push(self, timeout=5.0):
        deadline = time.monotonic() + timeout
        while not self.pushes:
            value = self.decoder.next()
            if isinstance(value, Push):
                return value
            if value is not None:
                raise ProtocolError("a reply came, not a push: %r" % (value,))
            self._fill(deadline)
        return self.pushes.pop(0)

    def _fill(self, deadline):
        usual = self.sock.gettimeout()
        if deadline is not None:
            self.sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionError as problem:
            raise Closed(str(problem)) from None
        finally:
            self.sock.settimeout(usual)
        if not data:
            raise Closed("the server closed the connection")
        self.decoder.feed(data)

    def __call__(self, *args):
        self.send(*args)
        return self.receive()

    def words(self, line):
        """A command written as one line, split at blanks."""
        return self(*line.split())

    def pipeline(self, commands):
        """Sends all commands in one write and answers all replies."""
        commands = list(commands)
        self.send_raw(encode_many(commands))
        return [self.receive() for _ in commands]

    def is_silent(self, seconds=0.2):
        """Whether nothing arrives for that long."""
        try:
            value = self.receive(timeout=seconds)
        except (socket.timeout, TimeoutError):
            return True
        raise ProtocolError("an unexpected reply came: %r" % (value,))

    def is_closed(self, timeout=5.0):
        """Whether the server closes the connection without a further reply."""
        try:
            self.receive(timeout=timeout)
        except Closed:
            return True
        except (socket.timeout, TimeoutError):
            return False
        return False

    def read_until_closed(self, timeout=5.0):
        """All raw bytes up to the server's close."""
        self.sock.settimeout(timeout)
        data = bytes(self.decoder.buf[self.decoder.pos:])
        while True:
            try:
                piece = self.sock.recv(1 << 16)
            except ConnectionError:
                return data
            if not piece:
                return data
            data += piece

    def info(self, section=None):
        """INFO as a dict of strings."""
        reply = self("INFO", section) if section else self("INFO")
        pairs = (line.split(":", 1) for line in reply.decode().splitlines() if ":" in line)
        return {k: v for k, v in pairs}

    def config(self, name):
        reply = self("CONFIG", "GET", name)
        flat = reply.flat() if isinstance(reply, Map) else reply
        return dict(zip(flat[::2], flat[1::2]))[name.encode()].decode()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
