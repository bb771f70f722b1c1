#include "operator/api/labels.hpp"
#include "operator/specs/objects.hpp"

namespace cenote::specs {

kube::Json service(const api::ConnectionPool& pool) {
    const auto port = [](std::string_view name, std::int32_t number) {
        return kube::Json{{"name", name}, {"port", number}, {"targetPort", name}, {"protocol", "TCP"}};
    };
    kube::Json object = child(pool, kube::kService, pool.name);
    object["spec"] = {
        {"type", "ClusterIP"},
        {"selector", api::selector_labels(pool.name)},
        {"ports", kube::Json::array({port(api::kPostgresPortName, api::kPostgresPort), port(api::kHttpPortName, api::kHttpPort)})}
    };
    return object;
}

}  // namespace cenote::specs
