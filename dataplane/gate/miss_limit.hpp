// How many cancel requests that find nothing a source may make: a key is guessed only by trying, and each try has a worker look. A bucket
// a source, which refills with time; a request that finds its client costs nothing. Pure: the time comes in.
#pragma once

#include "dataplane/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace cenote::gate {

class MissLimit {
public:
    static constexpr double kBurst = 200;
    static constexpr double kPerSecond = 20;
    static constexpr std::size_t kMaxSources = 4096;

    /// False: this source has guessed too much lately; it is not listened to.
    [[nodiscard]] bool may_ask(const std::string& source, TimePoint now) const {
        const auto found = sources_.find(source);
        return found == sources_.end() || tokens(found->second, now) >= 1;
    }
    void missed(const std::string& source, TimePoint now) {
        if (sources_.size() >= kMaxSources && !sources_.contains(source)) {
            // Full ones first; if all of them guess, they start anew, which is still no more than a burst each.
            std::erase_if(sources_, [&](const auto& one) { return tokens(one.second, now) >= kBurst; });
            if (sources_.size() >= kMaxSources) {
                sources_.clear();
            }
        }
        auto& bucket = sources_.try_emplace(source, Bucket{kBurst, now}).first->second;
        bucket = {tokens(bucket, now) - 1, now};
    }
    [[nodiscard]] std::size_t sources() const noexcept { return sources_.size(); }

private:
    struct Bucket {
        double tokens = kBurst;
        TimePoint at;
    };
    [[nodiscard]] static double tokens(const Bucket& bucket, TimePoint now) {
        return std::min(kBurst, bucket.tokens + std::chrono::duration<double>(now - bucket.at).count() * kPerSecond);
    }
    std::unordered_map<std::string, Bucket> sources_;
};

}  // namespace cenote::gate
