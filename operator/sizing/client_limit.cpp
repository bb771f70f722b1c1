#include "operator/sizing/client_limit.hpp"

#include <algorithm>

namespace cenote::sizing {

std::int64_t max_client_conn(std::span<const WorkloadSize> workloads, std::int64_t headroom_percent) {
    constexpr std::int64_t kLeast = 1000;
    constexpr std::int64_t kStep = 100;
    std::int64_t clients = 0;
    for (const WorkloadSize& workload : workloads) {
        WorkloadSize rolling = workload;
        rolling.replicas = std::clamp<std::int64_t>(workload.replicas, 0, kMostConnections);
        rolling.replicas += (rolling.replicas + 3) / 4;
        clients = std::min(clients + workload_demand(rolling, std::max<std::int64_t>(headroom_percent, 100)), kMostConnections);
    }
    return std::max(kLeast, (clients + kStep - 1) / kStep * kStep);
}

}  // namespace cenote::sizing
