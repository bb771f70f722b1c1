// Which caches the controller needs, and whose reconcile each change asks for.
#pragma once

#include "operator/controller/observe.hpp"
#include "operator/controller/pod_poller.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/manager.hpp"

#include <string>

namespace cenote::controller {

/// Makes the informers and connects their changes with the controller. `ns`: "" = all namespaces. Before the manager runs.
[[nodiscard]] Caches watch_everything(runtime::Manager& manager, runtime::Controller& controller, const std::string& ns);

/// Tells the poller which pods there are.
void watch_pods(runtime::Manager& manager, PodPoller& poller, const std::string& ns);

/// The caches alone; the same informers as watch_everything's.
[[nodiscard]] Caches caches_of(runtime::Manager& manager, const std::string& ns);

/// Pools of the namespace that name this Secret. Pure but for the store.
[[nodiscard]] std::vector<kube::ObjectName> pools_using_secret(const runtime::ObjectStore& pools, const kube::Json& secret);
/// Pools with a workload that targets this Deployment or StatefulSet.
[[nodiscard]] std::vector<kube::ObjectName> pools_sized_by(
    const runtime::ObjectStore& pools, const std::string& ns, std::string_view kind, std::string_view name
);

}  // namespace cenote::controller
