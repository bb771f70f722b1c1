"""cenote-operator in standalone mode over a directory of its own, with real cenote processes."""

import os
import pathlib
import re
import shutil
import signal

import psycopg
import yaml

from support import processes
from support.pooler_fixture import CENOTE, ROOT
from support.waiting import wait_until

OPERATOR = pathlib.Path(os.environ.get("CENOTE_OPERATOR_BINARY", ROOT / "build/dev/operator/app/cenote-operator")).absolute()
QUICKSTART = ROOT / "docs/examples/quickstart"


def children_of(pid):
    """pid -> command line, of the processes that this one started."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found[int(stat.parent.name)] = (stat.parent / "cmdline").read_text().split("\0")
        except (OSError, IndexError):
            continue
    return found


def exists(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class StandaloneOperator:
    def __init__(self, postgres, program=CENOTE):
        for needed in (OPERATOR, program):
            if not needed.exists():
                raise FileNotFoundError(f"{needed} is not built")
        self.dir = processes.temp_dir("cenote-op-")
        self.manifests = self.dir / "pools"
        self.manifests.mkdir()
        self.postgres = postgres
        self.program = program
        self.http_port = processes.free_port()
        self.process = None

    def start(self):
        self.process = processes.Process(
            [OPERATOR, "--standalone", self.manifests, "--cenote", self.program, "--listen", f"127.0.0.1:{self.http_port}"],
            self.dir / "operator.log", unprivileged=False,
        )  # fmt: skip
        return self

    def close(self):
        if self.process and self.process.running():
            self.process.stop(signal.SIGTERM, 60)
        processes.remove_dir(self.dir)

    # Manifests

    def add_quickstart(self, **changes):
        """The documented example, on this PostgreSQL and a free port."""
        for path in QUICKSTART.glob("*.yaml"):
            shutil.copy(path, self.manifests)
        port = processes.free_port()
        self.edit("connectionpool.yaml", r'standalone-port: "\d+"', f'standalone-port: "{port}"')
        self.edit("connectionpool.yaml", r"port: 5432", f"port: {self.postgres.port}")
        for old, new in changes.items():
            self.edit("connectionpool.yaml", old, new)
        return port

    def edit(self, name, pattern, replacement):
        """In place, as `sed -i` does it: a new file renamed over the old one."""
        path = self.manifests / name
        text, count = re.subn(pattern, replacement, path.read_text())
        assert count == 1, f"{pattern} stands {count} times in {name}"
        self.write(name, text)

    def write(self, name, text):
        fresh = self.manifests / f".{name}.new"
        fresh.write_text(text)
        fresh.rename(self.manifests / name)

    # What it says

    def status_path(self, pool="orders", namespace="default"):
        return self.manifests / f".cenote/status/{namespace}.{pool}.yaml"

    def report(self, pool="orders", namespace="default"):
        return yaml.safe_load(self.status_path(pool, namespace).read_text())

    def status(self, pool="orders", namespace="default"):
        return self.report(pool, namespace)["status"]

    def condition(self, kind, pool="orders"):
        return next(entry for entry in self.status(pool)["conditions"] if entry["type"] == kind)

    def is_true(self, kind, pool="orders"):
        return self.condition(kind, pool)["status"] == "True"

    def wait_ready(self, pool="orders", timeout=30):
        wait_until(lambda: self.is_true("Ready", pool) and self.is_true("ConfigConverged", pool), f"pool {pool} being ready", timeout)
        return self.status(pool)

    def events(self):
        path = self.manifests / ".cenote/events.log"
        return path.read_text() if path.exists() else ""

    def log(self):
        return self.process.log()

    def pods(self):
        """pid -> command line of the running cenote processes."""
        return {pid: words for pid, words in children_of(self.process.pid).items() if str(self.program) in words}


def connect(port, user="orders", password="quickstart", database="orders", **more):
    return psycopg.connect(
        host="127.0.0.1", port=port, user=user, password=password, dbname=database, autocommit=True, prepare_threshold=None, connect_timeout=10, **more
    )
