"""Where things are, and the cluster's addresses. Nothing here does anything."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "tests/cluster"
CACHE = Path(os.environ.get("CENOTE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cenote")
STATE = Path("/var/lib/cenote-cluster")  # one cluster a machine; `down` removes it whole
LOGS = STATE / "logs"
KUBECONFIG = STATE / "kubeconfig"
CONTAINERD_SOCKET = STATE / "containerd.sock"
CGROUP = "cenote-cluster"

NODE_NAME = "cenote-node"
HOST_LINK, NODE_LINK = "cenote-host", "cenote-node"  # the two ends of the cable between this machine and the node
HOST_ADDRESS, NODE_ADDRESS, LINK_PREFIX = "10.213.255.1", "10.213.255.2", 30
POD_RANGE, SERVICE_RANGE = "10.213.0.0/18", "10.213.64.0/18"
API_SERVICE, DNS_SERVICE = "10.213.64.1", "10.213.64.10"
API_PORT = 6443  # in the node's own network namespace: it meets no other server of this machine
API_URL = f"https://{NODE_ADDRESS}:{API_PORT}"


def pinned(module: str, source: str) -> str:
    """The version of a Go module that tests/cluster/go/SOURCE/go.mod requires."""
    text = (SOURCES / "go" / source / "go.mod").read_text()
    found = re.search(rf"^(?:require)?\s+{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"{module} is not required by tests/cluster/go/{source}/go.mod")
    return found[1]


KUBERNETES_VERSION = pinned("k8s.io/kubernetes", "kubernetes")
HELM_VERSION = pinned("helm.sh/helm/v3", "tools")
COREDNS_VERSION = pinned("github.com/coredns/coredns", "tools")

KUBERNETES = CACHE / "kubernetes" / KUBERNETES_VERSION
TOOLS = CACHE / "cluster-tools" / f"helm-{HELM_VERSION}-coredns-{COREDNS_VERSION}"
KUBECTL, HELM, COREDNS = KUBERNETES / "kubectl", TOOLS / "helm", TOOLS / "coredns"
PAUSE = TOOLS / "pause"
