#include "operator/sizing/budget.hpp"

#include "operator/budget/fair_share.hpp"
#include "operator/sizing/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

namespace cenote::sizing {
namespace {

/// A claim in numbers that cannot overflow: everything held at kMostConnections, so products stay below 10^12.
struct Pool {
    const PoolClaim* claim = nullptr;
    std::int64_t replicas = 1;
    std::int64_t pods = 1;     // at once, at least 1
    std::int64_t wanted = 1;   // per pod, by demand alone
    std::int64_t allowed = 1;  // per pod, by demand and the pool's own cap
    std::int64_t held = 0;     // per pod
    std::int64_t target = 1;   // per pod, when everybody has followed
    std::int64_t now = 1;      // per pod, to be written now
    bool cap_too_small = false;
};

std::int64_t bounded(std::int64_t value) { return std::clamp<std::int64_t>(value, 0, kMostConnections); }

Pool make_pool(const PoolClaim& claim) {
    Pool pool;
    pool.claim = &claim;
    pool.replicas = bounded(claim.replicas);
    pool.pods = std::max<std::int64_t>(bounded(claim.pods_at_once()), 1);
    const std::int64_t divisor = std::max<std::int64_t>(pool.replicas, 1);
    pool.wanted = std::max<std::int64_t>((bounded(claim.demand) + divisor - 1) / divisor, 1);
    pool.allowed = pool.wanted;
    if (claim.max_server_connections) {
        const std::int64_t cap = bounded(*claim.max_server_connections);
        pool.cap_too_small = cap < pool.pods;
        pool.allowed = std::clamp<std::int64_t>(cap / pool.pods, 1, pool.wanted);
    }
    pool.held = bounded(claim.held_per_pod);
    pool.target = pool.now = pool.allowed;
    return pool;
}

/// What flooring a share to whole connections a pod left over goes, one a pod at a time, to whoever is charged least.
void hand_out_rest(std::vector<Pool>& pools, std::int64_t left) {
    for (;;) {
        Pool* next = nullptr;
        for (Pool& pool : pools) {
            const bool can_grow = pool.target < pool.allowed && pool.pods <= left;
            if (can_grow && (next == nullptr || pool.target * pool.pods < next->target * next->pods)) {
                next = &pool;
            }
        }
        if (next == nullptr) {
            return;
        }
        ++next->target;
        left -= next->pods;
    }
}

/// Sizes once every pool has followed.
void set_targets(std::vector<Pool>& pools, std::int64_t available) {
    std::vector<budget::Ask> asks;
    for (const Pool& pool : pools) {
        asks.push_back({pool.pods, pool.allowed * pool.pods});
    }
    const auto shares = budget::fair_share(available, asks);
    std::int64_t left = available;
    for (std::size_t i = 0; i < pools.size(); ++i) {
        pools[i].target = std::max<std::int64_t>(shares[i] / pools[i].pods, 1);
        left -= pools[i].target * pools[i].pods;
    }
    hand_out_rest(pools, left);
}

/// Sizes for now: pools that shrink are charged what they still hold; the others grow only into what that leaves.
void set_present(std::vector<Pool>& pools, std::int64_t available) {
    std::vector<budget::Ask> asks;
    for (Pool& pool : pools) {
        pool.now = pool.target;
        const bool shrinks = pool.held > pool.target;
        const std::int64_t least = shrinks ? pool.held : std::max<std::int64_t>(pool.held, 1);
        asks.push_back({least * pool.pods, std::max(least, pool.target) * pool.pods});
    }
    const auto shares = budget::fair_share(available, asks);
    for (std::size_t i = 0; i < pools.size(); ++i) {
        pools[i].now = std::max<std::int64_t>(std::min(pools[i].target, shares[i] / pools[i].pods), 1);
    }
}

std::string server_text(const ServerSlots& server, std::int64_t direct, std::int64_t available, std::size_t pools) {
    return fmt::format(
        "max_connections {} - {} reserved - {} for direct use - {} held by others = {} for {} pool{}", server.max_connections,
        server.superuser_reserved + server.reserved, direct, server.others, available, pools, pools == 1 ? "" : "s"
    );
}

std::string limit_text(const Pool& pool, const std::string& server, bool all_fit) {
    const PoolClaim& claim = *pool.claim;
    if (!all_fit && pool.now == 1) {
        return fmt::format(
            "{}: not even one connection a pod fits ({} pod{} of this pool at once)", server, pool.pods, pool.pods == 1 ? "" : "s"
        );
    }
    if (pool.cap_too_small) {
        return fmt::format("maxServerConnections {} is below one for each of {} pods at once", *claim.max_server_connections, pool.pods);
    }
    if (pool.target < pool.allowed) {
        return fmt::format(
            "{}: {} at once x {}, wanted {}", server, pool.pods == 1 ? "1 pod" : fmt::format("{} pods", pool.pods), pool.target, pool.wanted
        );
    }
    if (pool.now < pool.target) {
        return fmt::format("{}: waits until other pools have shrunk; {} a pod now, {} then", server, pool.now, pool.target);
    }
    if (pool.allowed < pool.wanted) {
        return fmt::format(
            "maxServerConnections {}: {} at once x {}, wanted {}", *claim.max_server_connections,
            pool.pods == 1 ? "1 pod" : fmt::format("{} pods", pool.pods), pool.allowed, pool.wanted
        );
    }
    if (claim.unbounded_demand > claim.demand) {
        return fmt::format("maxPoolSize: {} of {}", claim.demand, claim.unbounded_demand);
    }
    return {};
}

}  // namespace

std::int64_t available_slots(const ServerSlots& server, std::int64_t reserve_for_direct) {
    const std::int64_t taken =
        bounded(server.superuser_reserved) + bounded(server.reserved) + bounded(server.others) + bounded(reserve_for_direct);
    return std::max<std::int64_t>(bounded(server.max_connections) - taken, 0);
}

Budget share_budget(const std::optional<ServerSlots>& server, std::span<const PoolClaim> claims) {
    // By id, so that who gets an odd slot does not depend on the order in which the caller found the pools.
    std::vector<std::size_t> order(claims.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return claims[a].id < claims[b].id; });
    std::vector<Pool> pools;
    std::int64_t direct = 0;
    for (const std::size_t i : order) {
        pools.push_back(make_pool(claims[i]));
        direct = std::max(direct, bounded(claims[i].reserve_for_direct));
    }

    Budget budget;
    bool all_fit = true;
    std::string text;
    if (server) {
        budget.available = available_slots(*server, direct);
        set_targets(pools, budget.available);
        set_present(pools, budget.available);
        const std::int64_t pods =
            std::accumulate(pools.begin(), pools.end(), std::int64_t{0}, [](std::int64_t sum, const Pool& p) { return sum + p.pods; });
        all_fit = pods <= budget.available;
        text = server_text(*server, direct, budget.available, claims.size());
    }
    budget.grants.resize(claims.size());
    for (std::size_t i = 0; i < pools.size(); ++i) {
        const Pool& pool = pools[i];
        PoolGrant& grant = budget.grants[order[i]];
        grant.id = pool.claim->id;
        grant.per_pod = pool.now;
        grant.granted = pool.now * pool.replicas;
        grant.charged = pool.now * pool.pods;
        grant.waits_for_others = pool.now < pool.target;
        grant.within_budget = pool.target == pool.allowed && all_fit && !pool.cap_too_small;
        grant.limited_by = limit_text(pool, text, all_fit);
    }
    return budget;
}

}  // namespace cenote::sizing
