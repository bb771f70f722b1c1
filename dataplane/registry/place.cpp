#include "dataplane/registry/place.hpp"

#include "dataplane/registry/process.hpp"

#include <algorithm>

namespace cenote::registry {
namespace {

void wake(pool::Budget::Claim& claim) {
    SharedPool& pool = *static_cast<SharedPool::Claim&>(claim).pool;
    if (auto self = pool.weak_from_this().lock()) {
        pool.ports.look_after(std::move(self));
    }
}

// No place is free, but a sister may have a server that nobody uses: the one idle longest of those looked at makes room (PgBouncer's rule).
// A slice of the sisters a time: a database may have thousands of pools.
void evict_from_a_sister(SharedPool& hungry) {
    constexpr std::size_t kSlice = 64;
    DatabaseState& database = *hungry.database;
    std::vector<PoolRef> seen;  // the last reference to a pool must not go under these locks
    PoolRef victim;
    TimePoint oldest = TimePoint::max();
    pool::WorkerId owner = 0;
    {
        const std::lock_guard lock(database.mutex);
        const std::size_t count = database.pools.size();
        for (std::size_t i = 0; i < std::min(kSlice, count); ++i) {
            SharedPool& other = *database.pools[database.next_victim++ % count];
            if (&other == &hungry) {
                continue;
            }
            const std::lock_guard pool_lock(other.mutex);
            for (pool::WorkerId worker = 0; other.ledger.idle() > 0 && worker < other.per_worker().size(); ++worker) {
                const auto* server = other.ledger.longest_idle(worker);
                if (server != nullptr && server->idle_since < oldest) {
                    if (auto self = other.weak_from_this().lock()) {
                        oldest = server->idle_since;
                        victim = seen.emplace_back(std::move(self));
                        owner = worker;
                    }
                }
            }
        }
    }
    if (victim) {
        hungry.ports.evict(std::move(victim), owner);
    }
}

}  // namespace

Place& Place::operator=(Place&& other) noexcept {
    if (this != &other) {
        give_back();
        pool_ = std::move(other.pool_);
        stage_ = std::exchange(other.stage_, Stage::kNone);
    }
    return *this;
}

std::optional<Place> Place::take(const PoolRef& pool, TimePoint waiting_since) {
    if (!pool->database->servers.try_take(pool->database_claim, waiting_since)) {
        return std::nullopt;
    }
    if (!pool->user->servers.try_take(pool->user_claim, waiting_since)) {
        pool->database->servers.give_back(wake);
        return std::nullopt;
    }
    return Place(pool, Stage::kOpening);
}

void Place::opened_locked() {
    stage_ = Stage::kOpen;
    pool_->ledger.connected();
}

void Place::leave_pool() {
    {
        const std::lock_guard lock(pool_->mutex);
        if (stage_ == Stage::kOpening) {
            pool_->ledger.connect_failed();
        } else if (stage_ == Stage::kOpen) {
            pool_->ledger.closed();
        }
    }
    stage_ = Stage::kEnding;
    pool_->ports.look_after(pool_);  // who waits wants another, min_pool_size may, and so may the end of the pool
}

void Place::give_back() {
    if (stage_ == Stage::kNone) {
        return;
    }
    if (stage_ != Stage::kEnding) {
        leave_pool();
    }
    stage_ = Stage::kNone;
    pool_->database->servers.give_back(wake);
    pool_->user->servers.give_back(wake);
    pool_.reset();
}

std::size_t open_connections(const PoolRef& pool, TimePoint now) {
    std::size_t count = 0;
    std::uint32_t epoch = 0;
    TimePoint since = now;
    bool hungry = false;
    {
        const std::lock_guard lock(pool->mutex);
        const auto& ledger = pool->ledger;
        if (pool->gone || ledger.paused() || !pool->health.may_try(now)) {
            return 0;
        }
        epoch = pool->epoch;
        if (const auto* head = ledger.head()) {
            since = head->since;
        }
        if (pool->waiting_at_gate > 0) {
            since = std::min(since, pool->waiting_at_gate_since);
        }
        pool::PoolCounts counts;
        counts.idle = ledger.idle();
        counts.leased = ledger.leased();
        counts.opening = ledger.opening_now();
        // However many wait at the gate, they wait for what one server says.
        counts.waiting = ledger.waiting() + (pool->waiting_at_gate > 0 ? 1 : 0);
        counts.longest_wait = now - since;
        counts.last_connect_failed = pool->health.failing();
        counts.kept_open = pool->has_reason_for_minimum_locked();
        count = pool::connections_to_open(pool->settings_locked().limits, counts);
        hungry = counts.waiting > 0;
        for (std::size_t i = 0; i < count; ++i) {
            pool->ledger.opening();
        }
    }
    const auto nobody_wants = [&] {
        pool->database->servers.forget(pool->database_claim, wake);
        pool->user->servers.forget(pool->user_claim, wake);
    };
    if (count == 0) {
        nobody_wants();
        return 0;
    }
    std::size_t opened = 0;
    for (; opened < count; ++opened) {
        auto place = Place::take(pool, since);
        if (!place) {
            break;
        }
        pool->ports.dial({std::move(*place), epoch});
    }
    if (opened < count) {
        {
            const std::lock_guard lock(pool->mutex);
            for (std::size_t i = opened; i < count; ++i) {
                pool->ledger.connect_failed();
            }
        }
        if (hungry) {
            evict_from_a_sister(*pool);
        } else {
            nobody_wants();
        }
    }
    return opened;
}

}  // namespace cenote::registry
