"""Up, down and status of the node. One process of the machine stands for the whole: `unshare`, whose child is node_init.py."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import certificates, configuration, machine, programs
from .places import API_URL, HOST_ADDRESS, KUBECONFIG, KUBECTL, LINK_PREFIX, LOGS, NODE_ADDRESS, NODE_LINK, NODE_NAME, SOURCES, STATE
from .say import die, last_line, say

PID_FILE, PLAN, STATUS = STATE / "node.pid", STATE / "plan.json", STATE / "status.json"


def kubectl(*words: str, check: bool = True, stdin: str = None) -> subprocess.CompletedProcess:
    done = subprocess.run([KUBECTL, f"--kubeconfig={KUBECONFIG}", *words], capture_output=True, text=True, input=stdin)
    if check and done.returncode != 0:
        die(f"kubectl {' '.join(words)} failed: {done.stderr.strip()}")
    return done


def node_pid() -> int:
    """The pid of `unshare`, 0 when the node is not up. The start time is kept with it, so a reused pid is not mistaken for it."""
    try:
        pid, started = PID_FILE.read_text().split()
        return int(pid) if _start_time(int(pid)) == started else 0
    except (OSError, ValueError):
        return 0


def _start_time(pid: int) -> str:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "gone"
    return "gone" if fields[0] == "Z" else fields[19]


def start() -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    STATE.chmod(0o711)
    machine.save()
    certificates.make_all()
    configuration.write_all()
    machine.remove_cable()
    machine.make_cgroups()
    PLAN.write_text(json.dumps({
        "state": str(STATE), "logs": str(LOGS), "status": str(STATUS), "link": NODE_LINK, "address": f"{NODE_ADDRESS}/{LINK_PREFIX}",
        "gateway": HOST_ADDRESS, "programs": programs.programs()}, indent=1))
    STATUS.unlink(missing_ok=True)
    environment = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    with (LOGS / "node_init.log").open("ab") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child=KILL", "--mount-proc", SOURCES / "node_init.py", PLAN],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment, cwd="/")
    PID_FILE.write_text(f"{process.pid} {_start_time(process.pid)}")
    machine.lay_cable(_child_of(process.pid))


def _child_of(pid: int) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            break
        if children:
            return int(children[0])
        time.sleep(0.02)
    die(f"the node's first process did not start: {last_line(LOGS / 'node_init.log')}")


def wait_for_api(seconds: float = 90) -> None:
    _wait("the Kubernetes API", lambda: kubectl("get", "--raw=/readyz", check=False).returncode == 0, seconds)


def wait_until_ready(seconds: float = 120) -> None:
    _wait("the node to be Ready", lambda: "True" in kubectl(
        "get", "node", NODE_NAME, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}", check=False).stdout, seconds)


def _wait(what: str, is_done, seconds: float) -> None:
    started, told = time.monotonic(), time.monotonic()
    while not is_done():
        now = time.monotonic()
        if not node_pid():
            die(f"The node ended while waiting for {what}: {last_line(LOGS / 'node_init.log')}. Logs: {LOGS}")
        if now - started > seconds:
            die(f"Waited {seconds:.0f} s for {what} in vain. Logs: {LOGS}")
        if now - told > 10:
            told = now
            say(f"  waiting for {what}")
        time.sleep(0.3)


def stop() -> None:
    """Kills the node's first process; the kernel does the rest. Then what was changed on the machine is put back."""
    pid = node_pid()
    if pid:
        os.kill(pid, signal.SIGKILL)  # --kill-child: its child, pid 1 of the node, dies with it, and with that all of the namespace
    deadline = time.monotonic() + 30
    while _start_time(pid) != "gone" if pid else False:
        if time.monotonic() > deadline:
            die(f"Process {pid} does not end.")
        time.sleep(0.05)
    machine.remove_cable()
    while True:
        machine.remove_cgroups()
        left = machine.leftovers()
        if not left:
            break
        if time.monotonic() > deadline:
            die(f"Something of the node is still in use: {', '.join(left)}")
        time.sleep(0.1)
    machine.restore()
    _remove_state(deadline)


def _remove_state(deadline: float) -> None:
    while STATE.exists():
        try:
            shutil.rmtree(STATE)
        except OSError as error:  # the last processes of the namespace may still close their files
            if time.monotonic() > deadline:
                die(f"{STATE} could not be removed: {error}")
            time.sleep(0.1)


def status() -> int:
    """Prints what runs; 0 when the node is Ready."""
    if not node_pid():
        print("The cluster is down.")
        return 1
    running = json.loads(STATUS.read_text()) if STATUS.exists() else {}
    print(f"The cluster is up at {API_URL}; kubeconfig {KUBECONFIG}; logs {LOGS}")
    for name, facts in running.items():
        restarts = f", restarted {facts['restarts']} times" if facts["restarts"] else ""
        print(f"  {name:24} {'runs' if facts['pid'] else 'does not run'}{restarts}")
    print(kubectl("get", "nodes,pods", "-A", "-o", "wide", check=False).stdout, end="")
    ready = "True" in kubectl("get", "node", NODE_NAME, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}", check=False).stdout
    return 0 if ready else 1
