#!/usr/bin/env python3
"""./dev test: runs every kind of test, stops at nothing, and ends with a table and an honest exit code."""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ROOT / "build" / "reports"
CLUSTER = ROOT / "tests/cluster/cluster"
API_SERVER_BINARIES = ROOT / "tests/cluster/apiserver-binaries"
STARTED = time.monotonic()
KUBERNETES = []  # the one build in the background, once it runs


@dataclasses.dataclass
class Outcome:
    stage: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    remark: str = ""


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def say(text):
    print(f"[{clock(time.monotonic() - STARTED)}] {text}", flush=True)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False, **options).returncode


def from_junit(path, outcome, exit_code):
    """Adds the counts of a JUnit file; a run that ended badly without saying which test failed counts as one failure."""
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        cases = []
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += passed_in(case)
    if exit_code != 0 and outcome.failed == 0:
        outcome.failed = 1
    if not cases and outcome.failed == 0:
        outcome.failed, outcome.remark = 1, "no tests ran"


def passed_in(case):
    """One for a pytest case; for a program of GoogleTest under ctest, the cases it reports."""
    found = re.search(r"\[  PASSED  \] (\d+) tests?", case.findtext("system-out") or "")
    return int(found.group(1)) if found else 1


def build(outcome, _arguments):
    if run("./dev", "build", "dev") == 0:
        outcome.passed = 1
    else:
        outcome.failed = 1


def lint(outcome, _arguments):
    report = REPORTS / "lint.xml"
    code = run(sys.executable, "tests/lint/run_lints.py", f"--junit={report}")
    from_junit(report, outcome, code)


def unit(outcome, _arguments, preset="dev", environment=None):
    report = REPORTS / f"unit-{preset}.xml"
    environment = {**os.environ, **(environment or {})}
    code = run("ctest", "--test-dir", f"build/{preset}", "-L", "unit", "-j2", "--output-on-failure", "--no-tests=error", "--quiet",
               "--test-output-size-passed", "200000", "--output-junit", report, env=environment)  # fmt: skip
    from_junit(report, outcome, code)
    if code != 0:
        run("ctest", "--test-dir", f"build/{preset}", "--rerun-failed", "--output-on-failure", env=environment)


def pytest(outcome, report, *arguments, environment=None):
    code = run(sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir=tests", f"--junitxml={report}", *arguments,
               env={**os.environ, **(environment or {})})  # fmt: skip
    from_junit(report, outcome, code)


def integration(outcome, arguments):
    pytest(outcome, REPORTS / "integration.xml", "tests/integration/dataplane", *arguments)


def operator(outcome, arguments):
    if not (ROOT / "tests/integration/operator").is_dir():
        outcome.failed, outcome.remark = 1, "tests/integration/operator is missing"
        return
    if not KUBERNETES[0].wait_for(0, "kube-apiserver"):
        outcome.failed, outcome.remark = 1, f"kube-apiserver could not be built, see {KubernetesBuild.log}"
        return
    pytest(outcome, REPORTS / "operator.xml", "tests/integration/operator", *arguments)


def sanitized(preset):
    """The unit tests and the pooler's integration tests under a sanitizer. Its reports go into files of their own, so that none is
    missed, whatever became of the process that made it."""

    def stage(outcome, arguments):
        reports = REPORTS / preset
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir(parents=True)
        reports.chmod(0o777)  # a pooler may have become another user
        for needed in ("dev", preset):  # the clients of the soak and such come from dev
            if run("nice", "./dev", "build", needed) != 0:
                outcome.failed, outcome.remark = 1, f"see build/{needed}/build.log"
                return
        told = f"log_path={reports}/report"
        # Another exit code than a pooler's own.
        environment = {"ASAN_OPTIONS": f"{told}:exitcode=99", "UBSAN_OPTIONS": f"{told}:print_stacktrace=1", "TSAN_OPTIONS": told}
        unit(outcome, arguments, preset, environment)
        environment["CENOTE_BINARY"] = str(ROOT / "build" / preset / "dataplane/app/cenote")
        pytest(outcome, REPORTS / f"integration-{preset}.xml", "--timeout=600", "tests/integration/dataplane", *arguments, environment=environment)
        found = sorted(reports.glob("report*"))
        if found:
            outcome.failed += len(found)
            outcome.remark = f"{len(found)} reports of the sanitizer in {reports.relative_to(ROOT)}"
            print(f"--- {found[0].relative_to(ROOT)}\n{found[0].read_text(errors='replace')[:5000]}", flush=True)

    return stage


