"""The PgBouncer to compare with: the newest of Debian's suites, which ./dev fetches into its cache, else the installed one."""

import functools
import os
import pathlib
import subprocess
import sys

from support import processes

INSTALLED = pathlib.Path("/usr/sbin/pgbouncer")


def _cache():
    return pathlib.Path(os.environ.get("CENOTE_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cenote")


@functools.cache
def program():
    fetched = _cache() / "pgbouncer/current/pgbouncer"
    if os.access(fetched, os.X_OK):
        return fetched.resolve()
    print(f"PgBouncer: {INSTALLED}, since none newer is in {_cache()} (tests/tools/fetch_pgbouncer brings it)", file=sys.stderr, flush=True)
    return INSTALLED


@functools.cache
def version():
    return subprocess.run([program(), "--version"], check=True, capture_output=True, text=True).stdout.split()[1]


def start(ini, log):
    """Not as root, which PgBouncer refuses. Its user may not be able to reach the cache, so it is started in its own folder, by a relative path."""
    return processes.Process([f"./{program().name}", ini], log, cwd=program().parent)
