// How many connections of a server others than the pools hold, kept still: a shell that comes and goes is what the reserve is for, and no
// reason to write every pool's share anew. Pure.
#pragma once

#include "dataplane/base/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace cenote::controller {

class Others {
public:
    static constexpr std::int64_t kTolerance = 3;
    static constexpr Duration kFallsAfter = std::chrono::minutes(5);

    /// `reserve`: for direct use; without one nothing is tolerated.
    void seen(std::int64_t count, std::int64_t reserve, TimePoint now) {
        const std::int64_t tolerance = std::min(kTolerance, reserve / 3);
        if (!in_force_ || count > *in_force_ + tolerance) {
            in_force_ = count;
        }
        if (count + tolerance >= *in_force_) {
            below_since_ = now;
            high_ = 0;
            return;
        }
        high_ = std::max(high_, count);
        if (now - below_since_ >= kFallsAfter) {
            in_force_ = high_;
            below_since_ = now;
            high_ = 0;
        }
    }
    [[nodiscard]] std::int64_t in_force() const { return in_force_.value_or(0); }

private:
    std::optional<std::int64_t> in_force_;
    std::int64_t high_ = 0;  // the most since it fell below
    TimePoint below_since_{};
};

}  // namespace cenote::controller
