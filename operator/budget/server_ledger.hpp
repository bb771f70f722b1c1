// Who may open how many connections at one PostgreSQL server: what is available, charged for each pod that may use it. Pure: no I/O, no
// clock; owned by one book (operator/controller), not thread-safe.
//
// The promise: the sum of the charges of all pods ever seen and not seen gone, plus a floor for each pod that may appear (the standby),
// stays within what is available. A share is charged when it is decided, before anything is written, and given back only when the pod has
// proved the smaller one (holding.hpp) or is gone. So shrinking comes first, and who grows waits for it.
//   standby     floors kept free: for pods that were announced (a scale-up, the successors of a roll-out), and a few that come unannounced
//   target      what a pod gets when everybody has followed: max-min fair over the pools, evenly over a pool's pods, less where it lies
//               fallow while others are short
//   decide()    lowers shares to their targets at once, and raises as far as what is free allows
// When what is available is not known, nothing grows: what runs keeps its share, and new pods get their floor.
#pragma once

#include "operator/budget/holding.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cenote::budget {

/// One pool in front of that server.
struct Claim {
    std::int64_t demand = 1;    // over all pods
    std::int64_t replicas = 1;  // that are wanted
    std::optional<std::int64_t> max_server_connections;

    bool operator==(const Claim&) const = default;
};

/// How far the cluster has followed already.
struct Deployed {
    std::int64_t replicas = 0;   // that stand in the Deployment: their pods may appear whatever is decided here
    std::int64_t replacing = 0;  // pods of an older template than the Deployment's: their successors come of their own accord
    std::int64_t to_roll = 0;    // pods that get successors once a newer template is written; 0 = none is wanted

    bool operator==(const Deployed&) const = default;
};

enum class LimitedBy { kNothing, kServerBudget, kMaxServerConnections, kServerUnknown, kWaitingForOthers };

struct PodShare {
    std::int64_t share = kFloor;    // to be written
    std::int64_t may_use = kFloor;  // to be written with it

    bool operator==(const PodShare&) const = default;
};

struct PoolView {
    std::map<std::string, PodShare> pods;  // by uid; those that are not ending
    std::int64_t replicas = 0;             // that may run now
    bool may_roll = false;                 // floors for all successors are kept free
    std::int64_t per_pod_wanted = kFloor;  // the demand's part of one pod
    std::int64_t granted = 0;              // sum of the shares
    std::int64_t charged = 0;              // of the pods and of those announced; ending ones as well
    std::int64_t open = 0;
    LimitedBy limited_by = LimitedBy::kNothing;
    bool settled = true;  // every pod has proved its share, and nothing is waited for

    bool operator==(const PoolView&) const = default;
};

class ServerLedger {
public:
    /// For all pools together; nullopt = not known.
    void set_available(std::optional<std::int64_t> available) { available_ = available; }
    /// A controller that has just begun to lead may not have seen everything: nothing grows before.
    void no_growth_before(TimePoint at) { quiet_until_ = at; }

    void update(const std::string& pool, const Claim& claim, const std::vector<PodFact>& pods, const Deployed& deployed, TimePoint now);
    /// The pool is gone, or has left this server; its pods stay charged until they are gone too.
    void retire(const std::string& pool, const std::vector<PodFact>& pods, TimePoint now);

    /// The pool with all that is charged to it comes from another ledger: both turn out to be of one server.
    void take_over(const std::string& pool, ServerLedger& from);

    /// Pools with something new to be written. To be called after each change.
    [[nodiscard]] std::vector<std::string> decide(TimePoint now);

    [[nodiscard]] bool knows(const std::string& pool) const { return pools_.contains(pool); }
    [[nodiscard]] PoolView view(const std::string& pool) const;
    [[nodiscard]] std::vector<std::string> pools() const;
    [[nodiscard]] bool empty() const { return pools_.empty(); }
    [[nodiscard]] std::optional<std::int64_t> available() const { return available_; }
    [[nodiscard]] std::int64_t charged() const;  // of pods alone
    [[nodiscard]] std::int64_t standby() const;
    [[nodiscard]] std::int64_t open() const;
    /// What is neither charged nor announced: so many floors more may appear unannounced. Negative when that was overdrawn.
    [[nodiscard]] std::int64_t in_reserve() const { return available_.value_or(0) - charged() - announced(); }
    /// When decide() is to be called though nothing has happened.
    [[nodiscard]] std::optional<TimePoint> decide_again_at(TimePoint now) const;

private:
    struct Pool {
        Claim claim;
        std::int64_t allowed = 0;  // replicas that may run
        // Replicas that an earlier decision may still bring: it may be on its way to the API server, or from there to the Deployment's
        // controller, or not in our cache yet. So it falls some time after `allowed`.
        std::int64_t may_come = 0;
        TimePoint may_come_until{};
        std::int64_t replacing = 0;
        std::int64_t to_roll = 0;
        bool may_roll = false;  // to_roll floors are kept free
        bool retired = false;
        bool changed = false;
        std::map<std::string, Holding> pods;
        // Of the last decide().
        std::map<std::string, std::int64_t> targets;
        LimitedBy limited_by = LimitedBy::kNothing;

        void remember_allowed(TimePoint now);
        [[nodiscard]] std::int64_t live() const;
        [[nodiscard]] std::int64_t fixed() const;  // charges that no decision changes: of ending pods
        [[nodiscard]] std::int64_t announced() const;
        [[nodiscard]] std::int64_t unmet() const;  // floors that are wanted and not announced yet
        [[nodiscard]] std::int64_t per_pod_wanted() const;
    };

    void observe_pods(Pool& pool, const std::vector<PodFact>& pods, TimePoint now);
    void set_targets(TimePoint now);
    void spread(Pool& pool, std::int64_t budget, TimePoint now);
    void lower();
    void allow_pods();
    void raise();
    [[nodiscard]] std::int64_t free() const;
    [[nodiscard]] std::int64_t announced() const;
    [[nodiscard]] std::int64_t unannounced() const;

    std::optional<std::int64_t> available_;
    TimePoint quiet_until_{};
    std::map<std::string, Pool> pools_;
};

}  // namespace cenote::budget
