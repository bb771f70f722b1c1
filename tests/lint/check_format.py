#!/usr/bin/env python3
"""C++ sources are as the pinned clang-format writes them. --fix rewrites them (./dev format)."""

import pathlib
import subprocess
import sys

import common

CLANG_FORMAT = pathlib.Path(sys.executable).with_name("clang-format")


def run(root, *options):
    files = [str(path.relative_to(root)) for path in common.sources(root, ["dataplane", "operator", "tests"]) if "lint/samples" not in str(path)]
    if not files:
        return subprocess.CompletedProcess([], 0, "", "")
    return subprocess.run([CLANG_FORMAT, *options, *files], cwd=root, check=False, capture_output=True, text=True)


def check(root):
    done = run(root, "--dry-run", "--Werror")
    found = sorted({":".join(line.split(":")[:2]) for line in done.stderr.splitlines() if "-Wclang-format-violations" in line})
    if done.returncode != 0 and not found:
        return [done.stderr.strip() or "clang-format failed"]
    return [f"{where}: not as clang-format writes it; run ./dev format" for where in found]


if __name__ == "__main__":
    if "--fix" in sys.argv:
        done = run(common.ROOT, "-i")
        sys.stderr.write(done.stderr)
        sys.exit(done.returncode)
    common.main(check)
