"""One pooler, Cenote or PgBouncer, run with the same ini file, so that a scenario can be held against both."""

import json
import os
import pathlib
import signal
import socket
import urllib.error
import urllib.request

import psycopg
import psycopg.rows

from support import pgbouncer, processes
from support.postgres_fixture import USERS, password_of
from support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CENOTE = pathlib.Path(os.environ.get("CENOTE_BINARY", ROOT / "build/dev/dataplane/app/cenote")).absolute()
KINDS = ("cenote", "pgbouncer")
# Left out of the ini for PgBouncer, which refuses settings it does not know.
CENOTE_ONLY = {"workers", "drain_timeout", "drain_delay", "http_listen_addr", "http_port", "watch_config", "io_engine"}


def default_users():
    return {user: password_of(user) for user in USERS} | {"admin": "admin-secret", "stats": "stats-secret"}


class Pooler:
    def __init__(self, kind, postgres, databases=None, settings=None, users=None, user_section=None, start=True):
        self.kind = kind
        self.postgres = postgres
        self.dir = processes.temp_dir("cenote-pool-")
        self.host = "127.0.0.1"
        self.port = processes.free_port()
        self.http_port = processes.free_port()
        self.ini = self.dir / "pooler.ini"
        self.userlist = self.dir / "userlist.txt"
        self.users = default_users() if users is None else dict(users)
        self.databases = databases or {"app": self.target(), "other": self.target("other")}
        self.user_section = user_section or {}
        self.settings = {
            "listen_addr": self.host, "listen_port": self.port, "unix_socket_dir": self.dir, "auth_type": "trust", "auth_file": self.userlist,
            "admin_users": "admin", "stats_users": "stats", "pool_mode": "transaction", "workers": 2, "http_port": self.http_port,
            **(settings or {}),
        }  # fmt: skip
        self.process = None
        # PgBouncer ends with 1 on some signals; for Cenote that is a failure.
        self.good_endings = (0,) if kind == "cenote" else (0, 1)
        self.write_users()
        self.write()
        if start:
            self.start()

    # Configuration

    def target(self, database="app", **more):
        return " ".join([f"host={self.postgres.host} port={self.postgres.port} dbname={database}", *(f"{name}={value}" for name, value in more.items())])

    def render(self):
        lines = ["[databases]", *(f"{name} = {target}" for name, target in self.databases.items())]
        if self.user_section:
            lines += ["", "[users]", *(f"{name} = {options}" for name, options in self.user_section.items())]
        lines += ["", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in self.settings.items() if self.kind == "cenote" or name not in CENOTE_ONLY]
        return "\n".join(lines) + "\n"

    def write(self, **changes):
        """Rewrites the ini with changed settings, by a rename as editors and the kubelet do."""
        self.settings.update(changes)
        self.write_text(self.render())

    def write_text(self, text, path=None):
        path = path or self.ini
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text)
        processes.give_to_child(fresh)
        fresh.rename(path)

    def write_users(self, **changes):
        self.users.update(changes)
        self.write_text("".join(f'"{name}" "{secret}"\n' for name, secret in self.users.items()), self.userlist)

    # Life

    def command(self):
        return [CENOTE, self.ini]

    def start(self, wait=True):
        if self.kind == "pgbouncer":
            self.process = pgbouncer.start(self.ini, self.dir / "pooler.log")
        elif CENOTE.exists():
            self.process = processes.Process(self.command(), self.dir / "pooler.log", unprivileged=False)
        else:
            raise FileNotFoundError(f"{CENOTE} is not built")
        if wait:
            wait_until(self._answers, f"{self.kind} on port {self.port}")

    def _answers(self):
        if not self.process.running():
            raise SystemExit(f"{self.kind} ended with {self.process.returncode}:\n{self.log()[-3000:]}")
        return self.admin("show version")

    def log(self):
        return self.process.log() if self.process else ""

    def close(self):
        """Ends it at once; a crash before or while ending is an error."""
        if self.process:
            code = self.process.returncode
            if code is None:
                code = self.process.stop(signal.SIGQUIT if self.kind == "cenote" else signal.SIGTERM)
            text = self.log()
            processes.remove_dir(self.dir)
            assert code in self.good_endings, f"{self.kind} ended with {code}:\n{text[-5000:]}"
            assert "Sanitizer" not in text, text[-5000:]
        else:
            processes.remove_dir(self.dir)

    # Clients

    def dsn(self, database="app", user="app", password=None, **more):
        password = self.users.get(user, "") if password is None else password
        if password.startswith(("md5", "SCRAM-SHA-256$")):
            password = password_of(user)
        secret = f" password={password}" if password else ""
        extra = "".join(f" {name}={value}" for name, value in more.items())
        return f"host={self.host} port={self.port} dbname={database} user={user}{secret}{extra}"

    def connect(self, database="app", user="app", password=None, autocommit=True, prepare_threshold=None, **more):
        return psycopg.connect(self.dsn(database, user, password, **more), autocommit=autocommit, prepare_threshold=prepare_threshold)

    def socket(self):
        return socket.create_connection((self.host, self.port), timeout=30)

    def admin_connection(self, user="admin"):
        return psycopg.connect(
            self.dsn("pgbouncer", user), autocommit=True, cursor_factory=psycopg.ClientCursor, row_factory=psycopg.rows.dict_row, prepare_threshold=None
        )

    def admin(self, command, user="admin"):
        """The rows of a console command as dictionaries; None for a command without rows."""
        with self.admin_connection(user) as connection:
            cursor = connection.execute(command)
            return cursor.fetchall() if cursor.description else None

    def pool(self, database="app", user=None):
        """The row of SHOW POOLS; zeroes where there is no such pool yet."""
        rows = [row for row in self.admin("show pools") if row["database"] == database and user in (None, row["user"])]
        return rows[0] if rows else {"cl_active": 0, "cl_waiting": 0, "sv_active": 0, "sv_idle": 0, "sv_used": 0, "sv_login": 0}

    def config(self, name):
        return next(row["value"] for row in self.admin("show config") if row["key"] == name)

    # HTTP

    def http(self, path):
        """(status, body)"""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self):
        return json.loads(self.http("/status")[1])
