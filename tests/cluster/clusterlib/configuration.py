"""The configuration files of the node's programs, written into the state folder. The reasons for unusual values stand beside them."""

import json

from .certificates import PKI
from .places import CGROUP, CONTAINERD_SOCKET, DNS_SERVICE, LOGS, NODE_ADDRESS, NODE_NAME, POD_RANGE, STATE

CONTAINERD_CONFIG, KUBELET_CONFIG, PROXY_CONFIG = STATE / "containerd.toml", STATE / "kubelet.yaml", STATE / "kube-proxy.yaml"
CNI = STATE / "cni"
PAUSE_IMAGE = "cenote.local/pause:dev"

# restrict_oom_score_adj: without CAP_SYS_RESOURCE runc may not lower the score, and the sandbox fails with
# "can't get final child's PID from pipe: EOF".
CONTAINERD = f"""version = 2
root = "{STATE}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
                    "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{CNI}"
"""

# Images come from no registry, so the kubelet must never collect one: the thresholds are at their ends.
KUBELET = f"""apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {NODE_ADDRESS}
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {PKI}/ca.crt}}
authorization: {{mode: Webhook}}
tlsCertFile: {PKI}/kubelet-server.crt
tlsPrivateKeyFile: {PKI}/kubelet-server.key
cgroupDriver: cgroupfs
cgroupRoot: /{CGROUP}
clusterDomain: cluster.local
clusterDNS: [{DNS_SERVICE}]
containerRuntimeEndpoint: unix://{CONTAINERD_SOCKET}
evictionHard: {{memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}}
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
oomScoreAdj: 0
podLogsDir: {LOGS}/pods
resolvConf: {STATE}/resolv.conf
"""

# The node has a network namespace of its own, where the machine's conntrack limits cannot be written: 0 leaves them.
PROXY = f"""apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {{kubeconfig: {PKI}/kube-proxy.kubeconfig}}
clusterCIDR: {POD_RANGE}
conntrack: {{maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
hostnameOverride: {NODE_NAME}
iptables: {{minSyncPeriod: 100ms}}
mode: iptables
oomScoreAdj: 0
"""

# ptp routes each pod through the node, so that Services work without br_netfilter.
NETWORK = {
    "cniVersion": "0.4.0",
    "name": "cenote",
    "plugins": [
        {"type": "ptp", "ipMasq": False, "mtu": 1500,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": str(STATE / "addresses")}},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}


def write_all() -> None:
    CNI.mkdir(parents=True, exist_ok=True)
    CONTAINERD_CONFIG.write_text(CONTAINERD)
    KUBELET_CONFIG.write_text(KUBELET)
    PROXY_CONFIG.write_text(PROXY)
    (CNI / "10-cenote.conflist").write_text(json.dumps(NETWORK, indent=2))
    (STATE / "resolv.conf").write_text("# The cluster is closed: names outside it do not resolve.\n")
