"""One ConnectionPool in a namespace of a real API server, with the parts of a node that the tests play: its pod, and the Deployment's status."""

import base64
import copy
import hashlib
import http.server
import json
import re
import signal
import threading
import urllib.request

from apiserver import ApiFailure
from support import processes
from support.operator_fixture import OPERATOR
from support.waiting import wait_until

POOLS = "/apis/cenote.dev/v1alpha1/namespaces/{}/connectionpools"
CHILDREN = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps/orders",
    "Secret": "/api/v1/namespaces/{}/secrets/orders-users",
    "Service": "/api/v1/namespaces/{}/services/orders",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments/orders",
}


class Operator:
    def __init__(self, server, *options):
        assert OPERATOR.exists(), f"{OPERATOR} is not built"
        self.dir = processes.temp_dir("cenote-op-")
        self.http_port = processes.free_port()
        self.process = processes.Process(
            [OPERATOR, "--kubeconfig", server.kubeconfig, "--image", "cenote.test/cenote:1", "--listen", f"127.0.0.1:{self.http_port}", *options],
            self.dir / "operator.log", unprivileged=False,
        )  # fmt: skip

    def page(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name):
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.page("/metrics"), re.M))

    def stop(self):
        if self.process.running():
            assert self.process.stop(signal.SIGTERM, 20) == 0, self.process.log()[-3000:]
        log = self.process.log()
        processes.remove_dir(self.dir)
        return log


class FakePod:
    """A Pod object whose /status answers what the test says; kept at the files of now, as a kubelet and a cenote would, unless told to lag."""

    def __init__(self, namespace, name="orders-1"):
        self.namespace = namespace
        self.lag = False
        self.seen = {"config": "", "auth": "", "limit": 1}
        self.open = 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                try:
                    body = json.dumps(owner.answer()).encode()
                except ApiFailure:  # its files are gone, or the server is
                    return self.send_error(503)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        self.path = f"/api/v1/namespaces/{namespace.name}/pods/{name}"
        template = namespace.child("Deployment")["spec"]["template"]["metadata"]
        port = self.web.server_address[1]
        container = {"name": "cenote", "image": "x", "ports": [{"name": "http", "containerPort": port}]}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template, "name": name}, "spec": {"containers": [container]}}
        namespace.server.post(f"/api/v1/namespaces/{namespace.name}/pods", body)
        status = {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}], "conditions": [{"type": "Ready", "status": "True"}]}
        namespace.server.patch(f"{self.path}/status", {"status": status})

    def answer(self):
        if not self.lag:
            ini = self.namespace.child("ConfigMap")["data"]["cenote.ini"]
            users = base64.b64decode(self.namespace.child("Secret")["data"]["userlist.txt"])
            limit = self.share() or 1
            self.seen = {"config": hashlib.sha256(ini.encode()).hexdigest(), "auth": hashlib.sha256(users).hexdigest(), "limit": limit}
        return {
            "version": "1", "state": "Running", "configHash": self.seen["config"], "authHash": self.seen["auth"], "lastReloadError": "",
            "serverLimit": self.seen["limit"], "serverOpen": min(self.open, self.seen["limit"]), "serverOpening": 0,
        }  # fmt: skip

    def share(self):
        """What stands at the pod; None before anything does."""
        found = re.search(r"max_db_connections = (\d+)", self.annotations().get("cenote.dev/share", ""))
        return int(found.group(1)) if found else None

    def annotations(self):
        return self.namespace.server.get(self.path)["metadata"].get("annotations", {})


class Namespace:
    """One test's namespace, with the pool `orders` in it."""

    def __init__(self, server, postgres, name):
        self.server = server
        self.name = name
        self.spec = {
            "database": {"host": "127.0.0.1", "port": postgres.port, "name": "orders", "credentialsSecretRef": {"name": "orders-db"}},
            "workloads": [{"name": "web", "replicas": 1, "workers": 4, "threads": 2}],
        }
        server.create_namespace(name)

    def create_secret(self, password="pw"):
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "orders-db"}, "stringData": {"username": "orders", "password": password}}
        self.server.post(f"/api/v1/namespaces/{self.name}/secrets", body)

    def apply_pool(self, **changes):
        self.spec.update(copy.deepcopy(changes))
        body = {"apiVersion": "cenote.dev/v1alpha1", "kind": "ConnectionPool", "metadata": {"name": "orders"}, "spec": self.spec}
        return self.server.apply(POOLS.format(self.name) + "/orders", body, manager="kubectl")

    def pool(self):
        return self.server.get(POOLS.format(self.name) + "/orders")

    def status(self):
        return self.pool().get("status", {})

    def condition(self, kind):
        return next((entry for entry in self.status().get("conditions", []) if entry["type"] == kind), {})

    def child(self, kind):
        return self.server.get(CHILDREN[kind].format(self.name))

    def ini(self):
        return self.child("ConfigMap")["data"]["cenote.ini"]

    def wait_children(self):
        return wait_until(lambda: {kind: self.child(kind) for kind in CHILDREN}, "the pool's objects", 15)

    def set_deployment_status(self, ready=1):
        deployment = self.child("Deployment")
        status = {"observedGeneration": deployment["metadata"]["generation"], "replicas": ready, "updatedReplicas": ready, "readyReplicas": ready}
        self.server.patch(CHILDREN["Deployment"].format(self.name) + "/status", {"status": status})

    def events(self):
        """reason -> notes"""
        found = {}
        for event in self.server.get(f"/apis/events.k8s.io/v1/namespaces/{self.name}/events")["items"]:
            found.setdefault(event["reason"], []).append(event["note"])
        return found

    def versions(self):
        """resourceVersion of everything there is."""
        found = {}
        for kind in ("configmaps", "secrets", "services", "pods", "events"):
            for item in self.server.get(f"/api/v1/namespaces/{self.name}/{kind}")["items"]:
                found[kind, item["metadata"]["name"]] = item["metadata"]["resourceVersion"]
        found["pool"] = self.pool()["metadata"]["resourceVersion"]
        found["deployment"] = self.child("Deployment")["metadata"]["resourceVersion"]
        return found
