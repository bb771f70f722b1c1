"""The two Debian layers that all images share: a minimal Debian 12 with the run-time libraries, and on top of it PostgreSQL, psql and
gunicorn for the tests. Both are made once, in a folder that is removed again, and kept as tar files."""

import ctypes
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from clusterlib.places import CACHE
from clusterlib.say import die, run_with_progress, say

from . import layer

HERE = Path(__file__).resolve().parents[1]
RELEASE = "bookworm"
RECIPE = "3"  # raise it when the steps below change, so that cached layers are made anew
POSTGRES_UID = 999  # a fixed number, since a pod's runAsUser must be one
LEFT_OUT = ("./var/cache/*", "./var/lib/apt/lists/*", "./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*",
            "./var/log/*", "./tmp/*", "./run/*", "./dev/*", "./proc/*", "./sys/*", "./usr/sbin/policy-rc.d", "./etc/resolv.conf", "./etc/hostname")
# Two thirds of the testbed's bytes are for what no test does: just-in-time compilation (PostgreSQL goes on without), perl, locale sources.
LEFT_OUT_OF_TESTBED = ("*/libLLVM-*", "*/libz3.so*", "./usr/lib/postgresql/15/lib/bitcode", "*/llvmjit*", "./usr/share/i18n", "*/perl", "*/perl5")


def packages(name: str) -> list:
    lines = (HERE / f"packages-{name}.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def layers() -> tuple:
    """(runtime layer, testbed layer)"""
    runtime_key = layer.key_of(RECIPE, RELEASE, *packages("runtime"))
    testbed_key = layer.key_of(runtime_key, *packages("testbed"))
    found = layer.known("runtime", runtime_key), layer.known("testbed", testbed_key)
    if all(found):
        return found
    layer.LAYERS.mkdir(parents=True, exist_ok=True)
    say("Making the Debian layers of the images with debootstrap (1 to 2 minutes, once)")
    with _memory_folder() as scratch:
        return _make(scratch, runtime_key, testbed_key)


@contextmanager
def _memory_folder():
    """A folder in memory, since dpkg syncs every file it unpacks. It is mounted in a mount namespace that this process enters for good, so
    nothing stays mounted whatever happens."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:  # CLONE_NEWNS
        die(f"A mount namespace is refused: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    with tempfile.TemporaryDirectory(prefix="rootfs-", dir=layer.LAYERS) as scratch:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=2g", "tmpfs", scratch], check=True)
        try:
            yield Path(scratch)
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", scratch], check=True)


def _make(scratch: Path, runtime_key: str, testbed_key: str) -> tuple:
    base, upper, work, merged = (scratch / name for name in ("base", "upper", "work", "merged"))
    for folder in (base, upper, work, merged):
        folder.mkdir(mode=0o755)
    debs, log = CACHE / "debs", CACHE / "logs" / "rootfs.log"
    debs.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    run_with_progress("debootstrap", ["debootstrap", "--variant=minbase", f"--cache-dir={debs}", f"--include={','.join(packages('runtime'))}",
                                      RELEASE, base], log, env=_environment())
    runtime = _tar("runtime", runtime_key, base)
    mount = f"lowerdir={base},upperdir={upper},workdir={work}"
    # policy-rc.d keeps PostgreSQL from being started.
    script = f"""set -e
        mount -t overlay overlay -o {mount} {merged}
        mount -t proc proc {merged}/proc
        mkdir -p {merged}/var/cache/apt/archives && mount --bind {debs} {merged}/var/cache/apt/archives
        printf '#!/bin/sh\\nexit 101\\n' > {merged}/usr/sbin/policy-rc.d; chmod 755 {merged}/usr/sbin/policy-rc.d
        mkdir -p {merged}/etc/postgresql-common; echo 'create_main_cluster = false' > {merged}/etc/postgresql-common/createcluster.conf
        chroot {merged} groupadd --system --gid {POSTGRES_UID} postgres
        chroot {merged} useradd --system --uid {POSTGRES_UID} --gid {POSTGRES_UID} --home-dir /var/lib/postgresql --shell /bin/bash postgres
        chroot {merged} apt-get -o Acquire::Retries=5 -o Dpkg::Options::=--force-confold -y --no-install-recommends install {' '.join(packages('testbed'))}"""
    run_with_progress("installing PostgreSQL and gunicorn into a layer", ["sh", "-c", script], log, env=_environment())
    return runtime, _tar("testbed", testbed_key, upper, LEFT_OUT_OF_TESTBED)


def _environment() -> dict:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


def _tar(name: str, key: str, folder: Path, left_out: tuple = ()) -> layer.Layer:
    for path in folder.rglob("*"):  # overlay's marks for removed files are devices, which mean nothing in a layer
        if path.is_char_device() and not path.is_symlink() and os.stat(path).st_rdev == 0:
            path.unlink()
    incoming = layer.LAYERS / f"{name}.incoming"
    excludes = [f"--exclude={pattern}" for pattern in LEFT_OUT + left_out]
    subprocess.run(["tar", "--create", "--file", incoming, "--directory", folder, "--numeric-owner", "--sort=name", *excludes, "."], check=True)
    made = layer.keep(name, key, incoming)
    say(f"  layer {name}: {made.path.stat().st_size >> 20} MB")
    return made


def listing(made: layer.Layer) -> set:
    """Names of the files in a layer."""
    output = subprocess.run(["tar", "--list", "--file", made.path], check=True, capture_output=True, text=True).stdout
    return {Path(line).name for line in output.splitlines()}
