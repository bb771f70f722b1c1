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
      made_at(Clock::now()),
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

bool SharedPool::unused_locked() const {
    return clients.load(std::memory_order_relaxed) == 0 && ledger.total() == 0 && ledger.waiting() == 0 && waiting_at_gate == 0;
}

bool SharedPool::has_reason_for_minimum_locked() const {
    return clients.load(std::memory_order_relaxed) > 0 || !settings_->database.user.empty();
}

bool SharedPool::lifetime_turn_locked(TimePoint now, const pool::PoolLimits& limits) {
    const Duration gap = limits.server_lifetime / static_cast<int>(std::max<std::size_t>(limits.pool_size, 1));
    if (last_lifetime_close != TimePoint{} && now - last_lifetime_close < gap) {
        return false;
    }
    last_lifetime_close = now;
    return true;
}

}  // namespace cenote::registry
