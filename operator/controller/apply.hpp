// Carries out a plan. The only writes of the controller besides the status.
#pragma once

#include "operator/controller/observed.hpp"
#include "operator/controller/plan.hpp"
#include "operator/kube/cluster.hpp"
#include "operator/specs/config_hash.hpp"

#include <optional>
#include <vector>

namespace cenote::controller {

/// The first error ends it: what follows may build on what failed.
[[nodiscard]] kube::ApiResult<void> apply_plan(kube::Cluster& cluster, const Plan& plan);

/// Annotates the pods that do not run this configuration: a changed pod makes the kubelet sync its volumes now instead of a minute later.
/// A pod that cannot be annotated gets its files later; that is no error.
void poke_pods(kube::Cluster& cluster, const std::vector<PodState>& pods, const specs::ConfigHashes& hashes);

/// What the annotation says for a configuration.
[[nodiscard]] std::string poke_value(const specs::ConfigHashes& hashes);

}  // namespace cenote::controller
