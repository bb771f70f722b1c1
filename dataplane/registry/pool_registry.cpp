#include "dataplane/registry/pool_registry.hpp"

namespace cenote::registry {

std::shared_ptr<DatabaseState> PoolRegistry::database_locked(const config::Database& line) {
    auto& slot = databases_[line.name];
    if (!slot) {
        slot = std::make_shared<DatabaseState>(line.name);
    }
    set_limits(*slot, line);
    unused_databases_.erase(line.name);
    return slot;
}

void PoolRegistry::set_limits(DatabaseState& state, const config::Database& line) const {
    state.servers.set_limit(runtime_->config->max_db_connections_for(line));
    state.clients.set_limit(runtime_->config->max_db_client_connections_for(line));
}

std::shared_ptr<UserState> PoolRegistry::user_locked(const std::string& name) {
    auto& slot = users_[name];
    if (!slot) {
        slot = std::make_shared<UserState>(name);
    }
    const config::User* line = runtime_->config->find_user(name);
    slot->servers.set_limit(runtime_->config->max_user_connections_for(line));
    slot->clients.set_limit(runtime_->config->max_user_client_connections_for(line));
    return slot;
}

PoolRef PoolRegistry::pool(const std::string& database, const std::string& user) {
    const std::lock_guard lock(mutex_);
    const auto line = runtime_->config->resolve_database(database);
    if (!line) {
        return nullptr;
    }
    const std::string& server_user = line->user.empty() ? user : line->user;
    auto& slot = pools_[{line->name, server_user}];
    if (!slot) {
        auto settings = std::make_shared<const PoolSettings>(make_pool_settings(*runtime_->config, *line, server_user, *runtime_->users));
        slot = std::make_shared<SharedPool>(
            ports_, database_locked(*line), user_locked(server_user), static_cast<pool::WorkerId>(made_++ % workers_), workers_,
            std::move(settings)
        );
        const std::lock_guard pool_lock(slot->mutex);
        slot->ledger.set_paused(paused_ || slot->database->paused);
    }
    return slot;
}

std::shared_ptr<DatabaseState> PoolRegistry::database(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto line = runtime_->config->resolve_database(name);
    return line ? database_locked(*line) : nullptr;
}

std::shared_ptr<UserState> PoolRegistry::user(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return user_locked(name);
}

std::shared_ptr<DatabaseState> PoolRegistry::find_database(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = databases_.find(name);
    return found == databases_.end() ? nullptr : found->second;
}

std::vector<PoolRef> PoolRegistry::pools() const {
    const std::lock_guard lock(mutex_);
    std::vector<PoolRef> all;
    all.reserve(pools_.size());
    for (const auto& [name, pool] : pools_) {
        all.push_back(pool);
    }
    return all;
}

std::vector<std::shared_ptr<DatabaseState>> PoolRegistry::databases() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<DatabaseState>> all;
    for (const auto& [name, state] : databases_) {
        all.push_back(state);
    }
    return all;
}

std::vector<std::shared_ptr<UserState>> PoolRegistry::users() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<UserState>> all;
    for (const auto& [name, state] : users_) {
        all.push_back(state);
    }
    return all;
}

void PoolRegistry::set_paused(bool paused) {
    const std::lock_guard lock(mutex_);
    paused_ = paused;
}

void PoolRegistry::apply(RuntimeRef runtime) {
    const std::lock_guard lock(mutex_);
    runtime_ = std::move(runtime);
    for (const auto& [name, state] : users_) {
        static_cast<void>(user_locked(name));
    }
    for (const auto& [name, state] : databases_) {
        if (const auto line = runtime_->config->resolve_database(name)) {
            set_limits(*state, *line);
        }
    }
    for (const auto& [key, pool] : pools_) {
        const auto line = runtime_->config->resolve_database(pool->database->name);
        pool->gone = !line;
        if (!line) {
            ++pool->epoch;
            continue;
        }
        const std::string& user = line->user.empty() ? pool->user->name : line->user;
        auto settings = std::make_shared<const PoolSettings>(make_pool_settings(*runtime_->config, *line, user, *runtime_->users));
        const auto before = pool->settings();
        if (*before == *settings) {
            continue;
        }
        pool->set_settings(settings);
        if (!same_connection(*before, *settings)) {
            ++pool->epoch;
            const std::lock_guard pool_lock(pool->mutex);
            pool->health.forget();
        }
    }
}

bool PoolRegistry::forget(const PoolRef& pool) {
    const std::lock_guard lock(mutex_);
    const auto found = pools_.find({pool->database->name, pool->user->name});
    // Every way to a pool begins in this map, under this lock: with two references nobody else can come by one.
    if (found == pools_.end() || found->second != pool || pool.use_count() > 2) {
        return false;
    }
    pools_.erase(found);
    const auto& database = *pool->database;
    const auto next = pools_.lower_bound({database.name, ""});
    const bool last = next == pools_.end() || next->first.first != database.name;
    if (last && runtime_->config->find_database(database.name) == nullptr) {
        unused_databases_[database.name] = Clock::now();
    }
    if (pool->user.use_count() == 2) {  // the map's and the pool's
        users_.erase(pool->user->name);
    }
    return true;
}

void PoolRegistry::forget_idle_databases(TimePoint now) {
    const std::lock_guard lock(mutex_);
    const Duration limit = runtime_->config->autodb_idle_timeout;
    if (limit <= Duration::zero()) {
        return;
    }
    std::erase_if(unused_databases_, [&](const auto& unused) {
        const auto found = databases_.find(unused.first);
        if (found == databases_.end()) {
            return true;
        }
        // PAUSE and DISABLE are a person's word: they stay as long as the process does.
        if (now - unused.second < limit || found->second.use_count() > 1 || found->second->paused || found->second->disabled) {
            return false;
        }
        databases_.erase(found);
        return true;
    });
}

}  // namespace cenote::registry
