#include "operator/runtime/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace cenote::runtime {

RateLimiter::RateLimiter(RateLimits limits) : limits_(limits), tokens_(limits.burst) {}

Duration RateLimiter::when(const kube::ObjectName& key, TimePoint now) { return std::max(backoff(key), take_token(now)); }

void RateLimiter::forget(const kube::ObjectName& key) { failures_.erase(key); }

std::size_t RateLimiter::failures(const kube::ObjectName& key) const {
    const auto it = failures_.find(key);
    return it == failures_.end() ? 0 : it->second;
}

Duration RateLimiter::backoff(const kube::ObjectName& key) {
    const std::size_t failures = failures_[key]++;
    Duration delay = limits_.base_delay;
    for (std::size_t i = 0; i < failures && delay < limits_.max_delay; ++i) {
        delay *= 2;
    }
    return std::min<Duration>(delay, limits_.max_delay);
}

Duration RateLimiter::take_token(TimePoint now) {
    if (started_) {
        const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
        tokens_ = std::min(limits_.burst, tokens_ + std::max(0.0, seconds) * limits_.refill_per_second);
    }
    started_ = true;
    refilled_at_ = now;
    tokens_ -= 1;  // may go below zero: a reservation, as golang.org/x/time/rate makes it
    if (tokens_ >= 0) {
        return {};
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-tokens_ / limits_.refill_per_second));
}

}  // namespace cenote::runtime
