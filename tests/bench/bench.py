#!/usr/bin/env python3
"""./dev bench: Cenote (one worker) and PgBouncer side by side, in interleaved rounds of one run, before one PostgreSQL."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import pooler_fixture  # noqa: E402
from support.pooler_fixture import ROOT, Pooler  # noqa: E402
from support.postgres_fixture import Postgres, binaries  # noqa: E402
from support.wire import Wire, query  # noqa: E402

REFERENCE = "pgbouncer"
CLIENTS = 32
POOL = 20
IDLE_CLIENTS = 10_000
TICK = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Scenario:
    title: str
    mode: str
    protocol: str
    script: str
    note: str = ""


SCENARIOS = {
    "simple": Scenario("select 1, simple", "transaction", "simple", "select 1;"),
    "extended": Scenario("select 1, extended", "transaction", "extended", "select 1;"),
    "prepared": Scenario("select 1, prepared *", "session", "prepared", "select 1;"),
    "rows64k": Scenario("rows of 64 KiB", "transaction", "simple", "select repeat('x', 65536);"),
}
IDLE = "idle"
NOTE = "* in session pooling, a server for each client: Debian's PgBouncer 1.18 knows no prepared statements in transaction pooling"
METRICS = {"tps": "tps", "cpu": "CPU us/tx", "p99": "p99 ms"}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK  # utime and stime, counted behind the name: proc(5)


def pss_kib(pid):
    return int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.M).group(1))


def p99_ms(folder):
    """Of the latencies in pgbench's logs: client, number, microseconds, …"""
    times = sorted(int(line.split()[2]) for path in folder.glob("log*") for line in path.read_text(encoding="ascii").splitlines())
    return times[int(len(times) * 0.99)] / 1000 if times else 0.0


