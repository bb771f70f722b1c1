"""A throw-away PostgreSQL of Debian's packages: own directory, free port, fast and unsafe settings."""

import pathlib
import re
import signal
import subprocess

import psycopg

from support import processes
from support.waiting import wait_until

# Each user logs in to the server by the method of its name; `app` is the everyday one, and all have the password "secret-NAME".
USERS = {"app": "scram-sha-256", "app2": "scram-sha-256", "scram_user": "scram-sha-256", "md5_user": "md5", "password_user": "password", "trust_user": "trust"}
DATABASES = ("app", "other")


def password_of(user):
    return f"secret-{user}"


def binaries():
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise FileNotFoundError("PostgreSQL's server is not installed (Debian package postgresql)")
    return versions[-1].parent


class Postgres:
    def __init__(self, max_connections=100, port=None, settings=None):
        self.dir = processes.temp_dir("cenote-pg-")
        self.data = self.dir / "data"
        self.port = port or processes.free_port()
        self.host = "127.0.0.1"
        self.max_connections = max_connections
        self.settings = settings or {}
        self.process = None
        self._initialise()
        self.start()
        self._create_users()

    def _initialise(self):
        run = {"user": processes.child_user()} if processes.child_user() else {}
        subprocess.run(
            [binaries() / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **run,
        )  # fmt: skip
        hba = [f"{kind} {method}" for user, method in USERS.items() for kind in (f"local all {user}", f"host all {user} 127.0.0.1/32")]
        self._write("pg_hba.conf", "\n".join(["local all postgres trust", "host all postgres 127.0.0.1/32 trust", *hba]) + "\n")
        self._write("postgresql.auto.conf", f"""
listen_addresses = '127.0.0.1'
port = {self.port}
unix_socket_directories = '{self.dir}'
max_connections = {self.max_connections}
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
jit = off
timezone = 'Etc/UTC'
""" + "".join(f"{name} = '{value}'\n" for name, value in self.settings.items()))  # fmt: skip

    def _write(self, name, text):
        path = self.data / name
        path.write_text(text)
        processes.give_to_child(path)

    def start(self):
        self.process = processes.Process([binaries() / "postgres", "-D", self.data], self.dir / "postgres.log")
        wait_until(self._answers, f"PostgreSQL on port {self.port}", 60)

    def _answers(self):
        if not self.process.running():
            raise RuntimeError(f"PostgreSQL ended:\n{self.process.log()[-2000:]}")
        return self.sql("select 1")

    def _create_users(self):
        for user, method in USERS.items():
            encryption = "md5" if method == "md5" else "scram-sha-256"
            self.sql(f"set password_encryption = '{encryption}'; create user {user} password '{password_of(user)}'")
        for database in DATABASES:
            self.sql(f"create database {database}")
            self.sql("grant all on schema public to public", database)

    def sql(self, query, database="postgres"):
        """The rows of the last statement, as the superuser."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(query)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def dsn(self, database="postgres", user="postgres", **more):
        extra = "".join(f" {name}={value}" for name, value in more.items())
        return f"host={self.host} port={self.port} dbname={database} user={user}{extra}"

    def backends(self, database="app"):
        """pids of the server connections to the database."""
        return {row[0] for row in self.sql(f"select pid from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid()")}

    def activity(self, database="app"):
        return self.sql(f"select pid, state, query from pg_stat_activity where datname = '{database}' and pid <> pg_backend_pid()")

    def secret(self, user):
        """What the server stores for the user's password: md5… or SCRAM-SHA-256$…"""
        return self.sql(f"select rolpassword from pg_authid where rolname = '{user}'")[0][0]

    def stop(self, number=signal.SIGINT):
        if self.process and self.process.running():
            self.process.stop(number, 60)

    def restart(self, number=signal.SIGINT):
        self.stop(number)
        self.start()

    def close(self):
        self.stop(signal.SIGQUIT)
        processes.remove_dir(self.dir)

    def crashes(self):
        """Server processes that ended by a signal: none of ours may make PostgreSQL do that."""
        return re.findall(r"was terminated by signal.*", self.process.log())
