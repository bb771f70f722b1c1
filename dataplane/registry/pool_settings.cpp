#include "dataplane/registry/pool_settings.hpp"

#include "dataplane/config/config_diff.hpp"

#include <algorithm>

namespace cenote::registry {
namespace {

constexpr Duration kLongLook = std::chrono::hours(1);  // where nothing is due

}  // namespace

PoolSettings make_pool_settings(
    const config::Config& config, const config::Database& database, const std::string& user, const auth::UserList& users
) {
    const config::User* line = config.find_user(user);
    const auto count = [](int value) { return static_cast<std::size_t>(std::max(value, 0)); };
    PoolSettings settings;
    settings.database = database;
    settings.server_user = database.user.empty() ? user : database.user;
    settings.credentials =
        database.password.empty() ? users.find(settings.server_user) : auth::make_user_entry(settings.server_user, database.password);
    settings.limits.pool_size = count(config.pool_size_for(database, line));
    settings.limits.min_pool_size = count(config.min_pool_size_for(database));
    settings.limits.reserve_pool_size = count(config.reserve_pool_size_for(database, line));
    settings.limits.reserve_pool_timeout = config.reserve_pool_timeout;
    settings.limits.server_idle_timeout = config.server_idle_timeout;
    settings.limits.server_lifetime = config.server_lifetime_for(database);
    settings.mode = config.pool_mode_for(database, line);
    settings.query_wait_timeout = config.query_wait_timeout_for(database, line);
    settings.query_timeout = config.query_timeout_for(line);
    settings.idle_transaction_timeout = config.idle_transaction_timeout_for(line);
    settings.transaction_timeout = config.transaction_timeout_for(line);
    settings.server_check_delay = config.server_check_delay;
    settings.server_connect_timeout = config.server_connect_timeout;
    settings.server_login_retry = config.server_login_retry;
    settings.pool_idle_timeout = config.pool_idle_timeout;
    const bool automatic = config.find_database(database.name) == nullptr;  // made from "*"
    if (automatic && settings.pool_idle_timeout <= Duration::zero()) {
        settings.pool_idle_timeout = config.autodb_idle_timeout;
    }
    settings.check_servers = !config.server_check_query.empty();
    settings.server_check_query = config.server_check_query == "<empty>" ? "" : config.server_check_query;
    settings.server_reset_query = config.server_reset_query;
    settings.reset_always = config.server_reset_query_always;
    settings.round_robin = config.server_round_robin;
    for (const Duration timeout : {settings.query_timeout, settings.idle_transaction_timeout, settings.transaction_timeout}) {
        if (timeout > Duration::zero()) {
            settings.shortest_timeout = settings.watches_time ? std::min(settings.shortest_timeout, timeout) : timeout;
            settings.watches_time = true;
        }
    }
    settings.idle_look = kLongLook;
    for (const Duration timeout : {settings.limits.server_idle_timeout, settings.limits.server_lifetime}) {
        if (timeout > Duration::zero()) {
            settings.idle_look = std::min(settings.idle_look, timeout);
        }
    }
    return settings;
}

bool same_connection(const PoolSettings& a, const PoolSettings& b) {
    const auto secret = [](const PoolSettings& s) { return s.credentials ? s.credentials->secret.text : std::string(); };
    return config::same_connection(a.database, b.database) && a.server_user == b.server_user && secret(a) == secret(b);
}

}  // namespace cenote::registry
