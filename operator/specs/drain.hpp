// How long a pod takes to end: first it still serves while the endpoints forget it, then transactions end, then whatever is left is cut.
#pragma once

#include <chrono>
#include <cstdint>

namespace cenote::specs {

/// kube-proxy on every node has dropped an ending pod after this; a client that comes in before is still served.
inline constexpr std::chrono::seconds kDrainDelay{5};

/// The data plane gives up by itself at its deadline; the kubelet's kill is only for a hung process.
[[nodiscard]] constexpr std::int64_t grace_period_seconds(std::chrono::milliseconds drain_timeout) {
    constexpr std::chrono::seconds kSlack{10};
    return std::chrono::ceil<std::chrono::seconds>(drain_timeout).count() + (kDrainDelay + kSlack).count();
}

}  // namespace cenote::specs
