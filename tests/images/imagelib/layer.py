"""A layer is an uncompressed tar file in the cache, named by what went into it. The same input gives the same bytes."""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from clusterlib.places import CACHE

LAYERS = CACHE / "images"


@dataclass(frozen=True)
class Layer:
    path: Path
    digest: str  # sha256 of the tar file, in hex


def known(name: str, key: str):
    """The layer made earlier under this name from the same input, or None."""
    record = LAYERS / f"{name}.json"
    if record.exists():
        facts = json.loads(record.read_text())
        if facts["key"] == key and (LAYERS / f"{name}.tar").exists():
            return Layer(LAYERS / f"{name}.tar", facts["digest"])
    return None


def keep(name: str, key: str, incoming: Path) -> Layer:
    """Takes a finished tar file into the cache."""
    with incoming.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = LAYERS / f"{name}.tar"
    incoming.rename(path)
    (LAYERS / f"{name}.json").write_text(json.dumps({"key": key, "digest": digest}))
    return Layer(path, digest)


def of_files(name: str, files: dict) -> Layer:
    """A layer of a few files: path in the image -> (path here, mode). Owner root, time 0; folders above them are made."""
    contents = {target: (Path(source).read_bytes(), mode) for target, (source, mode) in sorted(files.items())}
    key = key_of(*(part for target, (data, mode) in contents.items() for part in (target, str(mode), hashlib.sha256(data).hexdigest())))
    layer = known(name, key)
    if layer:
        return layer
    LAYERS.mkdir(parents=True, exist_ok=True)
    incoming = LAYERS / f"{name}.incoming"
    with tarfile.open(incoming, "w") as archive:
        made = set()
        for target, (data, mode) in contents.items():
            for folder in reversed(Path(target).parents):
                if str(folder) not in ("/", ".") and folder not in made:
                    made.add(folder)
                    entry = tarfile.TarInfo(str(folder).lstrip("/"))
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(entry)
            entry = tarfile.TarInfo(target.lstrip("/"))
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return keep(name, key, incoming)


def key_of(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
