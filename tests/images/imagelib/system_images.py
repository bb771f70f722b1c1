"""The two images that the cluster itself needs: the pause program, which holds a pod's namespaces, and CoreDNS."""

from clusterlib.configuration import PAUSE_IMAGE
from clusterlib.dns import IMAGE as COREDNS_IMAGE
from clusterlib.places import COREDNS, PAUSE

from . import layer
from .archive import Image, ensure_imported, wait_for_containerd


def ensure() -> None:
    wait_for_containerd()
    ensure_imported([
        Image(PAUSE_IMAGE, [layer.of_files("pause", {"/pause": (PAUSE, 0o755)})], ["/pause"], user="65535:65535"),
        Image(COREDNS_IMAGE, [layer.of_files("coredns", {"/coredns": (COREDNS, 0o755)})], ["/coredns"]),
    ])
