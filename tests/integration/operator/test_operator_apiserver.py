"""cenote-operator against a real kube-apiserver, etcd and PostgreSQL. There is no kubelet and no controller manager: the test plays them."""

import base64
import contextlib
import re
import signal
import threading

import pytest
from apiserver import ApiFailure
from pool_in_cluster import CHILDREN, POOLS, FakePod, Namespace, Operator
from support.pooler_fixture import ROOT
from support.postgres_fixture import Postgres
from support.waiting import wait_until


@pytest.fixture(scope="module")
def server(apiserver):
    apiserver.install_crd(ROOT / "crds/cenote.dev_connectionpools.yaml")
    return apiserver


@pytest.fixture(scope="module")
def postgres():
    database = Postgres()
    database.sql("create role orders login password 'pw'")
    database.sql("create database orders owner orders")
    with (database.data / "pg_hba.conf").open("a") as hba:
        hba.write("host all orders 127.0.0.1/32 scram-sha-256\n")
    database.sql("select pg_reload_conf()")
    yield database
    database.close()


@pytest.fixture(scope="module")
def operator(server):
    running = Operator(server, "--no-leader-election")
    wait_until(lambda: running.page("/readyz") == "ok\n", "the operator's caches")
    yield running
    running.stop()


@pytest.fixture
def namespace(server, postgres, request):
    made = Namespace(server, postgres, re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:50].strip("-"))
    yield made
    # All namespaces' pools share the one PostgreSQL, and what their pods may use is charged until they are gone.
    pods = [f"/api/v1/namespaces/{made.name}/pods/{pod['metadata']['name']}" for pod in server.get(f"/api/v1/namespaces/{made.name}/pods")["items"]]
    for path in (POOLS.format(made.name) + "/orders", *(path.format(made.name) for path in CHILDREN.values()), *pods):
        with contextlib.suppress(ApiFailure):
            server.delete(path)


@pytest.fixture
def orders(namespace, operator):
    """A namespace with the pool's objects made."""
    namespace.create_secret()
    namespace.apply_pool()
    namespace.wait_children()
    return namespace


@pytest.fixture
def running(orders):
    """(namespace, pod) of a pool that is ready and converged."""
    pod = FakePod(orders)
    orders.set_deployment_status()
    wait_until(lambda: orders.condition("Ready").get("status") == "True", "Ready", 15)
    wait_until(lambda: orders.condition("ConfigConverged").get("status") == "True", "ConfigConverged", 15)
    return orders, pod


