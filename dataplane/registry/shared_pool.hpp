// One pool: the servers of (database, user) that all workers share. Held by shared_ptr: the registry's, one of each client and server of
// it, one of each message about it; gone when it was unused for pool_idle_timeout. The ledger and what is beside it are guarded by
// `mutex`, held for a few instructions; the atomics are read without it; at(worker) is that worker's alone.
#pragma once

#include "dataplane/pool/agenda.hpp"
#include "dataplane/pool/budget.hpp"
#include "dataplane/pool/connect_health.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/pool/limit_counter.hpp"
#include "dataplane/pool/pool_stats.hpp"
#include "dataplane/registry/pool_settings.hpp"
#include "dataplane/session/parameters.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::registry {

struct Ports;
class SharedPool;
using PoolRef = std::shared_ptr<SharedPool>;

/// What a database's pools share. Held by its pools and by the registry.
struct DatabaseState {
    explicit DatabaseState(std::string database_name) : name(std::move(database_name)) {}
    const std::string name;
    pool::Budget servers;
    pool::LimitCounter clients;
    std::atomic<bool> paused{false};
    std::atomic<bool> disabled{false};
    std::mutex mutex;
    pool::StatsTotals past;          // guarded: of pools that are gone
    std::vector<SharedPool*> pools;  // guarded: those there are
    std::size_t next_victim = 0;     // guarded: where the last look for an idle server ended
};

/// What a user's pools share: as the server sees the user (server connections), and as the clients log in (client connections).
struct UserState {
    explicit UserState(std::string user_name) : name(std::move(user_name)) {}
    const std::string name;
    pool::Budget servers;
    pool::LimitCounter clients;
};

/// What a server told at its login: the ParameterStatus of a pool, for its next clients.
struct Welcome {
    std::uint32_t epoch = 0;  // the pool's when that server was opened; a welcome of an earlier one is replaced
    std::vector<std::pair<std::string, std::string>> parameters;
};

class SharedPool : public std::enable_shared_from_this<SharedPool> {
public:
    SharedPool(
        const Ports& process_ports, std::shared_ptr<DatabaseState> database_state, std::shared_ptr<UserState> user_state,
        pool::WorkerId keeper_worker, std::size_t workers, PoolSettingsRef first_settings
    );
    ~SharedPool();
    SharedPool(const SharedPool&) = delete;
    SharedPool& operator=(const SharedPool&) = delete;

    /// A worker's own part: written and read by it alone, save the counters, which anybody may read.
    struct alignas(64) PerWorker {
        PoolSettingsRef settings;  // as of the configuration this worker runs by
        pool::PoolStats stats;
    };
    [[nodiscard]] PerWorker& at(pool::WorkerId worker) { return per_worker_[worker]; }
    [[nodiscard]] const std::vector<PerWorker>& per_worker() const { return per_worker_; }

    /// The newest. Any thread; a worker on the query path reads at(worker).settings.
    [[nodiscard]] PoolSettingsRef settings() const;
    void set_settings(PoolSettingsRef fresh);
    [[nodiscard]] const PoolSettings& settings_locked() const { return *settings_; }

    const Ports& ports;
    const std::shared_ptr<DatabaseState> database;
    const std::shared_ptr<UserState> user;
    const pool::WorkerId keeper;  // the worker that sees to its timeouts and its growth
    const TimePoint made_at;

    mutable std::mutex mutex;
    pool::Ledger ledger;                     // guarded
    std::shared_ptr<const Welcome> welcome;  // guarded
    session::Parameters common_parameters;   // guarded: the set most connections share
    pool::ConnectHealth health;              // guarded
    std::size_t next_address = 0;            // guarded: round robin over its hosts and their addresses
    std::size_t waiting_at_gate = 0;         // guarded: clients that logged in before any server had told its parameters
    TimePoint waiting_at_gate_since;         // guarded
    TimePoint last_lifetime_close;           // guarded: servers that were opened together shall not all go together
    bool on_agenda = false;                  // guarded: its keeper will look at it
    TimePoint unused_since;                  // guarded: TimePoint{} = in use

    /// A server's lifetime is over: whether this one may go now. At most one in lifetime / pool_size, as PgBouncer spaces them.
    [[nodiscard]] bool lifetime_turn_locked(TimePoint now, const pool::PoolLimits& limits);

    /// Nobody has it or waits for it. REQUIRES: mutex is held.
    [[nodiscard]] bool unused_locked() const;
    /// min_pool_size counts: it has clients, or its user is forced. REQUIRES: mutex is held.
    [[nodiscard]] bool has_reason_for_minimum_locked() const;

    std::atomic<std::uint32_t> epoch{0};  // servers of an earlier one are closed when they come back
    std::atomic<bool> gone{false};        // its database is no longer configured
    std::atomic<int> clients{0};
    std::atomic<int> testing{0};  // servers under check or reset
    std::atomic<int> held{0};     // servers that wait for a cancel request to be through
    std::atomic<int> cancel_requests{0};

    /// Its wishes for places; queued in the budgets while it has clients waiting and no room.
    struct Claim : pool::Budget::Claim {
        SharedPool* pool = nullptr;
    };
    Claim database_claim;
    Claim user_claim;

    /// Its keeper's only.
    struct KeeperItem : pool::Agenda::Item {
        PoolRef pool;  // set while it is on the agenda
    };
    KeeperItem keeper_item;

private:
    std::vector<PerWorker> per_worker_;
    PoolSettingsRef settings_;  // guarded by mutex
};

}  // namespace cenote::registry
