"""The oracle with faults: cut, delayed and split connections, killed and frozen backends, a server that is restarted at once. No answer is
another client's, no acknowledged commit is lost, no cancel hits another query, and every pool serves again."""

import os

import pytest

from support.postgres_fixture import Postgres
from support.soak import FaultSoak, save


@pytest.fixture(scope="module")
def durable_postgres():
    """What is committed is written; a crash of the server's processes loses nothing of it."""
    server = Postgres(settings={"synchronous_commit": "on"})
    yield server
    server.close()


@pytest.fixture(scope="module")
def reports(request):
    """Printed at the end of the run, and kept in build/reports/soak.json."""
    made = request.config.soak_reports
    yield made
    save(made)



def seconds(config):
    """10 s for the six runs together; --soak: 60 s for each."""
    return float(os.environ.get("CENOTE_SOAK_SECONDS", 60 if config.getoption("--soak") else 10 / 6))


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.pgbouncer_fault("gives 'server conn crashed?' where the server's own words were at hand, and waits server_login_retry after a restart")
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_nothing_is_lost_or_foreign(request, make_pooler, durable_postgres, reports, mode, workers):
    length = seconds(request.config)
    with FaultSoak(make_pooler, durable_postgres, mode, workers, {}) as soak:
        soak.run(length, restarts=max(1, int(length / 20)), calm=min(5.0, length / 3))
        report = soak.report
    reports.append(report)
    print(report.line())
    assert report.totals["wrong"] == 0, f"{report.line()}\n{report.findings}"
    assert not report.lost_commits, f"{report.line()}\nacknowledged and not in the table: {report.lost_commits[:20]}"
    assert not report.undead_rollbacks, f"{report.line()}\nrolled back and in the table: {report.undead_rollbacks[:20]}"
    for name in ("queries", "commits", "cancels", "cancelled"):
        assert report.totals[name] > 0, report.line()
    assert report.again, report.line()
    assert report.totals["late"] == 0 and report.totals["stray"] == 0, f"a cancel has hit a later query than was meant: {report.line()}"
