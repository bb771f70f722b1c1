"""The resolver against a DNS server of its own: runs the GoogleTest program that does it."""

import pathlib
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parents[4] / "build/dev/tests/integration/dataplane/net/resolver_test"


def cases():
    if not PROGRAM.exists():
        return []
    listed = subprocess.run([PROGRAM, "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [f"ResolverTest.{line.strip()}" for line in listed if line.startswith("  ")]


def test_the_program_is_built():
    assert cases(), f"{PROGRAM} is missing or empty: build the preset dev"


@pytest.mark.parametrize("case", cases())
def test_resolver(case):
    done = subprocess.run([PROGRAM, f"--gtest_filter={case}"], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
