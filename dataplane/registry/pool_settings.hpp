// A pool's settings, worked out once for each configuration. Immutable, shared as shared_ptr.
#pragma once

#include "dataplane/auth/user_list.hpp"
#include "dataplane/config/config.hpp"
#include "dataplane/pool/pool_policy.hpp"

#include <memory>
#include <string>

namespace cenote::registry {

struct PoolSettings {
    // Read for each transaction, so at the front.
    config::PoolMode mode = config::PoolMode::kSession;
    bool check_servers = false;
    bool reset_always = false;
    bool round_robin = false;
    bool watches_time = false;    // one of the three timeouts below that count while a client has a server
    Duration shortest_timeout{};  // of these, where there is one
    Duration idle_look{};         // when to look at a server that became idle now
    Duration server_check_delay{};
    pool::PoolLimits limits;
    Duration query_wait_timeout{};
    Duration query_timeout{};
    Duration idle_transaction_timeout{};
    Duration transaction_timeout{};
    Duration server_connect_timeout{};
    Duration server_login_retry{};
    Duration pool_idle_timeout{};
    std::string server_check_query;  // what is sent; "" with check off
    std::string server_reset_query;
    config::Database database;  // with name and dbname filled in
    std::string server_user;
    auth::UserEntryRef credentials;  // null: only trust works

    bool operator==(const PoolSettings& other) const = default;
};
using PoolSettingsRef = std::shared_ptr<const PoolSettings>;

/// user: of the client, before a forced one.
[[nodiscard]] PoolSettings make_pool_settings(
    const config::Config& config, const config::Database& database, const std::string& user, const auth::UserList& users
);

/// What a server connection was opened with is the same in both: a difference makes it obsolete.
[[nodiscard]] bool same_connection(const PoolSettings& a, const PoolSettings& b);

}  // namespace cenote::registry
