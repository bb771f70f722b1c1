"""Those who have not shown who they are leave nothing behind, take nothing from others, and are nobody's admin."""

import contextlib
import socket

import psycopg
import pytest

from support.pooler_fixture import CENOTE


@pytest.mark.pgbouncer_fault("leaves a row for each, too")
def test_wrong_passwords_leave_no_databases(make_pooler, postgres):
    pooler = make_pooler(postgres, databases={"*": f"host={postgres.host} port={postgres.port}"}, settings={"auth_type": "scram-sha-256"})
    with pooler.connect() as connection:
        assert connection.execute("select current_database()").fetchone() == ("app",)
    for number in range(50):
        with pytest.raises(psycopg.OperationalError):
            pooler.connect(database=f"ghost{number}", password="wrong")
    assert [row["name"] for row in pooler.admin("show databases") if row["name"].startswith("ghost")] == []


@pytest.mark.pgbouncer_fault("everyone is admin of the console then, as its manual says")
def test_auth_type_any_makes_nobody_admin(make_pooler, postgres):
    pooler = make_pooler(postgres, databases={"app": f"host={postgres.host} port={postgres.port} dbname=app user=app password=secret-app"}, settings={"auth_type": "any"})
    assert pooler.admin("show version")
    with pytest.raises(psycopg.Error):
        pooler.admin("show config", user="nobody")
    with pytest.raises(psycopg.Error):
        pooler.admin("pause", user="stats")


def with_descriptors(make_pooler, postgres, soft, hard):
    pooler = make_pooler(postgres, settings={"max_client_conn": 1000}, start=False)
    pooler.command = lambda: ["prlimit", f"--nofile={soft}:{hard}", CENOTE, pooler.ini]
    pooler.start()
    return pooler


def test_a_low_soft_limit_of_descriptors_is_raised(cenote_only, make_pooler, postgres):
    pooler = with_descriptors(make_pooler, postgres, 64, 4096)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(pooler.connect(connect_timeout=10)) for _ in range(100)]
        assert [client.execute("select 1").fetchone() for client in clients] == [(1,)] * 100


def test_silent_sockets_keep_nobody_out(cenote_only, make_pooler, postgres):
    pooler = with_descriptors(make_pooler, postgres, 128, 128)
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(contextlib.closing(socket.create_connection((pooler.host, pooler.port), timeout=30)))
        client = stack.enter_context(pooler.connect(connect_timeout=20))
        assert client.execute("select 1").fetchone() == (1,)


def test_the_backends_pid_looks_like_one_and_is_new(cenote_only, pooler):
    seen = []
    for _ in range(50):
        with pooler.connect() as connection:
            seen.append(connection.info.backend_pid)
    assert len(set(seen)) == len(seen)
    assert all(1 < pid <= 2**22 for pid in seen), seen
