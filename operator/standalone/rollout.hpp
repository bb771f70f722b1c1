// What the deployment controller does, for one Deployment: which pods to start and which to end so that a roll-out stays within maxSurge
// and maxUnavailable; and the Deployment's status. Pure.
#pragma once

#include "operator/kube/json.hpp"

#include <string>
#include <vector>

namespace cenote::standalone {

struct PodView {
    std::string name;
    std::string revision;  // of the template it was made from
    bool ready = false;
    bool ending = false;
    long started = 0;  // order of creation
};

struct RolloutPlan {
    int start = 0;                 // pods of the current revision
    std::vector<std::string> end;  // names
};

[[nodiscard]] RolloutPlan plan_rollout(const kube::Json& deployment, const std::string& revision, const std::vector<PodView>& pods);

/// `before`: the status so far, whose conditions keep their times where nothing changes. `now`: RFC 3339.
[[nodiscard]] kube::Json deployment_status(
    const kube::Json& deployment, const std::string& revision, const std::vector<PodView>& pods, const std::string& now
);

/// A status condition of a Pod or Deployment; its lastTransitionTime is kept from `before` while the status is the same.
[[nodiscard]] kube::Json make_condition(
    const kube::Json& before, const std::string& type, bool value, const std::string& reason, const std::string& message,
    const std::string& now
);

}  // namespace cenote::standalone
