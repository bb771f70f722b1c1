"""The development cluster: a real single-node Kubernetes on this machine. docs/development-cluster.md tells how it is made."""
