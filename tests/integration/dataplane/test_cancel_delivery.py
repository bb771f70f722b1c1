"""The connection of a CancelRequest stays open until the server has closed its own: whoever waits for its end knows that nothing comes later."""

import socket

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, cancel_packet, query


@pytest.fixture
def far(make_pooler, make_fault_proxy, postgres):
    """(a pooler, the slow way to its server)"""
    way = make_fault_proxy(postgres.port)
    return make_pooler(postgres, databases={"app": f"host={way.host} port={way.port} dbname=app"}), way


def sleeping(postgres):
    return [pid for pid, state, text in postgres.activity() if state == "active" and "/* slow */" in text]


def cancel(pooler, wire):
    request = Wire(pooler.host, pooler.port)
    request.send(cancel_packet(*wire.key))
    return request


def test_it_stays_open_while_the_request_is_on_its_way(far, postgres):
    pooler, way = far
    with Wire(pooler.host, pooler.port) as wire:
        wire.login(user="app", database="app")
        wire.send(query("select pg_sleep(600) /* slow */"))
        wait_until(lambda: sleeping(postgres), "the query")
        way.faults(connect_delay=600_000)
        with cancel(pooler, wire) as request:
            request.socket.settimeout(1)
            with pytest.raises(socket.timeout):
                request.socket.recv(1)


def test_nothing_comes_after_its_end(far, postgres):
    pooler, way = far
    with pooler.connect() as connection, Wire(pooler.host, pooler.port) as wire:
        wire.login(user="app", database="app")
        way.faults(connect_delay=200)
        for _ in range(3):
            wire.send(query("select pg_sleep(0.05)"))
            with cancel(pooler, wire) as request:
                assert request.closed()
            wire.read_until("Z")
            # As long as a cancel that was not delivered yet would need.
            assert connection.execute("select pg_sleep(0.4), 'other'").fetchone()[1] == "other"
            wire.send(query("select pg_sleep(0.4)"))
            assert "E" not in {kind for kind, _ in wire.read_until("Z")}


def test_a_cancelled_client_can_ask_on(far, postgres):
    pooler, way = far
    with pooler.connect() as connection:
        way.faults(connect_delay=200)
        slow = in_background(connection.execute, "select pg_sleep(600) /* slow */")
        wait_until(lambda: sleeping(postgres), "the query")
        connection.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            slow.result(30)
        assert connection.execute("select 1").fetchone() == (1,)
