"""The short way: one `kubectl apply -f`, a pool, a query, and everything gone again."""

import kube
import pytest
import shop

MANIFEST = kube.ROOT / "docs/install/cenote.yaml"


@pytest.fixture(scope="module", autouse=True)
def world():
    shop.create()
    yield
    shop.destroy()
    kube.kubectl("delete", "-f", MANIFEST, "--ignore-not-found", "--timeout=90s")


def test_plain_kubectl_apply_installs_a_ready_operator():
    kube.kubectl("apply", "-f", MANIFEST)
    kube.kubectl("wait", "--for=condition=Established", "crd/connectionpools.cenote.dev", "--timeout=30s")
    kube.rollout("cenote-operator", "cenote-system")


def test_a_pool_serves():
    kube.wait_until(lambda: shop.create_pool() or True, "the API server to serve the new kind", 20)
    shop.wait_for_condition("Ready")
    shop.wait_for_condition("ConfigConverged")
    assert shop.pool()["status"]["sizing"]["granted"] == 12
    assert shop.psql("select 6 * 7") == "42"


def test_columns_and_explain_help_a_person():
    assert "orders.shop.svc:6432" in kube.kubectl("-n", shop.NAMESPACE, "get", "cpool", shop.POOL)
    assert "headroomPercent" in kube.kubectl("explain", "connectionpool.spec.sizing")


def test_everything_goes_with_the_manifest():
    kube.kubectl("-n", shop.NAMESPACE, "delete", "connectionpool", shop.POOL, "--timeout=60s")
    kube.kubectl("delete", "-f", MANIFEST, "--timeout=90s")
    assert not kube.exists("namespace", "cenote-system") and not kube.exists("crd", "connectionpools.cenote.dev")
    left = kube.items("clusterroles,clusterrolebindings", "default", "app.kubernetes.io/part-of=cenote")
    assert [item["metadata"]["name"] for item in left] == []
