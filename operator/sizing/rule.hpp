// The sizing rule: a workload needs ceil(replicas x workers x threads x headroomPercent / 100) server connections, a pool the sum over its
// workloads, held within minDemand and maxDemand. 1 replica x 4 workers x 2 threads x 150% = 12. Pure; never overflows: it saturates.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cenote::sizing {

/// Above any real max_connections (PostgreSQL's own limit is 262143); results are held at it.
inline constexpr std::int64_t kMostConnections = 1'000'000;

/// In the source of a number that is only the server program's default.
inline constexpr std::string_view kDefaultOf = "'s default";

/// One process of a workload, as counted. A workload with several containers gives several, named "web/worker".
struct WorkloadSize {
    std::string name;
    std::int64_t replicas = 0;
    std::int64_t workers = 0;
    std::int64_t threads = 0;
    std::string source;  // where the numbers come from, for people

    bool operator==(const WorkloadSize&) const = default;
};

struct SizeBounds {
    std::int64_t min_demand = 1;
    std::optional<std::int64_t> max_demand = std::nullopt;
};

[[nodiscard]] std::int64_t workload_demand(const WorkloadSize& workload, std::int64_t headroom_percent);

struct PoolDemand {
    std::int64_t sum = 0;     // of the workloads
    std::int64_t demand = 0;  // the sum within the bounds

    bool operator==(const PoolDemand&) const = default;
};

[[nodiscard]] PoolDemand pool_demand(std::span<const WorkloadSize> workloads, std::int64_t headroom_percent, const SizeBounds& bounds);

/// replicas x workers x threads over all workloads, without head-room: connections the applications can have open.
[[nodiscard]] std::int64_t client_connections(std::span<const WorkloadSize> workloads);

/// "web: 2 replicas x 4 workers x 2 threads x 150% = 24; 2 pods x 12". With one pod that has the whole demand, the last part is left out.
[[nodiscard]] std::string explain(
    std::span<const WorkloadSize> workloads, std::int64_t headroom_percent, const SizeBounds& bounds, std::int64_t pods,
    std::int64_t per_pod
);

}  // namespace cenote::sizing
