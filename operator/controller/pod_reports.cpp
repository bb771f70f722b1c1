#include "operator/controller/pod_reports.hpp"

#include "operator/kube/json.hpp"

namespace cenote::controller {

std::optional<PodReport> parse_report(std::string_view body) {
    const auto json = kube::parse_json(body);
    if (!json || !json->is_object()) {
        return std::nullopt;
    }
    const auto config_hash = kube::string_at(*json, "/configHash");
    if (!config_hash) {
        return std::nullopt;
    }
    return PodReport{
        .version = kube::string_or(*json, "/version"),
        .state = kube::string_or(*json, "/state"),
        .config_hash = *config_hash,
        .auth_hash = kube::string_or(*json, "/authHash"),
        .reload_error = kube::string_or(*json, "/lastReloadError"),
        .server_limit = kube::int_or(*json, "/serverLimit"),
        .server_open = kube::int_or(*json, "/serverOpen") + kube::int_or(*json, "/serverOpening"),
    };
}

}  // namespace cenote::controller
