//go:build tools

// Package tools names the programs beside Kubernetes that the development cluster is built from.
package tools

import (
	_ "github.com/coredns/coredns/coremain"
	_ "helm.sh/helm/v3/cmd/helm"
)