def test_a_pool_becomes_its_objects(orders):
    children = orders.wait_children()
    uid = orders.pool()["metadata"]["uid"]
    for kind, child in children.items():
        (owner,) = child["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"], owner["blockOwnerDeletion"]) == (uid, True, True), kind
        assert child["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "cenote-operator"
    assert "max_db_connections = 1\n" in children["ConfigMap"]["data"]["cenote.ini"]  # what a pod has before it has its share
    assert "pw" not in children["ConfigMap"]["data"]["cenote.ini"]
    assert b'"orders"' in base64.b64decode(children["Secret"]["data"]["userlist.txt"])
    container = children["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "cenote.test/cenote:1"
    assert {port["name"]: port["port"] for port in children["Service"]["spec"]["ports"]}["postgres"] == 6432


def test_status_and_events_tell_the_course(running):
    namespace, _ = running
    status = namespace.status()
    assert status["sizing"]["perPod"] == 12 and status["sizing"]["explanation"].endswith("= 12")
    assert status["endpoint"] == f"orders.{namespace.name}.svc:6432"
    assert status["observedGeneration"] == namespace.pool()["metadata"]["generation"]
    assert status["database"]["maxConnections"] == 100
    assert status["readyReplicas"] == 1
    kinds = {entry["type"]: entry["status"] for entry in status["conditions"]}
    assert kinds == {
        "Ready": "True", "Available": "True", "Reconciling": "False", "Stalled": "False", "Progressing": "False", "DatabaseReachable": "True", "WithinBudget": "True", "DemandKnown": "True", "ConfigConverged": "True",
        "Paused": "False",
    }  # fmt: skip
    events = wait_until(lambda: "Ready" in namespace.events() and namespace.events(), "the Events", 10)
    assert events["Resized"][0].startswith("12 server connections: web: 1 replica x 4 workers x 2 threads x 150% = 12")
    assert len(events["Created"]) == 4
    line = namespace.server.kubectl("get", "cpool", "orders", "-n", namespace.name)
    assert "orders" in line and "True" in line


def test_an_edit_reaches_the_files_and_pokes_the_pod_but_rolls_nothing(running):
    namespace, pod = running
    pod.lag = True
    before = namespace.child("Deployment")["metadata"]["generation"]
    namespace.apply_pool(workloads=[{"name": "web", "replicas": 1, "workers": 8, "threads": 2}], settings=[{"name": "query_timeout", "value": "7"}])
    wait_until(lambda: "query_timeout = 7" in namespace.ini(), "the setting", 5)
    wait_until(lambda: pod.share() == 24, "the new share", 5)
    wait_until(lambda: "cenote.dev/config-hash" in pod.annotations(), "the annotation", 5)
    wait_until(lambda: namespace.condition("ConfigConverged").get("status") == "False", "the status saying that the pod lags", 5)
    assert namespace.child("Deployment")["metadata"]["generation"] == before
    pod.lag = False
    wait_until(lambda: namespace.condition("ConfigConverged").get("status") == "True", "convergence", 5)
    assert namespace.status()["sizing"]["perPod"] == 24


def test_drift_is_repaired(running):
    namespace, _ = running
    namespace.server.patch(CHILDREN["ConfigMap"].format(namespace.name), {"data": {"cenote.ini": "by hand"}})
    wait_until(lambda: "by hand" not in namespace.ini(), "the ConfigMap as specified", 5)
    namespace.server.delete(CHILDREN["Service"].format(namespace.name))
    wait_until(lambda: namespace.child("Service"), "the Service again", 5)
    namespace.server.patch(CHILDREN["Deployment"].format(namespace.name), {"spec": {"replicas": 5}})
    wait_until(lambda: namespace.child("Deployment")["spec"]["replicas"] == 1, "the replicas as specified", 5)
    wait_until(lambda: {"Repaired", "Recreated"} <= set(namespace.events()), "the Events", 10)


def test_a_missing_secret_is_waited_for_and_named(namespace, operator):
    namespace.apply_pool()
    wait_until(lambda: namespace.condition("Ready").get("reason") == "SecretMissing", "the condition", 10)
    assert "orders-db" in namespace.condition("Ready")["message"]
    namespace.create_secret()
    namespace.wait_children()


def test_a_wrong_password_is_a_condition_and_its_correction_is_seen(running):
    namespace, _ = running
    path = f"/api/v1/namespaces/{namespace.name}/secrets/orders-db"
    namespace.server.patch(path, {"stringData": {"password": "wrong"}})
    wait_until(lambda: namespace.condition("DatabaseReachable").get("status") == "False", "the condition", 10)
    assert "authentication failed" in namespace.condition("DatabaseReachable")["message"]
    assert namespace.status()["sizing"]["perPod"] == 12
    namespace.server.patch(path, {"stringData": {"password": "pw"}})
    wait_until(lambda: namespace.condition("DatabaseReachable").get("status") == "True", "the condition", 10)


def test_a_setting_nobody_knows_leaves_the_running_pool_alone(running):
    namespace, _ = running
    before = namespace.ini()
    namespace.apply_pool(settings=[{"name": "no_such_setting", "value": "1"}])
    wait_until(lambda: namespace.condition("Ready").get("reason") == "InvalidSpec", "the condition", 10)
    assert "no_such_setting" in namespace.condition("Ready")["message"]
    assert namespace.ini() == before and namespace.status()["readyReplicas"] == 1
    wait_until(lambda: "InvalidSpec" in namespace.events(), "the Event", 10)
    namespace.apply_pool(settings=[])
    wait_until(lambda: namespace.condition("Ready").get("status") == "True", "Ready again", 10)


def test_an_impossible_field_is_refused_by_the_api_server(namespace):
    with pytest.raises(ApiFailure) as refused:
        namespace.apply_pool(workloads=[{"name": "web", "replicas": 1, "workers": "many", "threads": 2}])
    assert "workers" in refused.value.body


def test_somebody_elses_object_is_refused(namespace, operator):
    namespace.create_secret()
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "orders"}, "data": {"theirs": "1"}}
    namespace.server.post(f"/api/v1/namespaces/{namespace.name}/configmaps", theirs)
    namespace.apply_pool()
    wait_until(lambda: namespace.condition("Ready").get("reason") == "NameTaken", "the condition", 10)
    assert namespace.child("ConfigMap")["data"] == {"theirs": "1"}
    with pytest.raises(ApiFailure):
        namespace.child("Deployment")
    namespace.server.delete(CHILDREN["ConfigMap"].format(namespace.name))
    namespace.server.patch(POOLS.format(namespace.name) + "/orders", {"metadata": {"annotations": {"look": "again"}}})
    namespace.wait_children()


