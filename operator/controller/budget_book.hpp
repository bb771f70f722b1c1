// The budgets of all servers: a ledger for each, the pools in them, and what is available. Thread-safe; no I/O. It holds nothing that
// cannot be read again from the cluster: what pods may use stands at the pods.
#pragma once

#include "operator/budget/server_ledger.hpp"
#include "operator/controller/others.hpp"
#include "operator/database/capacity.hpp"
#include "operator/database/server_name.hpp"
#include "operator/kube/object.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cenote::controller {

/// One pool's part in the budget of its server.
struct Part {
    std::string server;  // database::server_key
    budget::Claim claim;
    std::vector<budget::PodFact> pods;
    budget::Deployed deployed;
    std::set<std::string> roles;  // it logs in with
    std::int64_t reserve = 0;     // for direct use: the largest among the pools of a server counts
    /// The server has accepted its credentials, or did when its pods were given shares. Who has not proved that has no say in a server's
    /// budget: a wrong password beside a production host takes nothing from anybody.
    bool proved = true;
    std::set<std::string> moved;  // uids of pods that run the files of now, and so have left the server of before

    bool operator==(const Part&) const = default;
};

/// What the server has, for people.
struct ServerView {
    bool known = false;
    std::int64_t max_connections = 0;
    std::int64_t reserved = 0;
    std::int64_t reserve = 0;
    std::int64_t others = 0;
    std::int64_t available = 0;  // for all pools
    std::int64_t charged = 0;    // by all pools
    std::size_t pools = 0;

    bool operator==(const ServerView&) const = default;
};

struct Settlement {
    budget::PoolView pool;
    ServerView server;
    std::vector<kube::ObjectName> to_wake;   // other pools with something new to be written
    std::optional<TimePoint> look_again_at;  // though nothing happens
};

class BudgetBook {
public:
    /// Nothing grows before `quiet_until`: a controller that has just begun may not have seen all that the one before it did.
    void begin(TimePoint quiet_until);
    /// For a start: the pool's part as the cluster has it, and what is known of its server from before, but no decision yet.
    void introduce(const kube::ObjectName& pool, const Part& part, std::optional<std::int64_t> available, TimePoint now);
    /// The same for pods whose pool is gone.
    void introduce_gone(const kube::ObjectName& pool, const std::string& server, const std::vector<budget::PodFact>& pods, TimePoint now);
    [[nodiscard]] Settlement settle(
        const kube::ObjectName& pool, const Part& part, const std::optional<database::Capacity>& capacity, TimePoint now
    );
    /// The pool is gone; its pods are charged until they are. Those that may grow now.
    [[nodiscard]] std::vector<kube::ObjectName> retire(
        const kube::ObjectName& pool, const std::vector<budget::PodFact>& pods, TimePoint now
    );

private:
    struct Server {
        budget::ServerLedger ledger;
        std::optional<database::Capacity> capacity;
        std::optional<std::int64_t> remembered;  // available, as a status told it; until the server has answered
        Others others;
        std::map<std::string, std::int64_t> reserves;        // by pool
        std::map<std::string, std::set<std::string>> roles;  // by pool
    };
    struct Home {
        std::string name;               // the server's, as the pool calls it
        std::string server;             // and the key of the ledger it is in
        std::string instance;           // of the server, when it last said
        std::set<std::string> leaving;  // ledgers in which it was before an edit: its pods may still be connected there
    };

    Server& server(const std::string& key);
    [[nodiscard]] std::string key_for(const kube::ObjectName& pool, const Part& part) const;
    void enter(const kube::ObjectName& pool, const Part& part, TimePoint now);
    void unite(TimePoint now);
    void set_available(Server& server, TimePoint now);
    [[nodiscard]] ServerView view_of(const Server& server) const;

    TimePoint quiet_until_;
    std::mutex mutex_;
    std::map<std::string, Server> servers_;
    std::map<kube::ObjectName, Home> homes_;
    database::ServerAliases aliases_;
};

}  // namespace cenote::controller
