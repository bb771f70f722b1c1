#!/usr/bin/python3
"""The node's first process. `cluster up` starts it in mount, PID and network namespaces of its own; with its end the kernel ends every
process, mount, interface and iptables rule of the node, which is how `cluster down` leaves nothing behind.

Usage: node_init.py PLAN.json, written by clusterlib/node.py. It writes STATUS (program -> pid in here, restarts, state) for `cluster status`.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds before a program that ended is started again, doubling


def prepare_mounts(state: str) -> None:
    """/run, /var/log and /var/lib become the node's own, so that the fixed paths of kubelet, CNI and containerd touch nothing of the machine."""
    mount("--make-rshared", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.mkdir("/run/lock")
    os.mkdir("/run/keep")
    mount("--bind", state, "/run/keep")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib")
    os.makedirs(state)
    mount("--bind", "/run/keep", state)


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def prepare_network(plan: dict) -> None:
    """Waits for the cable that the machine's side lays, then gives this end its address."""
    link, deadline = plan["link"], time.monotonic() + 30
    while subprocess.run(["ip", "link", "show", link], capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            raise SystemExit(f"the interface {link} did not come")
        time.sleep(0.05)
    for words in (["link", "set", "lo", "up"], ["address", "add", plan["address"], "dev", link], ["link", "set", link, "up"],
                  ["route", "add", "default", "via", plan["gateway"]]):
        subprocess.run(["ip", *words], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def is_ready(condition: str) -> bool:
    if not condition:
        return True
    try:
        # Certificates are not checked: the question is only whether the server is up.
        with urllib.request.urlopen(condition, timeout=2, context=ssl._create_unverified_context()) as answer:
            return answer.status == 200
    except (OSError, ValueError):
        return False


class Supervised:
    def __init__(self, program: dict, logs: Path):
        self.program, self.log = program, logs / f"{program['name']}.log"
        self.pid, self.restarts, self.not_before, self.pause = 0, -1, 0.0, FIRST_PAUSE

    def start_if_due(self, now: float) -> bool:
        if self.pid or now < self.not_before or not is_ready(self.program["after"]):
            return False
        # Not subprocess.Popen, which reaps its children behind our back when the object is gone.
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                   (os.POSIX_SPAWN_DUP2, 1, 2)]
        self.pid = os.posix_spawnp(self.program["command"][0], self.program["command"], os.environ, file_actions=actions, setsid=True)
        self.restarts += 1
        return True

    def ended(self, now: float) -> None:
        self.pid, self.not_before = 0, now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    prepare_mounts(plan["state"])
    prepare_network(plan)
    children = [Supervised(program, Path(plan["logs"])) for program in plan["programs"]]
    while True:
        now = time.monotonic()
        changed = [child for child in children if child.start_if_due(now)]
        while (pid := reap()) > 0:  # orphans of containers come here too: this is their init
            for child in children:
                if child.pid == pid:
                    child.ended(now)
                    changed.append(child)
        if changed:
            write_status(Path(plan["status"]), children)
        time.sleep(0.2 if any(not child.pid for child in children) else 1.0)


def reap() -> int:
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


def write_status(path: Path, children: list) -> None:
    incoming = path.with_suffix(".incoming")
    incoming.write_text(json.dumps({c.program["name"]: {"pid": c.pid, "restarts": max(c.restarts, 0)} for c in children}))
    incoming.rename(path)


main()
