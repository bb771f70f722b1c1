// Keeps a pool's size still while its workload flutters: a change younger than its window waits, and one below the tolerance waits for the
// longer window. An edited spec acts at once. Growing is quick, shrinking slow (HorizontalPodAutoscaler's defaults: 0 s up, 300 s down,
// 10 %). Pure; time comes in.
#pragma once

#include "dataplane/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace cenote::sizing {

struct StabilisationPolicy {
    std::int64_t tolerance_percent = 10;
    std::chrono::seconds up{0};
    std::chrono::seconds down{300};
};

/// What one pool wanted lately. Owned by whoever reconciles the pool; lost at a restart, which only delays a shrink by one window.
class Stabiliser {
public:
    explicit Stabiliser(StabilisationPolicy policy = {}) : policy_(policy) {}

    struct Decision {
        std::int64_t demand = 0;                // to use now
        std::optional<Duration> look_again_in;  // something waits: ask again after this time
    };

    /// `in_use`: the demand the pool runs with now, nullopt if it does not run yet. `spec_changed`: the user edited the spec since.
    [[nodiscard]] Decision decide(std::int64_t wanted, std::optional<std::int64_t> in_use, bool spec_changed, TimePoint now);

private:
    struct Sample {
        TimePoint at;
        std::int64_t wanted = 0;
    };

    StabilisationPolicy policy_;
    std::deque<Sample> samples_;  // oldest first, none older than the longer window; equal neighbours are kept as one
};

}  // namespace cenote::sizing
