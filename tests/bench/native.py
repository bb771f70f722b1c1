"""The bench's own programs, built when their sources are newer: two bare relays, clients, a server that answers everything."""

import functools
import json
import pathlib
import subprocess

from support import processes
from support.pooler_fixture import ROOT
from support.waiting import wait_until

HERE = pathlib.Path(__file__).resolve().parent
OUT = ROOT / "build/bench"
CPP = ("c++", "-std=c++20", "-O2", f"-I{ROOT}")
PROGRAMS = {
    "relay_epoll": (("cc", "-O2"), HERE / "floor/relay_epoll.c", ()),
    "relay_uring": (("cc", "-O2"), HERE / "floor/relay_uring.c", ("-luring",)),
    "clients": (CPP, HERE / "native/clients.cpp", ("-lcrypto",)),
    "fake_postgres": (CPP, HERE / "native/fake_postgres.cpp", ("-lcrypto",)),
    "fault_proxy": (CPP, ROOT / "tests/integration/dataplane/soak/fault_proxy.cpp", ()),
}


@functools.cache
def program(name):
    compiler, source, libraries = PROGRAMS[name]
    path = OUT / name
    newest = max(one.stat().st_mtime for one in (source, *source.parent.glob("*.hpp")))
    if not path.exists() or path.stat().st_mtime < newest:
        OUT.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        subprocess.run([*compiler, "-o", fresh, source, *libraries], check=True, capture_output=True, text=True)
        fresh.rename(path)
    return path


class Server:
    """A program of ours that listens on a port of its own."""

    host = "127.0.0.1"

    def __init__(self, name, command, port):
        self.kind = name
        self.port = port
        self.dir = processes.temp_dir("cenote-bench-")
        self.process = processes.Process(command, self.dir / "log", unprivileged=False)
        wait_until(self._listens, f"{name} on port {port}")

    def _listens(self):
        if not self.process.running():
            raise SystemExit(f"{self.kind} ended: {self.process.log()[-500:]}")
        wanted = f":{self.port:04X} 00000000:0000 0A "
        return wanted in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii")

    def close(self):
        if self.process.running():
            self.process.stop()
        processes.remove_dir(self.dir)


def relay(engine, postgres, buffer):
    port = processes.free_port()
    OUT.mkdir(parents=True, exist_ok=True)
    settings = OUT / f"relay-{port}"
    settings.write_text(f"{port} {postgres.port} {buffer}\n", encoding="ascii")
    try:
        return Server(f"relay {engine}", [program(f"relay_{engine}"), settings], port)
    finally:
        settings.unlink()


def why_no_relay(engine, postgres):
    """Empty where that relay can be built and run here."""
    try:
        relay(engine, postgres, 16384).close()
    except subprocess.CalledProcessError as error:
        return f"it does not compile: {error.stderr.strip().splitlines()[0]}"
    except SystemExit as error:
        return f"it does not run: {error}"
    return ""


def fake_postgres():
    port = processes.free_port()
    return Server("fake PostgreSQL", [program("fake_postgres"), port], port)


def logins(pooler, user, password, rate, seconds, threads):
    """Starts them; .result() waits and gives {logins, failed, p50_ms, p99_ms}."""
    return Child("logins", pooler, user, password, "app", rate, seconds, threads)


class Child:
    def __init__(self, what, pooler, user, password, database, *more):
        words = [program("clients"), what, pooler.host, pooler.port, user, password, database, *more]
        self._child = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.what = what

    def result(self):
        out, err = self._child.communicate()
        if self._child.returncode != 0:
            raise SystemExit(f"clients {self.what}: {out}{err}")
        return json.loads(out)

    def wait_holding(self):
        if self._child.stdout.readline().strip() != "holding":
            raise SystemExit(f"clients {self.what}: {self._child.communicate()[1]}")

    def close(self):
        if self._child.poll() is None:
            self._child.stdin.close()
            self._child.wait(60)
        self._child.stdout.close()
        self._child.stderr.close()


def hold(pooler, count, database="app", user="app"):
    """Idle clients that have asked one query each; '%' in the database is their number."""
    child = Child("hold", pooler, user, "-", database, count)
    child.wait_holding()
    return child
