#include "operator/budget/fair_share.hpp"

#include <algorithm>

namespace cenote::budget {
namespace {

std::int64_t at_level(std::int64_t level, const Ask& ask) { return std::clamp(level, ask.least, ask.most); }

std::int64_t sum_at_level(std::int64_t level, std::span<const Ask> asks) {
    std::int64_t sum = 0;
    for (const Ask& ask : asks) {
        sum += at_level(level, ask);
    }
    return sum;
}

}  // namespace

std::vector<std::int64_t> fair_share(std::int64_t available, std::span<const Ask> asks) {
    // The water level: the highest at which everything still fits.
    std::int64_t fits = 0;
    std::int64_t too_high = 1;
    for (const Ask& ask : asks) {
        too_high = std::max(too_high, ask.most + 1);
    }
    while (too_high - fits > 1) {
        const std::int64_t middle = fits + (too_high - fits) / 2;
        (sum_at_level(middle, asks) <= available ? fits : too_high) = middle;
    }
    std::int64_t left = available - sum_at_level(fits, asks);
    std::vector<std::int64_t> shares;
    for (const Ask& ask : asks) {
        std::int64_t share = at_level(fits, ask);
        if (left > 0 && share == fits && share < ask.most) {
            ++share;
            --left;
        }
        shares.push_back(share);
    }
    return shares;
}

}  // namespace cenote::budget
