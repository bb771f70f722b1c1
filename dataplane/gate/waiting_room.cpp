#include "dataplane/gate/waiting_room.hpp"

#include "dataplane/gate/login_connection.hpp"

#include <algorithm>

namespace cenote::gate {

std::shared_ptr<const registry::Welcome> WaitingRoom::welcome_locked(const registry::SharedPool& pool) {
    return pool.welcome && pool.welcome->epoch == pool.epoch.load() ? pool.welcome : nullptr;
}

void WaitingRoom::enter_locked(LoginConnection& client, const registry::PoolRef& pool, TimePoint now) {
    auto& guests = pools_[pool];
    guests.push_back({std::static_pointer_cast<LoginConnection>(client.shared_from_this()), now});
    ++size_;
    pool->waiting_at_gate = guests.size();
    pool->waiting_at_gate_since = guests.front().since;
}

void WaitingRoom::leave(LoginConnection& client, const registry::PoolRef& pool) {
    const auto found = pools_.find(pool);
    if (found == pools_.end()) {
        return;
    }
    auto& guests = found->second;
    const auto guest = std::find_if(guests.begin(), guests.end(), [&](const Guest& one) { return one.client.get() == &client; });
    if (guest == guests.end()) {
        return;
    }
    const auto kept = std::move(guest->client);
    guests.erase(guest);
    --size_;
    {
        const std::lock_guard lock(pool->mutex);
        pool->waiting_at_gate = guests.size();
        if (!guests.empty()) {
            pool->waiting_at_gate_since = guests.front().since;
        }
    }
    if (guests.empty()) {
        pools_.erase(found);
    }
}

std::vector<std::shared_ptr<LoginConnection>> WaitingRoom::take(const registry::PoolRef& pool) {
    std::vector<std::shared_ptr<LoginConnection>> all;
    const auto found = pools_.find(pool);
    if (found == pools_.end()) {
        return all;
    }
    for (auto& guest : found->second) {
        all.push_back(std::move(guest.client));
    }
    size_ -= all.size();
    pools_.erase(found);
    const std::lock_guard lock(pool->mutex);
    pool->waiting_at_gate = 0;
    return all;
}

std::vector<std::shared_ptr<LoginConnection>> WaitingRoom::take_all() {
    std::vector<std::shared_ptr<LoginConnection>> all;
    while (!pools_.empty()) {
        const registry::PoolRef pool = pools_.begin()->first;
        auto some = take(pool);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace cenote::gate
