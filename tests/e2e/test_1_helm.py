"""The whole, installed by Helm, as one story: each test is a step and needs those above it."""

import re
import time

import kube
import pytest
import shop

CHART, NAMESPACE = shop.CHART, shop.OPERATOR_NAMESPACE


@pytest.fixture(scope="module", autouse=True)
def world():
    shop.clean()
    shop.create()
    yield
    shop.destroy()
    shop.clean()


def test_the_rendered_manifest_is_current():
    kube.run([kube.ROOT / "helm/render", "--check"])


def test_a_misspelt_value_is_refused():
    with pytest.raises(kube.Refused, match="replica"):
        kube.helm("template", "cenote", CHART, "--set", "replica=2")


def test_helm_installs_a_ready_operator():
    kube.helm("install", "cenote", CHART, "-n", NAMESPACE, "--create-namespace", "--wait", "--timeout=90s")
    kube.helm("test", "cenote", "-n", NAMESPACE, "--timeout=60s")


def test_a_pool_becomes_ready_and_explains_its_size(figure):
    began = time.monotonic()
    shop.create_pool()
    shop.wait_for_condition("Ready")
    figure("apply to Ready, s", round(time.monotonic() - began, 2))
    shop.wait_for_condition("ConfigConverged")  # its pod has its share
    status = shop.pool()["status"]
    assert status["sizing"]["demand"] == status["sizing"]["granted"] == 12
    assert re.search(r"4 workers x 2 threads.*= 12", status["sizing"]["explanation"])
    assert "--workers" in status["sizing"]["workloads"][0]["source"]
    assert status["endpoint"] == "orders.shop.svc:6432"
    assert status["database"]["maxConnections"] == 100
    for kind in ("DatabaseReachable", "WithinBudget", "DemandKnown"):
        assert kube.condition(shop.pool(), kind)["status"] == "True", kind
    shop.wait_for_condition("ConfigConverged", timeout=20)


def test_psql_reaches_the_database_through_the_service():
    assert shop.psql("select current_user || ' in ' || current_database()") == "orders in orders"


def test_a_wrong_password_is_refused_by_the_pool():
    with pytest.raises(kube.Refused, match="(?i)password|authentication"):
        shop.client(f"PGPASSWORD=wrong psql -X -h {shop.ENDPOINT} -p 6432 -c 'select 1'")


def test_the_application_works_through_the_pool():
    kube.rollout("web", shop.NAMESPACE)
    ask = "python3 -c \"import urllib.request as u; print(u.urlopen('http://web.shop.svc', timeout=5).read().decode())\""
    assert "hello from orders" in shop.client(ask)


def test_an_edit_takes_effect_within_5_seconds_under_load(figure):
    before, = {kube.pod_status(pod)["configHash"] for pod in shop.pods()}
    with shop.Load(seconds=15) as load:
        edited = time.monotonic()
        kube.patch("connectionpool", shop.POOL, shop.NAMESPACE,
                   {"spec": {"settings": [{"name": "query_wait_timeout", "value": "77"}], "sizing": {"headroomPercent": 200}}})
        kube.wait_until(lambda: all(kube.pod_status(pod)["configHash"] != before for pod in shop.pods()), "the pods to run the edit", 30)
        took = time.monotonic() - edited
        shop.wait_for_condition("ConfigConverged", timeout=20)
        figure("edit to effect in the pod, s", round(took, 2))
        figure("edit to ConfigConverged in status, s", round(time.monotonic() - edited, 2))
    figure("transactions under the edit, failed", f"{load.transactions}, {load.failed}")
    status = shop.pool()["status"]
    assert status["configHash"] in {kube.pod_status(pod)["configHash"] for pod in shop.pods()}
    assert status["sizing"]["granted"] == 16
    ini = kube.get("configmap", shop.POOL, shop.NAMESPACE)["data"]["cenote.ini"]
    assert re.search(r"^query_wait_timeout\s*=\s*77$", ini, re.MULTILINE)
    assert took < 5
    kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"settings": None, "sizing": {"headroomPercent": 150}}})


