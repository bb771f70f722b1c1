"""What the cluster needs of the machine, and what it changes there: one cable with two routes, the kernel settings that kubelet writes, and
its control groups. Everything here is undone by `restore`."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from .places import CGROUP, HOST_ADDRESS, HOST_LINK, LINK_PREFIX, NODE_ADDRESS, NODE_LINK, POD_RANGE, SERVICE_RANGE, STATE

PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "etcd", "iptables", "conntrack", "ip", "unshare", "mount", "openssl", "debootstrap")
CGROUPS = Path("/sys/fs/cgroup")
# kubelet writes these; they belong to the whole machine, not to a namespace.
KERNEL_SETTINGS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
                   "kernel/keys/root_maxbytes")
SAVED_SETTINGS = STATE / "kernel-settings.json"


def why_not() -> str:
    """One line why this machine cannot carry the cluster, or nothing. Missing packages are no reason: they can be installed."""
    if os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        return "the cluster needs Linux on x86_64"
    if os.geteuid() != 0:
        return "the cluster needs root (or sudo without a password)"
    if not Path("/usr/bin/dpkg").exists():
        return "the cluster is made from Debian packages, and this is no Debian"
    if "overlay" not in Path("/proc/filesystems").read_text() and not _load_overlay():
        return "the kernel has no overlay file system"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory < 3 << 30:
        return f"the cluster needs 3 GiB of memory and this machine has {memory / (1 << 30):.1f}"
    if not STATE.exists() and shutil.disk_usage(STATE.parent).free < 6 << 30:
        return f"the cluster needs 6 GiB free in {STATE.parent}"
    if not _memory_cgroup():
        return "the memory control group is not available"
    return _namespaces()


def _load_overlay() -> bool:
    modprobe = shutil.which("modprobe", path="/usr/sbin:/sbin")
    return bool(modprobe) and subprocess.run([modprobe, "overlay"], capture_output=True).returncode == 0


def _memory_cgroup() -> bool:
    unified = CGROUPS / "cgroup.controllers"
    return "memory" in unified.read_text() if unified.exists() else (CGROUPS / "memory").is_dir() and os.access(CGROUPS / "memory", os.W_OK)


def _namespaces() -> str:
    """Tries the three things that a container often may not do: new namespaces, an overlay mount below /var/lib, and a veth pair."""
    trial = STATE.parent / f".cenote-cluster-trial-{os.getpid()}"
    script = f"""set -e
        mkdir -p {trial}/a {trial}/b {trial}/c {trial}/d
        mount -t overlay overlay -o lowerdir={trial}/a,upperdir={trial}/b,workdir={trial}/c {trial}/d
        ! command -v ip >/dev/null || ip link add cenote-trial type veth peer name cenote-trial2"""
    try:
        done = subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "sh", "-c", script], capture_output=True, text=True)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    return "" if done.returncode == 0 else f"this machine does not let root make a node: {' '.join(done.stderr.split())[:150]}"


def missing_programs() -> list:
    return [name for name in PROGRAMS if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]


def save() -> None:
    if not SAVED_SETTINGS.exists():
        paths = [Path("/proc/sys") / name for name in KERNEL_SETTINGS]
        SAVED_SETTINGS.write_text(json.dumps({str(path): path.read_text().strip() for path in paths if path.exists()}))


def restore() -> None:
    if SAVED_SETTINGS.exists():
        for path, value in json.loads(SAVED_SETTINGS.read_text()).items():
            if Path(path).read_text().strip() != value:
                Path(path).write_text(value)


def lay_cable(namespace_pid: int) -> None:
    """A veth pair into the node's network namespace, and the routes by which this machine reaches pods and Services."""
    _ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", NODE_LINK, "netns", str(namespace_pid))
    _ip("address", "add", f"{HOST_ADDRESS}/{LINK_PREFIX}", "dev", HOST_LINK)
    _ip("link", "set", HOST_LINK, "up")
    for destination in (POD_RANGE, SERVICE_RANGE):
        _ip("route", "add", destination, "via", NODE_ADDRESS, "dev", HOST_LINK)


def remove_cable() -> None:
    """The kernel takes the pair with the namespace, but a little later than its last process; a new cable must not meet the old."""
    if (Path("/sys/class/net") / HOST_LINK).exists():
        subprocess.run(["ip", "link", "delete", HOST_LINK], capture_output=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"ip {' '.join(words)} failed: {done.stderr.strip()}")


def make_cgroups() -> None:
    """kubelet wants its root group to exist in every hierarchy."""
    for folder in _hierarchies(with_unified=False):
        if (folder / "cgroup.subtree_control").exists():  # version 2: a group has only the controllers that its parent hands down
            for controller in {"cpu", "cpuset", "memory", "pids", "hugetlb"} & set((folder / "cgroup.controllers").read_text().split()):
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
        group = folder / CGROUP
        group.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # version 1 leaves them empty, and nothing may run in a group without processors
            if (group / name).exists() and not (group / name).read_text().strip() and (folder / name).exists():
                (group / name).write_text((folder / name).read_text())


def remove_cgroups() -> None:
    for folder in _hierarchies():
        for path, _, _ in os.walk(folder / CGROUP, topdown=False):
            try:
                os.rmdir(path)
            except OSError:
                pass  # a process is still on its way out; `down` comes again


def leftovers() -> list:
    """What of the node is still on the machine."""
    found = [f"interface {HOST_LINK}"] if (Path("/sys/class/net") / HOST_LINK).exists() else []
    found += [f"mount {line.split()[1]}" for line in Path("/proc/self/mounts").read_text().splitlines() if str(STATE) in line]
    return found + [f"control group {path}" for path in cgroups_left()]


def cgroups_left() -> list:
    return [str(folder / CGROUP) for folder in _hierarchies() if (folder / CGROUP).exists()]


def _hierarchies(with_unified: bool = True) -> list:
    """Version 2 has one; version 1 one a controller and, where both are mounted, "unified", in which runc makes groups by itself."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [folder for folder in CGROUPS.iterdir() if folder.is_dir() and not folder.is_symlink() and (folder / "cgroup.procs").exists()
            and (with_unified or folder.name != "unified")]
