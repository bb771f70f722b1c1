// The command line of cenote-operator.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace cenote::app {

struct Options {
    std::filesystem::path standalone;  // directory of manifests; "" = a Kubernetes cluster
    std::filesystem::path state_dir;   // "" = <standalone>/.cenote
    std::string cenote = "cenote";     // the data plane's binary, standalone only
    std::string pool_address = "127.0.0.1";
    std::string kubeconfig;  // "" = the pod's own service account
    std::string ns;          // "" = all namespaces
    std::string image;       // of pooler pods
    std::string listen_address = "0.0.0.0";
    int listen_port = 8081;  // 0 = no HTTP
    int workers = 4;
    bool leader_election = true;
    std::string leader_election_namespace;  // "" = the pod's own
    bool verbose = false;
};

/// Options, or the exit code of a run that ends here (--help, --version, a mistake), after it has been said on the terminal.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace cenote::app
