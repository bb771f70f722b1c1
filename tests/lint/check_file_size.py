#!/usr/bin/env python3
"""One file, one idea: a source file of more than 400 lines is to be split, or stands in file_size_allowed.txt with the reason."""

import common

LIMIT = 400


def read_allowed(path):
    allowed = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.partition(" ")
                allowed[name] = reason.strip()
    return allowed


def check(root):
    listed = "tests/lint/file_size_allowed.txt"
    allowed = read_allowed(root / listed)
    findings = [f"{listed}: {name} has no reason" for name, reason in allowed.items() if not reason]
    long_files = set()
    for path in common.sources(root, ["dataplane", "operator", "tests"], (".cpp", ".hpp", ".py", ".sh")):
        name, lines = str(path.relative_to(root)), path.read_bytes().count(b"\n")
        if lines > LIMIT:
            long_files.add(name)
            if name not in allowed:
                findings.append(f"{name}:{LIMIT + 1}: {lines} lines; split it, {LIMIT} is the limit")
    findings += [f"{listed}: {name} is not longer than {LIMIT} lines, or gone; drop its line" for name in allowed if name not in long_files]
    return findings


if __name__ == "__main__":
    common.main(check)
