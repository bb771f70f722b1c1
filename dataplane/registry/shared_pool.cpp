#include "dataplane/registry/shared_pool.hpp"

#include <algorithm>

namespace cenote::registry {

SharedPool::SharedPool(
    const Ports& process_ports, std::shared_ptr<DatabaseState> database_state, std::shared_ptr<UserState> user_state,
    pool::WorkerId keeper_worker, std::size_t workers, PoolSettingsRef first_settings
)
    : ports(process_ports),
      database(std::move(database_state)),
      user(std::move(user_state)),
      keeper(keeper_worker),
      ledger(workers),
      per_worker_(workers),
      settings_(std::move(first_settings)) {
    for (auto& one : per_worker_) {
        one.settings = settings_;
    }
    ledger.set_round_robin(settings_->round_robin);
    database_claim.pool = user_claim.pool = this;
    const std::lock_guard lock(database->mutex);
    database->pools.push_back(this);
}

SharedPool::~SharedPool() {
    const auto nobody = [](pool::Budget::Claim& /*claim*/) {};
    database->servers.forget(database_claim, nobody);
    user->servers.forget(user_claim, nobody);
    const std::lock_guard lock(database->mutex);
    for (const auto& one : per_worker_) {
        database->past += one.stats;
    }
    std::erase(database->pools, this);
}

PoolSettingsRef SharedPool::settings() const {
    const std::lock_guard lock(mutex);
    return settings_;
}

void SharedPool::set_settings(PoolSettingsRef fresh) {
    const std::lock_guard lock(mutex);
    ledger.set_round_robin(fresh->round_robin);
    settings_ = std::move(fresh);
}

}  // namespace cenote::registry
