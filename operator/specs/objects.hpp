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
[[nodiscard]] kube::Json deployment(const api::ConnectionPool& pool, std::string_view image);
[[nodiscard]] kube::Json service(const api::ConnectionPool& pool);
[[nodiscard]] kube::Json pod_disruption_budget(const api::ConnectionPool& pool);

}  // namespace cenote::specs
