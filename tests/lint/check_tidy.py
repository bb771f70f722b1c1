#!/usr/bin/env python3
"""clang-tidy on the C++ files changed since they left main (or, on main, since the last commit). About 20 s for a file that sees Asio."""

import os
import pathlib
import subprocess
import sys

import common

CLANG_TIDY = pathlib.Path(sys.executable).with_name("clang-tidy")
# Boost 1.74 knows coroutines of GCC only; clang needs to be told (Asio documentation, "Coroutines TS Support").
EXTRA = ("-DBOOST_ASIO_HAS_CO_AWAIT=1", "-DBOOST_ASIO_HAS_STD_COROUTINE=1", "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument")


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=common.ROOT, check=False, capture_output=True, text=True).stdout.split("\n")


def changed():
    base = next((line for line in git("merge-base", "HEAD", os.environ.get("CENOTE_TIDY_BASE", "main")) if line), "HEAD")
    named = git("diff", "--name-only", "--diff-filter=d", base) + git("ls-files", "--others", "--exclude-standard")
    return sorted({name for name in named if name.endswith(".cpp") and name.startswith(("dataplane/", "operator/"))})


def check(_root):
    files = changed()
    if not files:
        return []
    flags = [f"--extra-arg={flag}" for flag in EXTRA]
    done = subprocess.run([CLANG_TIDY, "-p", "build/dev", "--quiet", *flags, *files], cwd=common.ROOT, check=False, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if ": error: " in line or ": warning: " in line]
    return found or ([done.stderr.strip()] if done.returncode else [])


if __name__ == "__main__":
    common.main(check)
