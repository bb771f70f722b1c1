"""A client that is told to leave has read the whole of its last answer, and why."""

import signal
import socket

import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, error_fields, query

CLIENTS = 60
ROW = 32 * 1024


def length(number):
    """In rows."""
    return 240 + 3 * number


def slow_reader(pooler):
    """A client whose socket takes little."""
    wire = Wire(pooler.host, pooler.port)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
    wire.login(user="app", database="app")
    return wire


def stuck(postgres):
    """No backend has anything left to do but to write to a socket that takes no more."""
    return not postgres.sql("select 1 from pg_stat_activity where datname = 'app' and state = 'active' and wait_event is distinct from 'ClientWrite'")


def test_drain_keeps_every_byte_for_slow_readers(cenote_only, make_pooler, postgres):
    for _ in range(4):
        drain_with_slow_readers(make_pooler, postgres)


def drain_with_slow_readers(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"drain_timeout": 60, "drain_delay": 0, "default_pool_size": CLIENTS})
    wires = [slow_reader(pooler) for _ in range(CLIENTS)]
    try:
        # Larger than what the kernel keeps for them, and each of another size, so that the ends of many wait in the pooler's own hands.
        for number, wire in enumerate(wires):
            wire.send(query(f"select repeat('x', {ROW}) from generate_series(1, {length(number)})"))
        wait_until(lambda: stuck(postgres), "the answers being stuck")
        pooler.process.send(signal.SIGTERM)
        wait_until(lambda: pooler.http("/readyz")[0] == 503, "not ready")
        reading = [in_background(read_to_the_end, wire) for wire in wires]
        for number, one in enumerate(reading):
            rows, ends, code = one.result(60)
            assert (number, rows, ends, code) == (number, length(number), "CZ", "57P01")
        assert pooler.process.wait(60) == 0
    finally:
        for wire in wires:
            wire.socket.close()


def read_to_the_end(wire):
    """(rows, the other messages, SQLSTATE of the farewell)"""
    rows, others, code = 0, "", ""
    while True:
        try:
            kind, body = wire.read()
        except (EOFError, ConnectionResetError):
            return rows, others, code
        if kind == "D":
            rows += 1
        elif kind == "E":
            code = error_fields(body)["C"]
        elif kind != "T":
            others += kind
