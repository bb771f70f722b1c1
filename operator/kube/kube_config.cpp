#include "operator/kube/kube_config.hpp"

#include "operator/kube/base64.hpp"
#include "operator/kube/files.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>

namespace cenote::kube {
namespace {

constexpr std::string_view kServiceName = "kubernetes.default.svc";

std::string text(const YAML::Node& node) { return node && node.IsScalar() ? node.Scalar() : std::string{}; }

// The entry `name` of a kubeconfig list such as `clusters: [{name, cluster: {…}}]`.
Result<YAML::Node> entry(const YAML::Node& root, const char* list, const char* field, const std::string& name) {
    const YAML::Node entries = root[list];
    if (entries && entries.IsSequence()) {
        for (const YAML::Node& item : entries) {
            if (item.IsMap() && text(item["name"]) == name && item[field] && item[field].IsMap()) {
                return YAML::Node(item[field]);
            }
        }
    }
    return Error{fmt::format("{}: no entry named \"{}\"", list, name)};
}

std::string absolute(const std::string& path, const std::string& directory) {
    return path.empty() ? path : (std::filesystem::path(directory) / path).string();
}

// `client-certificate` names a file, `client-certificate-data` holds the same in base64 and wins.
Result<std::string> pem(const YAML::Node& node, const std::string& field, const std::string& directory) {
    if (const std::string data = text(node[field + "-data"]); !data.empty()) {
        auto decoded = decode_base64(data);
        return decoded ? std::move(decoded) : Result<std::string>(with_context(field + "-data", decoded.error()));
    }
    const std::string path = text(node[field]);
    return path.empty() ? Result<std::string>(std::string{}) : read_file(absolute(path, directory));
}

Result<void> read_user(const YAML::Node& user, const std::string& directory, ClusterAccess& access) {
    if (user["exec"] || user["auth-provider"]) {
        return Error{"users with exec or auth-provider are not supported: use a token or a client certificate"};
    }
    access.token = text(user["token"]);
    access.token_file = absolute(text(user["tokenFile"]), directory);
    auto certificate = pem(user, "client-certificate", directory);
    auto key = pem(user, "client-key", directory);
    if (!certificate) {
        return std::move(certificate).error();
    }
    if (!key) {
        return std::move(key).error();
    }
    access.client_cert_pem = *certificate;
    access.client_key_pem = *key;
    if (access.client_cert_pem.empty() != access.client_key_pem.empty()) {
        return Error{"client-certificate and client-key belong together"};
    }
    return {};
}

Result<void> read_cluster(const YAML::Node& cluster, const std::string& directory, ClusterAccess& access) {
    access.server = text(cluster["server"]);
    if (!access.server.starts_with("https://") && !access.server.starts_with("http://")) {
        return Error{fmt::format("server: \"{}\" is not an http or https address", access.server)};
    }
    while (access.server.ends_with('/')) {
        access.server.pop_back();
    }
    access.insecure_skip_tls_verify = text(cluster["insecure-skip-tls-verify"]) == "true";
    if (text(cluster["certificate-authority-data"]).empty()) {
        access.ca_file = absolute(text(cluster["certificate-authority"]), directory);
        return {};
    }
    auto ca = pem(cluster, "certificate-authority", directory);
    if (!ca) {
        return std::move(ca).error();
    }
    access.ca_pem = *ca;
    return {};
}

Result<ClusterAccess> from_yaml(const YAML::Node& root, const std::string& directory, std::string_view context) {
    if (!root.IsMap()) {
        return Error{"not a kubeconfig file"};
    }
    const std::string name = context.empty() ? text(root["current-context"]) : std::string(context);
    auto chosen = entry(root, "contexts", "context", name);
    if (!chosen) {
        return std::move(chosen).error();
    }
    auto cluster = entry(root, "clusters", "cluster", text((*chosen)["cluster"]));
    if (!cluster) {
        return std::move(cluster).error();
    }
    ClusterAccess access;
    access.ns = text((*chosen)["namespace"]);
    if (auto read = read_cluster(*cluster, directory, access); !read) {
        return std::move(read).error();
    }
    const std::string user_name = text((*chosen)["user"]);
    if (user_name.empty()) {
        return access;  // anonymous, as through `kubectl proxy`
    }
    auto user = entry(root, "users", "user", user_name);
    if (!user) {
        return std::move(user).error();
    }
    if (auto read = read_user(*user, directory, access); !read) {
        return with_context("user \"" + user_name + "\"", read.error());
    }
    return access;
}

}  // namespace

bool runs_in_cluster(const Environment& environment) {
    return !environment("KUBERNETES_SERVICE_HOST").empty() && !environment("KUBERNETES_SERVICE_PORT").empty();
}

Result<ClusterAccess> in_cluster_access(const Environment& environment, const std::string& service_account) {
    if (!runs_in_cluster(environment)) {
        return Error{"not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"};
    }
    const std::string host = environment("KUBERNETES_SERVICE_HOST");
    ClusterAccess access;
    // cpprestsdk cannot resolve a bracketed address ("[fd00::1]"). The service's name is in every cluster's DNS and in the server's
    // certificate.
    const std::string server = host.find(':') == std::string::npos ? host : std::string(kServiceName);
    access.server = fmt::format("https://{}:{}", server, environment("KUBERNETES_SERVICE_PORT"));
    access.ca_file = service_account + "/ca.crt";
    access.token_file = service_account + "/token";
    if (auto token = read_file(access.token_file); !token) {
        return with_context("service account", token.error());
    }
    if (auto ca = read_file(access.ca_file); !ca) {
        return with_context("service account", ca.error());
    }
    if (auto ns = read_file(service_account + "/namespace")) {
        access.ns = ns->substr(0, ns->find_last_not_of(" \r\n\t") + 1);
    }
    return access;
}

Result<ClusterAccess> parse_kubeconfig(const std::string& text, const std::string& directory, std::string_view context) {
    try {
        return from_yaml(YAML::Load(text), directory, context);
    } catch (const YAML::Exception& error) {
        return Error{fmt::format("kubeconfig: {}", error.what())};
    }
}

Result<ClusterAccess> load_kubeconfig(const std::string& path, std::string_view context) {
    auto content = read_file(path);
    if (!content) {
        return std::move(content).error();
    }
    auto access = parse_kubeconfig(*content, std::filesystem::path(path).parent_path().string(), context);
    return access ? std::move(access) : Result<ClusterAccess>(with_context(path, access.error()));
}

}  // namespace cenote::kube
