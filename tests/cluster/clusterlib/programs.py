"""The node's programs: their command lines and what each waits for. node_init.py starts them in this order and restarts one that ends."""

from dataclasses import asdict, dataclass

from .certificates import PKI
from .configuration import CONTAINERD_CONFIG, KUBELET_CONFIG, PROXY_CONFIG
from .places import API_PORT, KUBERNETES, NODE_ADDRESS, NODE_NAME, POD_RANGE, SERVICE_RANGE, STATE

ETCD = "http://127.0.0.1:2379"
API_READY = f"https://{NODE_ADDRESS}:{API_PORT}/readyz"


@dataclass
class Program:
    name: str
    command: list
    after: str = ""  # a URL that must answer 200, or the path of a socket, before the program starts


def programs() -> list:
    return [asdict(program) for program in (_etcd(), _containerd(), _apiserver(), _controller_manager(), _scheduler(), _kubelet(), _proxy())]


def _etcd() -> Program:
    return Program("etcd", [
        "etcd", "--name=cenote", f"--data-dir={STATE}/etcd", f"--listen-client-urls={ETCD}", f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=cenote=http://127.0.0.1:2380", "--quota-backend-bytes=2147483648"])


def _containerd() -> Program:
    return Program("containerd", ["containerd", "--config", str(CONTAINERD_CONFIG)])


def _apiserver() -> Program:
    return Program("kube-apiserver", [
        str(KUBERNETES / "kube-apiserver"), f"--etcd-servers={ETCD}", f"--advertise-address={NODE_ADDRESS}", f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICE_RANGE}", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true", "--profiling=false",
        "--feature-gates=SizeBasedListCostEstimate=false",  # it asks etcd for what Debian's 3.4 lacks, and logs each refusal
        f"--client-ca-file={PKI}/ca.crt", f"--tls-cert-file={PKI}/apiserver.crt", f"--tls-private-key-file={PKI}/apiserver.key",
        f"--kubelet-certificate-authority={PKI}/ca.crt", f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",  # the node's name resolves nowhere, and `kubectl logs` and `exec` would use it
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={PKI}/service-account.pub", f"--service-account-signing-key-file={PKI}/service-account.key",
    ], after=f"{ETCD}/health")


def _controller_manager() -> Program:
    return Program("kube-controller-manager", [
        str(KUBERNETES / "kube-controller-manager"), f"--kubeconfig={PKI}/controller-manager.kubeconfig", "--leader-elect=false",
        f"--root-ca-file={PKI}/ca.crt", f"--service-account-private-key-file={PKI}/service-account.key",
        f"--cluster-signing-cert-file={PKI}/ca.crt", f"--cluster-signing-key-file={PKI}/ca.key",
        f"--cluster-cidr={POD_RANGE}", f"--service-cluster-ip-range={SERVICE_RANGE}", "--allocate-node-cidrs=false",
        "--use-service-account-credentials=true", "--profiling=false"], after=API_READY)


def _scheduler() -> Program:
    return Program("kube-scheduler", [str(KUBERNETES / "kube-scheduler"), f"--kubeconfig={PKI}/scheduler.kubeconfig", "--leader-elect=false",
                                      "--profiling=false"], after=API_READY)


def _kubelet() -> Program:
    return Program("kubelet", [
        str(KUBERNETES / "kubelet"), f"--config={KUBELET_CONFIG}", f"--kubeconfig={PKI}/kubelet.kubeconfig", f"--root-dir={STATE}/kubelet",
        f"--hostname-override={NODE_NAME}", f"--node-ip={NODE_ADDRESS}"], after=API_READY)


def _proxy() -> Program:
    return Program("kube-proxy", [str(KUBERNETES / "kube-proxy"), f"--config={PROXY_CONFIG}"], after=API_READY)
