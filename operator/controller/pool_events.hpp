// What people are told when a pool's status moves from one state to another. Pure: no change, no Event, so a restart is silent.
#pragma once

#include "operator/api/connection_pool.hpp"
#include "operator/controller/plan.hpp"
#include "operator/kube/cluster.hpp"

#include <string>
#include <vector>

namespace cenote::controller {

struct Notice {
    kube::EventRecord::Type type = kube::EventRecord::Type::kNormal;
    std::string reason;
    std::string note;

    bool operator==(const Notice&) const = default;
};

[[nodiscard]] std::vector<Notice> notices_between(const api::Status& before, const api::Status& after);
/// Children that were put back after somebody changed or removed them.
[[nodiscard]] std::vector<Notice> notices_of(const Plan& plan, bool pool_existed);

}  // namespace cenote::controller