def tidy(outcome, _arguments):
    found = subprocess.run(["nice", sys.executable, "tests/lint/check_tidy.py", "--all"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    (REPORTS / "tidy.txt").write_text(found.stdout)
    print(found.stdout, end="", flush=True)
    outcome.failed = sum(": error: " in line or ": warning: " in line for line in found.stdout.splitlines()) or (1 if found.returncode else 0)
    outcome.passed = 0 if outcome.failed else 1


def soak(outcome, arguments):
    pytest(outcome, REPORTS / "soak.xml", "tests/integration/dataplane", "-k", "soak", "--soak", *arguments)


def why_no_node():
    """Empty where this machine can carry a Kubernetes node."""
    supported = subprocess.run([CLUSTER, "supported"], cwd=ROOT, check=False, capture_output=True, text=True)
    return "" if supported.returncode == 0 else (supported.stdout.strip() or supported.stderr.strip() or "no reason given").splitlines()[-1]


def e2e(outcome, _arguments):
    if not CLUSTER.exists():
        outcome.failed, outcome.remark = 1, "tests/cluster/cluster is missing"
        return
    reason = why_no_node()
    if reason:
        outcome.skipped, outcome.remark = 1, f"this machine cannot run a Kubernetes node: {reason}"
        say(outcome.remark)
        return
    if not KUBERNETES[0].wait_for(1, "Kubernetes"):
        outcome.failed, outcome.remark = 1, f"Kubernetes could not be built, see {KubernetesBuild.log}"
        return
    report = REPORTS / "e2e.xml"
    report.unlink(missing_ok=True)
    code = run("tests/e2e/run", env={**os.environ, "CENOTE_E2E_JUNIT": str(report)})
    if report.exists():
        from_junit(report, outcome, code)
    elif code == 0:
        outcome.passed = 1
    else:
        outcome.failed = 1


class KubernetesBuild(threading.Thread):
    """Kubernetes is built by Go once, for many minutes: kube-apiserver for the operator's stage, then the rest for the node. That starts first
    and at the lowest priority, beside the C++ build and the tests, which leave cores idle while they link and wait; the stage that needs
    it waits for what is left of it."""

    log = REPORTS / "kubernetes-build.log"

    def __init__(self, node):
        super().__init__(daemon=True)
        self._steps = [[API_SERVER_BINARIES]] + ([[CLUSTER, "prepare"]] if node else [])
        self._ended = [threading.Event() for _ in self._steps]
        self._codes = {}
        self._child = None
        self.start()

    def run(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w") as log:
            for number, step in enumerate(self._steps):
                self._child = subprocess.Popen(["nice", "-n", "19", *step], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                self._codes[number] = self._child.wait()
                self._ended[number].set()

    def wait_for(self, number, what):
        """True when the step ended well."""
        if number >= len(self._steps):
            return True
        while not self._ended[number].wait(15):
            last = (self.log.read_text(errors="replace").strip().splitlines() or ["started"])[-1]
            say(f"  building {what} (once, some minutes): {last[:100]}")
        return self._codes[number] == 0

    def stop(self):
        if self._child and self._child.poll() is None:
            self._child.terminate()


STAGES = {
    "build": ("Build", build),
    "lint": ("Lint: layers, fences, sizes, format", lint),
    "unit": ("Unit tests, in memory", unit),
    "integration": ("Integration: real PostgreSQL; psycopg, asyncpg, pgbench", integration),
    "operator": ("Operator against a real kube-apiserver and etcd", operator),
    "e2e": ("End to end on a real Kubernetes node", e2e),
}
# --full adds these, which take hours rather than minutes on a small machine.
FULL = {
    "asan": ("Unit and integration under ASan and UBSan", sanitized("asan")),
    "tsan": ("Unit and integration under TSan", sanitized("tsan")),
    "tidy": ("clang-tidy over the whole tree; what did not change comes from the cache", tidy),
    "soak": ("The long soak: 60 s each", soak),
}


def table(outcomes):
    lines = [f"{'stage':<12} {'passed':>7} {'failed':>7} {'skipped':>8} {'time':>7}  remark"]
    for one in outcomes:
        lines.append(f"{one.stage:<12} {one.passed:>7} {one.failed:>7} {one.skipped:>8} {clock(one.seconds):>7}  {one.remark}".rstrip())
    total = [sum(getattr(one, name) for one in outcomes) for name in ("passed", "failed", "skipped")]
    lines.append("{} passed, {} failed, {} skipped in {}".format(*total, clock(time.monotonic() - STARTED)))
    return "\n".join(lines), total[1]


def main():
    parser = argparse.ArgumentParser(prog="./dev test", description=__doc__)
    parser.add_argument("--only", default="", help="stages, with commas between them: " + ", ".join([*STAGES, *FULL]))
    parser.add_argument("--full", action="store_true", help=f"all of these; without it all but {', '.join(FULL)}")
    parser.add_argument("rest", nargs="*", help="after --: arguments for pytest")
    arguments = parser.parse_args()
    known = {**STAGES, **FULL}
    chosen = [name for name in arguments.only.split(",") if name] or list(known if arguments.full else STAGES)
    for name in chosen:
        if name not in known:
            parser.error(f"no such stage: {name}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    if "operator" in chosen or "e2e" in chosen:
        KUBERNETES.append(KubernetesBuild(node="e2e" in chosen and not why_no_node()))
    outcomes = []
    for number, name in enumerate(chosen, 1):
        title, action = known[name]
        say(f"{number}/{len(chosen)} {title}")
        outcome = Outcome(name)
        began = time.monotonic()
        try:
            action(outcome, arguments.rest)
        except Exception as error:  # a stage that breaks is a failure of its own and stops no other
            outcome.failed += 1
            outcome.remark = f"{type(error).__name__}: {error}"
        outcome.seconds = time.monotonic() - began
        outcomes.append(outcome)
    for build_in_background in KUBERNETES:
        build_in_background.stop()
    text, failed = table(outcomes)
    print("\n" + text, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
