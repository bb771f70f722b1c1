"""The rows of the bench. Each is a function of the context with a line of help; ROWS names them for --only."""

import contextlib
import threading
import time

import native
from context import POOL, REFERENCE, scratch
from gauges import Pgbench, cpu_seconds, psql_copies, pss_kib
from support.fault_proxy import FaultProxy
from support.waiting import wait_until
from support.wire import Wire, message, query

CLIENTS = 32
IDLE_CLIENTS = 10_000
BUSY_CLIENTS = 1_000
RATE = 500
LOGINS = 200
SMALL = {"epoll": 65536, "uring": 16384}
LARGE = {"epoll": 65536, "uring": 131072}
ROWS = {}


def row(name, text):
    def add(function):
        ROWS[name] = (text, function)
        return function

    return add


def per_transaction(context, title, script, protocol="simple", relays=SMALL, mode="transaction", per=("CPU us/tx", 1.0), **settings):
    def measure(target):
        # A relay has nobody's password: its clients log in to PostgreSQL itself.
        run = Pgbench(target, script, context.options.seconds, CLIENTS, protocol)
        return {"tps": run.tps, per[0]: run.cpu * per[1], "p99 ms": run.latencies.at(0.99)}

    size = POOL if mode == "transaction" else CLIENTS + 4
    with context.each(pool_mode=mode, default_pool_size=size, **settings) as poolers, context.relays(relays) as bare:
        targets = {**poolers, **bare}
        context.rounds(title, targets, measure)
        context.compare(title, targets)


@row("simple", "select 1, simple protocol: CPU, tps, p99")
def simple(context):
    per_transaction(context, "select 1, simple", "select 1;")


@row("extended", "select 1, extended protocol")
def extended(context):
    per_transaction(context, "select 1, extended", "select 1;", "extended")


@row("prepared", "select 1, prepared; in transaction pooling where every pooler can, else in session pooling")
def prepared(context):
    mode = "transaction"
    with context.each(pool_mode=mode, default_pool_size=2) as poolers:
        for label, pooler in poolers.items():
            try:
                Pgbench(pooler, "select 1;", None, 8, "prepared", transactions=20)
            except SystemExit:
                context.say(f"prepared: {label} cannot in transaction pooling, so all are measured in session pooling")
                mode = "session"
    per_transaction(context, f"select 1, prepared ({mode})", "select 1;", "prepared", mode=mode)


@row("rows64k", "rows of 64 KiB, CPU per MiB")
def rows64k(context):
    per_transaction(context, "rows of 64 KiB", "select repeat('x', 65536);", relays=LARGE, per=("CPU us/MiB", 16.0))


@row("unix", "select 1 with Unix sockets on both sides")
def unix(context):
    def measure(pooler):
        run = Pgbench(pooler, "select 1;", context.options.seconds, CLIENTS, host=pooler.dir)
        return {"tps": run.tps, "CPU us/tx": run.cpu, "p99 ms": run.latencies.at(0.99)}

    postgres = context.postgres
    target = f"host={postgres.dir} port={postgres.port} dbname=app"
    with context.each(databases={"app": target}, unix_socket_mode="0777") as poolers:
        context.rounds("select 1, Unix sockets", poolers, measure)
        context.compare("select 1, Unix sockets", poolers)


@row("latency", "one client: its median and 99th percentile")
def latency(context):
    def measure(target):
        run = Pgbench(target, "select 1;", context.options.seconds, 1)
        return {"p50 us": run.latencies.at(0.5) * 1000, "p99 us": run.latencies.at(0.99) * 1000}

    with context.each() as poolers, context.relays(SMALL) as bare:
        targets = {**poolers, **bare}
        context.rounds("one client", targets, measure)
        context.compare("one client", targets)


@row("copy", "COPY OUT and COPY IN, CPU per MiB")
def copy(context):
    mebibytes, copies = 64, 4
    lines = mebibytes * 1024
    out = f"copy (select repeat('x', 1023) from generate_series(1, {lines})) to stdout"
    context.postgres.sql("create table if not exists sink (line text); grant all on sink to public", "app")
    with scratch() as folder, context.each() as poolers, context.relays({"epoll": 65536}) as bare:  # the other one hangs on a long COPY
        folder.chmod(0o755)
        source = folder / "lines"
        source.write_bytes((b"x" * 1023 + b"\n") * lines)
        targets = {**poolers, **bare}
        context.rounds("COPY OUT", targets, lambda one: {"CPU ms/MiB": psql_copies(one, out, copies) / (mebibytes * copies)})
        context.rounds("COPY IN", targets, lambda one: {"CPU ms/MiB": psql_copies(one, "copy sink from stdin where false", copies, source) / (mebibytes * copies)})
        context.compare("COPY OUT", targets)
        context.compare("COPY IN", targets)


