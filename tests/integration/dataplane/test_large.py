"""Rows and parameters of many buffers' length arrive whole."""

import hashlib

import pytest

from support.background import in_background, many
from support.waiting import wait_until
from support.wire import Wire, query


@pytest.mark.parametrize("size", [4095, 4096, 65_536, 10_000_000])
def test_large_value_there_and_back(pooler, size):
    value = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with pooler.connect() as connection:
        got, digest = connection.execute("select %s::bytea, sha256(%s::bytea)", (value, value), binary=True).fetchone()
    assert got == value
    assert bytes(digest) == hashlib.sha256(value).digest()


def test_many_rows_of_64_kib_for_several_clients_at_once(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 4})

    def read(connection, letter):
        rows = connection.execute("select n, repeat(%s, 65536) from generate_series(1, 100) n", (letter,)).fetchall()
        return [row[0] for row in rows] == list(range(1, 101)) and all(row[1] == letter * 65536 for row in rows)

    with many(8, pooler.connect) as clients:
        results = [in_background(read, client, "abcdefgh"[number]) for number, client in enumerate(clients)]
        assert all(result.result(120) for result in results)


def taken(pooler):
    return next(int(row["total_sent"]) for row in pooler.admin("show stats") if row["database"] == "app")


def test_a_client_that_reads_nothing_holds_up_nobody(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 2, "workers": 1})
    with Wire(pooler.host, pooler.port) as stuck, pooler.connect() as other:
        stuck.login(user="app", database="app")
        stuck.send(query("select repeat('x', 1000000) from generate_series(1, 500)"))
        for number in range(50):
            assert other.execute("select %s::int", (number,)).fetchone() == (number,)

        def stalled():
            """The server waits for the pooler, which takes nothing more."""
            before = taken(pooler)
            waits = "select count(*) from pg_stat_activity where wait_event = 'ClientWrite' and datname = 'app'"
            return other.execute(waits).fetchone() == (1,) and taken(pooler) - before < 100_000

        wait_until(stalled, "the stuck client's server to wait")
        assert taken(pooler) < 100_000_000  # the sockets' buffers and some of the pooler's, not the result
        read = sum(len(body) for kind, body in stuck.read_until("Z") if kind == "D")
        assert read == 500 * (1_000_000 + 6)
