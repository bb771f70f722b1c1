// Pure decisions about a pool's servers: how many to open, which are too old. Numbers in, numbers out.
#pragma once

#include "dataplane/base/clock.hpp"

#include <cstddef>

namespace cenote::pool {

struct PoolLimits {
    std::size_t pool_size = 20;  // 0 = no limit
    std::size_t min_pool_size = 0;
    std::size_t reserve_pool_size = 0;
    Duration reserve_pool_timeout{};
    Duration server_idle_timeout{};  // 0 = never
    Duration server_lifetime{};      // 0 = a server is used once

    bool operator==(const PoolLimits&) const = default;
};

struct PoolCounts {
    std::size_t idle = 0;
    std::size_t leased = 0;
    std::size_t opening = 0;
    std::size_t waiting = 0;
    Duration longest_wait{};
    bool last_connect_failed = false;  // then one try at a time
    bool kept_open = false;            // the pool has clients, or a forced user: min_pool_size applies
};

/// Connections to open now: one for each waiter that none being opened will serve, within pool_size; from the reserve only when the
/// longest waiter has waited reserve_pool_timeout; at least min_pool_size.
[[nodiscard]] std::size_t connections_to_open(const PoolLimits& limits, const PoolCounts& counts);

enum class Expiry : unsigned char { kKeep, kIdleTooLong, kTooOld, kSurplus };

/// An idle server: too old, or idle for too long; never below min_pool_size for mere idleness, and beyond pool_size always.
[[nodiscard]] Expiry expiry(const PoolLimits& limits, const PoolCounts& counts, Duration age, Duration idle_for);

/// A server that comes back from a client: too old to serve another.
[[nodiscard]] inline bool too_old(const PoolLimits& limits, Duration age) { return age >= limits.server_lifetime; }

}  // namespace cenote::pool
