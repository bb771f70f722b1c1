// Who holds how much of each server: the claims of all pools, shared out by sizing::share_budget. Thread-safe; no I/O. It holds nothing
// that cannot be read again from the cluster: after a restart pools not yet reconciled take part with what their status says they were
// granted.
#pragma once

#include "operator/database/capacity.hpp"
#include "operator/kube/object.hpp"
#include "operator/sizing/budget.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cenote::controller {

/// One pool's part in the sharing.
struct Account {
    std::string server;  // server_key
    sizing::PoolClaim claim;
    std::set<std::string> roles;    // it logs in with
    std::int64_t pods = 0;          // that may hold connections now
    bool converged = true;          // all of them report the configuration that claim.held_per_pod is read from
    std::int64_t last_per_pod = 0;  // granted last

    /// Server connections this pool may have open now.
    [[nodiscard]] std::int64_t may_hold() const { return claim.held_per_pod * pods; }
};

struct Settlement {
    sizing::PoolGrant grant;
    std::int64_t available = 0;             // for all pools of the server
    std::int64_t others = 0;                // held by others than the pools
    std::vector<kube::ObjectName> to_wake;  // pools whose share this has changed
};

class BudgetBook {
public:
    /// Enters the pool's account and shares the server out anew. `capacity`: nullopt when the server has never answered.
    [[nodiscard]] Settlement settle(const kube::ObjectName& pool, Account account, const std::optional<database::Capacity>& capacity);
    /// For pools known only by their status: no effect when the pool has an account.
    void introduce(const kube::ObjectName& pool, const Account& account);
    /// The pool is gone; those that may grow now.
    [[nodiscard]] std::vector<kube::ObjectName> forget(const kube::ObjectName& pool);

private:
    std::mutex mutex_;
    std::map<kube::ObjectName, Account> accounts_;
};

}  // namespace cenote::controller
