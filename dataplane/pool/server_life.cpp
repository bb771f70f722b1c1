#include "dataplane/pool/server_life.hpp"

#include "dataplane/base/assert.hpp"

#include <array>

namespace cenote::pool {
namespace {

constexpr unsigned bit(ServerState state) { return 1U << static_cast<unsigned>(state); }

// Row: from; bits: where to.
constexpr auto kWays = [] {
    using S = ServerState;
    std::array<unsigned, 8> ways{};
    ways[static_cast<std::size_t>(S::kActive)] = bit(S::kIdle) | bit(S::kTested) | bit(S::kHeld) | bit(S::kMoving) | bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kIdle)] = bit(S::kActive) | bit(S::kMoving) | bit(S::kBroken) | bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kTested)] = bit(S::kActive) | bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kHeld)] = bit(S::kActive) | bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kMoving)] = bit(S::kActive) | bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kBroken)] = bit(S::kEnding);
    ways[static_cast<std::size_t>(S::kEnding)] = bit(S::kGone);
    return ways;
}();

}  // namespace

void ServerLife::enter(ServerState next) {
    CENOTE_CHECK((kWays[static_cast<std::size_t>(state_)] & bit(next)) != 0);
    state_ = next;
}

Verdict fate_on_return(const PoolLimits& limits, const ReturnFacts& facts) {
    if (facts.cancel_underway) {
        return {Fate::kHold, {}};  // it must not strike the next client's query
    }
    if (facts.cancel_unconfirmed) {
        return {Fate::kClose, "a cancel request for it was not confirmed"};
    }
    if (facts.obsolete) {
        return {Fate::kClose, "obsolete connection"};
    }
    if (facts.used && facts.lifetime_turn && too_old(limits, facts.age)) {
        return {Fate::kClose, "server lifetime over"};
    }
    if (facts.limit_lowered) {
        return {Fate::kClose, "limit was lowered"};
    }
    if (facts.cedes) {
        return {Fate::kClose, "evicted"};
    }
    const std::size_t most = limits.pool_size + (facts.waiting > 0 ? limits.reserve_pool_size : 0);
    if (limits.pool_size > 0 && facts.open > most) {
        return {Fate::kClose, "pool size was lowered"};
    }
    return {Fate::kIdle, {}};
}

}  // namespace cenote::pool
