"""Which server connection a client gets, and when it gives it back."""

import psycopg
import pytest

from support.background import in_background, many
from support.waiting import wait_until


def pid(connection):
    return connection.execute("select pg_backend_pid()").fetchone()[0]


@pytest.fixture
def single(make_pooler, postgres):
    """Transaction pooling with one server."""
    return make_pooler(postgres, settings={"default_pool_size": 1})


def test_transaction_pooling_shares_one_server(single):
    with single.connect() as one, single.connect() as two:
        assert pid(one) == pid(two) == pid(one)


def test_in_a_transaction_the_server_is_kept(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 2})
    with pooler.connect(autocommit=False) as one, pooler.connect() as two:
        mine = pid(one)
        assert {pid(two) for _ in range(5)}.isdisjoint({mine})
        assert pid(one) == mine
        one.commit()


def test_a_client_waits_until_a_transaction_ends(single):
    with single.connect(autocommit=False) as one, single.connect() as two:
        mine = pid(one)
        waiting = in_background(pid, two)
        wait_until(lambda: single.pool()["cl_waiting"] == 1, "one waiting client")
        assert not waiting.done()
        one.commit()
        assert waiting.result(30) == mine


def test_waiters_are_served_first_come_first_served(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1, "workers": 1})
    postgres.sql("drop sequence if exists served; create sequence served; grant all on served to public", "app")
    with pooler.connect(autocommit=False) as holder, many(8, pooler.connect) as clients:
        pid(holder)
        turns = []
        for number, client in enumerate(clients, 1):
            turns.append(in_background(lambda client=client: client.execute("select nextval('served')").fetchone()[0]))
            wait_until(lambda count=number: pooler.pool()["cl_waiting"] == count, f"{number} waiting")
        holder.commit()
        assert [turn.result(30) for turn in turns] == list(range(1, 9))


def test_a_failed_transaction_keeps_the_server_until_rollback(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 2})
    with pooler.connect(autocommit=False) as one, pooler.connect() as two:
        mine = pid(one)
        with pytest.raises(psycopg.errors.DivisionByZero):
            one.execute("select 1/0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            one.execute("select 1")
        assert pid(two) != mine
        one.rollback()
        assert one.execute("select 1").fetchone() == (1,)


def test_no_more_servers_than_the_pool_has(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 3})
    with many(12, pooler.connect) as clients:
        sleepers = [in_background(client.execute, "select pg_sleep(0.2)") for client in clients]
        wait_until(lambda: pooler.pool()["cl_waiting"] > 0, "waiting clients")
        assert len(postgres.backends()) <= 3
        for sleeper in sleepers:
            sleeper.result(30)
        assert len(postgres.backends()) == 3


def test_min_pool_size_is_kept_open(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"min_pool_size": 4})
    with pooler.connect() as connection:
        connection.execute("select 1")
        wait_until(lambda: len(postgres.backends()) >= 4, "four servers")
    assert pooler.pool()["sv_idle"] + pooler.pool()["sv_used"] == 4


def test_session_pooling_keeps_the_server_until_the_client_leaves(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"pool_mode": "session", "default_pool_size": 1})
    with pooler.connect() as one:
        mine = pid(one)
        with pooler.connect() as two:
            waiting = in_background(pid, two)
            wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "one waiting client")
            one.close()
            assert waiting.result(30) == mine


def test_session_pooling_resets_the_server_between_clients(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"pool_mode": "session", "default_pool_size": 1})
    with pooler.connect() as one:
        mine = pid(one)
        one.execute("set work_mem = '7MB'")
        one.execute("create temporary table mine ()")
        one.execute("prepare p as select 1")
    with pooler.connect() as two:
        assert pid(two) == mine
        assert two.execute("show work_mem").fetchone() != ("7MB",)
        assert two.execute("select to_regclass('pg_temp.mine')").fetchone() == (None,)
        assert two.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)


def test_reset_query_of_the_ini_is_used(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"pool_mode": "session", "default_pool_size": 1, "server_reset_query": "SET work_mem TO '9MB'"})
    with pooler.connect() as one:
        mine = pid(one)
    with pooler.connect() as two:
        assert pid(two) == mine
        assert two.execute("show work_mem").fetchone() == ("9MB",)


def test_pool_mode_of_a_database_line(make_pooler, postgres):
    pooler = make_pooler(postgres, start=False)
    pooler.databases = {"app": pooler.target(pool_mode="session", pool_size=1), "other": pooler.target("other", pool_size=1)}
    pooler.write()
    pooler.start()
    modes = {row["name"]: row["pool_mode"] for row in pooler.admin("show databases")}
    assert modes["app"] == "session"
    with pooler.connect() as one, pooler.connect() as two:
        pid(one)
        waiting = in_background(pid, two)
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "one waiting client")
        one.close()
        waiting.result(30)


def test_connect_query_runs_on_each_new_server(make_pooler, postgres):
    pooler = make_pooler(postgres, start=False)
    pooler.databases = {"app": pooler.target(connect_query="'set work_mem = ''5MB'''")}
    pooler.write()
    pooler.start()
    with pooler.connect() as connection:
        assert connection.execute("show work_mem").fetchone() == ("5MB",)


def test_clients_of_all_workers_share_one_pool(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 2, "workers": 4})
    with many(16, pooler.connect) as clients:
        seen = {pid(client) for client in clients for _ in range(3)}
    assert len(seen) <= 2
    assert len(postgres.backends()) <= 2
