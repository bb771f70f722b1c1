"""Imports an image into the cluster's containerd as a docker archive, streamed; an image that is there already is left alone."""

import hashlib
import io
import json
import subprocess
import tarfile
import time
from dataclasses import dataclass, field

from clusterlib.places import CONTAINERD_SOCKET, STATE
from clusterlib.say import die, say

IMPORTED = STATE / "images.json"  # name -> digest of the configuration; goes with the state folder, as containerd's store does
CTR = ["ctr", "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io"]


@dataclass
class Image:
    name: str
    layers: list
    entrypoint: list
    command: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    user: str = ""
    workdir: str = "/"

    def configuration(self) -> bytes:
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **self.environment}
        return json.dumps({
            "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
            "config": {"User": self.user, "Env": [f"{name}={value}" for name, value in variables.items()], "Entrypoint": self.entrypoint,
                       "Cmd": self.command, "WorkingDir": self.workdir},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "tests/images/build"} for _ in self.layers],
        }).encode()


def ensure_imported(images: list) -> None:
    records = json.loads(IMPORTED.read_text()) if IMPORTED.exists() else {}
    for image in images:
        digest = hashlib.sha256(image.configuration()).hexdigest()
        if records.get(image.name) == digest:
            continue
        _import(image)
        records[image.name] = digest
        IMPORTED.write_text(json.dumps(records, indent=1))
        say(f"  image {image.name} is in the cluster")


def wait_for_containerd(seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while subprocess.run([*CTR, "version"], capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            die("containerd does not answer; its log is in the cluster's logs folder")
        time.sleep(0.2)


def _import(image: Image) -> None:
    process = subprocess.Popen([*CTR, "images", "import", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _write_archive(image, process.stdin)
        process.stdin.close()
    except BrokenPipeError:
        pass
    output = process.stdout.read().decode(errors="replace")
    if process.wait() != 0:
        die(f"containerd refused the image {image.name}: {output.strip()[-400:]}")


def _write_archive(image: Image, stream) -> None:
    configuration = image.configuration()
    config_name = hashlib.sha256(configuration).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [image.name], "Layers": [f"{layer.digest}/layer.tar" for layer in image.layers]}]
    with tarfile.open(fileobj=stream, mode="w|", bufsize=1 << 20) as archive:
        for name, data in ((config_name, configuration), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for layer in image.layers:
            entry = tarfile.TarInfo(f"{layer.digest}/layer.tar")
            entry.size = layer.path.stat().st_size
            with layer.path.open("rb") as file:
                archive.addfile(entry, file)
