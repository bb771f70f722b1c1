"""The log: whole lines at once, nobody's forged, still there after a rotation."""

import fcntl
import os
import pwd
import re
import signal

import psycopg
import pytest

from support import processes
from support.pooler_fixture import CENOTE
from support.waiting import wait_until
from support.wire import Wire, startup_packet

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[\d+\] (FATAL|ERROR|WARNING|LOG|DEBUG) ")
FORGED = "2026-01-01 00:00:00.000 UTC [1] LOG forged"


def assert_lines_are_whole(text):
    assert text.endswith("\n")
    for line in text.splitlines():
        assert LINE.match(line), line


@pytest.mark.parametrize("where", ["user", "database", "application_name"])
def test_no_name_forges_a_line(cenote_only, pooler, where):
    names = {"user": "app", "database": "app", where: f"x\n{FORGED}"}
    with Wire(pooler.host, pooler.port) as raw:
        raw.send(startup_packet(**names))
        raw.socket.recv(65536)
    with pytest.raises(psycopg.Error):
        pooler.admin(f'kill "x\n{FORGED}"')
    pooler.admin("show version")
    assert FORGED not in pooler.log().splitlines()
    assert f"x\\n{FORGED}" in pooler.log()
    assert_lines_are_whole(pooler.log())


def test_a_refused_reload_says_each_reason_in_a_line_of_its_own(cenote_only, pooler):
    pooler.write_text(pooler.render() + "default_pool_size = many\npool_mode = sometimes\n")
    with pytest.raises(psycopg.Error):
        pooler.admin("reload")
    assert_lines_are_whole(pooler.log())
    assert [" ERROR " in line for line in pooler.log().splitlines() if "default_pool_size" in line or "pool_mode" in line] == [True, True]


def own_log(pooler):
    return pooler.dir / "own" / "cenote.log"


@pytest.fixture
def rotated(cenote_only, make_pooler, postgres):
    """Started as root where we are root; runs as an ordinary user, in a directory of that user's."""
    user = processes.child_user()
    pooler = make_pooler(postgres, start=False, settings={"verbose": 1, "watch_config": 0} | ({"user": user} if user else {}))
    own_log(pooler).parent.mkdir()
    processes.give_to_child(own_log(pooler).parent)
    pooler.write(logfile=own_log(pooler))
    pooler.start()
    return pooler


@pytest.mark.parametrize("how", ["reload", "signal"])
def test_after_a_rotation_lines_go_to_the_new_file(rotated, how):
    old = own_log(rotated).rename(own_log(rotated).with_suffix(".1"))
    if how == "reload":
        rotated.admin("reload")
    else:
        rotated.process.send(signal.SIGHUP)
    wait_until(own_log(rotated).exists, "the new file")
    size = old.stat().st_size
    rotated.admin("show version")
    wait_until(lambda: "client close request" in own_log(rotated).read_text(), "lines in the new file")
    assert old.stat().st_size == size
    assert_lines_are_whole(old.read_text())
    assert_lines_are_whole(own_log(rotated).read_text())
    if processes.child_user():
        assert pwd.getpwuid(own_log(rotated).stat().st_uid).pw_name == processes.child_user()


def test_the_log_file_belongs_to_the_user_it_runs_as(rotated):
    if not processes.child_user():
        pytest.skip("only root becomes another user")
    own_log(rotated).parent.chmod(0o555)
    os.chown(own_log(rotated).parent, 0, 0)  # nothing can be made there, only what exists be opened
    rotated.admin("reload")
    assert "cannot open logfile" not in own_log(rotated).read_text()
    rotated.connect().close()
    wait_until(lambda: "app/app@" in own_log(rotated).read_text(), "lines after the reload")


def test_a_file_that_cannot_be_opened_leaves_the_old_one_in_use(rotated):
    if not processes.child_user():
        pytest.skip("only root becomes another user")
    old = own_log(rotated).rename(own_log(rotated).with_suffix(".1"))
    os.chown(own_log(rotated).parent, 0, 0)
    own_log(rotated).parent.chmod(0o755)
    rotated.admin("reload")
    assert "cannot open logfile" in old.read_text()
    rotated.connect().close()
    wait_until(lambda: old.read_text().count("closing because") >= 2, "lines in the old file")


def test_a_log_nobody_reads_stops_nobody(cenote_only, make_pooler, postgres):
    """The error stream is a full pipe: clients come and go as before, and once it is read again every line is there."""
    pooler = make_pooler(postgres, start=False)
    pipe = pooler.dir / "log.pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as reader:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        pooler.process = processes.Process(["/bin/sh", "-c", f'exec "$0" "$1" 2>{pipe}', CENOTE, pooler.ini], pooler.dir / "pooler.log", unprivileged=False)
        wait_until(pooler._answers, "the pooler")
        for _ in range(200):  # far more lines than the pipe holds
            with pooler.connect() as connection:
                assert connection.execute("select 1").fetchone() == (1,)
        text = b""

        def all_lines():
            nonlocal text
            text += reader.read(65536) or b""
            return text.count(b"app/app@127.0.0.1") >= 200

        wait_until(all_lines, "the lines that waited")
        assert_lines_are_whole(text.decode()[: text.rindex(b"\n") + 1])
        pooler.process.stop(signal.SIGQUIT)
