"""cenote-operator --standalone with a real PostgreSQL and real cenote processes: what a user of one machine does, in a user's order."""

import contextlib
import os
import signal
import socket
import threading
import time
import urllib.request

import psycopg
import pytest
from support.operator_fixture import StandaloneOperator, connect, exists
from support.postgres_fixture import Postgres
from support.waiting import wait_until

EDIT_SECONDS = 5  # from an edited manifest to its effect, at most


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.sql("create role orders login password 'quickstart'")
    server.sql("create database orders owner orders")
    with (server.data / "pg_hba.conf").open("a") as hba:
        hba.write("host all orders 127.0.0.1/32 scram-sha-256\nhost all second 127.0.0.1/32 scram-sha-256\n")
    server.sql("select pg_reload_conf()")
    yield server
    server.close()


@pytest.fixture
def operator(postgres):
    made = StandaloneOperator(postgres)
    try:
        yield made
    finally:
        pods = list(made.pods()) if made.process else []
        made.close()
        assert not [pid for pid in pods if exists(pid)], "processes outlived their operator"


@pytest.fixture
def quickstart(operator):
    """(operator, port) of the running quickstart."""
    port = operator.add_quickstart()
    operator.start()
    operator.wait_ready()
    return operator, port


def live(postgres, role="orders"):
    return postgres.sql(f"select count(*) from pg_stat_activity where usename = '{role}'")[0][0]


class Load:
    """Clients that keep every server connection busy, and count what fails."""

    def __init__(self, port, clients, **credentials):
        self.failures = []
        self.done = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(port, credentials)) for _ in range(clients)]

    def _run(self, port, credentials):
        try:
            with connect(port, **credentials) as connection:
                while not self._stop.is_set():
                    connection.execute("select pg_sleep(0.02)")
                    self.done += 1
        except psycopg.Error as error:
            self.failures.append(str(error))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_the_quickstart_becomes_a_right_sized_pool(quickstart):
    operator, port = quickstart
    status = operator.status()
    assert status["sizing"]["perPod"] == 12
    assert status["sizing"]["explanation"].endswith("= 12")
    assert status["endpoint"] == f"127.0.0.1:{port}"
    assert status["database"]["maxConnections"] == 100
    assert status["observedGeneration"] == 1
    assert operator.is_true("DatabaseReachable") and operator.is_true("WithinBudget") and operator.is_true("DemandKnown")
    with connect(port) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == ("orders", "orders")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        connect(port, password="wrong")


def test_more_workers_are_live_under_load_within_seconds_and_nobody_is_dropped(quickstart):
    operator, port = quickstart
    before = list(operator.pods())
    with Load(port, 40) as load:
        wait_until(lambda: live(operator.postgres) == 12, "12 server connections under load")
        began = time.monotonic()
        operator.edit("connectionpool.yaml", "workers: 4", "workers: 8")
        wait_until(lambda: live(operator.postgres) == 24, "24 server connections", EDIT_SECONDS)
        took = time.monotonic() - began
        wait_until(lambda: operator.is_true("ConfigConverged") and operator.status()["sizing"]["perPod"] == 24, "the status saying so", EDIT_SECONDS)
    assert took < EDIT_SECONDS
    assert load.failures == [] and load.done > 0
    assert list(operator.pods()) == before, "an edit must not replace processes"
    assert "Resized: 12 -> 24" in operator.events()


def test_fewer_workers_shrink_the_pool(quickstart):
    operator, port = quickstart
    with Load(port, 40) as load:
        wait_until(lambda: live(operator.postgres) == 12, "12 server connections")
        operator.edit("connectionpool.yaml", "workers: 4", "workers: 2")
        wait_until(lambda: live(operator.postgres) == 6, "6 server connections", 15)
    assert load.failures == []


def test_a_broken_manifest_keeps_the_pool_and_says_where(quickstart):
    operator, port = quickstart
    path = operator.manifests / "connectionpool.yaml"
    good = path.read_text()
    operator.write("connectionpool.yaml", good + "  broken: [\n")
    report = wait_until(lambda: (found := operator.report()).get("manifest", {}).get("problems") and found, "the status file naming the problem")
    assert report["manifest"]["problems"][0].startswith("connectionpool.yaml:")
    assert "ManifestInvalid: connectionpool.yaml:" in operator.events()
    with connect(port) as connection:
        connection.execute("select 1")
    operator.write("connectionpool.yaml", good.replace("workers: 4", "workers: 6"))
    wait_until(lambda: operator.status()["sizing"]["perPod"] == 18 and "problems" not in operator.report()["manifest"], "the mended manifest", EDIT_SECONDS)