@row("login", "CPU of a SCRAM login, with the secret and with the plain password in auth_file; connections are logged, as by default")
def login(context):
    secrets = {"SCRAM login": context.postgres.secret("app"), "SCRAM login, plaintext file": "secret-app"}
    for title, secret in secrets.items():

        def measure(pooler):
            before = cpu_seconds(pooler.process.pid)
            done = native.logins(pooler, "app", "secret-app", 0, context.options.seconds, 4).result()
            return {"CPU us/login": (cpu_seconds(pooler.process.pid) - before) / done["logins"] * 1e6, "p50 ms": done["p50_ms"], "p99 ms": done["p99_ms"]}

        users = {"app": secret, "admin": "admin-secret"}
        with context.each(quiet=False, users=users, auth_type="scram-sha-256", log_connections=1, log_disconnections=1) as poolers:
            for pooler in poolers.values():
                native.logins(pooler, "app", "secret-app", 0, 0.2, 1).result()  # the first opens a server
            context.rounds(title, poolers, measure)
            context.compare(title, poolers)


@row("idle", f"memory of each of {IDLE_CLIENTS} idle clients")
def idle(context):
    title = f"{IDLE_CLIENTS} idle clients"
    for subject in context.subjects:
        context.say(f"{title}, {subject.label}")
        pooler = context.pooler(subject, max_client_conn=IDLE_CLIENTS + 100)
        with contextlib.closing(pooler), contextlib.closing(native.hold(pooler, 10)):
            before = pss_kib(pooler.process.pid)
            with contextlib.closing(native.hold(pooler, IDLE_CLIENTS)):
                context.results.add(title, subject.label, {"PSS KiB/client": (pss_kib(pooler.process.pid) - before) / IDLE_CLIENTS})
    context.results.compare(title, context.labels, REFERENCE)


@row("fill", f"how long until a pool of {POOL} is open, with 50 ms a connect")
def fill(context):
    title = f"filling a pool of {POOL}, 50 ms a connect"
    proxy = FaultProxy(native.program("fault_proxy"), context.postgres.port)
    proxy.faults(connect_delay=50)

    def measure(subject):
        databases = {"app": f"host={proxy.host} port={proxy.port} dbname=app"}
        with contextlib.closing(context.pooler(subject, databases=databases)) as pooler, contextlib.ExitStack() as stack:
            wires = []
            began = time.monotonic()

            def ask():
                wire = Wire(pooler.host, pooler.port)
                wires.append(wire)
                wire.login(user="app", database="app")
                wire.send(query("begin"))
                wire.read_until("Z")

            asking = [threading.Thread(target=ask) for _ in range(POOL)]
            for one in asking:
                one.start()
            for one in asking:
                one.join()
            took = (time.monotonic() - began) * 1000
            for wire in wires:
                stack.callback(wire.socket.close)
            return {"ms": took}

    with contextlib.closing(proxy):
        context.rounds(title, {subject.label: subject for subject in context.subjects}, measure)
    context.results.compare(title, context.labels, REFERENCE)


@row("busy", f"{BUSY_CLIENTS} busy clients on a pool of {POOL}: p99/p50, CPU")
def busy(context):
    title = f"{BUSY_CLIENTS} busy clients"

    def measure(pooler):
        run = Pgbench(pooler, "select 1;", max(context.options.seconds, 5), BUSY_CLIENTS)
        return {"p99/p50": run.latencies.at(0.99) / run.latencies.at(0.5), "CPU us/tx": run.cpu}

    with context.each() as poolers:
        context.rounds(title, poolers, measure)
        context.compare(title, poolers)


@row("workers", "CPU per transaction with 2 and with 4 workers against own 1 worker")
def workers(context):
    title = "select 1, several workers"
    with contextlib.ExitStack() as stack:
        targets = {}
        for subject in context.own:
            if subject.kind == "cenote":
                for count in (1, 2, 4):
                    pooler = context.pooler(subject, workers=count)
                    stack.callback(pooler.close)
                    targets[f"{subject.label} x{count}"] = pooler
        if not targets:
            return

        def measure(pooler):
            run = Pgbench(pooler, "select 1;", context.options.seconds, CLIENTS)
            return {"tps": run.tps, "CPU us/tx": run.cpu}

        context.rounds(title, targets, measure)
        for subject in context.own:
            if subject.kind == "cenote":
                context.results.compare(title, [f"{subject.label} x2", f"{subject.label} x4"], f"{subject.label} x1")


