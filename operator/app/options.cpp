#include "operator/app/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>

namespace cenote::app {
namespace {

constexpr const char* kAbout =
    "Keeps a right-sized PostgreSQL connection pool running for every ConnectionPool (cenote.dev/v1alpha1).\n"
    "In a Kubernetes cluster it needs no options. Without a cluster, --standalone DIR takes the manifests\n"
    "from a directory and runs the pools as processes on this machine.";

constexpr const char* kMore =
    "Examples:\n"
    "  cenote-operator --standalone /etc/cenote/pools --cenote /usr/local/bin/cenote\n"
    "  cenote-operator --kubeconfig ~/.kube/config --namespace shop --no-leader-election\n"
    "\n"
    "In standalone mode a pool's clients connect to 127.0.0.1 on the port of its annotation cenote.dev/standalone-port,\n"
    "or else on the first free one from 6432. What became of a pool stands in DIR/.cenote/status/<namespace>.<name>.yaml.\n"
    "SIGTERM stops: in a cluster the pools go on running, in standalone mode they drain and end.";

/// "ADDR:PORT", ":PORT", "[::1]:PORT".
std::string split_address(const std::string& text, Options& options) {
    const auto colon = text.rfind(':');
    const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
    int number = -1;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number < 0 || number > 65535) {
        return fmt::format("\"{}\" is not ADDR:PORT", text);
    }
    std::string address = text.substr(0, colon);
    if (address.size() >= 2 && address.front() == '[' && address.back() == ']') {
        address = address.substr(1, address.size() - 2);
    }
    options.listen_address = address.empty() ? "*" : address;
    options.listen_port = number;
    return {};
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
    Options options;
    std::string standalone;
    std::string state_dir;
    std::string listen;
    bool no_election = false;
    CLI::App app{kAbout, "cenote-operator"};
    app.footer(kMore);
    app.set_version_flag("--version", "cenote-operator " CENOTE_VERSION);
    app.add_option("--standalone", standalone, "Directory of manifests (*.yaml): run without Kubernetes")
        ->type_name("DIR")
        ->group("Standalone");
    app.add_option("--cenote", options.cenote, "The cenote program to run for each pool (default: from PATH)")
        ->type_name("PATH")
        ->group("Standalone");
    app.add_option("--state-dir", state_dir, "Where status, volumes and the event log go (default: DIR/.cenote)")
        ->type_name("DIR")
        ->group("Standalone");
    app.add_option("--pool-address", options.pool_address, "Address on which pools take clients")
        ->type_name("ADDR")
        ->capture_default_str()
        ->group("Standalone");
    app.add_option("--kubeconfig", options.kubeconfig, "Reach the cluster through this file (default: as the pod)")
        ->type_name("FILE")
        ->group("Kubernetes");
    app.add_option("--namespace", options.ns, "Look after this namespace only (default: all)")
        ->envname("WATCH_NAMESPACE")
        ->type_name("NS")
        ->group("Kubernetes");
    app.add_option("--image", options.image, "Image of the pools' pods")->envname("CENOTE_IMAGE")->type_name("IMAGE")->group("Kubernetes");
    app.add_flag("--no-leader-election", no_election, "Lead at once; for a single operator run by hand")->group("Kubernetes");
    app.add_option("--leader-election-namespace", options.leader_election_namespace, "Namespace of the Lease (default: the pod's own)")
        ->type_name("NS")
        ->group("Kubernetes");
    app.add_option("--listen", listen, "ADDR:PORT of /healthz, /readyz and /metrics; port 0 = off (default: :8081, standalone: off)")
        ->type_name("ADDR:PORT");
    app.add_option("--workers", options.workers, "Pools reconciled at the same time")->check(CLI::Range(1, 64))->capture_default_str();
    app.add_flag("-v,--verbose", options.verbose, "Log more");
    try {
        app.parse(argc, argv);
        if (!standalone.empty() && !options.kubeconfig.empty()) {
            throw CLI::ValidationError("--standalone and --kubeconfig exclude each other");
        }
        if (listen.empty()) {
            options.listen_port = standalone.empty() ? options.listen_port : 0;
        } else if (const std::string problem = split_address(listen, options); !problem.empty()) {
            throw CLI::ValidationError("--listen", problem);
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    options.standalone = standalone;
    options.state_dir = state_dir;
    options.leader_election = !no_election && standalone.empty();
    return options;
}

}  // namespace cenote::app