def test_a_deployment_of_gunicorn_is_followed(orders):
    container = {"name": "web", "image": "shop", "command": ["gunicorn", "--workers", "4", "--threads", "2", "shop.wsgi"]}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}},
    }  # fmt: skip
    orders.apply_pool(workloads=[{"name": "web", "target": {"kind": "Deployment", "name": "web"}}])
    wait_until(lambda: orders.condition("DemandKnown").get("status") == "Unknown", "the unknown workload", 5)
    orders.server.post(f"/apis/apps/v1/namespaces/{orders.name}/deployments", deployment)
    wait_until(lambda: orders.condition("DemandKnown").get("status") == "True" and orders.status()["sizing"]["demand"] == 12, "its size", 5)
    orders.server.patch(f"/apis/apps/v1/namespaces/{orders.name}/deployments/web", {"spec": {"replicas": 2}})
    wait_until(lambda: orders.status()["sizing"]["demand"] == 24, "two replicas", 5)


def test_somebody_elses_service_is_not_taken_over(namespace, operator):
    """It has no label of ours, so the operator's cache does not hold it: creating, never applying, is what protects it."""
    namespace.create_secret()
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "orders"}, "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]}}
    before = namespace.server.post(f"/api/v1/namespaces/{namespace.name}/services", theirs)
    namespace.apply_pool()
    wait_until(lambda: namespace.condition("Ready").get("reason") == "NameTaken", "the condition", 10)
    assert 'Service "orders"' in namespace.condition("Ready")["message"]
    after = namespace.child("Service")
    assert after["spec"] == before["spec"] and "ownerReferences" not in after["metadata"]
    namespace.server.delete(CHILDREN["Service"].format(namespace.name))
    wait_until(lambda: namespace.child("Service")["spec"]["selector"].get("app.kubernetes.io/instance") == "orders", "the pool's own", 40)


def test_a_field_no_longer_wanted_is_gone_although_it_was_there_at_the_creation(namespace, operator):
    namespace.create_secret()
    namespace.apply_pool(pod={"nodeSelector": {"disk": "ssd"}})
    namespace.wait_children()
    assert namespace.child("Deployment")["spec"]["template"]["spec"]["nodeSelector"] == {"disk": "ssd"}
    uid = namespace.child("Deployment")["metadata"]["uid"]
    namespace.apply_pool(pod={"labels": {"team": "shop"}})
    wait_until(lambda: "nodeSelector" not in namespace.child("Deployment")["spec"]["template"]["spec"], "the field gone", 10)
    assert namespace.child("Deployment")["metadata"]["uid"] == uid


def test_deleting_a_pool_recreates_nothing(running):
    namespace, _ = running
    namespace.server.delete(POOLS.format(namespace.name) + "/orders")
    # The garbage collector's part: every child names the pool as its owner (tested above).
    for path in CHILDREN.values():
        namespace.server.delete(path.format(namespace.name))
    pause = threading.Event()
    pause.wait(2)
    for kind in CHILDREN:
        with pytest.raises(ApiFailure) as gone:
            namespace.child(kind)
        assert gone.value.code == 404


def test_a_pool_made_anew_waits_for_its_predecessors_objects(running):
    namespace, _ = running
    old = namespace.pool()["metadata"]["uid"]
    namespace.server.delete(POOLS.format(namespace.name) + "/orders")
    namespace.apply_pool()
    pause = threading.Event()
    pause.wait(1.5)
    assert namespace.child("ConfigMap")["metadata"]["ownerReferences"][0]["uid"] == old
    assert namespace.condition("Ready").get("reason") != "NameTaken"
    for path in CHILDREN.values():
        namespace.server.delete(path.format(namespace.name))
    new = namespace.pool()["metadata"]["uid"]
    wait_until(lambda: namespace.child("Deployment")["metadata"]["ownerReferences"][0]["uid"] == new, "the new pool's objects", 5)


