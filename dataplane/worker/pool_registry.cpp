#include "dataplane/worker/pool_registry.hpp"

namespace cenote::worker {
namespace {

// What a server connection was opened with; a change makes it obsolete.
bool same_connection(const PoolSettings& a, const PoolSettings& b) {
    const auto secret = [](const PoolSettings& s) { return s.credentials ? s.credentials->secret.text : std::string(); };
    return a.database.host == b.database.host && a.database.port == b.database.port && a.database.dbname == b.database.dbname &&
           a.server_user == b.server_user && secret(a) == secret(b) && a.database.client_encoding == b.database.client_encoding &&
           a.database.datestyle == b.database.datestyle && a.database.timezone == b.database.timezone &&
           a.database.application_name == b.database.application_name && a.database.connect_query == b.database.connect_query;
}

}  // namespace

DatabaseState& PoolRegistry::database_locked(const Runtime& runtime, const config::Database& database) {
    auto& slot = databases_[database.name];
    if (!slot) {
        slot = std::make_unique<DatabaseState>(database.name);
    }
    slot->servers.set_limit(runtime.config->max_db_connections_for(database));
    slot->clients.set_limit(runtime.config->max_db_client_connections_for(database));
    return *slot;
}

UserState& PoolRegistry::user_locked(const Runtime& runtime, const std::string& user) {
    auto& slot = users_[user];
    if (!slot) {
        slot = std::make_unique<UserState>(user);
    }
    const config::User* line = runtime.config->find_user(user);
    slot->servers.set_limit(runtime.config->max_user_connections_for(line));
    slot->clients.set_limit(runtime.config->max_user_client_connections_for(line));
    return *slot;
}

SharedPool& PoolRegistry::pool(const Runtime& runtime, const config::Database& database, const std::string& user) {
    const std::string key_user = database.user.empty() ? user : database.user;
    const std::lock_guard lock(mutex_);
    auto& slot = pools_[{database.name, key_user}];
    if (!slot) {
        slot = std::make_unique<SharedPool>(
            database_locked(runtime, database), user_locked(runtime, key_user), in_order_.size(), workers_,
            make_pool_settings(*runtime.config, database, key_user, *runtime.users)
        );
        const std::lock_guard pool_lock(slot->mutex);
        slot->ledger.set_paused(paused_ || slot->database.paused);
        in_order_.push_back(slot.get());
    }
    return *slot;
}

DatabaseState& PoolRegistry::database(const Runtime& runtime, const config::Database& database) {
    const std::lock_guard lock(mutex_);
    return database_locked(runtime, database);
}

UserState& PoolRegistry::user(const Runtime& runtime, const std::string& user) {
    const std::lock_guard lock(mutex_);
    return user_locked(runtime, user);
}

DatabaseState* PoolRegistry::find_database(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = databases_.find(name);
    return found == databases_.end() ? nullptr : found->second.get();
}

std::vector<SharedPool*> PoolRegistry::pools() const {
    const std::lock_guard lock(mutex_);
    return in_order_;
}

std::vector<DatabaseState*> PoolRegistry::databases() const {
    const std::lock_guard lock(mutex_);
    std::vector<DatabaseState*> all;
    for (const auto& [name, state] : databases_) {
        all.push_back(state.get());
    }
    return all;
}

std::vector<UserState*> PoolRegistry::users() const {
    const std::lock_guard lock(mutex_);
    std::vector<UserState*> all;
    for (const auto& [name, state] : users_) {
        all.push_back(state.get());
    }
    return all;
}

void PoolRegistry::set_paused(bool paused) {
    const std::lock_guard lock(mutex_);
    paused_ = paused;
}

void PoolRegistry::apply(const Runtime& runtime) {
    for (SharedPool* pool : pools()) {
        const auto database = runtime.config->resolve_database(pool->database.name);
        pool->gone = !database;
        if (!database) {
            ++pool->epoch;
            continue;
        }
        const std::string user = database->user.empty() ? pool->user.name : database->user;
        auto settings = make_pool_settings(*runtime.config, *database, user, *runtime.users);
        const bool fits = same_connection(pool->settings(), settings);
        pool->set_settings(std::move(settings));
        if (!fits) {
            ++pool->epoch;
        }
        const std::lock_guard lock(mutex_);
        static_cast<void>(database_locked(runtime, *database));
        static_cast<void>(user_locked(runtime, pool->user.name));
    }
}

}  // namespace cenote::worker
