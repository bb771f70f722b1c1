// Whether a pool is ready, and if not, what is the matter and what to do: the first of its checks that fails. Pure.
#pragma once

#include "operator/controller/pool_status.hpp"

namespace cenote::controller {

struct Readiness {
    bool ready = true;
    std::string reason;
    std::string message;

    bool operator==(const Readiness&) const = default;
};

/// The pods as their Deployment counts them.
struct PodCounts {
    std::int64_t wanted = 0;
    std::int64_t ready = 0;
    bool current = true;  // the counts speak of what is wanted now
};

[[nodiscard]] Readiness readiness_of(
    const Observed& observed, const Sized& sized, const ServerReading& server, const PodCounts& pods, const Convergence& convergence
);

}  // namespace cenote::controller
