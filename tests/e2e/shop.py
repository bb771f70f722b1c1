"""The tests' world: a database, an application and a client in the namespace `shop`, and the pool `orders` between them."""

import re
import subprocess

import kube

NAMESPACE, POOL = "shop", "orders"
ENDPOINT = "orders.shop.svc"
CHART, OPERATOR_NAMESPACE = kube.ROOT / "helm/cenote", "cenote-system"


def clean():
    """Takes the operator away, and what an aborted run left of it."""
    if kube.exists("crd", "connectionpools.cenote.dev"):
        kube.kubectl("delete", "connectionpools", "-A", "--all", "--timeout=60s")
    kube.helm("uninstall", "cenote", "-n", OPERATOR_NAMESPACE, "--ignore-not-found", "--wait")
    kube.kubectl("delete", "crd", "connectionpools.cenote.dev", "--ignore-not-found")
    kube.kubectl("delete", "namespace", OPERATOR_NAMESPACE, "--ignore-not-found", "--timeout=90s")


def create():
    kube.kubectl("apply", "-f", kube.MANIFESTS / "shop.yaml")
    kube.rollout("orders-db", NAMESPACE)
    kube.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", "pod/client", "--timeout=60s")
    client("pgbench -i -q -s 1 -h orders-db.shop.svc 2>&1")


def create_pool():
    kube.kubectl("apply", "-f", kube.MANIFESTS / "pool.yaml")


def destroy():
    kube.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=90s")


def client(script, timeout=120):
    """Runs a shell script in the client's pod, which knows user, password and database."""
    return kube.kubectl("-n", NAMESPACE, "exec", "client", "--", "sh", "-c", script, timeout=timeout)


def psql(query, host=ENDPOINT, port=6432):
    return client(f'psql -X -h {host} -p {port} -Atc "{query}"').strip()


def pool():
    return kube.get("connectionpool", POOL, NAMESPACE)


def pods():
    """The pool's serving pods."""
    return [pod for pod in kube.items("pods", NAMESPACE, f"app.kubernetes.io/instance={POOL}") if kube.is_serving(pod)]


def settle():
    """Waits until every pod runs what the status says."""
    def settled():
        status = pool()["status"]
        return {kube.pod_status(pod)["configHash"] for pod in pods()} == {status["configHash"]} and wait_for_condition("ConfigConverged", timeout=1)

    kube.wait_until(settled, "the pods to run what the status says", 30)


def wait_for_condition(kind, status="True", reason="", timeout=60):
    def reached():
        found = kube.condition(pool(), kind)
        return found if found["status"] == status and reason in found["reason"] else None

    try:
        return kube.wait_until(reached, f"the condition {kind}={status} {reason}".strip(), timeout)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{diagnosis()}") from None


def diagnosis():
    """What a person would look at first."""
    parts = []
    for words in (["-n", NAMESPACE, "get", "connectionpool", POOL, "-o", "yaml"], ["-n", NAMESPACE, "get", "pods,deployments,services,events"],
                  ["-n", NAMESPACE, "logs", f"deployment/{POOL}", "--tail=30"], ["-n", "cenote-system", "get", "pods,events"],
                  ["-n", "cenote-system", "logs", "deployment/cenote-operator", "--tail=40"]):
        try:
            parts.append(f"--- kubectl {' '.join(words)}\n{kube.kubectl(*words)}")
        except kube.Refused as error:
            parts.append(f"--- {error}")
    return "\n".join(parts)[-12000:]


class Load:
    """pgbench through the pool, in the client's pod, for a bounded time at a bounded rate. As a context it must end without one failed transaction."""

    def __init__(self, seconds, clients=8, rate=150, options=""):
        script = f"pgbench -h {ENDPOINT} -p 6432 -n -N -c {clients} -j 1 -T {seconds} --rate={rate} {options} 2>&1"
        self.seconds = seconds
        self.process = subprocess.Popen(
            [str(kube.KUBECTL), f"--kubeconfig={kube.KUBECONFIG}", "-n", NAMESPACE, "exec", "client", "--", "sh", "-c", script],
            stdout=subprocess.PIPE, text=True)
        self.transactions = self.failed = None
        self.output = ""

    def __enter__(self):
        # The load is on when its clients are connected: the server then sees their transactions.
        before = self._committed()
        kube.wait_until(lambda: self._committed() > before + 20, "the load to begin", 20)
        return self

    @staticmethod
    def _committed():
        return int(psql("select count(*) from pgbench_history", host="orders-db.shop.svc", port=5432))

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
            self.process.wait()
            return
        self.output, _ = self.process.communicate(timeout=self.seconds + 30)
        assert self.process.returncode == 0, self.output
        self.transactions = int(re.search(r"transactions actually processed: (\d+)", self.output)[1])
        self.failed = int(re.search(r"failed transactions: (\d+)", self.output)[1])
        assert self.failed == 0 and self.transactions > 0, self.output
