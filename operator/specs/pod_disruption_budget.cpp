#include "operator/api/labels.hpp"
#include "operator/specs/objects.hpp"

namespace cenote::specs {

kube::Json pod_disruption_budget(const api::ConnectionPool& pool) {
    kube::Json object = child(pool, kube::kPodDisruptionBudget, pool.name);
    object["spec"] = {
        {"maxUnavailable", 1},
        {"selector", {{"matchLabels", api::selector_labels(pool.name)}}},
        // A pod that does not serve must not keep its node from being drained.
        {"unhealthyPodEvictionPolicy", "AlwaysAllow"}
    };
    return object;
}

}  // namespace cenote::specs
