#!/usr/bin/env python3
"""clang-tidy on the C++ files changed since they left main (or, on main, since the last commit); --all: on every file of the data plane and
the operator. About 20 s for a file that sees Asio, so files run side by side, and what came out is kept in the cache under a hash of all
that it depends on: the file, the headers of ours that it reaches, its compile command, the rules, clang-tidy itself."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

import common

CLANG_TIDY = pathlib.Path(sys.executable).with_name("clang-tidy")
# Boost 1.74 knows coroutines of GCC only; clang needs to be told (Asio documentation, "Coroutines TS Support").
# GCC's precompiled headers are passed over.
EXTRA = (
    "-DBOOST_ASIO_HAS_CO_AWAIT=1", "-DBOOST_ASIO_HAS_STD_COROUTINE=1", "-Wno-unknown-warning-option", "-Wno-unused-command-line-argument", "-Wno-ignored-gch"
)  # fmt: skip
FOLDERS = ("dataplane", "operator")


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=common.ROOT, check=False, capture_output=True, text=True).stdout.split("\n")


def changed():
    base = next((line for line in git("merge-base", "HEAD", os.environ.get("CENOTE_TIDY_BASE", "main")) if line), "HEAD")
    named = git("diff", "--name-only", "--diff-filter=d", base) + git("ls-files", "--others", "--exclude-standard")
    return sorted({name for name in named if name.endswith(".cpp") and name.startswith(tuple(f"{folder}/" for folder in FOLDERS))})


def every():
    return [str(path.relative_to(common.ROOT)) for path in common.sources(common.ROOT, FOLDERS, (".cpp",))]


def cache():
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cenote"
    return pathlib.Path(os.environ.get("CENOTE_CACHE") or home) / "tidy"


def compile_commands():
    path = common.ROOT / "build/dev/compile_commands.json"
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {str(pathlib.Path(entry["file"]).relative_to(common.ROOT)): entry["command"] for entry in entries if entry["file"].startswith(f"{common.ROOT}/")}


def reached(root, name):
    """The file and the headers of ours that it includes, at any depth."""
    found, left = {name}, [name]
    while left:
        for _, header, quoted in common.includes(root / left.pop()):
            if quoted and header not in found and (root / header).is_file():
                found.add(header)
                left.append(header)
    return sorted(found)


def key(root, name, command):
    digest = hashlib.sha256()
    rules = [root / ".clang-tidy", root / "tests/tools/requirements.txt"]
    for part in [command.replace(str(root), ""), " ".join(EXTRA), *(path.read_text(encoding="utf-8") for path in rules if path.exists())]:
        digest.update(part.encode() + b"\0")
    for one in reached(root, name):
        digest.update(one.encode() + b"\0" + (root / one).read_bytes() + b"\0")
    return digest.hexdigest()


def tidy(name):
    flags = [f"--extra-arg={flag}" for flag in EXTRA]
    done = subprocess.run([CLANG_TIDY, "-p", "build/dev", "--quiet", *flags, name], cwd=common.ROOT, check=False, capture_output=True, text=True)
    found = [line.replace(f"{common.ROOT}/", "") for line in done.stdout.splitlines() if ": error: " in line or ": warning: " in line]
    if done.returncode and not found:
        raise RuntimeError(f"clang-tidy could not read {name}: {done.stdout.strip()[:500]} {done.stderr.strip()[-500:]}")
    return found


def tidy_cached(name, command):
    kept = cache() / key(common.ROOT, name, command)
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    found = tidy(name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(found), encoding="utf-8")
    fresh.rename(kept)
    return found


def check_files(files):
    commands, findings, told = compile_commands(), {}, time.monotonic()
    if files and not commands:
        return ["build/dev/compile_commands.json is missing: configure the preset dev"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(tidy_cached, name, commands.get(name, "")): name for name in files}
        for number, one in enumerate(concurrent.futures.as_completed(running), 1):
            try:
                findings[running[one]] = one.result()
            except RuntimeError as error:  # kept in no cache
                findings[running[one]] = [str(error)]
            if time.monotonic() - told > 15:
                told = time.monotonic()
                print(f"  clang-tidy: {number} of {len(files)} files", flush=True)
    # A header's finding is seen by every file that includes it.
    return list(dict.fromkeys(finding for name in files for finding in findings[name]))


def check(_root):
    return check_files(changed())


if __name__ == "__main__":
    sys.exit(common.report(check_files(every() if "--all" in sys.argv else changed())))
