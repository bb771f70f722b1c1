"""What is measured: CPU time and memory of a process, and what pgbench and psql say."""

import os
import pathlib
import re
import subprocess
import tempfile

from support.postgres_fixture import binaries

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """utime and stime, counted behind the name: proc(5)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def pss_kib(pid):
    return int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.M).group(1))


class Latencies:
    """Of pgbench's logs: client, number, microseconds, …"""

    def __init__(self, folder):
        self._times = sorted(int(line.split()[2]) for path in folder.glob("log*") for line in path.read_text(encoding="ascii").splitlines())

    def at(self, part):
        """In milliseconds."""
        return self._times[int((len(self._times) - 1) * part)] / 1000 if self._times else 0.0


class Pgbench:
    """One run: tps, cpu (microseconds of the pooler a transaction), latencies."""

    def __init__(self, target, script, seconds, clients, protocol="simple", user="app", password="secret-app", host=None, rate=None, transactions=None):
        with tempfile.TemporaryDirectory(prefix="cenote-bench-") as name:
            folder = pathlib.Path(name)
            (folder / "script.sql").write_text(script + "\n", encoding="ascii")
            length = ("-T", seconds) if transactions is None else ("-t", transactions)
            pace = ("-R", rate) if rate else ()
            words = [binaries() / "pgbench", "-n", "-M", protocol, "-f", folder / "script.sql", "-c", clients, "-j", min(2, clients), *length, *pace, "-l",
                     f"--log-prefix={folder / 'log'}", "-h", host or target.host, "-p", target.port, "-U", user, "app"]  # fmt: skip
            before = cpu_seconds(target.process.pid)
            done = subprocess.run(
                [str(word) for word in words], check=False, capture_output=True, text=True, env={**os.environ, "PGPASSWORD": password}
            )
            used = cpu_seconds(target.process.pid) - before
            # A failed Parse is only a message to pgbench, if another client has prepared the same before.
            if done.returncode != 0 or "failed transactions: 0 " not in done.stdout or "ERROR:" in done.stderr:
                raise SystemExit(f"pgbench through {target.kind} failed:\n{done.stdout}{done.stderr[:1000]}\nits log:\n{target.process.log()[-1000:]}")
            self.transactions = int(re.search(r"processed: (\d+)", done.stdout).group(1))
            self.tps = float(re.search(r"tps = ([\d.]+) \(without", done.stdout).group(1))
            self.cpu = used / max(self.transactions, 1) * 1e6
            self.latencies = Latencies(folder)


def psql_copies(target, command, count, stdin=None, user="app", password="secret-app"):
    """CPU milliseconds of the pooler for count psql at once, each with this COPY."""
    words = [binaries() / "psql", "-X", "-q", "-h", target.host, "-p", target.port, "-U", user, "-d", "app", "-c", command]
    before = cpu_seconds(target.process.pid)
    running = []
    for _ in range(count):
        source = stdin.open("rb") if stdin else subprocess.DEVNULL
        running.append(subprocess.Popen(
            [str(word) for word in words], stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "PGPASSWORD": password}
        ))  # fmt: skip
        if stdin:
            source.close()
    for one in running:
        _, errors = one.communicate()
        if one.returncode != 0:
            raise SystemExit(f"psql through {target.kind} failed: {errors}")
    return (cpu_seconds(target.process.pid) - before) * 1000
