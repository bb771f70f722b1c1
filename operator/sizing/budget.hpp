// Who may open how many server connections: one PostgreSQL server's slots, shared max-min fairly by the pools in front of it. Pure.
//
// What is charged to the budget is per pod x every pod that may run at once (replicas, one more while rolling, those still ending), so the
// promise holds during a roll-out too. per pod = min(ceil(demand / replicas), floor(share / pods at once)), and never 0, which would mean
// "no limit" to the data plane: a server too small for one connection a pod is over budget, and that is said (within_budget = false).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cenote::sizing {

/// What the server says about itself, and how many slots are taken by others than our pools.
struct ServerSlots {
    std::int64_t max_connections = 0;
    std::int64_t superuser_reserved = 0;
    std::int64_t reserved = 0;
    std::int64_t others = 0;

    bool operator==(const ServerSlots&) const = default;
};

/// One pool in front of that server.
struct PoolClaim {
    std::string id;                     // "namespace/name"; also the order in which odd slots are handed out
    std::int64_t demand = 1;            // PoolDemand::demand
    std::int64_t unbounded_demand = 0;  // PoolDemand::sum; 0 = the same
    std::int64_t replicas = 1;
    std::int64_t surge = 1;        // extra pods while rolling
    std::int64_t terminating = 0;  // pods that are ending but still hold connections
    std::optional<std::int64_t> max_server_connections;
    std::int64_t reserve_for_direct = 0;  // the largest among the pools of a server counts, not their sum
    /// The largest per-pod size that a running pod of this pool may still be using: its last grant, until the pods report a smaller one. 0
    /// = none runs. Growth of other pools waits for it.
    std::int64_t held_per_pod = 0;

    /// A pool scaled to nothing has no pod to surge.
    [[nodiscard]] std::int64_t pods_at_once() const { return replicas == 0 ? terminating : replicas + surge + terminating; }
    bool operator==(const PoolClaim&) const = default;
};

struct PoolGrant {
    std::string id;
    std::int64_t per_pod = 1;
    std::int64_t granted = 1;       // per_pod x replicas
    std::int64_t charged = 1;       // per_pod x pods at once
    bool within_budget = true;      // false: cut by what the server has, or not even one a pod fits
    bool waits_for_others = false;  // will grow when pools that shrink have reported it
    std::string limited_by;         // "" = gets what it asks for; else why not, with the numbers

    bool operator==(const PoolGrant&) const = default;
};

struct Budget {
    std::int64_t available = 0;     // for all pools of the server together; 0 if the server has less than nothing left
    std::vector<PoolGrant> grants;  // in the order of the claims

    bool operator==(const Budget&) const = default;
};

/// max_connections - superuser_reserved - reserved - others - the largest reserve_for_direct; not below 0.
[[nodiscard]] std::int64_t available_slots(const ServerSlots& server, std::int64_t reserve_for_direct);

/// `server` is nullopt when it has never answered: then each pool gets its demand, within its own cap.
[[nodiscard]] Budget share_budget(const std::optional<ServerSlots>& server, std::span<const PoolClaim> claims);

}  // namespace cenote::sizing
