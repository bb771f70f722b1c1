#include "operator/controller/budget_book.hpp"

#include <algorithm>

namespace cenote::controller {

Settlement BudgetBook::settle(const kube::ObjectName& pool, Account account, const std::optional<database::Capacity>& capacity) {
    const std::scoped_lock lock(mutex_);
    const std::string server = account.server;
    account.claim.id = pool.to_string();
    if (const auto known = accounts_.find(pool); known != accounts_.end()) {
        account.last_per_pod = known->second.last_per_pod;
        if (!account.converged) {
            // One of its pods may still use a larger size from before.
            account.claim.held_per_pod = std::max(account.claim.held_per_pod, known->second.claim.held_per_pod);
        }
    }
    accounts_[pool] = std::move(account);

    std::vector<kube::ObjectName> names;
    std::vector<sizing::PoolClaim> claims;
    std::set<std::string> roles;
    std::int64_t may_hold = 0;
    for (const auto& [name, entry] : accounts_) {
        if (entry.server == server) {
            names.push_back(name);
            claims.push_back(entry.claim);
            roles.insert(entry.roles.begin(), entry.roles.end());
            may_hold += entry.may_hold();
        }
    }
    Settlement settlement;
    std::optional<sizing::ServerSlots> slots;
    if (capacity) {
        settlement.others = database::held_by_others(*capacity, roles, static_cast<int>(std::min<std::int64_t>(may_hold, 1'000'000)));
        slots = sizing::ServerSlots{
            .max_connections = capacity->max_connections,
            .superuser_reserved = capacity->superuser_reserved_connections,
            .reserved = capacity->reserved_connections,
            .others = settlement.others,
        };
    }
    const sizing::Budget budget = sizing::share_budget(slots, claims);
    settlement.available = budget.available;
    for (std::size_t i = 0; i < names.size() && i < budget.grants.size(); ++i) {
        const sizing::PoolGrant& grant = budget.grants[i];
        std::int64_t& last = accounts_[names[i]].last_per_pod;
        if (names[i] == pool) {
            settlement.grant = grant;
            last = grant.per_pod;
        } else if (last != grant.per_pod && last != 0) {
            settlement.to_wake.push_back(names[i]);  // it enters its new share in its own turn
        }
    }
    return settlement;
}

void BudgetBook::introduce(const kube::ObjectName& pool, const Account& account) {
    const std::scoped_lock lock(mutex_);
    const auto [at, fresh] = accounts_.emplace(pool, account);
    if (fresh) {
        at->second.claim.id = pool.to_string();
    }
}

std::vector<kube::ObjectName> BudgetBook::forget(const kube::ObjectName& pool) {
    const std::scoped_lock lock(mutex_);
    std::vector<kube::ObjectName> to_wake;
    const auto at = accounts_.find(pool);
    if (at == accounts_.end()) {
        return to_wake;
    }
    const std::string server = at->second.server;
    accounts_.erase(at);
    for (const auto& [name, entry] : accounts_) {
        if (entry.server == server) {
            to_wake.push_back(name);
        }
    }
    return to_wake;
}

}  // namespace cenote::controller
