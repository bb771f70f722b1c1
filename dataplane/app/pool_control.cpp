#include "dataplane/app/pool_control.hpp"

#include "dataplane/protocol/sqlstate.hpp"

#include <fmt/format.h>

namespace cenote::app {
namespace {

Error no_such_database(const std::string& name) { return Error{fmt::format("no such database: {}", name)}; }

}  // namespace

Result<PoolControl::Pools> PoolControl::pools_of(const std::string& database) const {
    auto all = process_.registry.pools();
    if (database.empty()) {
        return all;
    }
    if (!runtime_.config()->resolve_database(database)) {
        return no_such_database(database);
    }
    std::erase_if(all, [&](const registry::PoolRef& pool) { return pool->database->name != database; });
    return all;
}

void PoolControl::set_ledgers_paused(const Pools& pools, bool paused) {
    for (const auto& pool : pools) {
        {
            const std::lock_guard lock(pool->mutex);
            pool->ledger.set_paused(paused);
        }
        if (!paused) {
            staff_.workers[pool->keeper]->match_waiters(pool);
        }
    }
}

void PoolControl::renew(const Pools& pools, Renew why) {
    for (const auto& pool : pools) {
        const std::lock_guard lock(pool->mutex);
        const std::uint32_t epoch = ++pool->epoch;
        pool->health.forget();  // what was learned of the server does not count for the next one
        if (why == Renew::kRelease && pool->welcome) {
            // It is the same server: who logs in meanwhile is told what it said, and waits no longer than for its first query.
            pool->welcome = std::make_shared<const registry::Welcome>(registry::Welcome{epoch, pool->welcome->parameters});
        }
    }
    for (const auto& worker : staff_.workers) {
        worker->review();
    }
}

Result<PoolControl::Pools> PoolControl::pause(const std::string& database) {
    if (database.empty()) {
        if (!phase_.move_to(Phase::kPaused)) {
            return Error{is_ending(phase_.get()) ? "pooler is shutting down" : "already suspended/paused"};
        }
        process_.registry.set_paused(true);
    } else {
        const auto state = process_.registry.database(database);
        if (!state) {
            return no_such_database(database);
        }
        state->paused = true;
    }
    auto pools = pools_of(database);  // asked only now: one that was made before the flag was set would go on
    if (pools) {
        set_ledgers_paused(*pools, true);
        renew(*pools, Renew::kRelease);
    }
    return pools;
}

Result<PoolControl::Pools> PoolControl::suspend() {
    if (!phase_.move_to(Phase::kSuspended)) {
        return Error{is_ending(phase_.get()) ? "pooler is shutting down" : "already suspended/paused"};
    }
    process_.registry.set_paused(true);
    auto pools = process_.registry.pools();
    set_ledgers_paused(pools, true);
    return pools;
}

Result<void> PoolControl::resume(const std::string& database) {
    if (is_ending(phase_.get())) {
        return Error{"pooler is shutting down"};
    }
    if (database.empty()) {
        if (!is_held(phase_.get()) || !phase_.move_to(Phase::kRunning)) {
            return Error{"pooler is not paused/suspended"};
        }
        process_.registry.set_paused(false);
        auto running = process_.registry.pools();  // asked only now: one that was made meanwhile was made paused
        std::erase_if(running, [](const registry::PoolRef& pool) { return pool->database->paused.load(); });
        set_ledgers_paused(running, false);
        return {};
    }
    const auto pools = pools_of(database);
    if (!pools) {
        return pools.error();
    }
    const auto state = process_.registry.find_database(database);
    if (state == nullptr || !state->paused) {
        return Error{fmt::format("database {} is not paused", database)};
    }
    state->paused = false;
    if (!is_held(phase_.get())) {
        set_ledgers_paused(*pools, false);
    }
    return {};
}

Result<void> PoolControl::reconnect(const std::string& database) {
    const auto pools = pools_of(database);
    if (!pools) {
        return pools.error();
    }
    renew(*pools, Renew::kReplace);
    return {};
}

Result<void> PoolControl::kill(const std::string& database) {
    const auto pools = pause(database);
    if (!pools) {
        return pools.error();
    }
    const Error killed{"admin forced disconnect", protocol::sqlstate::kAdminShutdown};
    for (const auto& pool : *pools) {
        staff_.gate.refuse_waiting(pool, killed);
        ask_each_worker(staff_, [&](worker::Worker& worker, std::function<void()> done) { worker.kill_clients(pool, std::move(done)); });
    }
    return {};
}

Result<void> PoolControl::set_disabled(const std::string& database, bool disabled) {
    const auto state = process_.registry.database(database);
    if (!state) {
        return no_such_database(database);
    }
    state->disabled = disabled;
    return {};
}

void PoolControl::hold_all() {
    process_.registry.set_paused(true);
    const auto pools = process_.registry.pools();
    set_ledgers_paused(pools, true);
    renew(pools, Renew::kRelease);
}

}  // namespace cenote::app
