// The REST paths and queries of the Kubernetes API. Pure.
#pragma once

#include "operator/kube/cluster.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace cenote::kube {

/// RFC 3986: everything but unreserved characters becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// "/apis/apps/v1/namespaces/shop/deployments"; ns "" = all namespaces.
[[nodiscard]] std::string collection_path(const ResourceType& type, std::string_view ns);
/// "/api/v1/namespaces/shop/configmaps/orders[/status]"
[[nodiscard]] std::string object_path(const ResourceType& type, const ObjectName& name, std::string_view subresource = {});
/// limit 0 = the whole list in one answer.
[[nodiscard]] std::string list_target(const ResourceType& type, const ListOptions& options, int limit, std::string_view continue_token);
[[nodiscard]] std::string watch_target(const ResourceType& type, const WatchOptions& options);
/// "2026-01-31T12:00:00.123456Z", the API's MicroTime.
[[nodiscard]] std::string micro_time(std::chrono::system_clock::time_point time);

}  // namespace cenote::kube
