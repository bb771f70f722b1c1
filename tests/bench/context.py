"""What a row of the bench works with: the subjects, the PostgreSQL before them, the rounds, and where the samples go."""

import contextlib
import dataclasses
import tempfile
import pathlib

import native
from results import Results
from support.pooler_fixture import Pooler
from support.postgres_fixture import Postgres

REFERENCE = "pgbouncer"
POOL = 20
QUIET = {"log_connections": 0, "log_disconnections": 0, "stats_period": 3600}


@dataclasses.dataclass(frozen=True)
class Subject:
    label: str
    kind: str
    settings: dict = dataclasses.field(default_factory=dict)


class Context:
    def __init__(self, options, subjects):
        self.options = options
        self.subjects = subjects  # the reference is the last
        self.postgres = Postgres(max_connections=400)
        self.results = Results()
        self._relays = None

    def close(self):
        self.postgres.close()

    @property
    def own(self):
        return [subject for subject in self.subjects if subject.label != REFERENCE]

    @property
    def labels(self):
        return [subject.label for subject in self.own]

    def pooler(self, subject, postgres=None, quiet=True, databases=None, users=None, start=True, **settings):
        wanted = {"workers": 1, "default_pool_size": POOL, "max_client_conn": 2000, **(QUIET if quiet else {"stats_period": 3600}), **settings}
        return Pooler(subject.kind, postgres or self.postgres, databases=databases, users=users, settings={**wanted, **subject.settings}, start=start)

    @contextlib.contextmanager
    def each(self, **settings):
        """label -> a pooler of every subject, all with these settings."""
        with contextlib.ExitStack() as stack:
            made = {}
            for subject in self.subjects:
                made[subject.label] = self.pooler(subject, **settings)
                stack.callback(made[subject.label].close)
            yield made

    @contextlib.contextmanager
    def relays(self, buffers):
        """label -> a bare relay, for each engine that this machine has; buffers: bytes by engine."""
        with contextlib.ExitStack() as stack:
            made = {}
            for engine in self.relay_engines():
                if engine in buffers:
                    made[f"relay {engine}"] = native.relay(engine, self.postgres, buffers[engine])
                    stack.callback(made[f"relay {engine}"].close)
            yield made

    def relay_engines(self):
        if self._relays is None:
            self._relays = []
            for engine in ("epoll", "uring") if self.options.relays else ():
                reason = native.why_no_relay(engine, self.postgres)
                if reason:
                    self.say(f"no row for the bare {engine} relay: {reason}")
                else:
                    self._relays.append(engine)
        return self._relays

    def say(self, text):
        print(text, flush=True)

    def rounds(self, row, targets, measure):
        """In each round measure(target) -> {metric: value} once for every target, the first of a round in turn."""
        labels = list(targets)
        for number in range(self.options.rounds):
            turn = number % len(labels)
            for label in labels[turn:] + labels[:turn]:
                self.say(f"round {number + 1}/{self.options.rounds}: {row}, {label}")
                self.results.add(row, label, measure(targets[label]))

    def compare(self, row, targets):
        """Everything against PgBouncer."""
        self.results.compare(row, [label for label in targets if label != REFERENCE], REFERENCE)


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="cenote-bench-") as name:
        yield pathlib.Path(name)
