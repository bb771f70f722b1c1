#include "dataplane/pool/pool_policy.hpp"

#include <algorithm>

namespace cenote::pool {

std::size_t connections_to_open(const PoolLimits& limits, const PoolCounts& counts) {
    const std::size_t total = counts.idle + counts.leased + counts.opening;
    const std::size_t unserved = counts.waiting > counts.opening ? counts.waiting - counts.opening : 0;
    std::size_t wanted = unserved;
    if (counts.kept_open && total + wanted < limits.min_pool_size) {
        wanted = limits.min_pool_size - total;
    }
    std::size_t room = limits.pool_size == 0 ? wanted : limits.pool_size > total ? limits.pool_size - total : 0;
    if (room == 0 && unserved > 0 && limits.reserve_pool_size > 0 && counts.longest_wait >= limits.reserve_pool_timeout) {
        const std::size_t most = limits.pool_size + limits.reserve_pool_size;
        room = most > total ? most - total : 0;
    }
    const std::size_t open = std::min(wanted, room);
    if (counts.last_connect_failed) {
        return counts.opening > 0 ? 0 : std::min<std::size_t>(open, 1);
    }
    return open;
}

Expiry expiry(const PoolLimits& limits, const PoolCounts& counts, Duration age, Duration idle_for) {
    const std::size_t open = counts.idle + counts.leased;
    if (limits.pool_size > 0 && open > limits.pool_size && counts.waiting == 0) {
        return Expiry::kSurplus;
    }
    // With a lifetime of 0 a used server has gone already: the one that is idle is still to be used once.
    if (limits.server_lifetime > Duration::zero() && age >= limits.server_lifetime) {
        return Expiry::kTooOld;
    }
    if (limits.server_idle_timeout > Duration::zero() && idle_for >= limits.server_idle_timeout && open > limits.min_pool_size) {
        return Expiry::kIdleTooLong;
    }
    return Expiry::kKeep;
}

}  // namespace cenote::pool
