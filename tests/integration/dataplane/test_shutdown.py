"""Signals, the drain, and what clients are told."""

import signal

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until
from support.wire import Wire, error_fields


@pytest.fixture
def draining(cenote_only, make_pooler, postgres):
    return make_pooler(postgres, settings={"drain_timeout": 60, "drain_delay": 0})


def is_open(connection):
    try:
        connection.execute("select 1")
        return True
    except psycopg.OperationalError:
        return False


def test_drain_lets_transactions_end_and_closes_idle_clients(draining):
    busy, idle = draining.connect(autocommit=False), draining.connect()
    busy.execute("create temporary table t (n int)")
    idle.execute("select 1")
    draining.process.send(signal.SIGTERM)
    wait_until(lambda: draining.http("/readyz")[0] == 503, "not ready")
    wait_until(lambda: not is_open(idle), "the idle client to be closed")
    busy.execute("insert into t values (7)")
    assert busy.execute("select n from t").fetchone() == (7,)
    assert draining.process.running()
    busy.commit()
    assert draining.process.wait(30) == 0
    assert not is_open(busy)


def test_drain_tells_clients_57P01(draining):
    with Wire(draining.host, draining.port) as raw:
        raw.login(user="app", database="app")
        draining.process.send(signal.SIGTERM)
        assert error_fields(raw.read_until("E")[-1][1])["C"] == "57P01"
        assert raw.closed()
    assert draining.process.wait(30) == 0


def test_drain_finishes_the_running_query(draining):
    with draining.connect() as connection:
        running = in_background(lambda: connection.execute("select pg_sleep(1), 'whole'").fetchone()[1])
        wait_until(lambda: draining.pool()["sv_active"] == 1, "the query to run")
        draining.process.send(signal.SIGTERM)
        assert running.result(30) == "whole"
    assert draining.process.wait(30) == 0


def test_drain_gives_up_at_the_deadline(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"drain_timeout": 1, "drain_delay": 0})
    busy = pooler.connect(autocommit=False)
    busy.execute("select 1")
    pooler.process.send(signal.SIGTERM)
    assert pooler.process.wait(30) == 0
    assert not is_open(busy)


def test_drain_delay_serves_on_after_not_ready(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"drain_timeout": 60, "drain_delay": 2})
    with pooler.connect() as old:
        pooler.process.send(signal.SIGTERM)
        wait_until(lambda: pooler.http("/readyz")[0] == 503, "not ready")
        assert old.execute("select 1").fetchone() == (1,)
        with pooler.connect() as new:
            assert new.execute("select 1").fetchone() == (1,)
        assert pooler.status()["state"] == "Draining"
    assert pooler.process.wait(30) == 0


def test_sigterm_without_drain_waits_for_clients(cenote_only, make_pooler, postgres):
    """As PgBouncer does: no new clients, the old ones stay until they go."""
    pooler = make_pooler(postgres)
    with pooler.connect() as connection:
        connection.execute("select 1")
        pooler.process.send(signal.SIGTERM)
        wait_until(lambda: refuses(pooler), "new clients to be refused")
        assert connection.execute("select 1").fetchone() == (1,)
        assert pooler.process.running()
    assert pooler.process.wait(30) == 0


def refuses(pooler):
    try:
        pooler.connect().close()
        return False
    except psycopg.OperationalError:
        return True


def test_a_second_sigterm_ends_at_once(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres)
    with pooler.connect() as connection:
        connection.execute("select 1")
        pooler.process.send(signal.SIGTERM)
        wait_until(lambda: refuses(pooler), "new clients to be refused")
        pooler.process.send(signal.SIGTERM)
        assert pooler.process.wait(30) == 0


def test_sigint_waits_for_transactions(pooler):
    with pooler.connect(autocommit=False) as connection:
        connection.execute("create temporary table t (n int)")
        pooler.process.send(signal.SIGINT)
        connection.execute("insert into t values (1)")
        assert connection.execute("select n from t").fetchone() == (1,)
        connection.commit()
        assert pooler.process.wait(30) in pooler.good_endings


def test_sigquit_ends_at_once(cenote_only, pooler):
    connection = pooler.connect(autocommit=False)
    connection.execute("select 1")
    pooler.process.send(signal.SIGQUIT)
    assert pooler.process.wait(30) in pooler.good_endings
    assert not is_open(connection)


def test_usr1_pauses_and_usr2_resumes(pooler, postgres):
    with pooler.connect() as connection:
        connection.execute("select 1")
        pooler.process.send(signal.SIGUSR1)
        wait_until(lambda: not postgres.backends(), "the servers to be closed")
        held = in_background(connection.execute, "select 1")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the query to wait")
        pooler.process.send(signal.SIGUSR2)
        held.result(30)


def test_port_is_free_after_the_end_and_no_server_is_left(make_pooler, postgres):
    pooler = make_pooler(postgres)
    with pooler.connect() as connection:
        connection.execute("select 1")
    pooler.process.stop(signal.SIGINT)
    wait_until(lambda: not postgres.backends(), "the servers to be gone")
    pooler.start()
    with pooler.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
