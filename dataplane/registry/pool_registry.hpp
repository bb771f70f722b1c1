// All pools, databases and users of the process. Entries are made for clients that have proven who they are, from the newest configuration,
// and go when nothing has used them for long (pool_idle_timeout, autodb_idle_timeout). Any thread; one mutex that only logins, reloads and
// the console take.
#pragma once

#include "dataplane/registry/runtime.hpp"
#include "dataplane/registry/shared_pool.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::registry {

class PoolRegistry {
public:
    PoolRegistry(const Ports& ports, std::size_t workers) : ports_(ports), workers_(workers) {}

    /// The pool of a database and a user as it logs in; null if no such database is configured.
    [[nodiscard]] PoolRef pool(const std::string& database, const std::string& user);
    /// Null if no such database is configured.
    [[nodiscard]] std::shared_ptr<DatabaseState> database(const std::string& name);
    [[nodiscard]] std::shared_ptr<UserState> user(const std::string& name);
    /// Null if nobody has asked for it yet.
    [[nodiscard]] std::shared_ptr<DatabaseState> find_database(const std::string& name) const;

    [[nodiscard]] std::vector<PoolRef> pools() const;
    [[nodiscard]] std::vector<std::shared_ptr<DatabaseState>> databases() const;
    [[nodiscard]] std::vector<std::shared_ptr<UserState>> users() const;

    /// What pools are made from, and new settings for those there are: whose connections no longer fit gets a new epoch, whose database is
    /// gone is marked so.
    void apply(RuntimeRef runtime);
    /// What new pools start with.
    void set_paused(bool paused);

    /// Forgets a pool that nobody but the caller and the registry knows, and what only it used. False: somebody uses it. The caller's own
    /// reference is the last one then.
    [[nodiscard]] bool forget(const PoolRef& pool);
    /// Forgets databases made from "*" that have had no pool since `before`.
    void forget_idle_databases(TimePoint now);

private:
    std::shared_ptr<DatabaseState> database_locked(const config::Database& line);
    void set_limits(DatabaseState& state, const config::Database& line) const;
    std::shared_ptr<UserState> user_locked(const std::string& name);

    const Ports& ports_;
    const std::size_t workers_;
    mutable std::mutex mutex_;
    RuntimeRef runtime_;  // guarded, as all below
    std::map<std::pair<std::string, std::string>, PoolRef> pools_;
    std::map<std::string, std::shared_ptr<DatabaseState>> databases_;
    std::map<std::string, TimePoint> unused_databases_;  // made from "*", without a pool since then
    std::map<std::string, std::shared_ptr<UserState>> users_;
    std::size_t made_ = 0;
    bool paused_ = false;
};

}  // namespace cenote::registry
