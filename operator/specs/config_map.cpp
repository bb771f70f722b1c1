#include "operator/api/labels.hpp"
#include "operator/specs/objects.hpp"

namespace cenote::specs {

kube::Json config_map(const api::ConnectionPool& pool, std::string_view ini) {
    kube::Json object = child(pool, kube::kConfigMap, pool.name);
    object["data"] = {{std::string{api::kIniKey}, ini}};
    return object;
}

}  // namespace cenote::specs
