"""Starting a script anew under sudo."""

import os
import sys

from .places import CACHE

# What a machine behind a proxy or a mirror needs, and where the cache is: it stays the caller's.
KEPT = ("PATH", "CENOTE_VENV", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "GOPROXY", "GONOSUMDB", "GOFLAGS",
        "PIP_INDEX_URL", "PIP_CONFIG_FILE", "SSL_CERT_FILE", "CENOTE_E2E_JUNIT")


def become_root() -> None:
    if os.geteuid() != 0:
        kept = [f"{name}={os.environ[name]}" for name in KEPT if name in os.environ]
        os.execvp("sudo", ["sudo", f"CENOTE_CACHE={CACHE}", *kept, sys.executable, *sys.argv])
