"""Clients that vanish, servers that die: no dirty server, no foreign answer, and it recovers."""

import signal
import socket
import struct
import threading

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import TERMINATE, Wire, bind, execute, message, parse, query


@pytest.fixture
def single(make_pooler, postgres):
    return make_pooler(postgres, settings={"default_pool_size": 1})


def usable(pooler):
    with pooler.connect() as connection:
        return connection.execute("select 'clean', txid_current_if_assigned() is null").fetchone() == ("clean", True)


def leave(pooler, *packets, until=None):
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        raw.send(*packets)
        if until:
            raw.read_until(until)


LEAVING = {
    "in a transaction": ([query("begin; select txid_current(); set application_name = 'dirty'")], "Z"),
    "in a failed transaction": ([query("begin"), query("select 1/0")], "E"),
    "while a query runs": ([query("select pg_sleep(0.3), 'foreign'")], None),
    "between batches of a pipeline": ([query(f"select {number}, 'foreign'") for number in range(100)], "Z"),
    "after Parse without Sync": ([parse("select 'foreign'"), bind(), execute()], None),
    "in a large result": ([query("select repeat('f', 100000) from generate_series(1, 1000)")], "D"),
    "in half a packet": ([query("select 'foreign'")[:-4]], None),
    "with a lock": ([query("begin; lock table pg_description in access share mode")], "Z"),
}


@pytest.mark.parametrize("case", LEAVING)
def test_client_gone(single, postgres, case):
    packets, until = LEAVING[case]
    for _ in range(3):
        leave(single, *packets, until=until)
        assert usable(single)
    wait_until(lambda: all(state == "idle" for _, state, _ in postgres.activity()), "nothing left open on the server")


def test_terminate_in_a_transaction(single, postgres):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(query("begin; create table never (n int)"))
        raw.read_until("Z")
        raw.send(TERMINATE)
        assert raw.closed()
    assert usable(single)
    assert postgres.sql("select to_regclass('never')", "app") == [(None,)]


def test_server_killed_under_a_client(single, postgres):
    with single.connect() as connection:
        pid = connection.execute("select pg_backend_pid()").fetchone()[0]
        asked = in_background(connection.execute, "select pg_sleep(600)")
        wait_until(lambda: any(state == "active" for _, state, _ in postgres.activity()), "the query to run")
        postgres.sql(f"select pg_terminate_backend({pid})")
        with pytest.raises(psycopg.OperationalError):
            asked.result(30)
    assert usable(single)


def test_dead_database_is_said_and_forgotten(make_pooler, own_postgres):
    pooler = make_pooler(own_postgres, settings={"server_login_retry": 1, "query_wait_timeout": 5})
    with pooler.connect() as idle:
        idle.execute("select 1")
        own_postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            with pooler.connect(connect_timeout=30) as connection:
                connection.execute("select 1")
        assert pooler.admin("show pools") is not None
        own_postgres.start()
        wait_until(lambda: usable(pooler), "the pooler to be well again")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_restarted_under_load(make_pooler, own_postgres, how):
    pooler = make_pooler(own_postgres, settings={"server_login_retry": 1, "default_pool_size": 6})
    stop, wrong, right = threading.Event(), [], [0] * 12

    def client(number):
        turn = 0
        while not stop.is_set():
            try:
                with pooler.connect(connect_timeout=30) as connection:
                    while not stop.is_set():
                        turn += 1
                        tag = f"{number}.{turn}"
                        answer = connection.execute("select %s::text", (tag,)).fetchone()[0]
                        if answer != tag:
                            wrong.append((tag, answer))
                        right[number] += 1
            except psycopg.Error:
                pass

    clients = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for one in clients:
        one.start()
    try:
        wait_until(lambda: min(right) > 20, "load")
        own_postgres.restart(how)
        before = list(right)
        wait_until(lambda: all(now > then + 20 for now, then in zip(right, before, strict=True)), "every client to be served again", 60)
    finally:
        stop.set()
        for one in clients:
            one.join()
    assert not wrong
    assert pooler.process.running()


def test_no_error_is_put_into_the_middle_of_a_row(make_pooler, postgres, cenote_only):
    """A server that dies within a row: the client gets what came and the end, not an error's bytes as the row's rest."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            raw, _ = server.accept()
            with raw:
                raw.recv(8192)
                raw.sendall(message("R", struct.pack("!i", 0)) + message("K", bytes(8)) + message("Z", b"I"))
                raw.recv(8192)
                raw.sendall(b"D" + struct.pack("!i", 1000) + b"first half")

        serving = in_background(serve)
        pooler = make_pooler(postgres, databases={"app": f"host=127.0.0.1 port={server.getsockname()[1]}"})
        with Wire(pooler.host, pooler.port) as raw:
            raw.login(user="app", database="app")
            raw.send(query("select 1"))
            got = b""
            while more := raw.socket.recv(65536):
                got += more
        serving.result(10)
        assert got.endswith(b"first half")