def test_a_file_written_slowly_is_not_read_half(quickstart):
    operator, _ = quickstart
    path = operator.manifests / "connectionpool.yaml"
    text = path.read_text().replace("workers: 4", "workers: 10")
    half = text.index("workers: 10") + len("workers: 1")  # "workers: 1" would be valid, and wrong
    with path.open("w") as file:
        file.write(text[:half])
        file.flush()
        os.fsync(file.fileno())
        pause = threading.Event()
        pause.wait(0.5)
        file.write(text[half:])
    wait_until(lambda: operator.status()["sizing"]["perPod"] == 30, "the whole file's size", EDIT_SECONDS)
    assert "-> 3 " not in operator.events() and "ManifestInvalid" not in operator.events()


def test_an_invalid_spec_is_a_condition_and_the_pool_stays(quickstart):
    operator, port = quickstart
    operator.edit("connectionpool.yaml", "workers: 4", "workers: many")
    wait_until(lambda: operator.condition("Ready")["reason"] == "InvalidSpec", "the condition", EDIT_SECONDS)
    assert "spec.workloads[0].workers" in operator.condition("Ready")["message"]
    assert "InvalidSpec: spec.workloads[0].workers" in operator.events()
    assert operator.status()["readyReplicas"] == 1
    with connect(port) as connection:
        connection.execute("select 1")


def test_a_missing_secret_is_waited_for(operator):
    port = operator.add_quickstart()
    secret = (operator.manifests / "secret.yaml").read_text()
    (operator.manifests / "secret.yaml").unlink()
    operator.start()
    wait_until(lambda: operator.condition("Ready")["reason"] == "SecretMissing", "the condition")
    assert "orders-db" in operator.condition("Ready")["message"]
    operator.write("secret.yaml", secret)
    operator.wait_ready(timeout=EDIT_SECONDS)
    with connect(port) as connection:
        connection.execute("select 1")


def test_a_rotated_password_reaches_the_pool_without_a_restart(quickstart):
    operator, port = quickstart
    before = list(operator.pods())
    try:
        operator.postgres.sql("alter role orders password 'rotated'")
        operator.edit("secret.yaml", "password: quickstart", "password: rotated")

        def logs_in():
            with connect(port, password="rotated") as connection:
                return connection.execute("select 1").fetchone() == (1,)

        wait_until(logs_in, "the new password", EDIT_SECONDS)
        with pytest.raises(psycopg.OperationalError):
            connect(port, password="quickstart")
        wait_until(lambda: operator.is_true("ConfigConverged"), "convergence", EDIT_SECONDS)
        assert list(operator.pods()) == before
    finally:
        operator.postgres.sql("alter role orders password 'quickstart'")


def test_a_crashed_process_comes_back(quickstart):
    operator, port = quickstart
    (pid,) = operator.pods()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: operator.pods() and pid not in operator.pods(), "a new process")

    def answers():
        with connect(port) as connection:
            return connection.execute("select 1").fetchone() == (1,)

    wait_until(answers, "queries through it")
    wait_until(lambda: operator.is_true("Ready"), "readiness")
    assert "BackOff: the process ended with killed by signal 9" in operator.events()


def test_a_port_that_somebody_else_has_is_not_shared(operator):
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        operator.add_quickstart()
        port = stranger.getsockname()[1]
        operator.edit("connectionpool.yaml", r'standalone-port: "\d+"', f'standalone-port: "{port}"')
        operator.start()
        wait_until(lambda: f"PortTaken: another program listens on 127.0.0.1:{port}" in operator.events(), "the Event")
        assert not operator.pods() and not operator.is_true("Ready")
    operator.wait_ready(timeout=10)


def test_users_of_their_own_log_in_as_themselves(operator):
    port = operator.add_quickstart()
    operator.postgres.sql("drop role if exists second; create role second login password 'two'")
    operator.write("users.yaml", """apiVersion: v1
kind: Secret
metadata: {name: orders-users-list}
stringData:
  userlist.txt: |
    "orders" "quickstart"
    "second" "two"
""")
    text = (operator.manifests / "connectionpool.yaml").read_text()
    operator.write("connectionpool.yaml", text.replace("spec:\n", "spec:\n  auth: {usersSecretRef: {name: orders-users-list}}\n", 1))
    operator.start()
    operator.wait_ready()
    for user, password in (("orders", "quickstart"), ("second", "two")):
        with connect(port, user=user, password=password) as connection:
            assert connection.execute("select current_user").fetchone() == (user,)


def test_replicas_share_the_port_and_the_size(quickstart):
    operator, port = quickstart
    text = (operator.manifests / "connectionpool.yaml").read_text()
    operator.write("connectionpool.yaml", text.replace("spec:\n", "spec:\n  replicas: 2\n", 1))
    wait_until(lambda: len(operator.pods()) == 2 and operator.status().get("readyReplicas") == 2, "two ready processes")
    assert operator.status()["sizing"]["perPod"] == 6
    for _ in range(10):
        with connect(port) as connection:
            connection.execute("select 1")
    operator.write("connectionpool.yaml", text)
    wait_until(lambda: len(operator.pods()) == 1, "one process again", 40)
    wait_until(lambda: operator.status()["sizing"]["perPod"] == 12, "the whole size for one pod", 40)


