// Where the API server is and who we are there: from a pod's environment, or from a kubeconfig file. Read once at start; files named in it
// are read again by their users, since the kubelet rotates them.
#pragma once

#include "dataplane/base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace cenote::kube {

struct ClusterAccess {
    std::string server;   // "https://10.0.0.1:443", no slash at the end
    std::string ca_file;  // PEM; read for each new connection
    std::string ca_pem;   // where there is no file
    bool insecure_skip_tls_verify = false;
    std::string token_file;
    std::string token;  // where there is no file
    std::string client_cert_pem;
    std::string client_key_pem;
    std::string ns;  // the context's or the pod's own
};

/// Returns the variable's value, "" if unset.
using Environment = std::function<std::string(const char* name)>;

[[nodiscard]] bool runs_in_cluster(const Environment& environment);
/// An IPv6 address gives way to the name kubernetes.default.svc. `service_account` is /var/run/secrets/kubernetes.io/serviceaccount but in
/// tests.
[[nodiscard]] Result<ClusterAccess> in_cluster_access(
    const Environment& environment, const std::string& service_account = "/var/run/secrets/kubernetes.io/serviceaccount"
);
/// context "" = the file's current-context.
[[nodiscard]] Result<ClusterAccess> load_kubeconfig(const std::string& path, std::string_view context = {});
/// `directory` is what relative paths in it start from.
[[nodiscard]] Result<ClusterAccess> parse_kubeconfig(const std::string& text, const std::string& directory, std::string_view context = {});

}  // namespace cenote::kube
