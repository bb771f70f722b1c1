// How many workers to start when the configuration leaves it open.
#pragma once

#include <cstddef>

namespace cenote::app {

/// The CPUs this process may use: its affinity, cut by the cgroup's quota (v2 cpu.max or v1 cpu.cfs_quota_us), rounded up; 1 to 64.
[[nodiscard]] std::size_t cpu_count();

}  // namespace cenote::app
