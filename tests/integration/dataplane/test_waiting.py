"""Clients that wait: each is served or told why not, whoever else is busy or at rest."""

import contextlib

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, query, rows, startup_packet

pytestmark = pytest.mark.usefixtures("cenote_only")


def test_the_wait_ends_though_the_pools_keeper_has_nothing_to_do(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"workers": 8, "default_pool_size": 1, "query_wait_timeout": 1}, databases=None)
    pooler.databases = {f"app{number}": pooler.target() for number in range(8)}
    pooler.write()
    pooler.admin("reload")
    for number in range(7):
        pooler.connect(database=f"app{number}").close()
    with pooler.connect(database="app7", autocommit=False) as holder, pooler.connect(database="app7") as waiter:
        holder.execute("select 1")
        waiting = in_background(waiter.execute, "select 1")
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            waiting.result(20)


def test_a_client_that_waited_in_vain_leaves_its_place(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"workers": 1, "default_pool_size": 1, "query_wait_timeout": 1, "max_client_conn": 7})
    with pooler.connect(autocommit=False) as holder:
        holder.execute("select 1")

        def in_vain():
            with pooler.connect() as client, pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
                client.execute("select 1")

        for attempt in [in_background(in_vain) for _ in range(6)]:
            attempt.result(30)
        with contextlib.ExitStack() as stack:
            for _ in range(6):
                stack.enter_context(pooler.connect())


def test_a_refused_login_leaves_its_place(make_pooler, own_postgres):
    pooler = make_pooler(own_postgres, settings={"workers": 1, "query_wait_timeout": 1, "max_client_conn": 2})
    own_postgres.stop()
    for _ in range(4):
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            pooler.connect()
    own_postgres.start()
    with pooler.connect() as one, pooler.connect() as other:
        assert one.execute("select 1").fetchone() == other.execute("select 1").fetchone()


def test_a_server_that_fails_its_check_is_replaced_unseen(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"server_check_query": "select 1/0", "server_check_delay": 0})
    with pooler.connect() as client:
        assert [client.execute("select 1").fetchone() for _ in range(3)] == [(1,)] * 3


def test_a_query_sent_along_with_the_first_login_of_a_pool(make_pooler, postgres):
    pooler = make_pooler(postgres)
    with Wire(pooler.host, pooler.port) as raw:
        raw.socket.settimeout(10)
        raw.send(startup_packet(user="app", database="app"), query("select 'early'"))
        raw.read_until("Z")
        assert rows(raw.read_until("Z")) == [("early",)]


def test_a_server_used_once_is_replaced_for_the_one_who_waits(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1, "server_lifetime": 0})
    with pooler.connect() as one, pooler.connect() as two:
        both = [in_background(client.execute, "select pg_backend_pid()") for client in (one, two)]
        assert len({call.result(30).fetchone()[0] for call in both}) == 2


def test_many_logins_behind_the_first_connection(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"max_client_conn": 2000, "default_pool_size": 2})
    pooler.admin("pause")
    raws = [Wire(pooler.host, pooler.port) for _ in range(600)]
    try:
        for raw in raws:
            raw.send(startup_packet(user="app", database="app"))
        wait_until(lambda: pooler.pool()["cl_waiting"] == 600, "600 logins that wait")
        pooler.admin("resume")
        assert all(raw.read_until("Z", "E")[-1][0] == "Z" for raw in raws)
        wait_until(lambda: pooler.pool()["cl_waiting"] == 0, "nobody waits")
    finally:
        for raw in raws:
            raw.socket.close()
