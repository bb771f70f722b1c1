"""The PostgreSQL protocol by hand, for what no client library would send."""

import socket
import struct

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSSENC_REQUEST = struct.pack("!ii", 8, 80877104)
PROTOCOL_3_0 = 3 << 16
PROTOCOL_3_2 = 3 << 16 | 2


def startup_packet(version=PROTOCOL_3_0, **parameters):
    body = b"".join(name.encode() + b"\0" + str(value).encode() + b"\0" for name, value in parameters.items()) + b"\0"
    return struct.pack("!ii", len(body) + 8, version) + body


def cancel_packet(pid, key):
    return struct.pack("!iii", 16, 80877102, pid) + key


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def query(text):
    return message("Q", text.encode() + b"\0")


def parse(text, name=""):
    return message("P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack("!h", 0))


def bind(*values, name="", portal=""):
    encoded = b"".join(struct.pack("!i", len(value)) + value for value in (str(one).encode() for one in values))
    return message("B", portal.encode() + b"\0" + name.encode() + b"\0" + struct.pack("!hh", 0, len(values)) + encoded + struct.pack("!h", 0))


def describe(name="", kind="S"):
    return message("D", kind.encode() + name.encode() + b"\0")


def execute(portal="", rows=0):
    return message("E", portal.encode() + b"\0" + struct.pack("!i", rows))


def close(name="", kind="S"):
    return message("C", kind.encode() + name.encode() + b"\0")


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


class ServerError(Exception):
    def __init__(self, fields):
        super().__init__(fields.get("M", ""))
        self.sqlstate = fields.get("C", "")
        self.severity = fields.get("S", "")


def error_fields(body):
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


class Wire:
    """A raw connection; messages come back as (kind, body)."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parameters = {}
        self.key = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *packets):
        self.socket.sendall(b"".join(packets))

    def read_bytes(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                raise EOFError(f"closed after {len(got)} of {count} bytes")
            got += more
        return got

    def read(self):
        kind, length = struct.unpack("!ci", self.read_bytes(5))
        return kind.decode(), self.read_bytes(length - 4)

    def read_until(self, *kinds):
        """All messages up to and with the first of these kinds."""
        messages = []
        while True:
            messages.append(self.read())
            if messages[-1][0] in kinds:
                return messages

    def login(self, version=PROTOCOL_3_0, **parameters):
        """To the first ReadyForQuery, by trust; returns the messages."""
        self.send(startup_packet(version, **parameters))
        messages = self.read_until("Z", "E")
        for kind, body in messages:
            if kind == "S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == "K":
                self.key = (struct.unpack("!i", body[:4])[0], body[4:])
            elif kind == "E":
                raise ServerError(error_fields(body))
        return messages

    def closed(self):
        """True once the other side has closed; what it still sends is dropped."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def kinds(self, *until):
        return "".join(kind for kind, _ in self.read_until(*until))


def rows(messages):
    """Values of the DataRow messages, as text."""
    found = []
    for kind, body in messages:
        if kind == "D":
            (count,), at, row = struct.unpack("!h", body[:2]), 2, []
            for _ in range(count):
                (length,) = struct.unpack("!i", body[at : at + 4])
                at += 4
                row.append(None if length < 0 else body[at : at + length].decode())
                at += max(length, 0)
            found.append(tuple(row))
    return found