def test_a_second_pool_on_the_same_server_stays_within_the_budget(quickstart):
    operator, _ = quickstart
    operator.edit("connectionpool.yaml", "workers: 4", "workers: 40")  # asks for 120
    wait_until(lambda: operator.condition("WithinBudget")["status"] == "False", "the limit", EDIT_SECONDS)
    available = operator.status()["database"]["available"]
    wait_until(lambda: operator.status()["sizing"]["perPod"] in range(available * 9 // 10, available), "nearly all of it for one pod", EDIT_SECONDS)
    alone = operator.status()["sizing"]["perPod"]
    text = (operator.manifests / "connectionpool.yaml").read_text()
    second = text.replace("name: orders\n", "name: second\n", 1).replace("cenote.dev/standalone-port", "example.com/not-a-port")
    operator.write("second.yaml", second)
    operator.wait_ready("second")
    wait_until(lambda: operator.status()["sizing"]["perPod"] < alone, "the first making room", EDIT_SECONDS)
    fair = operator.status()["database"]["available"]
    shares = lambda: [operator.status(pool)["sizing"]["perPod"] for pool in ("orders", "second")]
    wait_until(lambda: max(shares()) - min(shares()) <= 1 and sum(shares()) in range(fair * 9 // 10, fair + 1), "fair shares", 10)
    (operator.manifests / "second.yaml").unlink()
    wait_until(lambda: operator.status()["sizing"]["perPod"] == alone, "the first growing back", 30)


def test_a_gunicorn_deployment_is_read_and_followed(operator):
    operator.add_quickstart()
    text = (operator.manifests / "connectionpool.yaml").read_text()
    start = text.index("  workloads:")
    operator.write("connectionpool.yaml", text[:start] + "  workloads:\n  - name: web\n    target: {kind: Deployment, name: web}\n")
    web = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  template:
    spec:
      containers:
      - {name: web, image: shop, command: [gunicorn, --workers, "4", --threads=2, shop.wsgi]}
"""
    operator.write("web.yaml", web % 1)
    operator.start()
    assert operator.wait_ready()["sizing"]["perPod"] == 12
    assert operator.status()["sizing"]["workloads"][0]["workers"] == 4
    operator.write("web.yaml", web % 3)
    wait_until(lambda: operator.status()["sizing"]["perPod"] == 36, "three replicas of the application", EDIT_SECONDS)


def test_removing_the_manifest_leaves_no_process_and_no_file(quickstart):
    operator, port = quickstart
    pods = list(operator.pods())
    (operator.manifests / "connectionpool.yaml").unlink()
    wait_until(lambda: not operator.status_path().exists() and not [pid for pid in pods if exists(pid)], "the pool being gone", 15)
    wait_until(lambda: not list((operator.manifests / ".cenote/pods").iterdir()), "its files being gone", 5)
    with pytest.raises(psycopg.OperationalError):
        connect(port)


def test_the_operators_end_is_its_pools_end(operator):
    operator.add_quickstart()
    operator.start()
    operator.wait_ready()
    pods = list(operator.pods())
    assert operator.process.stop(signal.SIGTERM, 30) == 0
    assert not [pid for pid in pods if exists(pid)]


def test_a_killed_operator_leaves_no_process_and_starts_again(operator):
    port = operator.add_quickstart()
    operator.start()
    operator.wait_ready()
    pods = list(operator.pods())
    operator.process.stop(signal.SIGKILL)
    wait_until(lambda: not [pid for pid in pods if exists(pid)], "the pools ending with it", 20)
    operator.start()
    wait_until(operator.pods, "the pool's process")  # until then the status file may be the killed one's
    operator.wait_ready()
    with connect(port) as connection:
        connection.execute("select 1")


def test_health_and_metrics(quickstart):
    operator, _ = quickstart

    def page(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{operator.http_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    assert page("/healthz") == "ok\n" and page("/readyz") == "ok\n"
    metrics = page("/metrics")
    assert 'cenote_connectionpool_per_pod{namespace="default",pool="orders"} 12' in metrics
    assert 'controller_runtime_reconcile_total{controller="connectionpool",result="requeue_after"}' in metrics
    assert "workqueue_depth{" in metrics


def test_a_database_that_goes_away_is_said_and_the_size_stays(operator):
    own = Postgres()
    try:
        own.sql("create role orders login password 'quickstart'")
        own.sql("create database orders owner orders")
        with (own.data / "pg_hba.conf").open("a") as hba:
            hba.write("host all orders 127.0.0.1/32 scram-sha-256\n")
        own.sql("select pg_reload_conf()")
        operator.postgres = own
        operator.add_quickstart()
        operator.start()
        operator.wait_ready()
        own.stop()
        operator.edit("secret.yaml", "password: quickstart", "password: other")  # asks again at once
        wait_until(lambda: operator.condition("DatabaseReachable")["status"] == "False", "the condition", 15)
        assert operator.status()["sizing"]["perPod"] == 12 and operator.status()["database"]["maxConnections"] == 100
    finally:
        with contextlib.suppress(Exception):
            own.close()
