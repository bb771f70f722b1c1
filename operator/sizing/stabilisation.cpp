#include "operator/sizing/stabilisation.hpp"

#include <algorithm>
#include <cstdlib>

namespace cenote::sizing {

Stabiliser::Decision Stabiliser::decide(std::int64_t wanted, std::optional<std::int64_t> in_use, bool spec_changed, TimePoint now) {
    const Duration longest = std::max<Duration>(policy_.up, policy_.down);
    // Drop what is older than both windows, but keep one sample from before: it was in force when the window began.
    while (samples_.size() > 1 && now - samples_[1].at >= longest) {
        samples_.pop_front();
    }
    if (!in_use || spec_changed) {
        samples_.clear();
        samples_.push_back({now, wanted});
        return {wanted, std::nullopt};
    }
    if (samples_.empty() || samples_.back().wanted != wanted) {
        samples_.push_back({now, wanted});
    }
    const std::int64_t difference = std::abs(wanted - *in_use);
    if (difference == 0) {
        return {*in_use, std::nullopt};
    }

    // Grow to the smallest, shrink to the largest size that was wanted throughout the window: a spike or a dip shorter than it changes
    // nothing. A small change is not worth a rewrite now, but the rule's number must come true in the end.
    const bool up = wanted > *in_use;
    const bool small = difference * 100 < *in_use * policy_.tolerance_percent;
    const Duration window = small ? longest : up ? Duration{policy_.up} : Duration{policy_.down};
    std::int64_t extreme = wanted;
    std::optional<Duration> look_again_in;
    for (std::size_t i = samples_.size(); i-- > 0;) {
        const Duration age = now - samples_[i].at;
        extreme = up ? std::min(extreme, samples_[i].wanted) : std::max(extreme, samples_[i].wanted);
        if (age >= window) {
            look_again_in.reset();
            break;  // this sample was in force when the window began; older ones do not count
        }
        look_again_in = window - age;
        if (i == 0) {
            extreme = *in_use;  // we have not watched for a whole window yet
        }
    }
    const std::int64_t demand = up ? std::max(extreme, *in_use) : std::min(extreme, *in_use);
    if (demand == wanted) {
        return {demand, std::nullopt};
    }
    // Whatever is still waited for can be decided at the latest one window after the newest change.
    const Duration rest = window - (now - samples_.back().at);
    return {demand, rest > Duration::zero() ? std::optional{rest} : look_again_in};
}

}  // namespace cenote::sizing
