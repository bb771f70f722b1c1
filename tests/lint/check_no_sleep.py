#!/usr/bin/env python3
"""Unit tests run in memory: no sleeping, no wall clock; threads are joined, never waited for by time. Integration tests wait for what they can observe (wait_until)."""

import re

import common

CPP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|system_clock::now|steady_clock::now)\b|(?<![\w.:])sleep\s*\(")
PYTHON = re.compile(r"\b(?:time|asyncio)\.sleep\s*\(")
# The one place where waiting is made of sleeping.
PYTHON_ALLOWED = {"tests/support/waiting.py"}


def check(root):
    findings = []
    for path in common.sources(root, ["tests/unit"]):
        findings += scan(root, path, CPP, "a unit test may not sleep or read the clock; pass the time in")
    for path in common.sources(root, ["tests/support", "tests/integration", "tests/e2e"], (".py",)):
        if str(path.relative_to(root)) not in PYTHON_ALLOWED:
            findings += scan(root, path, PYTHON, "wait for something observable with support.waiting.wait_until")
    return findings


def scan(root, path, pattern, why):
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = ("//", "#", "*")
    return [
        f"{path.relative_to(root)}:{number}: {why}"
        for number, line in enumerate(lines, 1)
        if pattern.search(line) and not line.lstrip().startswith(marks)
    ]


if __name__ == "__main__":
    common.main(check)
