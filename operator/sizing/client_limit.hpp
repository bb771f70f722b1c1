// How many clients a pooler pod must admit so that no new application pod is ever refused. Pure.
#pragma once

#include "operator/sizing/rule.hpp"

#include <cstdint>
#include <span>

namespace cenote::sizing {

/// max_client_conn of each pod: every workload at its replicas plus a quarter more while it rolls out (Kubernetes' default surge), each
/// replica with the head-room's worth of connections, all of them on one pod (the others may be starting). Rounded up to a hundred so that
/// small changes do not rewrite the file, at least 1000: an admitted idle client costs a few KiB, a refused one an outage.
[[nodiscard]] std::int64_t max_client_conn(std::span<const WorkloadSize> workloads, std::int64_t headroom_percent);

}  // namespace cenote::sizing
