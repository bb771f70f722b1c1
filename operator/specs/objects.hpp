// The objects of a pool, one function and one .cpp each. Pure.
#pragma once

#include "operator/api/connection_pool.hpp"
#include "operator/kube/json.hpp"
#include "operator/kube/object.hpp"

#include <string>
#include <string_view>

namespace cenote::specs {

/// apiVersion, kind and metadata of a child: its name, our labels, and the pool as controlling owner.
[[nodiscard]] kube::Json child(const api::ConnectionPool& pool, const kube::ResourceType& type, std::string_view name);

[[nodiscard]] kube::Json config_map(const api::ConnectionPool& pool, std::string_view ini);
[[nodiscard]] kube::Json userlist_secret(const api::ConnectionPool& pool, std::string_view userlist);

struct DeploymentInputs {
    std::string_view image;
    std::int64_t replicas = 1;
    std::string_view restarted_at;
};
/// Its annotation `cenote.dev/template` names the rendering of the template, `cenote.dev/template-inputs` what of the pool it was made
/// from: a rendering that differs for the same inputs is this program's doing, not the user's.
[[nodiscard]] kube::Json deployment(const api::ConnectionPool& pool, const DeploymentInputs& inputs);
[[nodiscard]] kube::Json service(const api::ConnectionPool& pool);
[[nodiscard]] kube::Json pod_disruption_budget(const api::ConnectionPool& pool);

}  // namespace cenote::specs