def test_metrics_and_health(running, operator):
    namespace, _ = running
    text = operator.page("/metrics")
    assert f'cenote_connectionpool_per_pod{{namespace="{namespace.name}",pool="orders"}} 12' in text
    assert operator.metric("rest_client_requests_total") > 0
    assert operator.metric("controller_runtime_reconcile_errors_total") == 0, operator.process.log()[-3000:]
    assert operator.page("/healthz") == "ok\n"


def test_a_restarted_operator_writes_nothing_in_the_steady_state(server, postgres, running, operator):
    namespace, _ = running
    wait_until(lambda: "Ready" in namespace.events(), "the Events", 10)
    before = namespace.versions()
    second = Operator(server, "--no-leader-election", "--namespace", namespace.name)
    try:
        wait_until(lambda: second.metric("controller_runtime_reconcile_total") >= 1, "a reconcile")
        pause = threading.Event()
        pause.wait(3)
        requests = second.page("/metrics")
        assert not re.findall(r'rest_client_requests_total\{.*method="(?:PATCH|POST|PUT|DELETE)".*\} [1-9]', requests)
    finally:
        second.stop()
    assert namespace.versions() == before


def test_only_the_leader_writes_and_a_standby_takes_over(server, namespace, operator):
    # The module's operator would do the work: it is asked to look away.
    operator.process.send(signal.SIGSTOP)
    first = second = None
    options = ("--namespace", namespace.name, "--leader-election-namespace", namespace.name)
    try:
        first = Operator(server, *options)
        wait_until(lambda: first.metric("leader_election_master_status") == 1, "the first leading")
        second = Operator(server, *options)
        wait_until(lambda: second.page("/readyz") == "ok\n", "the standby being ready")
        namespace.create_secret()
        namespace.apply_pool()
        namespace.wait_children()
        assert second.metric("controller_runtime_reconcile_total") == 0
        first.stop()
        namespace.apply_pool(workloads=[{"name": "web", "replicas": 1, "workers": 6, "threads": 2}])
        wait_until(lambda: namespace.status()["sizing"]["demand"] == 18, "the standby's work", 10)
    finally:
        operator.process.send(signal.SIGCONT)
        for one in (first, second):
            if one and one.process.running():
                one.stop()


def test_a_leader_that_was_stopped_and_wakes_up_writes_nothing(server, namespace, operator):
    """The machine pauses it for longer than its lease: another one leads, and the first one's time is over."""
    operator.process.send(signal.SIGSTOP)
    options = ("--namespace", namespace.name, "--leader-election-namespace", namespace.name)
    first = second = None
    try:
        first = Operator(server, *options)
        wait_until(lambda: first.metric("leader_election_master_status") == 1, "the first leading")
        namespace.create_secret()
        namespace.apply_pool()
        namespace.wait_children()
        second = Operator(server, *options)
        wait_until(lambda: second.page("/readyz") == "ok\n", "the standby being ready")
        first.process.send(signal.SIGSTOP)
        namespace.apply_pool(workloads=[{"name": "web", "replicas": 1, "workers": 6, "threads": 2}])
        wait_until(lambda: namespace.status()["sizing"]["demand"] == 18, "the standby's work", 20)
        pause = threading.Event()
        pause.wait(2)
        before = namespace.versions()
        lease = f"/apis/coordination.k8s.io/v1/namespaces/{namespace.name}/leases/cenote-operator"
        holder = server.get(lease)["spec"]["holderIdentity"]
        first.process.send(signal.SIGCONT)
        wait_until(lambda: not first.process.running(), "the first one's end", 10)
        assert namespace.versions() == before
        assert server.get(lease)["spec"]["holderIdentity"] == holder
    finally:
        operator.process.send(signal.SIGCONT)
        for one in (first, second):
            if one and one.process.running():
                one.process.send(signal.SIGCONT)
                one.stop()
