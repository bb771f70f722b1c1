"""Garbage ends its own connection, with an error where one can be said, and nobody else's."""

import os
import struct

import pytest

from support.waiting import wait_until
from support.wire import SSL_REQUEST, Wire, error_fields, message, query, rows, startup_packet


@pytest.fixture
def bystander(pooler):
    """A client that is served before, during and after."""
    with pooler.connect() as connection:
        connection.execute("select 1")
        yield connection
        for number in range(5):
            assert connection.execute("select %s::int", (number,)).fetchone() == (number,)
    assert pooler.process.running()


STARTUPS = {
    "http": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    "tls hello": bytes.fromhex("16030100c8010000c4030300") + bytes(192),
    "zeroes": bytes(64),
    "ones": b"\xff" * 64,
    "length of zero": struct.pack("!i", 0),
    "length below a header's": struct.pack("!ii", 7, 196608),
    "negative length": struct.pack("!ii", -1, 196608),
    "length of 2 GiB": struct.pack("!ii", 0x7FFFFFFF, 196608) + b"user\0app\0\0",
    "longer than a start-up may be": struct.pack("!ii", 100_008, 196608) + b"x" * 100_000,
    "no terminator": struct.pack("!ii", 16, 196608) + b"user\0app",
    "name without a value": struct.pack("!ii", 14, 196608) + b"user\0\0",
    "odd number of strings": struct.pack("!ii", 8 + 14, 196608) + b"user\0app\0data\0",
    "password before startup": message("p", b"secret\0"),
    "query before startup": query("select 1"),
    "cancel of the wrong length": struct.pack("!ii", 9, 80877102) + b"x",
    "ssl request of the wrong length": struct.pack("!ii", 9, 80877103) + b"x",
    "ssl requests without end": SSL_REQUEST * 1000,
    "random": os.urandom(4096),
}


@pytest.mark.parametrize("case", STARTUPS)
def test_before_the_login(pooler, bystander, case):
    with Wire(pooler.host, pooler.port) as raw:
        try:
            raw.send(STARTUPS[case])
        except OSError:
            pass  # closed while we were still sending
        assert raw.closed()  # by the other side: ours stays open


PACKETS = {
    "unknown kind": message("y", b"what"),
    "server's kind": message("Z", b"I"),
    "length below four": b"Q" + struct.pack("!i", 3),
    "length of zero": b"Q" + struct.pack("!i", 0),
    "negative length": b"Q" + struct.pack("!i", -5),
    "parse without an end": message("P", b"name without an end"),
    "bind of nothing": message("B"),
    "describe of nothing": message("D"),
    "close of an unknown kind": message("C", b"Xname\0"),
    "execute of nothing": message("E"),
    "start-up in the middle": startup_packet(user="app", database="app"),
    "password in the middle": message("p", b"secret\0"),
    "random": b"\x01" + os.urandom(4095),
}


@pytest.mark.parametrize("case", PACKETS)
def test_after_the_login(pooler, bystander, case):
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        try:
            raw.send(PACKETS[case])
            raw.send(message("S"), message("X"))  # ends those that are only refused
        except OSError:
            pass
        assert raw.closed()


@pytest.mark.parametrize("case", PACKETS)
def test_in_a_transaction_nothing_is_left_for_the_next_client(make_pooler, postgres, case):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        raw.send(query("begin; create table left_over (n int)"))
        raw.read_until("Z")
        try:
            raw.send(PACKETS[case], message("X"))
        except OSError:
            pass
        assert raw.closed()
    with pooler.connect() as connection:
        assert connection.execute("select to_regclass('left_over')").fetchone() == (None,)


def test_oversized_packet(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"max_packet_size": 100_000})
    with pooler.connect() as bystander, Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        raw.send(query("select 'fits' /* " + "x" * 90_000 + " */"))
        assert rows(raw.read_until("Z")) == [("fits",)]
        try:
            raw.send(query("select 'too much' /* " + "x" * 200_000 + " */"))
        except OSError:
            pass
        assert raw.closed()
        assert bystander.execute("select 1").fetchone() == (1,)


def test_a_promised_gigabyte_takes_no_memory(cenote_only, pooler, bystander):
    def most(name):
        """The highest it ever was, in kB; VmHWM counts what was touched, VmPeak also what was only reserved."""
        with open(f"/proc/{pooler.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))

    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        before = {name: most(name) for name in ("VmHWM", "VmPeak")}
        raw.send(b"Q" + struct.pack("!i", (1 << 30) - 100) + b"select 1")
        wait_until(lambda: pooler.pool()["sv_active"] == 1, "the message to have begun")
        assert most("VmHWM") < before["VmHWM"] + 10_000
        assert most("VmPeak") < before["VmPeak"] + 300_000  # an arena or two of a thread's first allocation


@pytest.mark.pgbouncer_fault("1.18 crashes on a SCRAM message with a false length (CVE-2026-6664)")
def test_scram_garbage(make_pooler, postgres):
    """Lengths inside the login's messages are not believed either."""
    pooler = make_pooler(postgres, settings={"auth_type": "scram-sha-256"})
    for body in (b"", b"SCRAM-SHA-256\0", b"SCRAM-SHA-256\0\x7f\xff\xff\xff", b"SCRAM-SHA-256\0\xff\xff\xff\xff", b"NO-SUCH\0\0\0\0\1x", os.urandom(900)):
        with Wire(pooler.host, pooler.port) as raw:
            raw.send(startup_packet(user="app", database="app"))
            assert raw.read()[0] == "R"
            try:
                raw.send(message("p", body))
            except OSError:
                pass
            assert raw.closed()
    with pooler.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_an_error_is_said_before_the_close(cenote_only, pooler):
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        raw.send(message("y", b"what"))
        assert error_fields(raw.read_until("E")[-1][1])["C"] == "08P01"
        assert raw.closed()
