"""The soak with faults: drives cenote_soak's clients, breaks what lies between them and the server, and holds the outcome against the table."""

import contextlib
import dataclasses
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import psycopg

from support.background import in_background
from support.fault_proxy import FaultProxy
from support.pooler_fixture import ROOT
from support.waiting import wait_until

PROGRAMS = ROOT / "build/dev/tests/integration/dataplane"
SOAK = PROGRAMS / "cenote_soak"
FAULT_PROXY = PROGRAMS / "cenote_fault_proxy"
POOLS = [("app", "app"), ("app", "app2"), ("other", "app"), ("other", "app2"), ("fresh", "app")]  # the last has had no client before the first restart
AIM = 2.0  # seconds after which every pool serves again once the server is back


@dataclasses.dataclass
class Report:
    """What one run showed. `again`: seconds until each pool served again, one dictionary a restart."""

    mode: str
    workers: int
    seed: int
    totals: dict = dataclasses.field(default_factory=dict)
    findings: str = ""
    lost_commits: list = dataclasses.field(default_factory=list)
    undead_rollbacks: list = dataclasses.field(default_factory=list)
    again: list = dataclasses.field(default_factory=list)
    done: dict = dataclasses.field(default_factory=dict)

    @property
    def slowest(self):
        return max((seconds for one in self.again for seconds in one.values()), default=0.0)

    def line(self):
        total = self.totals
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        serving = f"serving again after {self.slowest:.1f} s" + ("" if self.slowest <= AIM else f" (over {AIM:.0f})")
        return (
            f"{self.mode:<11} {self.workers} workers: {total['queries']} queries, {total['wrong']} wrong, {total['commits']} commits, "
            f"{len(self.lost_commits)} lost, {total['cancels']} cancels, {total['late']} late, {total['stray']} stray, {serving}; {faults}; "
            f"{total['lost']} connections lost of {total['logins']}; seed {self.seed}"
        )


class FaultSoak:
    """One run: with FaultSoak(…) as soak: soak.run(seconds, restarts); then soak.report."""

    def __init__(self, make_pooler, postgres, mode, workers, settings=None, seed=None):
        self.postgres = postgres
        self.report = Report(mode, workers, random.randrange(10_000) if seed is None else seed)
        self._random = random.Random(self.report.seed)
        self._stack = contextlib.ExitStack()
        self.to_server = self._closing(FaultProxy(FAULT_PROXY, postgres.port, self.report.seed))
        target = f"host={self.to_server.host} port={self.to_server.port}"
        self.pooler = make_pooler(
            postgres,
            databases={"app": f"{target} dbname=app", "other": f"{target} dbname=other", "fresh": f"{target} dbname=other"},
            settings={"pool_mode": mode, "workers": workers, "default_pool_size": 12, "max_client_conn": 1000, "log_connections": 0, "log_disconnections": 0,
                      **(settings or {})},
        )  # fmt: skip
        self.to_pooler = self._closing(FaultProxy(FAULT_PROXY, self.pooler.port, self.report.seed + 1))
        self._child = None

    def _closing(self, thing):
        return self._stack.enter_context(contextlib.closing(thing))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._child and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._stack.close()

    # The clients

    def run(self, seconds, restarts, calm):
        # A client of session pooling keeps its server for its whole visit; and what is to be cancelled must have found a server, which
        # without transactions is only so while not too many wait.
        clients = 100 if self.report.mode == "transaction" else 40
        self.postgres.sql("create table if not exists soak_commits (client int, number bigint); truncate soak_commits; grant all on soak_commits to public", "app")
        for database, user in POOLS[:-1]:
            self._serves(database, user)
        commits = self.pooler.dir / "commits"
        words = [SOAK, self.to_pooler.host, self.to_pooler.port, "app", "app", clients, 3600, self.report.seed, self.report.mode, self.pooler.port, commits]
        self._child = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        began = time.monotonic()
        for number in range(1, restarts + 1):
            self._break_things(began + seconds * number / (restarts + 1))
            self._restart()
        self._break_things(began + seconds)
        self._calm()
        for database, user in POOLS:
            wait_until(lambda database=database, user=user: self._serves(database, user), f"the pool {database} of {user} serving", 60)
        self._tell("calm")
        self._wait(calm)
        self._tell("end")
        out, self.report.findings = self._child.communicate(timeout=90)
        assert out, f"the clients ended with {self._child.returncode}: {self.report.findings}"
        self.report.totals = json.loads(out)
        self._compare(commits.read_text())

    def _tell(self, what):
        self._child.stdin.write(what + "\n")

    def _wait(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)

    def _compare(self, text):
        stored = set(self.postgres.sql("select client, number from soak_commits", "app"))
        for line in text.splitlines():
            what, client, number = line.split()
            row = (int(client), int(number))
            if what == "commit" and row not in stored:
                self.report.lost_commits.append(row)
            if what == "rollback" and row in stored:
                self.report.undead_rollbacks.append(row)

    # The faults

    def _break_things(self, until):
        faults = [self._terminate, self._freeze, self._cut, self._disturb]
        while time.monotonic() < until and self._child.poll() is None:
            fault = self._random.choice(faults)
            fault()
            name = fault.__name__.removeprefix("_")
            self.report.done[name] = self.report.done.get(name, 0) + 1
            self._wait(self._random.uniform(0.01, 0.2))

    def _calm(self):
        self.to_server.calm()
        self.to_pooler.calm()

    def _disturb(self):
        proxy = self._random.choice([self.to_server, self.to_pooler])
        proxy.faults(delay=self._random.choice([0, 0, 1, 5]), split=self._random.choice([0, 2, 10]), cut=self._random.choice([0, 200, 2000]))

    def _cut(self):
        self._random.choice([self.to_server, self.to_pooler]).cut_all()

    def _terminate(self):
        self.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'app' and pid <> pg_backend_pid() order by random() limit 1")

    def _freeze(self):
        """A backend stands still for a while, whatever it holds."""
        backends = sorted(self.postgres.backends())
        if not backends:
            return
        pid = self._random.choice(backends)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            try:
                self._wait(self._random.uniform(0.05, 0.4))
            finally:
                os.kill(pid, signal.SIGCONT)

    def _restart(self):
        """As `pg_ctl restart -m immediate` does it. From the moment the server answers again, each pool is asked until it serves."""
        self._calm()
        self.postgres.restart(signal.SIGQUIT)
        back = time.monotonic()
        asking = {f"{database}/{user}": in_background(self._seconds_until_served, database, user, back) for database, user in POOLS}
        self.report.again.append({name: round(one.result(), 2) for name, one in asking.items()})
        self.report.done["restart"] = self.report.done.get("restart", 0) + 1

    def _seconds_until_served(self, database, user, back):
        wait_until(lambda: self._serves(database, user), f"the pool {database} of {user} serving after a restart", 90)
        return time.monotonic() - back

    def _serves(self, database, user):
        with psycopg.connect(self.pooler.dsn(database, user, connect_timeout=60), autocommit=True, prepare_threshold=None) as connection:
            return connection.execute("select 1").fetchone() == (1,)


def save(reports, path=ROOT / "build/reports/soak.json"):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([dataclasses.asdict(report) for report in reports], indent=1) + "\n")
