"""Child processes that end with the test run, run as `postgres` where we are root, and are only ever ended by their pid."""

import ctypes
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile

UNPRIVILEGED = "postgres"


def child_user():
    """PostgreSQL and PgBouncer refuse to run as root."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def give_to_child(path):
    user = child_user()
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def temp_dir(prefix):
    """Short, because a Unix socket's path holds 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    path.chmod(0o755)
    give_to_child(path)
    return path


def remove_dir(path):
    shutil.rmtree(path, ignore_errors=True)


# Below the range from which the kernel takes the ports of outgoing connections, so that none of those takes one before its server binds it.
_FIRST_PORT, _LAST_PORT = 15000, 29999
_given = set()


def free_port():
    """A port nobody listens on, and never the same twice in this process."""
    while True:
        port = random.randint(_FIRST_PORT, _LAST_PORT)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def _end_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


class Process:
    def __init__(self, command, log, unprivileged=True, env=None, cwd="/"):
        user = child_user() if unprivileged else None
        as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
        self.log_path = pathlib.Path(log)
        with self.log_path.open("ab") as out:
            self._child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env=env, start_new_session=True,
                preexec_fn=_end_with_parent, **as_user,
            )  # fmt: skip
        self.pid = self._child.pid

    def running(self):
        return self._child.poll() is None

    @property
    def returncode(self):
        return self._child.poll()

    def send(self, number):
        if self.running():
            self._child.send_signal(number)

    def wait(self, timeout=30.0):
        return self._child.wait(timeout)

    def stop(self, number=signal.SIGINT, timeout=30.0):
        self.send(number)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self.wait()
            raise AssertionError(f"pid {self.pid} did not end within {timeout:.0f} s of signal {number}; log:\n{self.log()[-3000:]}") from None

    def log(self):
        return self.log_path.read_text(errors="replace")
