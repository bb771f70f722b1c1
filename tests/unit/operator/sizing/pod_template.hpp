// Pod templates for tests.
#pragma once

#include "operator/sizing/workload_detection.hpp"

#include <vector>

namespace cenote::sizing {

inline kube::Json pod_of(const std::vector<kube::Json>& containers) {
    return {{"metadata", kube::Json::object()}, {"spec", {{"containers", containers}}}};
}

}  // namespace cenote::sizing
