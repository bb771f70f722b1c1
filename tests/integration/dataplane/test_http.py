"""/metrics, /healthz, /readyz and /status."""

import contextlib
import re
import socket

import psycopg
import pytest

from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("cenote_only")


def test_healthy_and_ready(pooler):
    assert pooler.http("/healthz")[0] == 200
    assert pooler.http("/readyz")[0] == 200


def test_unknown_path(pooler):
    assert pooler.http("/nothing")[0] == 404


def test_status(pooler):
    status = pooler.status()
    assert status["state"] == "Running" and status["workers"] == 2 and status["lastReloadError"] == ""
    assert re.fullmatch("[0-9a-f]{64}", status["configHash"])
    pooler.admin("pause")
    assert pooler.status()["state"] == "Paused"
    pooler.admin("resume")
    assert pooler.status()["state"] == "Running"


def test_status_shows_an_error_that_is_no_utf8(pooler):
    pooler.ini.write_bytes(pooler.ini.read_bytes() + b"pool_mode = \xff\n")
    with pytest.raises(psycopg.Error):
        pooler.admin("reload")
    assert "pool_mode: \"\ufffd\" is not one of" in pooler.status()["lastReloadError"]


def test_status_shows_no_piece_of_a_password(pooler):
    pooler.databases["app"] = pooler.target(password="open sesame")
    pooler.write()
    with pytest.raises(psycopg.Error) as refused:
        pooler.admin("reload")
    reason = pooler.status()["lastReloadError"]
    assert "pooler.ini:2: " in reason and "password" in reason
    assert all("sesame" not in text for text in (reason, str(refused.value), pooler.log()))


def test_status_counts_server_connections(make_pooler, postgres, tmp_path):
    """What a controller counts on: the limit in force, from an included file too, and what is open, also while that is more."""
    share = tmp_path / "share.ini"
    share.write_text("")
    pooler = make_pooler(postgres, settings={"max_db_connections": 1, "watch_config": 1})
    pooler.write_text(pooler.render() + f"%include {share}\n")
    wait_until(lambda: pooler.status()["reloads"] == 1, "the file with the include")
    assert pooler.status()["serverLimit"] == len(pooler.databases)
    pooler.databases = {"app": pooler.databases["app"]}
    pooler.write_text(pooler.render() + f"%include {share}\n")
    wait_until(lambda: pooler.status()["reloads"] == 2, "one database alone")

    def servers():
        status = pooler.status()
        return status["serverLimit"], status["serverOpen"], status["serverOpening"]

    assert servers() == (1, 0, 0)
    share.write_text("max_db_connections = 3\n")
    wait_until(lambda: servers() == (3, 0, 0), "the larger share")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(pooler.connect(autocommit=False)).execute("select 1")
        assert servers() == (3, 3, 0)
        share.write_text("max_db_connections = 1\n")
        wait_until(lambda: servers() == (1, 3, 0), "the smaller limit is in force, and what is open is told")
    wait_until(lambda: servers()[1] <= 1, "what is too many was closed")


def test_metrics_are_prometheus_text_and_count(pooler):
    def metrics():
        status, text = pooler.http("/metrics")
        assert status == 200
        for line in text.splitlines():
            assert re.fullmatch(r"# (HELP|TYPE) .*|[a-zA-Z_:][\w:]*(\{.*\})? [-+.\deE]+(NaN|Inf)?|", line), line
        return text

    def total(text):
        return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(r"\w*quer\w*_total\{[^}]*\"app\"", line))

    before = total(metrics())
    with pooler.connect() as connection:
        for _ in range(25):
            connection.execute("select 1")
    assert total(metrics()) >= before + 25


def test_garbage_over_http_hurts_nobody(pooler):
    for garbage in (b"\0" * 1000, b"GET " + b"x" * 100_000, b"POST /status HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", pooler.http_port), timeout=30) as connection:
            try:
                connection.sendall(garbage)
                connection.shutdown(1)
                while connection.recv(65536):
                    pass
            except OSError:
                pass
    assert pooler.http("/healthz")[0] == 200


def test_listens_on_loopback_only_unless_told(pooler):
    with open("/proc/net/tcp", encoding="ascii") as table:
        listening = {line.split()[1] for line in table if line.split()[3] == "0A"}
    assert f"0100007F:{pooler.http_port:04X}" in listening
    assert f"00000000:{pooler.http_port:04X}" not in listening
