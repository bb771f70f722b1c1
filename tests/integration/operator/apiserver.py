"""A real kube-apiserver over a real etcd, nothing else: what a controller talks to, without nodes. For the tests of the operator.

    with ApiServer() as server:
        server.install_crd(path)            # waits until it is served
        server.get("/api/v1/namespaces")    # parsed JSON; ApiFailure otherwise
        server.kubectl("get", "pods")       # text
        run("cenote-operator", "--kubeconfig", server.kubeconfig)

Nothing here deletes owned objects or runs pods: there is no controller manager. A test that needs a Deployment's status writes it itself.
"""

import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

import yaml
from support.processes import Process, free_port, remove_dir, temp_dir
from support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
ADMIN_TOKEN = "admin-token"


class ApiFailure(Exception):
    def __init__(self, code, body):
        super().__init__(f"HTTP {code}: {body[:500]}")
        self.code = code
        self.body = body


def binaries():
    """The folder of kube-apiserver and kubectl; built once, for minutes, if it is not in the cache."""
    done = subprocess.run([ROOT / "tests/cluster/apiserver-binaries"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


def must_run(process):
    if not process.running():
        tail = "\n".join(process.log_path.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"{process.log_path.name}: the program ended with {process.returncode}:\n{tail}")


class ApiServer:
    def __init__(self):
        self.directory = temp_dir("cenote-apiserver-")
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.kubeconfig = self.directory / "kubeconfig"
        self.ca_file = self.directory / "certs" / "apiserver.crt"  # made by the server: its certificate and the CA that signed it
        self.tokens = {ADMIN_TOKEN: ("admin", "system:masters"), "nobody-token": ("nobody", "")}
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self._etcd = None
        self._server = None
        self._binaries = None

    def __enter__(self):
        try:
            self._binaries = binaries()
            self._start_etcd()
            self._make_service_account_key()
            self.start()
            self._write_kubeconfig()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in (self._server, self._etcd):
            if process is not None:
                process.stop(signal.SIGKILL)
        self._server = self._etcd = None
        remove_dir(self.directory)

    # The server's life.

    def start(self, port=None):
        """Starts the API server and waits until it is ready; `port` other than its own for work behind its clients' back."""
        tokens = self.directory / "tokens.csv"
        tokens.write_text("".join(f'{token},{user},{user},"{groups}"\n' for token, (user, groups) in self.tokens.items()))
        key = self.directory / "service-account.key"
        self._server = Process([
            self._binaries / "kube-apiserver", f"--etcd-servers={self._etcd_url}", "--bind-address=127.0.0.1",
            f"--secure-port={port or self.port}", f"--cert-dir={self.ca_file.parent}", f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://cenote.test", f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}", "--etcd-compaction-interval=0", "--watch-cache=true",
            "--endpoint-reconciler-type=none", "--profiling=false",
        ], self.directory / "kube-apiserver.log", unprivileged=False)  # fmt: skip
        url = f"https://127.0.0.1:{port or self.port}"
        wait_until(lambda: self._is_ready(url), timeout=60, what="kube-apiserver answering /readyz")

    def stop(self):
        """As a crash does it: a server that ends in order waits half a minute for its watches."""
        self._server.stop(signal.SIGKILL)
        self._server = None

    def restart(self):
        self.stop()
        self.start()

    def behind_the_back(self, change):
        """Ends the server, calls change(request) against one on another port, compacts etcd, and starts the server again: what a long outage does."""
        self.stop()
        port = free_port()
        self.start(port)
        url = f"https://127.0.0.1:{port}"
        change(lambda method, path, body=None: self._request(method, path, body, url=url))
        self.compact()
        self.stop()
        self.start()

    def compact(self):
        """Removes etcd's history up to now, so that watches from an old resourceVersion get 410."""
        kept = self._etcd_call("/v3/kv/range", {"key": "AA==", "limit": "1"})
        self._etcd_call("/v3/kv/compaction", {"revision": kept["header"]["revision"], "physical": True})

    # Talking to it.

    def get(self, path):
        return self._request("GET", path)

    def post(self, path, body):
        return self._request("POST", path, body)

    def put(self, path, body):
        return self._request("PUT", path, body)

    def patch(self, path, body):
        return self._request("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path):
        return self._request("DELETE", path)

    def apply(self, path, body, manager="test"):
        """Server-side apply of an object (a status with path …/status)."""
        return self._request("PATCH", f"{path}?fieldManager={manager}&force=true", body, "application/apply-patch+yaml")

    def create_namespace(self, name):
        return self.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def install_crd(self, path):
        """Applies a CustomResourceDefinition file and waits until its resources are served."""
        crd = yaml.safe_load(pathlib.Path(path).read_text())
        self.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}", crd)
        for version in crd["spec"]["versions"]:
            resources = f"/apis/{crd['spec']['group']}/{version['name']}/{crd['spec']['names']['plural']}"
            wait_until(lambda: self._answers(resources), timeout=30, what=f"{resources} being served")

    def kubectl(self, *arguments, check=True, stdin=None):
        command = [self._binaries / "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True, input=stdin)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def environment(self):
        """For programs that take the server by environment variables."""
        return {"CENOTE_API_SERVER": self.url, "CENOTE_API_CA_FILE": str(self.ca_file), "CENOTE_API_TOKEN": ADMIN_TOKEN}

    # Inside.

    def _start_etcd(self):
        etcd = shutil.which("etcd")
        if etcd is None:
            raise RuntimeError("etcd is missing: it is in Debian's package etcd-server")
        self._etcd = Process([
            etcd, f"--data-dir={self.directory / 'etcd'}", f"--listen-client-urls={self._etcd_url}", f"--advertise-client-urls={self._etcd_url}",
            "--listen-peer-urls=http://127.0.0.1:0", "--unsafe-no-fsync", "--log-level=warn",
        ], self.directory / "etcd.log", unprivileged=False)  # fmt: skip
        wait_until(self._etcd_answers, timeout=30, what="etcd answering")

    def _etcd_answers(self):
        must_run(self._etcd)
        try:
            return bool(self._etcd_call("/v3/kv/range", {"key": "AA==", "limit": "1"}))
        except OSError:
            return False

    def _etcd_call(self, path, body):
        request = urllib.request.Request(self._etcd_url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _make_service_account_key(self):
        key = self.directory / "service-account.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)

    def _write_kubeconfig(self):
        self.kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self.ca_file)}}],
            "users": [{"name": "admin", "user": {"token": ADMIN_TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin", "namespace": "default"}}],
        }))  # fmt: skip

    def _is_ready(self, url):
        must_run(self._server)
        try:
            return self._request("GET", "/readyz", url=url, raw=True) == "ok"
        except (OSError, ApiFailure):
            return False

    def _answers(self, path):
        try:
            self.get(path)
            return True
        except ApiFailure:
            return False

    def _request(self, method, path, body=None, content_type="application/json", url=None, raw=False):
        headers = {"Authorization": f"Bearer {next(iter(self.tokens))}", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((url or self.url) + path, data, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as failure:
            raise ApiFailure(failure.code, failure.read().decode(errors="replace")) from None
        return text if raw else json.loads(text)
