#include "dataplane/worker/shared_pool.hpp"

namespace cenote::worker {

bool PoolSettings::operator==(const PoolSettings& other) const {
    const auto same_limits =
        limits.pool_size == other.limits.pool_size && limits.min_pool_size == other.limits.min_pool_size &&
        limits.reserve_pool_size == other.limits.reserve_pool_size && limits.reserve_pool_timeout == other.limits.reserve_pool_timeout &&
        limits.server_idle_timeout == other.limits.server_idle_timeout && limits.server_lifetime == other.limits.server_lifetime;
    return same_limits && database == other.database && server_user == other.server_user && credentials == other.credentials &&
           mode == other.mode && query_wait_timeout == other.query_wait_timeout && query_timeout == other.query_timeout &&
           idle_transaction_timeout == other.idle_transaction_timeout && transaction_timeout == other.transaction_timeout &&
           server_check_delay == other.server_check_delay && server_connect_timeout == other.server_connect_timeout &&
           server_login_retry == other.server_login_retry && server_check_query == other.server_check_query &&
           check_servers == other.check_servers && server_reset_query == other.server_reset_query && reset_always == other.reset_always &&
           round_robin == other.round_robin;
}

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
    settings.check_servers = !config.server_check_query.empty();
    settings.server_check_query = config.server_check_query == "<empty>" ? "" : config.server_check_query;
    settings.server_reset_query = config.server_reset_query;
    settings.reset_always = config.server_reset_query_always;
    settings.round_robin = config.server_round_robin;
    return settings;
}

SharedPool::SharedPool(DatabaseState& database_state, UserState& user_state, std::size_t place, std::size_t workers, PoolSettings settings)
    : database(database_state), user(user_state), index(place), ledger(workers), stats(workers) {
    set_settings(std::move(settings));
}

void SharedPool::set_settings(PoolSettings settings) {
    if (!history_.empty() && *history_.back() == settings) {
        return;
    }
    history_.push_back(std::make_unique<const PoolSettings>(std::move(settings)));
    settings_.store(history_.back().get(), std::memory_order_release);
    const std::lock_guard lock(mutex);
    ledger.set_round_robin(history_.back()->round_robin);
}

}  // namespace cenote::worker
