// One pool: the servers of (database, user) that all workers share. Owned by the PoolRegistry for the life of the process. The ledger and
// what is beside it are guarded by `mutex`, held for a few instructions; the atomics are read without it.
#pragma once

#include "dataplane/auth/user_list.hpp"
#include "dataplane/config/config.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/pool/limit_counter.hpp"
#include "dataplane/pool/pool_policy.hpp"
#include "dataplane/pool/pool_stats.hpp"
#include "dataplane/session/parameters.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::worker {

/// What a database's pools share.
struct DatabaseState {
    explicit DatabaseState(std::string database_name) : name(std::move(database_name)) {}
    std::string name;
    pool::LimitCounter servers;
    pool::LimitCounter clients;
    std::atomic<bool> paused{false};
    std::atomic<bool> disabled{false};
};

/// What a user's pools share.
struct UserState {
    explicit UserState(std::string user_name) : name(std::move(user_name)) {}
    std::string name;
    pool::LimitCounter servers;
    pool::LimitCounter clients;
};

/// A pool's settings, worked out once for each configuration.
struct PoolSettings {
    config::Database database;  // with name and dbname filled in
    std::string server_user;
    auth::UserEntryRef credentials;  // null: only trust works
    pool::PoolLimits limits;
    config::PoolMode mode = config::PoolMode::kSession;
    Duration query_wait_timeout{};
    Duration query_timeout{};
    Duration idle_transaction_timeout{};
    Duration transaction_timeout{};
    Duration server_check_delay{};
    Duration server_connect_timeout{};
    Duration server_login_retry{};
    std::string server_check_query;  // what is sent; "" with check off
    bool check_servers = false;
    std::string server_reset_query;
    bool reset_always = false;
    bool round_robin = false;

    bool operator==(const PoolSettings& other) const;
};

[[nodiscard]] PoolSettings make_pool_settings(
    const config::Config& config, const config::Database& database, const std::string& user, const auth::UserList& users
);

class SharedPool {
public:
    SharedPool(DatabaseState& database_state, UserState& user_state, std::size_t index, std::size_t workers, PoolSettings settings);

    [[nodiscard]] const PoolSettings& settings() const noexcept { return *settings_.load(std::memory_order_acquire); }
    /// Control thread, or the thread that makes the pool. Earlier settings stay alive: a worker may be reading them.
    void set_settings(PoolSettings settings);

    DatabaseState& database;
    UserState& user;
    const std::size_t index;  // its place in the registry; index % workers is the worker that keeps it

    std::mutex mutex;
    pool::Ledger ledger;                                                              // guarded by mutex
    std::shared_ptr<const std::vector<std::pair<std::string, std::string>>> welcome;  // guarded: the ParameterStatus of its servers
    session::Parameters common_parameters;                                            // guarded: the set most connections share
    std::string last_error;                                                           // guarded: of the last failed connect
    std::string last_sqlstate;                                                        // guarded
    TimePoint retry_at;                                                               // guarded: no connect before
    bool last_connect_failed = false;                                                 // guarded
    std::size_t next_address = 0;                                                     // guarded: round robin over hosts and their addresses

    std::atomic<std::uint32_t> epoch{0};  // servers of an earlier one are closed when they come back
    std::atomic<bool> gone{false};        // its database is no longer configured
    std::atomic<int> clients{0};
    std::atomic<int> testing{0};  // servers under check or reset
    std::atomic<int> being_canceled{0};
    std::atomic<int> cancel_requests{0};
    std::vector<pool::PoolStats> stats;  // a worker each

private:
    std::atomic<const PoolSettings*> settings_{nullptr};
    std::vector<std::unique_ptr<const PoolSettings>> history_;
};

}  // namespace cenote::worker
