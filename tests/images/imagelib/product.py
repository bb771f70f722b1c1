"""The images that users run: one program each on the run-time layer."""

import subprocess
from pathlib import Path

from clusterlib.places import ROOT
from clusterlib.say import die

from . import layer, rootfs
from .archive import Image

USER = "65532:65532"  # any user but root serves; the pods say runAsNonRoot
PROGRAMS = {
    "cenote.local/cenote:dev": ("cenote", "build/release/dataplane/app/cenote", ["/etc/cenote/config/cenote.ini"]),
    "cenote.local/cenote-operator:dev": ("cenote-operator", "build/release/operator/app/cenote-operator", []),
}


def images(runtime: layer.Layer) -> list:
    return [_image(name, runtime, *facts) for name, facts in PROGRAMS.items()]


def _image(name: str, runtime: layer.Layer, program: str, built: str, command: list) -> Image:
    source = ROOT / built
    if not source.exists():
        die(f"{built} is not built: ./dev build release")
    _check_libraries(source, runtime)
    stripped = layer.LAYERS / f"{program}.stripped"
    subprocess.run(["strip", "--strip-all", "-o", stripped, source], check=True)
    files = layer.of_files(program, {f"/usr/local/bin/{program}": (stripped, 0o755)})
    stripped.unlink()
    return Image(name, [runtime, files], [f"/usr/local/bin/{program}"], command, user=USER)


def _check_libraries(program: Path, runtime: layer.Layer) -> None:
    """Every library that the program links to must lie in the run-time layer."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True)
    if linked.returncode != 0:
        die(f"{program} is no finished program ({linked.stderr.strip()}); is a build under way?")
    wanted = {line.split()[0] for line in linked.stdout.splitlines() if "=>" in line}
    missing = sorted(wanted - rootfs.listing(runtime))
    if missing:
        die(f"{program.name} links to {', '.join(missing)}, which tests/images/packages-runtime.txt does not bring")
