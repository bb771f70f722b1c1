"""The cluster's certificate authority, certificates and kubeconfigs, made with the openssl command. They live in the state folder and go with it."""

import base64
import subprocess
from pathlib import Path

from .places import API_SERVICE, API_URL, KUBECONFIG, NODE_ADDRESS, NODE_NAME, STATE

PKI = STATE / "pki"

# file name -> (subject, subject alternative names). The groups are Kubernetes' own: system:masters may do all, system:nodes is a kubelet.
CERTIFICATES = {
    "apiserver": ("/CN=kube-apiserver", f"IP:{NODE_ADDRESS},IP:{API_SERVICE},IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,"
                                        "DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"),
    "kubelet-server": (f"/CN={NODE_NAME}", f"IP:{NODE_ADDRESS},DNS:{NODE_NAME}"),
    "apiserver-kubelet-client": ("/O=system:masters/CN=kube-apiserver-kubelet-client", ""),
    "admin": ("/O=system:masters/CN=cenote-admin", ""),
    "controller-manager": ("/CN=system:kube-controller-manager", ""),
    "scheduler": ("/CN=system:kube-scheduler", ""),
    "kube-proxy": ("/CN=system:kube-proxy", ""),
    "kubelet": (f"/O=system:nodes/CN=system:node:{NODE_NAME}", ""),
}


def make_all() -> None:
    PKI.mkdir(parents=True, exist_ok=True)
    PKI.chmod(0o700)
    if not (PKI / "ca.crt").exists():
        _key("ca")
        _openssl("req", "-x509", "-new", "-key", PKI / "ca.key", "-subj", "/CN=cenote-cluster", "-days", "3650", "-out", PKI / "ca.crt",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
    for name, (subject, names) in CERTIFICATES.items():
        if not (PKI / f"{name}.crt").exists():
            _certificate(name, subject, names)
    if not (PKI / "service-account.key").exists():
        _openssl("genrsa", "-out", PKI / "service-account.key", "2048")
        _openssl("rsa", "-in", PKI / "service-account.key", "-pubout", "-out", PKI / "service-account.pub")
    for name in ("controller-manager", "scheduler", "kube-proxy", "kubelet"):
        _kubeconfig(name, PKI / f"{name}.kubeconfig")
    _kubeconfig("admin", KUBECONFIG)


def _certificate(name: str, subject: str, names: str) -> None:
    _key(name)
    request, extensions = PKI / f"{name}.csr", PKI / f"{name}.ext"
    extensions.write_text("keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n"
                          + (f"subjectAltName={names}\n" if names else ""))
    _openssl("req", "-new", "-key", PKI / f"{name}.key", "-subj", subject, "-out", request)
    _openssl("x509", "-req", "-in", request, "-CA", PKI / "ca.crt", "-CAkey", PKI / "ca.key", "-CAcreateserial", "-days", "3650",
             "-extfile", extensions, "-out", PKI / f"{name}.crt")
    request.unlink()
    extensions.unlink()


def _key(name: str) -> None:
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", PKI / f"{name}.key")


def _openssl(*words) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"openssl {words[0]} failed: {done.stderr.strip()}")


def _kubeconfig(user: str, path: Path) -> None:
    def data(file: Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    path.touch(mode=0o600)
    path.write_text(f"""apiVersion: v1
kind: Config
current-context: cenote
clusters:
- name: cenote
  cluster: {{server: "{API_URL}", certificate-authority-data: {data(PKI / "ca.crt")}}}
contexts:
- name: cenote
  context: {{cluster: cenote, user: {user}}}
users:
- name: {user}
  user: {{client-certificate-data: {data(PKI / f"{user}.crt")}, client-key-data: {data(PKI / f"{user}.key")}}}
""")
