"""COPY in both directions, and what goes wrong in the middle of it."""

import psycopg
import pytest

from support import wire
from support.wire import Wire

ROWS = 20_000


@pytest.fixture
def table(postgres):
    postgres.sql("drop table if exists copied; create table copied (n int primary key, t text); grant all on copied to public", "app")
    return "copied"


@pytest.fixture
def single(make_pooler, postgres):
    return make_pooler(postgres, settings={"default_pool_size": 1})


def usable(pooler):
    """The one server is clean and serves the next client."""
    with pooler.connect() as connection:
        return connection.execute("select 'clean'").fetchone() == ("clean",)


def test_in_and_out(single, table):
    with single.connect() as connection:
        with connection.cursor().copy(f"copy {table} from stdin") as copy:
            for number in range(ROWS):
                copy.write_row((number, f"row {number}"))
        with connection.cursor().copy(f"copy (select n, t from {table} order by n) to stdout") as copy:
            got = [(int(row[0]), row[1]) for row in copy.rows()]
    assert got == [(number, f"row {number}") for number in range(ROWS)]
    assert usable(single)


def test_extended_protocol_copy(single, table):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        # A client may send all of it, and its Sync, without waiting for the answer to Execute.
        raw.send(wire.parse(f"copy {table} from stdin"), wire.bind(), wire.execute(), wire.message("d", b"1\tone\n"), wire.message("c"), wire.SYNC)
        assert raw.kinds("Z") == "12GCZ"
        raw.send(wire.query(f"select t from {table}"))
        assert wire.rows(raw.read_until("Z")) == [("one",)]


def test_error_in_the_middle(single, table):
    with single.connect() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation), connection.cursor().copy(f"copy {table} from stdin") as copy:
            for _ in range(ROWS):
                copy.write_row((1, "twice"))
        assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
    assert usable(single)


@pytest.mark.pgbouncer_fault("1.18 gives the server away at the first ReadyForQuery of pipelined queries with COPY")
def test_data_that_arrives_after_the_error_is_dropped(single, table):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(wire.query(f"copy {table} from stdin"))
        raw.read_until("G")
        raw.send(wire.message("d", b"not a number\tx\n"), *[wire.message("d", b"2\tlate\n")] * 1000, wire.message("c"), wire.query("select 'next'"))
        assert "E" in raw.kinds("Z")
        assert wire.rows(raw.read_until("Z")) == [("next",)]
    assert usable(single)


def test_copy_fail(single, table):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(wire.query(f"copy {table} from stdin"))
        raw.read_until("G")
        raw.send(wire.message("d", b"1\tone\n"), wire.message("f", b"changed my mind\0"))
        messages = raw.read_until("Z")
        error = wire.error_fields(next(body for kind, body in messages if kind == "E"))
        assert error["C"] == "57014" and "changed my mind" in error["M"]
        assert messages[-1][1] == b"I"
    assert usable(single)


def test_client_gone_in_the_middle_of_copy_in(single, table, postgres):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(wire.query(f"copy {table} from stdin"))
        raw.read_until("G")
        raw.send(wire.message("d", b"1\tone\n"))
    assert usable(single)
    assert postgres.sql(f"select count(*) from {table}", "app") == [(0,)]


def test_client_gone_in_the_middle_of_copy_out(single):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(wire.query("copy (select repeat('x', 1000) from generate_series(1, 100000)) to stdout"))
        raw.read_until("d")
    assert usable(single)


@pytest.mark.pgbouncer_fault("1.18 gives the server away at the first ReadyForQuery of pipelined queries with COPY")
def test_copy_both_ways_in_pipelined_queries(single, table):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(wire.query(f"copy {table} from stdin"), wire.message("d", b"5\tfive\n"), wire.message("c"), wire.query(f"copy {table} to stdout"), wire.query("select 1"))
        assert raw.kinds("Z") == "GCZ"
        messages = raw.read_until("Z")
        assert [body for kind, body in messages if kind == "d"] == [b"5\tfive\n"]
        assert wire.rows(raw.read_until("Z")) == [("1",)]
