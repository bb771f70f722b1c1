"""The limits on clients and servers, and what waits for how long."""

import contextlib

import psycopg
import pytest

from support.background import in_background, many
from support.waiting import wait_until


def hold(connection):
    """Opens a transaction, and so takes a server."""
    connection.autocommit = False
    connection.execute("select 1")
    return connection


def test_max_client_conn(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"max_client_conn": 5})
    with many(5, pooler.connect) as clients:
        with pytest.raises(psycopg.OperationalError, match="max_client_conn"):
            pooler.connect()
        assert clients[0].execute("select 1").fetchone() == (1,)
    wait_until(lambda: pooler.connect().close() is None, "room again")


@pytest.fixture
def limited_to_three(postgres):
    """The server itself refuses a fourth connection to the database, so none too many can go unseen."""
    postgres.sql("alter database app connection limit 3")
    yield postgres
    postgres.sql("alter database app connection limit -1")


@pytest.mark.parametrize("users", [("app",), ("app", "app2")])
def test_max_db_connections(make_pooler, limited_to_three, users):
    pooler = make_pooler(limited_to_three, settings={"max_db_connections": 3})

    def work(user):
        with pooler.connect(user=user) as connection:
            return [connection.execute("select pg_sleep(0.02), pg_backend_pid()").fetchone()[1] for _ in range(10)]

    answers = [in_background(work, user) for user in users for _ in range(5)]
    for answer in answers:
        assert len(answer.result(60)) == 10
    assert "too many connections" not in pooler.log()


def test_max_user_connections(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"max_user_connections": 2})
    with contextlib.ExitStack() as stack:
        one = hold(stack.enter_context(pooler.connect(database="app")))
        two = hold(stack.enter_context(pooler.connect(database="other")))
        third = stack.enter_context(pooler.connect())
        waiting = in_background(third.execute, "select 1")
        wait_until(lambda: pooler.pool("app", "app")["cl_waiting"] == 1, "the third waits")
        assert len(postgres.backends("app")) + len(postgres.backends("other")) == 2
        another = stack.enter_context(pooler.connect(user="app2"))
        assert another.execute("select 1").fetchone() == (1,)
        one.commit()
        assert waiting.result(30).fetchone() == (1,)
        two.commit()


def test_limit_of_a_users_line(make_pooler, postgres):
    pooler = make_pooler(postgres, user_section={"app": "max_user_connections=1"})
    with pooler.connect() as one, pooler.connect() as two:
        hold(one)
        waiting = in_background(two.execute, "select 1")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the second waits")
        one.commit()
        waiting.result(30)
        assert len(postgres.backends()) == 1


def test_query_wait_timeout(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1, "query_wait_timeout": 1})
    with pooler.connect() as one, pooler.connect() as two:
        hold(one)
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            two.execute("select 1")
        one.execute("select 'still mine'")
        one.commit()


def test_reserve_pool_opens_after_the_wait(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1, "reserve_pool_size": 1, "reserve_pool_timeout": 1})
    with pooler.connect() as one, pooler.connect() as two, pooler.connect() as three:
        hold(one)
        second = in_background(hold, two)
        second.result(30)
        assert len(postgres.backends()) == 2
        third = in_background(three.execute, "select 3")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the third waits")
        two.commit()
        third.result(30)
        one.commit()
        assert len(postgres.backends()) <= 2


def test_pool_size_of_a_database_line(make_pooler, postgres):
    pooler = make_pooler(postgres, start=False)
    pooler.databases = {"app": pooler.target(pool_size=1, max_db_connections=1)}
    pooler.write()
    pooler.start()
    row = next(row for row in pooler.admin("show databases") if row["name"] == "app")
    assert (row["pool_size"], row["max_connections"]) == (1, 1)
    with pooler.connect() as one, pooler.connect() as two:
        hold(one)
        waiting = in_background(two.execute, "select 1")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the second waits")
        one.commit()
        waiting.result(30)


def test_waiting_is_told_to_show_pools(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect() as one, pooler.connect() as two:
        hold(one)
        waiting = in_background(two.execute, "select 1")
        wait_until(lambda: pooler.pool()["maxwait"] >= 1, "maxwait counts the seconds")
        assert (pooler.pool()["cl_active"], pooler.pool()["sv_active"]) == (1, 1)
        one.commit()
        waiting.result(30)
        assert pooler.pool()["maxwait"] == 0