def pgbench(pooler, scenario, seconds):
    with tempfile.TemporaryDirectory(prefix="cenote-bench-") as name:
        folder = pathlib.Path(name)
        script = folder / "script.sql"
        script.write_text(scenario.script + "\n", encoding="ascii")
        before = cpu_seconds(pooler.process.pid)
        done = subprocess.run(
            [str(part) for part in (binaries() / "pgbench", "-n", "-M", scenario.protocol, "-f", script, "-c", CLIENTS, "-j", 2, "-T", seconds, "-l",
             f"--log-prefix={folder / 'log'}", "-h", pooler.host, "-p", pooler.port, "-U", "app", "app")],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        used = cpu_seconds(pooler.process.pid) - before
        if done.returncode != 0 or "failed transactions: 0 " not in done.stdout:
            raise SystemExit(f"pgbench through {pooler.kind} failed:\n{done.stdout}{done.stderr}")
        transactions = int(re.search(r"processed: (\d+)", done.stdout).group(1))
        tps = float(re.search(r"tps = ([\d.]+) \(without", done.stdout).group(1))
        return {"tps": tps, "cpu": used / transactions * 1e6, "p99": p99_ms(folder)}


def idle_memory(kind, postgres):
    """KiB of PSS that each of many logged-in clients adds; each has asked one query before."""
    pooler = Pooler(kind, postgres, settings={"max_client_conn": IDLE_CLIENTS + 100, "default_pool_size": POOL, "workers": 1, **QUIET})
    with contextlib.ExitStack() as stack:
        stack.callback(pooler.close)

        def client():
            wire = stack.enter_context(Wire(pooler.host, pooler.port))
            wire.login(user="app", database="app")
            wire.send(query("select 1"))
            wire.read_until("Z")

        for _ in range(10):
            client()
        before = pss_kib(pooler.process.pid)
        for _ in range(IDLE_CLIENTS):
            client()
        return {"pss": (pss_kib(pooler.process.pid) - before) / IDLE_CLIENTS}


QUIET = {"log_connections": 0, "log_disconnections": 0, "stats_period": 3600}



def measure(options, postgres, sides):
    results = {}

    def record(name, side, values):
        for metric, value in values.items():
            results.setdefault(name, {}).setdefault(metric, {}).setdefault(side, []).append(value)

    with contextlib.ExitStack() as stack:
        poolers = {}
        for side, kind in sides.items():
            for mode, size in (("transaction", POOL), ("session", CLIENTS + 4)):
                pooler = Pooler(kind, postgres, settings={"pool_mode": mode, "default_pool_size": size, "workers": 1, "max_client_conn": 1000, **QUIET})
                stack.callback(pooler.close)
                poolers[side, mode] = pooler
        chosen = [name for name in SCENARIOS if name in options.only]
        for number in range(options.rounds):
            order = list(sides) if number % 2 == 0 else list(reversed(sides))
            for name in chosen:
                scenario = SCENARIOS[name]
                for side in order:
                    print(f"round {number + 1}/{options.rounds}: {scenario.title.rstrip(' *')}, {side}", flush=True)
                    record(name, side, pgbench(poolers[side, scenario.mode], scenario, options.seconds))
    if IDLE in options.only:
        for side, kind in sides.items():
            print(f"{IDLE_CLIENTS} idle clients, {side}", flush=True)
            record(IDLE, side, idle_memory(kind, postgres))
    return results


def ratio(samples, subject, reference):
    """The median of the rounds' ratios: the two of one round met the same weather."""
    return statistics.median(one / other for one, other in zip(samples[subject], samples[reference], strict=True))


def summarise(results, subject, reference):
    rows = []
    for name, metrics in results.items():
        for metric, samples in metrics.items():
            title = SCENARIOS[name].title if name in SCENARIOS else f"{IDLE_CLIENTS} idle clients"
            one, other = (statistics.median(samples[side]) for side in (subject, reference))
            rows.append((title, METRICS.get(metric, "PSS KiB/client"), one, other, ratio(samples, subject, reference)))
    return rows


def table(rows, subject, reference):
    lines = [f"{'':<24} {'':<15} {subject:>12} {reference:>12} {'ratio':>7}"]
    last = None
    for title, metric, one, other, quotient in rows:
        lines.append(f"{title if title != last else '':<24} {metric:<15} {one:>12.2f} {other:>12.2f} {quotient:>7.2f}")
        last = title
    return "\n".join(lines)


def main():
    names = [*SCENARIOS, IDLE]
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each pgbench run")
    parser.add_argument("--only", type=lambda text: text.split(","), default=names, help=", ".join(names))
    parser.add_argument("--subject", choices=pooler_fixture.KINDS, default="cenote", help="pgbouncer: against itself, which shows the noise")
    parser.add_argument("--preset", default="release", help="the build of Cenote to measure")
    options = parser.parse_args()
    unknown = set(options.only) - set(names)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    pooler_fixture.CENOTE = ROOT / "build" / options.preset / "dataplane/app/cenote"
    subject = options.subject if options.subject != REFERENCE else "pgbouncer too"
    sides = {subject: options.subject, REFERENCE: REFERENCE}
    began = time.time()
    postgres = Postgres(max_connections=300)
    try:
        results = measure(options, postgres, sides)
    finally:
        postgres.close()
    rows = summarise(results, subject, REFERENCE)
    print(f"\n{CLIENTS} clients, pool of {POOL}, one worker; medians of {options.rounds} interleaved rounds of {options.seconds} s; less is better but for tps")
    print(table(rows, subject, REFERENCE))
    print(NOTE)
    out = ROOT / "build/bench.json"
    out.parent.mkdir(exist_ok=True)
    keys = ("scenario", "metric", subject, REFERENCE, "ratio")
    out.write_text(json.dumps({"started": began, "rounds": options.rounds, "seconds": options.seconds, "samples": results,
                               "table": [dict(zip(keys, row, strict=True)) for row in rows]}, indent=1) + "\n", encoding="ascii")  # fmt: skip
    print(f"All samples: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