def test_the_size_follows_the_application(figure):
    names = {pod["metadata"]["name"] for pod in shop.pods()}
    with shop.Load(seconds=15) as load:
        scaled = time.monotonic()
        kube.kubectl("-n", shop.NAMESPACE, "scale", "deployment/web", "--replicas=2")
        kube.wait_until(lambda: shop.pool()["status"]["sizing"]["demand"] == 24, "the demand of two replicas", 30)
        figure("scaling the application to a new demand, s", round(time.monotonic() - scaled, 2))
        kube.wait_until(lambda: shop.pool()["status"]["sizing"]["granted"] == 24, "the pool to grow", 60)
        shop.wait_for_condition("ConfigConverged", timeout=20)
    assert load.failed == 0
    assert {pod["metadata"]["name"] for pod in shop.pods()} == names, "no pod may be replaced for a new size"


def test_kubectl_scale_shares_the_size_between_pods():
    kube.kubectl("-n", shop.NAMESPACE, "scale", "connectionpool", shop.POOL, "--replicas=2")
    kube.wait_until(lambda: len(shop.pods()) == 2 and shop.pool()["status"]["readyReplicas"] == 2, "two pods", 60)
    shop.wait_for_condition("ConfigConverged", timeout=30)
    sizing = shop.pool()["status"]["sizing"]
    assert (sizing["granted"], sizing["perPod"]) == (24, 12)
    assert kube.exists("poddisruptionbudget", shop.POOL, shop.NAMESPACE)
    kube.kubectl("-n", shop.NAMESPACE, "scale", "connectionpool", shop.POOL, "--replicas=1")
    kube.wait_until(lambda: len(shop.pods()) == 1, "one pod again", 90)
    shop.wait_for_condition("Ready")


def test_pods_roll_without_a_failed_transaction_of_clients_that_reconnect(figure):
    before = {pod["metadata"]["name"] for pod in shop.pods()}
    with shop.Load(seconds=25, clients=4, rate=40, options="-C") as load:
        kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"pod": {"labels": {"example.com/team": "orders"}}}})
        kube.wait_until(lambda: shop.pods() and not before & {pod["metadata"]["name"] for pod in shop.pods()}, "new pods", 60)
    figure("transactions under the roll, failed", f"{load.transactions}, {load.failed}")
    shop.wait_for_condition("ConfigConverged", timeout=60)


def test_a_rotated_password_is_taken_over():
    names = {pod["metadata"]["name"] for pod in shop.pods()}
    shop.psql("alter role orders password 'second light'", host="orders-db.shop.svc", port=5432)
    kube.patch("secret", "orders-db", shop.NAMESPACE, {"stringData": {"password": "second light"}})
    ask = f"PGPASSWORD='second light' psql -X -h {shop.ENDPOINT} -p 6432 -Atc 'select 1'"
    kube.wait_until(lambda: shop.client(ask).strip() == "1", "the pool to accept and use the new password", 20)
    with pytest.raises(kube.Refused, match="(?i)password|authentication"):
        shop.psql("select 1")  # the client's environment still holds the old one
    assert {pod["metadata"]["name"] for pod in shop.pods()} == names
    # Back again, so that the steps below need not know.
    shop.client("PGPASSWORD='second light' psql -X -h orders-db.shop.svc -c \"alter role orders password 'first light'\"")
    kube.patch("secret", "orders-db", shop.NAMESPACE, {"stringData": {"password": "first light"}})
    kube.wait_until(lambda: shop.psql("select 1") == "1", "the first password to work again", 20)


def test_two_pools_of_one_server_stay_within_its_budget():
    kube.kubectl("apply", "-f", kube.MANIFESTS / "reports.yaml")

    # 87 = 100 - 3 reserved - 10 for direct connections, of which three stand by for the two pods and a successor. The first pool's 24 is
    # less than half of it, so it keeps that; the new one asks for 120 and gets the rest.
    def shared():
        orders, reports = shop.pool()["status"], kube.get("connectionpool", "reports", shop.NAMESPACE).get("status", {})
        assert orders["database"]["available"] == 87
        sizes = orders["sizing"]["granted"], reports.get("sizing", {}).get("granted", 0)
        seen.append(sizes)
        return sizes == (24, 60) and kube.condition({"status": reports}, "ConfigConverged")["status"] == "True" and (orders, reports)

    seen = []
    orders, reports = kube.wait_until(shared, "both pools to get their part", 90)
    assert max(sum(sizes) for sizes in seen) <= 87, seen
    assert reports["sizing"]["demand"] == 120 and reports["sizing"]["limitedBy"] and orders["sizing"]["limitedBy"] == "None"
    assert kube.condition({"status": reports}, "WithinBudget")["reason"] == "DemandClipped"
    kube.kubectl("-n", shop.NAMESPACE, "delete", "connectionpool", "reports", "--timeout=60s")
    kube.wait_until(lambda: shop.pool()["status"]["sizing"]["granted"] == 24, "what the deleted pool held to be given back", 90)
    shop.settle()


