"""A cancel stops the query it was meant for, and never another."""

import psycopg
import pytest

from support.background import in_background, many
from support.waiting import wait_until
from support.wire import Wire, cancel_packet, query, rows


def running(postgres, mark):
    return [pid for pid, state, text in postgres.activity() if state == "active" and mark in text]


def test_cancel_stops_the_running_query(pooler, postgres):
    with pooler.connect() as connection:
        slow = in_background(connection.execute, "select pg_sleep(600) /* slow */")
        wait_until(lambda: running(postgres, "/* slow */"), "the slow query")
        connection.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            slow.result(30)
        assert connection.execute("select 1").fetchone() == (1,)


def test_cancel_hits_only_its_own_client(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 8, "workers": 2})
    with many(6, pooler.connect) as clients:
        slow = [in_background(client.execute, f"select pg_sleep(600) /* slow {number}. */") for number, client in enumerate(clients)]
        wait_until(lambda: len(running(postgres, "/* slow")) == 6, "six slow queries")
        for number in (4, 1, 5, 0, 3, 2):
            assert running(postgres, f"/* slow {number}. */")
            clients[number].cancel()
            with pytest.raises(psycopg.errors.QueryCanceled):
                slow[number].result(30)
            assert not running(postgres, f"/* slow {number}. */")


def test_cancel_of_an_idle_client_hits_nobody(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect() as idle, pooler.connect() as busy:
        # The idle client used the one server last; the busy client has it now.
        idle.execute("select 1")
        slow = in_background(lambda: busy.execute("select pg_sleep(1), 'done' /* slow */").fetchone()[1])
        wait_until(lambda: running(postgres, "/* slow */"), "the busy client's query")
        for _ in range(20):
            idle.cancel()
        assert slow.result(30) == "done"


def test_cancel_with_a_wrong_key_hits_nobody(pooler, postgres):
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app")
        pid, key = raw.key
        raw.send(query("select pg_sleep(0.5), 'done'"))
        with Wire(pooler.host, pooler.port) as other:
            other.send(cancel_packet(pid, bytes(byte ^ 0x55 for byte in key)))
            assert other.closed()
        assert rows(raw.read_until("Z"))[0][1] == "done"


def test_late_cancels_never_reach_the_next_query(make_pooler, postgres):
    """A cancel sent as its query ends may come too late; then it must be lost, not hit the next client on that server."""
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect() as one, pooler.connect() as two:
        for number in range(100):
            cancel = in_background(one.cancel)
            try:
                one.execute("select 1")
            except psycopg.errors.QueryCanceled:
                pass
            assert two.execute("select %s::int", (number,)).fetchone() == (number,)
            cancel.result(30)


def test_a_waiting_clients_cancel_hits_no_server(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect(autocommit=False) as holder, pooler.connect() as waiting:
        holder.execute("select 'hold'")
        asked = in_background(waiting.execute, "select 'served'")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "one waiting client")
        waiting.cancel()
        assert holder.execute("select 'mine'").fetchone() == ("mine",)
        holder.commit()
        try:
            assert asked.result(30).fetchone() == ("served",)
        except psycopg.Error:
            pass  # taking it out of the queue is right too
