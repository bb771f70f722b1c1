"""The images of the tests: PostgreSQL, and a gunicorn application that also serves as a client with psql and pgbench."""

from . import layer
from .archive import Image
from .rootfs import HERE, POSTGRES_UID


def images(runtime: layer.Layer, extra: layer.Layer) -> list:
    files = layer.of_files("testbed-files", {
        "/usr/local/bin/start-postgres": (HERE / "testbed/start-postgres", 0o755),
        "/app/app.py": (HERE / "testbed/app.py", 0o644),
    })
    layers = [runtime, extra, files]
    path = {"PATH": "/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return [
        Image("cenote.local/postgres:dev", layers, ["/usr/local/bin/start-postgres"], environment=path, user=f"{POSTGRES_UID}:{POSTGRES_UID}", workdir="/tmp"),
        Image("cenote.local/app:dev", layers, ["/usr/bin/gunicorn"], ["--workers", "4", "--threads", "2", "--bind", "0.0.0.0:8000", "app:application"],
              environment=path, user="65532:65532", workdir="/app"),
    ]
