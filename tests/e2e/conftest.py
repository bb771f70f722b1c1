"""Shared by the end-to-end tests: figures are printed at the end, and once a step of a story failed, the rest of that file is skipped."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

_figures = {}
_failed = {}


@pytest.fixture
def figure():
    """figure("edit to effect, s", 1.2): a measurement for the report."""
    return _figures.__setitem__


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        _failed.setdefault(item.path, item.name)


def pytest_runtest_setup(item):
    if item.path in _failed:
        pytest.skip(f"{_failed[item.path]} failed before it")


def pytest_terminal_summary(terminalreporter):
    if _figures:
        terminalreporter.section("figures")
        for name, value in _figures.items():
            terminalreporter.write_line(f"{name}: {value}")
        reports = Path(__file__).resolve().parents[2] / "build/reports"
        reports.mkdir(parents=True, exist_ok=True)
        (reports / "e2e-figures.json").write_text(json.dumps(_figures, indent=1))
