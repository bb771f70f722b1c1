"""Simple, extended and pipelined queries with psycopg and asyncpg, and by hand."""

import asyncio

import asyncpg
import psycopg
import pytest

from support import wire
from support.wire import Wire


@pytest.fixture
def raw(pooler):
    with Wire(pooler.host, pooler.port) as connection:
        connection.login(user="app", database="app")
        yield connection


def simple(connection, text):
    """All results of a simple query, through libpq."""
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(text)
    found = [cursor.fetchall() if cursor.description else cursor.statusmessage]
    while cursor.nextset():
        found.append(cursor.fetchall() if cursor.description else cursor.statusmessage)
    return found


def test_several_statements_in_one_query(pooler):
    with pooler.connect() as connection:
        assert simple(connection, "select 1; select 2, 3; set work_mem = '4MB'") == [[(1,)], [(2, 3)], "SET"]


def test_an_error_ends_the_query_and_not_the_connection(pooler):
    with pooler.connect() as connection:
        for _ in range(3):
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("select * from no_such_table")
            assert connection.execute("select 'fine'").fetchone() == ("fine",)


def test_empty_query(raw):
    raw.send(wire.query(""))
    assert raw.kinds("Z") == "IZ"


def test_notices_reach_the_client_that_caused_them(pooler):
    with pooler.connect() as one, pooler.connect() as two:
        heard = {one: [], two: []}
        for connection, notices in heard.items():
            connection.add_notice_handler(lambda diagnostic, notices=notices: notices.append(diagnostic.message_primary))
        one.execute("do $$ begin raise notice 'for one'; end $$")
        two.execute("do $$ begin raise notice 'for two'; end $$")
        assert list(heard.values()) == [["for one"], ["for two"]]


def test_extended_query_with_many_types(pooler):
    with pooler.connect() as connection:
        row = connection.execute("select %s::int, %s::text, %s::bytea, %s::float8[], %s::text", (1, "é" * 1000, b"\0\xff" * 500, [1.5, None], None)).fetchone()
    assert row == (1, "é" * 1000, b"\0\xff" * 500, [1.5, None], None)


def test_psycopg_pipeline(pooler):
    with pooler.connect(autocommit=False) as connection:
        with connection.pipeline():
            cursors = [connection.execute("select %s::int", (number,)) for number in range(200)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(200))


def test_psycopg_pipeline_error_in_the_middle(pooler):
    with pooler.connect() as connection:
        with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline() as pipeline:
            connection.execute("select 1")
            connection.execute("select 1/0")
            connection.execute("select 2")
            pipeline.sync()
        assert connection.execute("select 3").fetchone() == (3,)


def test_pipelined_batches_each_with_a_sync(raw):
    batches = 50
    raw.send(*[packet for number in range(batches) for packet in (wire.parse("select $1::int"), wire.bind(number), wire.execute(), wire.SYNC)])
    for number in range(batches):
        assert wire.rows(raw.read_until("Z")) == [(str(number),)]


def test_pipelined_simple_queries(raw):
    raw.send(*[wire.query(f"select {number}") for number in range(50)])
    for number in range(50):
        assert wire.rows(raw.read_until("Z")) == [(str(number),)]


def test_simple_and_extended_mixed_in_one_write(raw):
    raw.send(wire.query("select 'a'"), wire.parse("select 'b'"), wire.bind(), wire.execute(), wire.SYNC, wire.query("select 'c'"))
    assert [wire.rows(raw.read_until("Z")) for _ in range(3)] == [[("a",)], [("b",)], [("c",)]]


def test_an_error_skips_to_the_sync_and_the_next_batch_runs(raw):
    raw.send(wire.parse("select 1/$1::int"), wire.bind(0), wire.execute(), wire.bind(1), wire.execute(), wire.SYNC)
    raw.send(wire.parse("select 7"), wire.bind(), wire.execute(), wire.SYNC)
    assert "E" in raw.kinds("Z")
    assert wire.rows(raw.read_until("Z")) == [(("7"),)]


def test_flush_brings_answers_before_the_sync(raw):
    raw.send(wire.parse("select 42"), wire.describe(), wire.FLUSH)
    assert raw.kinds("T") == "1tT"
    raw.send(wire.bind(), wire.execute(), wire.FLUSH)
    assert wire.rows(raw.read_until("C")) == [("42",)]
    raw.send(wire.SYNC)
    assert raw.kinds("Z") == "Z"


def test_a_lone_sync_is_answered(raw):
    raw.send(wire.SYNC, wire.SYNC)
    assert raw.kinds("Z") + raw.kinds("Z") == "ZZ"


def test_a_portal_read_in_pieces(raw):
    raw.send(wire.query("begin"))
    raw.read_until("Z")
    raw.send(wire.parse("select generate_series(1, 5)"), wire.bind(portal="p"), wire.execute("p", 2), wire.execute("p", 2), wire.execute("p", 2), wire.SYNC)
    messages = raw.read_until("Z")
    assert [kind for kind, _ in messages if kind in "DsC"] == list("DDsDDsDC")
    raw.send(wire.query("commit"))
    raw.read_until("Z")


def test_packets_split_at_every_byte(raw):
    for byte in wire.query("select 'whole'") + wire.parse("select 'too'") + wire.bind() + wire.execute() + wire.SYNC:
        raw.send(bytes([byte]))
    assert wire.rows(raw.read_until("Z")) == [("whole",)]
    assert wire.rows(raw.read_until("Z")) == [("too",)]


def test_ready_for_query_tells_the_transaction_status(raw):
    def status(text):
        raw.send(wire.query(text))
        return raw.read_until("Z")[-1][1]

    assert [status(text) for text in ("select 1", "begin", "select 1/0", "rollback")] == [b"I", b"T", b"E", b"I"]


def test_unnamed_statement_of_psycopg_in_transaction_pooling(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 2})
    with pooler.connect() as one, pooler.connect() as two:
        for number in range(20):
            assert one.execute("select %s::int", (number,)).fetchone() == (number,)
            assert two.execute("select %s::text", (str(number),)).fetchone() == (str(number),)


async def asyncpg_connect(pooler, **options):
    return await asyncpg.connect(host=pooler.host, port=pooler.port, user="app", database="app", password="secret-app", ssl=False, **options)


def test_asyncpg_in_transaction_pooling(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 3})

    async def client(number):
        connection = await asyncpg_connect(pooler, statement_cache_size=0)
        for turn in range(10):
            assert await connection.fetchval("select $1::text", f"{number}/{turn}") == f"{number}/{turn}"
            async with connection.transaction():
                first = await connection.fetchval("select pg_backend_pid()")
                assert await connection.fetchval("select pg_backend_pid()") == first
        await connection.close()

    async def run():
        await asyncio.gather(*[client(number) for number in range(20)])

    asyncio.run(run())


def test_asyncpg_prepared_statements_in_session_pooling(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"pool_mode": "session"})

    async def run():
        connection = await asyncpg_connect(pooler)
        statement = await connection.prepare("select $1::int * 2")
        assert [await statement.fetchval(number) for number in range(20)] == [number * 2 for number in range(20)]
        async with connection.transaction():
            assert [row[0] async for row in connection.cursor("select generate_series(1, 100)", prefetch=7)] == list(range(1, 101))
        await connection.close()

    asyncio.run(run())
