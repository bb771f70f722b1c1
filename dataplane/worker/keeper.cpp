#include "dataplane/worker/keeper.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/lending.hpp"

#include <algorithm>

namespace cenote::worker {
namespace {

// How often a pool is looked at whose clients wait for a place under a limit that others hold: eviction is tried again.
constexpr Duration kHungryLook = std::chrono::milliseconds(50);

}  // namespace

void Keeper::look_after(const registry::PoolRef& pool) {
    const auto& settings = context_.settings(*pool);
    end_overdue(*pool, settings);
    registry::open_connections(pool, context_.now);
    const TimePoint next = next_look(*pool, settings);
    auto& item = pool->keeper_item;
    if (next == TimePoint::max()) {
        context_.agenda.remove(item);
        item.pool.reset();
        return;
    }
    item.kind = static_cast<std::uint8_t>(Due::kPool);
    item.pool = pool;
    context_.agenda.at(item, next);
}

void Keeper::on_due(pool::Agenda::Item& item) {
    const auto pool = std::move(static_cast<registry::SharedPool::KeeperItem&>(item).pool);
    const auto& settings = context_.settings(*pool);
    bool unused = false;
    {
        const std::lock_guard lock(pool->mutex);
        unused = pool->unused_since != TimePoint{} && settings.pool_idle_timeout > Duration::zero() &&
                 context_.now - pool->unused_since >= settings.pool_idle_timeout && pool->unused_locked();
    }
    if (unused) {
        const std::string database = pool->database->name;
        const std::string user = pool->user->name;
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(context_.now - pool->made_at).count();
        if (context_.process.registry.forget(pool)) {
            log::info("cleaning up idle pool for user {} on db {} because: pool idle timeout (age={}s)", user, database, age);
            return;
        }
    }
    look_after(pool);
}

// Who has waited for query_wait_timeout, and everybody of a pool whose database is no longer configured.
void Keeper::end_overdue(registry::SharedPool& pool, const registry::PoolSettings& settings) {
    while (true) {
        pool::Waiter* late = nullptr;
        {
            const std::lock_guard lock(pool.mutex);
            pool::Waiter* head = pool.ledger.head();
            const bool over = head != nullptr && settings.query_wait_timeout > Duration::zero() &&
                              context_.now - head->since >= settings.query_wait_timeout;
            if (head != nullptr && (pool.gone || over)) {
                static_cast<void>(pool.ledger.cancel(*head));
                late = head;
            }
        }
        if (late == nullptr) {
            return;
        }
        Error error{"query_wait_timeout", protocol::sqlstate::kProtocolViolation};
        if (pool.gone) {
            error = {fmt::format("no such database: {}", pool.database->name), protocol::sqlstate::kInvalidCatalogName};
        }
        lending_.send_unserved(static_cast<Client&>(*late), Lending::Why::kRefused, std::move(error));
    }
}

void Keeper::refuse_waiting(registry::SharedPool& pool, const Error& error) {
    while (true) {
        pool::Waiter* head = nullptr;
        {
            const std::lock_guard lock(pool.mutex);
            head = pool.ledger.head();
            if (head == nullptr) {
                return;
            }
            static_cast<void>(pool.ledger.cancel(*head));
        }
        lending_.send_unserved(static_cast<Client&>(*head), Lending::Why::kRefused, error);
    }
}

TimePoint Keeper::next_look(registry::SharedPool& pool, const registry::PoolSettings& settings) const {
    const std::lock_guard lock(pool.mutex);
    TimePoint next = TimePoint::max();
    const auto consider = [&](TimePoint point) { next = std::min(next, point); };
    const TimePoint now = context_.now;
    const auto* head = pool.ledger.head();
    const bool waiting = head != nullptr || pool.waiting_at_gate > 0;
    const bool short_of = pool.ledger.total() < settings.limits.min_pool_size && !pool.gone && pool.has_reason_for_minimum_locked();
    if (head != nullptr) {
        if (settings.query_wait_timeout > Duration::zero()) {
            consider(head->since + settings.query_wait_timeout);
        }
        if (settings.limits.reserve_pool_size > 0) {
            consider(std::max(head->since + settings.limits.reserve_pool_timeout, now + kHungryLook));
        }
        consider(now + std::chrono::minutes(1));
    }
    if (waiting || short_of) {
        if (pool.health.failing()) {
            consider(std::max(pool.health.retry_at(), now));
        }
        if (pool.database->servers.contested() || pool.user->servers.contested()) {
            consider(now + kHungryLook);
        }
    }
    if (next == TimePoint::max() && settings.pool_idle_timeout > Duration::zero()) {
        if (pool.unused_locked()) {
            if (pool.unused_since == TimePoint{}) {
                pool.unused_since = now;
            }
            consider(pool.unused_since + settings.pool_idle_timeout);
        } else {
            pool.unused_since = {};
        }
    }
    pool.on_agenda = next != TimePoint::max();
    return next;
}

}  // namespace cenote::worker
