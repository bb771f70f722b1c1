// Carries out a plan. The only writes of the controller besides the status.
#pragma once

#include "operator/budget/server_ledger.hpp"
#include "operator/controller/observed.hpp"
#include "operator/controller/plan.hpp"
#include "operator/kube/cluster.hpp"
#include "operator/specs/config_hash.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cenote::controller {

/// Names that turned out to be taken when an object was to be created: the caches do not hold objects without our label. Nothing is done
/// after such a find.
struct Applied {
    std::string foreign;   // belongs to somebody else; "" = none
    std::string leftover;  // of a pool of this name that is gone
};

/// The first error ends it: what follows may build on what failed. What is missing is created, never applied: apply would take over an
/// object that somebody else made under that name.
[[nodiscard]] kube::ApiResult<Applied> apply_plan(kube::Cluster& cluster, const kube::Json& pool, const Plan& plan);

/// Annotates pods: with their share of the budget, and those that do not run this configuration, since a changed pod makes the kubelet sync
/// its volumes now instead of a minute later. A share is written to the pod as it was seen: if anybody has changed it since (another
/// operator that believes it leads, in the worst case), that is a conflict, and the next turn decides anew. False when there was one.
[[nodiscard]] bool annotate_pods(
    kube::Cluster& cluster, const api::Spec& spec, const std::vector<PodState>& pods, const specs::ConfigHashes& hashes,
    const std::map<std::string, budget::PodShare>& shares, const std::string& server
);

/// What the annotation says for a configuration.
[[nodiscard]] std::string poke_value(const specs::ConfigHashes& hashes);

}  // namespace cenote::controller
