"""The server is away: those who wait are told as soon as it is known."""

import contextlib

import pytest

from support.wire import Wire, error_fields, query, startup_packet

SOON = 10.0  # seconds; without being told they would wait for ever


def told(wire):
    """The SQLSTATE of what it is told; empty when the connection ends without a word."""
    wire.socket.settimeout(SOON)
    with contextlib.suppress(EOFError, ConnectionError):
        return error_fields(wire.read_until("E")[-1][1])["C"]
    return ""


@pytest.mark.pgbouncer_fault("one of those that wait is not told")
def test_waiting_clients_are_told_when_no_server_is_left(make_pooler, own_postgres):
    pooler = make_pooler(own_postgres, settings={"query_wait_timeout": 0, "default_pool_size": 2})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Wire(pooler.host, pooler.port)) for _ in range(4)]
        for client in clients:
            client.login(user="app", database="app")
            client.send(query("select 1"))
            client.read_until("Z")
        own_postgres.stop()
        for client in clients:
            client.send(query("select 1"))
        assert all(told(client) for client in clients)
        # The second time it is known from the start that there is no server.
        for _ in range(2):
            late = stack.enter_context(Wire(pooler.host, pooler.port))
            late.send(startup_packet(user="app", database="app"))
            late.send(query("select 1"))
            assert told(late)
