"""Open files: the limit is raised as far as it goes, and clients never take those that servers need."""

import contextlib
import pathlib
import re

import psycopg
import pytest

from support import processes
from support.pooler_fixture import CENOTE
from support.waiting import wait_until


@pytest.fixture
def limited(cenote_only, make_pooler, postgres):
    def make(ulimit, **settings):
        pooler = make_pooler(postgres, settings=settings, start=False)
        command = ["/bin/sh", "-c", f'ulimit {ulimit}; exec "$0" "$1"', CENOTE, pooler.ini]
        pooler.process = processes.Process(command, pooler.dir / "pooler.log", unprivileged=False)
        wait_until(pooler._answers, "the pooler")
        return pooler

    return make


def test_the_soft_limit_is_raised(limited):
    pooler = limited("-Sn 300")
    soft, hard = re.search(r"Max open files +(\d+) +(\d+)", pathlib.Path(f"/proc/{pooler.process.pid}/limits").read_text()).groups()
    assert soft == hard and int(soft) > 300
    assert f"open files: {soft} (limit was 300, hard limit {soft})" in pooler.log()


def test_clients_leave_enough_for_servers(limited, postgres):
    pooler = limited("-n 256", max_client_conn=1000, default_pool_size=10)
    (line,) = [line for line in pooler.log().splitlines() if "open files:" in line]
    assert " WARNING " in line and "too few for max_client_conn = 1000" in line
    most = int(re.search(r"at most (\d+) clients", line).group(1))
    with contextlib.ExitStack() as stack:
        clients = []
        with pytest.raises(psycopg.OperationalError, match="no more connections allowed"):
            for _ in range(most + 1):
                clients.append(stack.enter_context(pooler.connect()))
        assert len(clients) == most
        for client in clients[:10]:
            client.execute("begin")  # ten servers at once: as many as the pool may have
        assert pooler.log().count("Too many open files") == 0