def undisturbed(label):
    return f"{label} alone"


def disturbed_queries(context, title, poolers, disturb):
    """The 99th percentile of RATE queries a second beside something and, in turn, without it."""
    targets = {}
    for label, pooler in poolers.items():
        targets[undisturbed(label)] = (pooler, contextlib.nullcontext)
        targets[label] = (pooler, lambda pooler=pooler: disturb(pooler))

    def measure(target):
        pooler, around = target
        with around():
            run = Pgbench(pooler, "select 1;", context.options.seconds, 10, rate=RATE)
        return {"p99 ms": run.latencies.at(0.99), "p50 ms": run.latencies.at(0.5)}

    context.rounds(title, targets, measure)
    for label in poolers:
        context.results.compare(title, [label], undisturbed(label))


@row("storm", f"p99 of {RATE} queries a second while {LOGINS} plaintext SCRAM logins a second come in, against the p99 without them")
def storm(context):
    @contextlib.contextmanager
    def logins(pooler):
        running = native.logins(pooler, "app", "secret-app", LOGINS, context.options.seconds + 0.5, 16)
        try:
            yield
        finally:
            running.result()

    with context.each(users={"app": "secret-app", "admin": "admin-secret"}, auth_type="scram-sha-256") as poolers:
        disturbed_queries(context, f"{RATE} queries/s beside {LOGINS} logins/s", poolers, logins)


class Console:
    """Asks SHOW CLIENTS again and again, and reads no more of the answer than it must."""

    def __init__(self, pooler):
        self._wire = Wire(pooler.host, pooler.port)
        self._wire.login(user="admin", database="pgbouncer")
        self._over = threading.Event()
        self.count = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            self._wire.send(query("show clients"))
            end = b""
            while not end.endswith(message("Z", b"I")):
                end = end[-6:] + self._wire.socket.recv(1 << 20)
            self.count += 1

    def close(self):
        self._over.set()
        self._thread.join()
        self._wire.socket.close()


@row("show", f"p99 of {RATE} queries a second while SHOW CLIENTS runs in a loop with {IDLE_CLIENTS} idle clients, against the p99 without it")
def show(context):
    @contextlib.contextmanager
    def console(pooler):
        with contextlib.closing(Console(pooler)):
            yield

    with context.each(max_client_conn=IDLE_CLIENTS + 100) as poolers, contextlib.ExitStack() as stack:
        for label, pooler in poolers.items():
            context.say(f"{IDLE_CLIENTS} idle clients, {label}")
            stack.enter_context(contextlib.closing(native.hold(pooler, IDLE_CLIENTS)))
        disturbed_queries(context, f"{RATE} queries/s beside SHOW CLIENTS", poolers, console)


def servers(pooler):
    return next(row["items"] for row in pooler.admin("show lists") if row["list"] == "used_servers")


@row("rest", f"CPU at rest with {IDLE_CLIENTS} pools, each of one idle client")
def rest(context):
    title = f"{IDLE_CLIENTS} pools at rest"
    seconds = max(context.options.seconds, 10)
    with contextlib.closing(native.fake_postgres()) as server:
        for subject in context.subjects:
            settings = {"max_client_conn": IDLE_CLIENTS + 100, "server_idle_timeout": 2, "max_db_connections": 0}
            databases = {"*": f"host={server.host} port={server.port} dbname=app"}
            with contextlib.closing(context.pooler(subject, postgres=server, databases=databases, **settings)) as pooler:
                context.say(f"{title}, {subject.label}: opening them")
                with contextlib.closing(native.hold(pooler, IDLE_CLIENTS, database="pool%")):
                    context.say(f"{title}, {subject.label}: waiting until the servers have timed out, then measuring")
                    wait_until(lambda pooler=pooler: servers(pooler) == 0, "no server being left", 60)
                    for _ in range(min(context.options.rounds, 3)):
                        before = cpu_seconds(pooler.process.pid)
                        time.sleep(seconds)
                        share = (cpu_seconds(pooler.process.pid) - before) / seconds * 100
                        context.results.add(title, subject.label, {"% of a core": share})
    context.results.compare(title, context.labels, REFERENCE)
