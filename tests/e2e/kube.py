"""kubectl as the tests use it. Every call is one kubectl process against the development cluster."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cluster"))

from clusterlib.places import HELM, KUBECONFIG, KUBECTL  # noqa: E402

from support.waiting import wait_until  # noqa: E402

MANIFESTS = Path(__file__).parent / "manifests"


class Refused(Exception):
    """kubectl or helm ended with an error; the text is what it said."""


def run(command, stdin=None, timeout=120):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise Refused(f"{' '.join(map(str, command[1:6]))}…: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def kubectl(*words, stdin=None, timeout=120):
    return run([KUBECTL, f"--kubeconfig={KUBECONFIG}", *words], stdin, timeout)


def helm(*words):
    return run([HELM, f"--kubeconfig={KUBECONFIG}", *words], timeout=180)


def get(kind, name, namespace):
    return json.loads(kubectl("-n", namespace, "get", kind, name, "-o", "json"))


def items(kinds, namespace, selector=""):
    return json.loads(kubectl("-n", namespace, "get", kinds, "-l", selector, "-o", "json"))["items"]


def exists(kind, name, namespace="default"):
    return bool(kubectl("-n", namespace, "get", kind, name, "--ignore-not-found", "-o", "name").strip())


def patch(kind, name, namespace, change):
    kubectl("-n", namespace, "patch", kind, name, "--type=merge", "-p", json.dumps(change))


def rollout(deployment, namespace, seconds=90):
    kubectl("-n", namespace, "rollout", "status", f"deployment/{deployment}", f"--timeout={seconds}s", timeout=seconds + 10)


def condition(resource, kind):
    """The condition of this type, or an empty one."""
    return next((c for c in resource.get("status", {}).get("conditions", []) if c["type"] == kind), {"status": "", "reason": "", "message": ""})


def pod_status(pod):
    """What cenote in this pod says at /status. This machine has a route to the pods."""
    with urllib.request.urlopen(f"http://{pod['status']['podIP']}:9127/status", timeout=2) as answer:
        return json.load(answer)


def is_serving(pod):
    return "deletionTimestamp" not in pod["metadata"] and any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


__all__ = ["KUBECONFIG", "KUBECTL", "MANIFESTS", "ROOT", "Refused", "condition", "exists", "get", "helm", "is_serving", "items", "kubectl", "patch", "pod_status", "rollout",
           "run", "wait_until"]
