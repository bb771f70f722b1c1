"""Servers end when they are old, idle or dead; logins that do not end are ended."""

import socket
import threading

import psycopg
import pytest

from support import processes
from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, startup_packet


def pid(connection):
    return connection.execute("select pg_backend_pid()").fetchone()[0]


def test_server_idle_timeout(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_idle_timeout": 1})
    with pooler.connect() as connection:
        assert pid(connection) in postgres.backends()
        wait_until(lambda: not postgres.backends(), "the idle server to be closed")
        assert connection.execute("select 1").fetchone() == (1,)


def test_server_lifetime(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_lifetime": 1, "default_pool_size": 1})
    with pooler.connect() as connection:
        first = pid(connection)
        wait_until(lambda: pid(connection) != first, "a younger server")
        assert first not in postgres.backends()


def test_server_lifetime_zero_uses_each_server_once(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_lifetime": 0, "default_pool_size": 1})
    with pooler.connect() as connection:
        assert len({pid(connection) for _ in range(5)}) == 5


def test_an_idle_server_that_dies_is_not_given_out(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect() as connection:
        first = pid(connection)
        postgres.sql(f"select pg_terminate_backend({first}, 10000)")
        wait_until(lambda: pooler.pool()["sv_idle"] + pooler.pool()["sv_used"] == 0, "the pooler to see it")
        assert pid(connection) != first


def test_server_check_query_finds_a_broken_server(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_check_delay": 0, "server_check_query": "select 1", "default_pool_size": 1})
    with pooler.connect() as connection:
        for number in range(10):
            assert connection.execute("select %s::int", (number,)).fetchone() == (number,)


def test_a_failing_check_query_is_never_the_clients_error(make_pooler, postgres):
    postgres.sql("drop table if exists health; create table health (n int); grant select on health to public", "app")
    pooler = make_pooler(postgres, settings={"server_check_delay": 0, "server_check_query": "select n from health", "default_pool_size": 1})
    with pooler.connect() as connection:
        first = pid(connection)
        assert pid(connection) == first
        postgres.sql("drop table health", "app")
        assert connection.execute("select 'served'").fetchone() == ("served",)


def test_server_login_retry(make_pooler, own_postgres):
    """A connect that fails ends nobody's waiting: it is tried again, with default settings too, until the server is back."""
    pooler = make_pooler(own_postgres)
    own_postgres.stop()
    waiting = in_background(lambda: pooler.connect().execute("select 1").fetchone())
    wait_until(lambda: "connect failed" in pooler.log(), "a connect to fail")
    assert not waiting.done()
    own_postgres.start()
    assert waiting.result(30) == (1,)


def test_server_connect_timeout(make_pooler, postgres):
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        pooler = make_pooler(postgres, settings={"server_connect_timeout": 1, "server_login_retry": 1, "query_wait_timeout": 4}, start=False)
        pooler.databases = {"app": f"host=127.0.0.1 port={mute.getsockname()[1]}"}
        pooler.write()
        pooler.start()
        with pytest.raises(psycopg.OperationalError, match="connect timeout|server login failed|connect failed|server conn|query_wait_timeout"):
            pooler.connect(connect_timeout=30)


def test_client_login_timeout(make_pooler, postgres):
    # Without tcp_defer_accept, with which the kernel keeps a silent connection to itself.
    pooler = make_pooler(postgres, settings={"client_login_timeout": 1, "tcp_defer_accept": 0, "auth_type": "scram-sha-256"})
    with Wire(pooler.host, pooler.port) as silent, Wire(pooler.host, pooler.port) as half:
        half.send(startup_packet(user="app", database="app"))
        assert half.closed()
        assert silent.closed()


def test_half_a_startup_packet_ends_too(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"client_login_timeout": 1})
    with Wire(pooler.host, pooler.port) as slow:
        slow.send(startup_packet(user="app", database="app")[:-3])
        assert slow.closed()


def test_a_host_that_refuses(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_login_retry": 1, "query_wait_timeout": 5}, start=False)
    pooler.databases = {"app": f"host=127.0.0.1 port={processes.free_port()}", "other": pooler.target("other")}
    pooler.write()
    pooler.start()
    with pytest.raises(psycopg.OperationalError):
        pooler.connect(connect_timeout=30)
    with pooler.connect(database="other") as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_name_that_does_not_resolve_stops_nobody_else(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_login_retry": 1, "query_wait_timeout": 5}, start=False)
    pooler.databases = {"app": "host=no-such-host.invalid port=5432", "other": pooler.target("other")}
    pooler.write()
    pooler.start()
    failed = threading.Event()

    def ask():
        with pytest.raises(psycopg.OperationalError):
            pooler.connect(connect_timeout=60)
        failed.set()

    asking = threading.Thread(target=ask)
    asking.start()
    with pooler.connect(database="other") as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    asking.join(60)
    assert failed.is_set()
