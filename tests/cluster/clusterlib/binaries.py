"""Builds Kubernetes, helm and CoreDNS from the Go module proxy, once, into the cache."""

import fcntl
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

from .go_toolchain import go
from .places import CACHE, HELM_VERSION, KUBERNETES, KUBERNETES_VERSION, PAUSE, SOURCES, TOOLS
from .say import run_with_progress, say

API_SERVER = ("kube-apiserver", "kubectl")
NODE = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")


def ensure_api_server() -> Path:
    _build(KUBERNETES, "kubernetes", {name: f"k8s.io/kubernetes/cmd/{name}" for name in API_SERVER}, "about 5 minutes on 2 cores")
    return KUBERNETES


def ensure_all() -> None:
    ensure_api_server()
    _build(KUBERNETES, "kubernetes", {name: f"k8s.io/kubernetes/cmd/{name}" for name in NODE}, "about 2 minutes")
    ensure_helm()
    _build_pause()


def ensure_helm() -> Path:
    _build(TOOLS, "tools", {"helm": "helm.sh/helm/v3/cmd/helm", "coredns": "cenote.dev/tests/tools/coredns"}, "about 3 minutes")
    return TOOLS / "helm"


def all_present() -> bool:
    wanted = [KUBERNETES / name for name in API_SERVER + NODE] + [TOOLS / "helm", TOOLS / "coredns", PAUSE]
    return all(path.exists() for path in wanted)


def _build(folder: Path, source: str, packages: dict, duration: str) -> None:
    """One `go build` for all that is missing, so that packages are compiled once; the results appear whole or not at all."""
    if all((folder / name).exists() for name in packages):
        return
    with _lock(folder):
        missing = [name for name in packages if not (folder / name).exists()]
        if not missing:
            return
        compiler = go()
        say(f"Building {', '.join(missing)} from the Go module proxy ({duration}, once; the log is {_log(source)})")
        incoming = folder / ".incoming"
        incoming.mkdir(exist_ok=True)
        _log(source).unlink(missing_ok=True)
        run_with_progress(
            f"building {missing[0]} and others" if len(missing) > 1 else f"building {missing[0]}",
            ["nice", compiler, "build", "-v", "-p", "2", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", _linker_flags(), "-o", f"{incoming}/"]
            + [packages[name] for name in missing],
            _log(source), cwd=SOURCES / "go" / source,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOOS": "linux"})
        for name in missing:
            (incoming / name).rename(folder / name)
        say(f"Built {', '.join(missing)} into {folder}")


def _linker_flags() -> str:
    """The versions that the programs tell, which their own builds set in this way. Helm compares a chart's kubeVersion with them."""
    major, minor = KUBERNETES_VERSION.removeprefix("v").split(".")[:2]
    kubernetes, helm = "k8s.io/component-base/version", "helm.sh/helm/v3"
    values = {
        f"{kubernetes}.gitVersion": KUBERNETES_VERSION, f"{kubernetes}.gitMajor": major, f"{kubernetes}.gitMinor": minor,
        f"{kubernetes}.gitTreeState": "clean", f"{helm}/internal/version.version": HELM_VERSION,
        f"{helm}/pkg/chartutil.k8sVersionMajor": major, f"{helm}/pkg/chartutil.k8sVersionMinor": minor,
        f"{helm}/pkg/lint/rules.k8sVersionMajor": major, f"{helm}/pkg/lint/rules.k8sVersionMinor": minor,
    }
    return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])


def _build_pause() -> None:
    """The program that holds a pod's namespaces: Kubernetes' own pause.c, which its module carries, linked statically."""
    if PAUSE.exists():
        return
    with _lock(TOOLS):
        answer = subprocess.run([go(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"], check=True, text=True,
                                capture_output=True, cwd=SOURCES / "go/kubernetes", env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""})
        source = Path(answer.stdout.strip()) / "build/pause/linux/pause.c"
        incoming = PAUSE.with_suffix(".incoming")
        subprocess.run(["gcc", "-Os", "-static", "-s", "-DVERSION=cenote", "-o", incoming, source], check=True)
        incoming.rename(PAUSE)


def _log(source: str) -> Path:
    return CACHE / "logs" / f"go-{source}.log"


@contextmanager
def _lock(folder: Path):
    """Two commands that want the same binaries build them once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another command is building into {folder}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
