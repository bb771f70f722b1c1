"""An operator of two pods with rights in one namespace only: what a team without cluster-wide rights installs."""

import time

import kube
import pytest
import shop


@pytest.fixture(scope="module", autouse=True)
def world():
    shop.clean()
    shop.create()
    yield
    shop.destroy()
    shop.clean()


def operator_pods():
    return [pod["metadata"]["name"] for pod in kube.items("pods", shop.OPERATOR_NAMESPACE, "app.kubernetes.io/name=cenote-operator") if kube.is_serving(pod)]


def leader():
    """The pod that holds the lease; the identity begins with its name."""
    holder = kube.get("lease", "cenote-operator", shop.OPERATOR_NAMESPACE)["spec"].get("holderIdentity") or ""
    return next((name for name in operator_pods() if holder.startswith(name)), "")


def test_it_works_with_a_role_in_its_namespace():
    kube.helm("install", "cenote", shop.CHART, "-n", shop.OPERATOR_NAMESPACE, "--create-namespace", "--wait", "--timeout=90s",
              "--set", f"watchNamespace={shop.NAMESPACE},replicas=2")
    assert len(operator_pods()) == 2 and not kube.exists("clusterrole", "cenote-operator")
    shop.create_pool()
    shop.wait_for_condition("Ready")
    assert shop.psql("select 1") == "1"


def test_a_standby_takes_over_when_the_leader_goes(figure):
    first = kube.wait_until(leader, "a leader", 30)
    began = time.monotonic()
    kube.kubectl("-n", shop.OPERATOR_NAMESPACE, "delete", "pod", first, "--grace-period=0", "--force")
    kube.patch("connectionpool", shop.POOL, shop.NAMESPACE, {"spec": {"sizing": {"headroomPercent": 200}}})
    kube.wait_until(lambda: shop.pool()["status"]["sizing"]["granted"] == 16, "the standby to take over and act", 60)
    figure("leader deleted to an edit acted upon, s", round(time.monotonic() - began, 1))
    assert kube.wait_until(leader, "the new leader", 20) != first


def test_nobody_was_refused():
    for name in operator_pods():
        log = kube.kubectl("-n", shop.OPERATOR_NAMESPACE, "logs", name)
        assert [line for line in log.splitlines() if "orbidden" in line] == [], name
