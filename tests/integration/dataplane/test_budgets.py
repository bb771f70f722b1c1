"""Limits that several pools share: never exceeded, not by one and not for a moment, and no pool starves another."""

import threading

import pytest

from support.background import in_background

LIMIT = 3


@pytest.fixture
def limited(postgres):
    """A database that PostgreSQL itself holds to the limit, and tells of each attempt to exceed it."""
    postgres.sql(f"create database limited connection limit {LIMIT}")
    yield "limited"
    postgres.sql("drop database limited with (force)")


class Saturating:
    """Clients of one user that ask without a pause until the end of the block."""

    def __init__(self, pooler, database, user, clients, text):
        self._over = threading.Event()
        self.answers = 0
        self._running = [in_background(self._run, pooler, database, user, text) for _ in range(clients)]

    def _run(self, pooler, database, user, text):
        with pooler.connect(database=database, user=user) as connection:
            while not self._over.is_set():
                connection.execute(text)
                self.answers += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        for one in self._running:
            one.result(60)


@pytest.mark.pgbouncer_fault("opens the next connection before the server has ended the last")
@pytest.mark.cenote_fault("a server's place is given on before PostgreSQL has let go of it", strict=False)
def test_a_limit_is_never_exceeded(make_pooler, postgres, limited):
    pooler = make_pooler(postgres, databases={limited: f"host={postgres.host} port={postgres.port} dbname={limited}"}, settings={"max_db_connections": LIMIT, "server_login_retry": 1})
    # One user has work for all places but one; two others take turns at that, and each time a server of the other has to go.
    with Saturating(pooler, limited, "app", LIMIT - 1, "select pg_sleep(0.002)"):
        for number in range(400):
            with pooler.connect(database=limited, user=("app2", "scram_user")[number % 2]) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
            if number % 20 == 19:
                assert "too many connections" not in postgres.process.log()


@pytest.mark.cenote_fault("a pool with waiters keeps its servers from pools that share its limit", strict=False)
def test_a_saturated_pool_starves_no_other(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"max_db_connections": 2, "query_wait_timeout": 10})
    with Saturating(pooler, "app", "app", 6, "select pg_sleep(0.005)") as busy:
        with pooler.connect(user="app2") as connection:
            for _ in range(5):
                assert connection.execute("select current_user").fetchone() == ("app2",)
        before = busy.answers
        with pooler.connect(user="scram_user") as connection:
            assert connection.execute("select current_user").fetchone() == ("scram_user",)
    assert busy.answers > before
