// How long a failed key waits before its next try: the longer of its own exponential back-off and the overall token bucket, as
// controller-runtime's default limiter. Pure: the time is a parameter. Not thread-safe; the work queue guards it.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/kube/object.hpp"

#include <chrono>
#include <cstddef>
#include <unordered_map>

namespace cenote::runtime {

struct RateLimits {
    std::chrono::milliseconds base_delay{5};
    std::chrono::milliseconds max_delay{1'000'000};
    double refill_per_second = 10;
    double burst = 100;
};

class RateLimiter {
public:
    explicit RateLimiter(RateLimits limits = {});

    [[nodiscard]] Duration when(const kube::ObjectName& key, TimePoint now);
    void forget(const kube::ObjectName& key);
    [[nodiscard]] std::size_t failures(const kube::ObjectName& key) const;

private:
    [[nodiscard]] Duration backoff(const kube::ObjectName& key);
    [[nodiscard]] Duration take_token(TimePoint now);

    RateLimits limits_;
    std::unordered_map<kube::ObjectName, std::size_t> failures_;
    double tokens_;
    TimePoint refilled_at_{};
    bool started_ = false;
};

}  // namespace cenote::runtime
