// Max-min fair division of a whole number: nobody gets more than asked, nobody less than its least, and whoever is cut gets no less than
// any other who gets more than its least. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cenote::budget {

struct Ask {
    std::int64_t least = 0;  // granted even when it does not fit
    std::int64_t most = 0;   // not below least
};

/// A share for each ask, in their order; odd units go to the earlier. The sum is at most `available` unless the leasts alone exceed it.
[[nodiscard]] std::vector<std::int64_t> fair_share(std::int64_t available, std::span<const Ask> asks);

}  // namespace cenote::budget
