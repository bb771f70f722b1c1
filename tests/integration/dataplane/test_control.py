"""PAUSE, RESUME, RECONNECT and SHUTDOWN."""

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until


def pid(connection):
    return connection.execute("select pg_backend_pid()").fetchone()[0]


def test_pause_closes_servers_and_holds_queries_until_resume(pooler, postgres):
    with pooler.connect() as connection:
        connection.execute("select 1")
        pooler.admin("pause")
        assert not postgres.backends()
        asked = in_background(pid, connection)
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the query to wait")
        assert not postgres.backends()
        pooler.admin("resume")
        assert asked.result(30) in postgres.backends()


def has_begun(pooler):
    """A query that is asked before the pause has begun does not wait for its end."""
    return pooler.kind == "pgbouncer" or pooler.status()["state"] == "Paused"


def test_pause_waits_for_transactions(pooler, postgres):
    with pooler.connect(autocommit=False) as connection:
        mine = pid(connection)
        pausing = in_background(pooler.admin, "pause")
        wait_until(lambda: has_begun(pooler), "the pause")
        with pooler.connect() as other:
            held = in_background(pid, other)
            wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "new queries to wait")
            assert not pausing.done()
            assert pid(connection) == mine
            connection.commit()
            pausing.result(30)
            assert not held.done()
            pooler.admin("resume")
            held.result(30)


def test_pause_of_one_database_leaves_the_other_running(pooler):
    with pooler.connect() as one, pooler.connect(database="other") as two:
        pooler.admin("pause app")
        assert two.execute("select 1").fetchone() == (1,)
        held = in_background(pid, one)
        wait_until(lambda: pooler.pool("app")["cl_waiting"] == 1, "the paused database's client to wait")
        assert next(row["paused"] for row in pooler.admin("show databases") if row["name"] == "app") in (1, "1")
        pooler.admin("resume app")
        held.result(30)


def test_pausing_twice_is_an_error(pooler):
    pooler.admin("pause")
    with pytest.raises(psycopg.Error, match="already (suspended/)?paused"):
        pooler.admin("pause")
    pooler.admin("resume")


def test_cancel_of_a_waiting_pause_resumes(cenote_only, pooler):
    with pooler.connect(autocommit=False) as connection, pooler.admin_connection() as admin:
        connection.execute("select 1")
        pausing = in_background(admin.execute, "pause")
        wait_until(lambda: has_begun(pooler), "the pause")
        with pooler.connect() as other:
            held = in_background(pid, other)
            wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "new queries to wait")
            admin.cancel()
            held.result(30)
        with pytest.raises(psycopg.Error):
            pausing.result(30)
        connection.commit()


def test_reconnect_replaces_servers_as_they_come_free(pooler, postgres):
    with pooler.connect(autocommit=False) as busy, pooler.connect() as idle:
        held, before = pid(busy), pid(idle)
        pooler.admin("reconnect")
        assert pid(busy) == held
        assert pid(idle) != before
        busy.commit()
        wait_until(lambda: held not in postgres.backends(), "the busy server to be closed")
        assert pid(busy) != held


def test_shutdown_ends_the_process(pooler):
    with pytest.raises(psycopg.OperationalError):
        pooler.admin("shutdown")
    assert pooler.process.wait(30) in (0, 1)


def test_shutdown_wait_for_servers_lets_transactions_end(cenote_only, pooler):
    with pooler.connect(autocommit=False) as connection:
        connection.execute("create temporary table t (n int)")
        # Whether and when it is answered is left open; that it has begun shows in SHOW STATE or in the port that is closed.
        asked = in_background(pooler.admin, "shutdown wait_for_servers")
        wait_until(lambda: refuses(pooler), "new clients to be refused")
        connection.execute("insert into t values (1)")
        assert connection.execute("select n from t").fetchone() == (1,)
        assert pooler.process.running()
        connection.commit()
        assert pooler.process.wait(30) == 0
    asked.exception(30)


def refuses(pooler):
    try:
        pooler.connect(connect_timeout=5).close()
        return False
    except psycopg.OperationalError:
        return True
