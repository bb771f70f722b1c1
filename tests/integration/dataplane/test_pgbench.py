"""pgbench's own transactions through the pool: all counted, none failed."""

import re
import subprocess

import pytest

from support.postgres_fixture import binaries


@pytest.fixture(scope="module")
def filled(shared_postgres):
    subprocess.run([binaries() / "pgbench", "-i", "-q", "-h", shared_postgres.host, "-p", str(shared_postgres.port), "-U", "postgres", "app"],
                   check=True, capture_output=True)  # fmt: skip
    shared_postgres.sql("grant all on all tables in schema public to public", "app")


def pgbench(pooler, *options, clients=16, transactions=50):
    command = [binaries() / "pgbench", "-n", "-c", clients, "-j", 2, "-t", transactions, "-h", pooler.host, "-p", pooler.port, "-U", "app", *options, "app"]
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    processed, expected = re.search(r"processed: (\d+)/(\d+)", done.stdout).groups()
    assert processed == expected == str(clients * transactions)
    assert re.search(r"failed transactions: 0 ", done.stdout)


@pytest.mark.parametrize("protocol", ["simple", "extended"])
@pytest.mark.parametrize("script", ["select-only", "tpcb-like"])
def test_transaction_pooling(make_pooler, postgres, filled, protocol, script):
    pgbench(make_pooler(postgres, settings={"default_pool_size": 4}), "-M", protocol, "-b", script)


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
def test_session_pooling(make_pooler, postgres, filled, protocol):
    pgbench(make_pooler(postgres, settings={"pool_mode": "session", "default_pool_size": 16}), "-M", protocol, "-b", "tpcb-like")


def test_a_connection_for_each_transaction(make_pooler, postgres, filled):
    pgbench(make_pooler(postgres, settings={"default_pool_size": 4}), "-C", "-b", "select-only")


def test_pipelined_scripts(make_pooler, postgres, filled, tmp_path):
    script = tmp_path / "pipeline.sql"
    script.write_text("\\startpipeline\nselect 1;\nselect :client_id;\nselect 3;\n\\endpipeline\n")
    script.chmod(0o644)
    pgbench(make_pooler(postgres, settings={"default_pool_size": 4}), "-M", "extended", "-f", script)
