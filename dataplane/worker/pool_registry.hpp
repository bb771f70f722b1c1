// All pools, databases and users of the process. Entries are made at a first login and never go while the process runs, so references to
// them need no lock; the maps are guarded by one mutex that only logins, reloads, the console and full limits take.
#pragma once

#include "dataplane/worker/runtime.hpp"
#include "dataplane/worker/shared_pool.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::worker {

class PoolRegistry {
public:
    explicit PoolRegistry(std::size_t workers) : workers_(workers) {}

    /// `database` as Config::resolve_database gave it; user: of the client, before a forced one.
    [[nodiscard]] SharedPool& pool(const Runtime& runtime, const config::Database& database, const std::string& user);
    [[nodiscard]] DatabaseState& database(const Runtime& runtime, const config::Database& database);
    [[nodiscard]] UserState& user(const Runtime& runtime, const std::string& user);
    /// Null if nobody has asked for it yet.
    [[nodiscard]] DatabaseState* find_database(const std::string& name);

    /// A stable copy: pools are only added.
    [[nodiscard]] std::vector<SharedPool*> pools() const;
    [[nodiscard]] std::vector<DatabaseState*> databases() const;
    [[nodiscard]] std::vector<UserState*> users() const;

    /// New settings for every pool; those whose connections no longer fit get a new epoch, those without a database are marked gone.
    void apply(const Runtime& runtime);
    /// What new pools start with.
    void set_paused(bool paused);

private:
    DatabaseState& database_locked(const Runtime& runtime, const config::Database& database);
    UserState& user_locked(const Runtime& runtime, const std::string& user);

    const std::size_t workers_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<SharedPool>> pools_;
    std::vector<SharedPool*> in_order_;
    std::map<std::string, std::unique_ptr<DatabaseState>> databases_;
    std::map<std::string, std::unique_ptr<UserState>> users_;
    bool paused_ = false;
};

}  // namespace cenote::worker