def test_an_operator_that_restarts_disturbs_nothing():
    running = {pod["metadata"]["name"]: kube.pod_status(pod) for pod in shop.pods()}
    ini = kube.get("configmap", shop.POOL, shop.NAMESPACE)["data"]
    kube.kubectl("-n", NAMESPACE, "rollout", "restart", "deployment/cenote-operator")
    kube.rollout("cenote-operator", NAMESPACE)
    kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"metadata": {"annotations": {"example.com/note": "seen"}}})
    shop.wait_for_condition("Ready")
    assert kube.get("configmap", shop.POOL, shop.NAMESPACE)["data"] == ini
    assert {pod["metadata"]["name"]: kube.pod_status(pod) for pod in shop.pods()} == running, "same pods, same configuration, no reload"


def test_an_impossible_spec_is_refused_at_once():
    with pytest.raises(kube.Refused, match="maxDemand must not be below minDemand"):
        kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"sizing": {"minDemand": 9, "maxDemand": 3}}})


def test_a_spec_that_the_data_plane_refuses_leaves_the_pool_as_it_is():
    running = {pod["metadata"]["name"]: kube.pod_status(pod)["configHash"] for pod in shop.pods()}
    kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"settings": [{"name": "no_such_setting", "value": "1"}]}})
    generation = shop.pool()["metadata"]["generation"]
    complaint = kube.wait_until(
        lambda: next((c for c in shop.pool()["status"]["conditions"]
                      if "no_such_setting" in c["message"] and c.get("observedGeneration", generation) == generation), None),
        "a condition that names the setting", 30)
    assert complaint["status"] == "False"
    assert shop.psql("select 1") == "1"
    assert {pod["metadata"]["name"]: kube.pod_status(pod)["configHash"] for pod in shop.pods()} == running
    events = kube.kubectl("-n", shop.NAMESPACE, "get", "events", "--field-selector", "involvedObject.kind=ConnectionPool")
    assert "no_such_setting" in events
    kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"settings": None}})
    shop.wait_for_condition("Ready")


def test_a_deleted_pool_leaves_nothing():
    kube.kubectl("-n", shop.NAMESPACE, "delete", "connectionpool", shop.POOL, "--timeout=60s")
    kinds = "pods,deployments,replicasets,services,configmaps,secrets,poddisruptionbudgets"
    kube.wait_until(lambda: not kube.items(kinds, shop.NAMESPACE, f"app.kubernetes.io/instance={shop.POOL}"), "the pool's objects to be gone", 120)
    assert kube.exists("secret", "orders-db", shop.NAMESPACE), "the user's own Secret stays"


def test_the_operator_was_refused_nothing():
    log = kube.kubectl("-n", NAMESPACE, "logs", "deployment/cenote-operator")
    assert [line for line in log.splitlines() if "orbidden" in line] == []


def test_an_uninstall_keeps_the_definition_only():
    kube.helm("uninstall", "cenote", "-n", NAMESPACE, "--wait", "--timeout=90s")
    assert kube.exists("crd", "connectionpools.cenote.dev")

    def left():
        found = kube.items("all,serviceaccounts,roles,rolebindings", NAMESPACE, "app.kubernetes.io/part-of=cenote")
        found += kube.items("clusterroles,clusterrolebindings", "default", "app.kubernetes.io/part-of=cenote")
        return [f"{item['kind']}/{item['metadata']['name']}" for item in found]

    kube.wait_until(lambda: left() == [], "the operator's objects to be gone", 40)
