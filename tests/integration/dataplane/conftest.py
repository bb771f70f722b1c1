import contextlib

import pytest

from support.fault_proxy import FaultProxy
from support.pooler_fixture import KINDS, Pooler
from support.postgres_fixture import Postgres
from support.soak import FAULT_PROXY


def pytest_addoption(parser):
    parser.addoption("--bouncer", choices=KINDS, default="cenote", help="the pooler under test")
    parser.addoption("--soak", action="store_true", help="the oracle tests for 60 s each instead of 10 s")


def pytest_configure(config):
    config.soak_reports = []


def pytest_terminal_summary(terminalreporter, config):
    if config.soak_reports:
        terminalreporter.section("soak with faults")
        for report in config.soak_reports:
            terminalreporter.write_line(report.line())


@pytest.fixture(scope="session")
def bouncer(request):
    return request.config.getoption("--bouncer")


@pytest.fixture
def cenote_only(bouncer):
    if bouncer != "cenote":
        pytest.skip("what is tested here is Cenote's own")


@pytest.fixture(scope="session")
def shared_postgres():
    server = Postgres()
    yield server
    crashes = server.crashes()
    server.close()
    assert not crashes, crashes


@pytest.fixture
def postgres(shared_postgres):
    """The session's server, with no connection left over from the test before."""
    shared_postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
    return shared_postgres


@pytest.fixture
def own_postgres():
    """A server that the test may stop."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def make_pooler(bouncer, request):
    """make_pooler(postgres, settings={…}, databases={…}, …) -> Pooler; ended after the test."""
    made = []

    def make(postgres, **options):
        pooler = Pooler(bouncer, postgres, **options)
        made.append(pooler)
        return pooler

    yield make
    for pooler in reversed(made):
        if getattr(request.node, "failed", False):
            print(f"--- log of {pooler.kind} ---\n{pooler.log()[-6000:]}")
        pooler.close()


@pytest.fixture
def make_fault_proxy():
    """make_fault_proxy(port) -> FaultProxy to that port of this machine."""
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(contextlib.closing(FaultProxy(FAULT_PROXY, port)))


@pytest.fixture
def pooler(make_pooler, postgres):
    """Transaction pooling, trust, up to 20 servers."""
    return make_pooler(postgres)


def pytest_collection_modifyitems(config, items):
    """pgbouncer_fault("…"): right for a pooler, and known to go wrong in PgBouncer. cenote_fault("…"): a fault of Cenote's that is being
    mended; whoever mends it takes the mark away, and is told so by the test."""
    bouncer = config.getoption("--bouncer")
    for item in items:
        fault = item.get_closest_marker(f"{bouncer}_fault")
        if fault and bouncer == "pgbouncer":
            item.add_marker(pytest.mark.xfail(run=False, reason=fault.args[0]))
        elif fault:
            item.add_marker(pytest.mark.xfail(strict=fault.kwargs.get("strict", True), reason=fault.args[0]))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call" and report.failed:
        item.failed = True
