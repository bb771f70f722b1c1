"""The server refuses, or is away: who waits is told what the server says; who waits for one that is away waits until it is back."""

import contextlib

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, error_fields, query

SOON = 10.0  # seconds; without being told they would wait for ever


def told(wire):
    """What it is told; empty when the connection ends without a word."""
    wire.socket.settimeout(SOON)
    with contextlib.suppress(EOFError, ConnectionError):
        return error_fields(wire.read_until("E")[-1][1])
    return {}


@pytest.mark.usefixtures("cenote_only")
def test_waiting_clients_are_told_the_servers_refusal(make_pooler, own_postgres):
    pooler = make_pooler(own_postgres, settings={"query_wait_timeout": 0, "default_pool_size": 2})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Wire(pooler.host, pooler.port)) for _ in range(4)]
        for client in clients:
            client.login(user="app", database="app")
            client.send(query("select 1"))
            client.read_until("Z")
        own_postgres.sql("alter role app nologin")
        own_postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")
        for client in clients:
            client.send(query("select 1"))
        for client in clients:
            said = told(client)
            assert said.get("C") in ("28000", "57P01"), said
        # The second time it is known from the start that there is no server.
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            pooler.connect()
        own_postgres.sql("alter role app login")

        def served():
            with contextlib.suppress(psycopg.Error), pooler.connect() as connection:
                return connection.execute("select 1").fetchone() == (1,)
            return False

        wait_until(served, "the pool to serve again")


@pytest.mark.usefixtures("cenote_only")
def test_who_waits_for_a_server_that_is_away_is_served_when_it_is_back(make_pooler, own_postgres):
    pooler = make_pooler(own_postgres)
    with pooler.connect() as connection:
        connection.execute("select 1")
        own_postgres.stop()
        wait_until(lambda: pooler.pool()["sv_idle"] == 0, "the server's end to be seen")
        waiting = in_background(lambda: connection.execute("select 2").fetchone())
        wait_until(lambda: "connect failed" in pooler.log(), "a connect to fail")
        assert not waiting.done()
        own_postgres.start()
        assert waiting.result(30) == (2,)
