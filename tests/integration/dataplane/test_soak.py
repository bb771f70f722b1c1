"""200 clients on a pool of 12 with cancels, departures and pipelines: not one wrong, missing or foreign answer."""

import json
import os
import random
import subprocess

import pytest

from support.pooler_fixture import ROOT

SOAK = ROOT / "build/dev/tests/integration/dataplane/cenote_soak"
CLIENTS = 200


def seconds(config):
    return int(os.environ.get("CENOTE_SOAK_SECONDS", 60 if config.getoption("--soak") else 10))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.pgbouncer_fault("1.18 gives 'server conn crashed?' to clients that did nothing, and lets late cancels through")
@pytest.mark.parametrize("workers", [2])
def test_every_answer_is_the_askers(request, make_pooler, postgres, workers):
    pooler = make_pooler(postgres, settings={"default_pool_size": 12, "max_client_conn": 1000, "workers": workers, "log_connections": 0, "log_disconnections": 0})
    seed = random.randrange(10_000)
    command = [SOAK, pooler.host, pooler.port, "app", "app", CLIENTS, seconds(request.config), seed]
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    totals = json.loads(done.stdout)
    print(f"seed {seed}: {totals}")
    assert totals["wrong"] == 0
    for name in ("queries", "pipelines", "transactions", "cancels", "departures"):
        assert totals[name] > CLIENTS, totals
    assert totals["cancelled"] > 0, totals
    row = pooler.pool()
    assert row["sv_active"] + row["sv_idle"] + row["sv_used"] <= 12
